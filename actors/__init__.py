"""Stakekeeper: a supervised agent that handles real money and never loses, doubles or forgets a bet.

For host applications: `from actors import Agent, AgentConfig, Strategy` (docs/embedding.md). Names load when they are
first used, so that importing a part, such as `actors.sandbox`, does not load the agent.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.shadow import check_supervision

if TYPE_CHECKING:
    from actors.agent import Agent
    from actors.config import AgentConfig
    from actors.errors import ConfigError, RefusesToTrade, StakekeeperError
    from actors.messages import Notice
    from actors.money.orders import CancelOrder, CloseOrder, ExitOrder, LimitOrder, Order
    from actors.money.wagers import Bet, EscrowAct, EscrowCreate, Idle, Pay, RegisterDomain, Withdraw
    from actors.strategies import Result, Strategy, View
    from actors.summary import Summary

_HOMES = {
    "Agent": "actors.agent",
    "AgentConfig": "actors.config",
    "Bet": "actors.money.wagers",
    "CancelOrder": "actors.money.orders",
    "CloseOrder": "actors.money.orders",
    "ConfigError": "actors.errors",
    "EscrowAct": "actors.money.wagers",
    "EscrowCreate": "actors.money.wagers",
    "ExitOrder": "actors.money.orders",
    "Idle": "actors.money.wagers",
    "LimitOrder": "actors.money.orders",
    "Notice": "actors.messages",
    "Order": "actors.money.orders",
    "Pay": "actors.money.wagers",
    "RefusesToTrade": "actors.errors",
    "RegisterDomain": "actors.money.wagers",
    "Result": "actors.strategies",
    "StakekeeperError": "actors.errors",
    "Strategy": "actors.strategies",
    "Summary": "actors.summary",
    "View": "actors.strategies",
    "Withdraw": "actors.money.wagers",
}

__all__ = [
    "Agent",
    "AgentConfig",
    "Bet",
    "CancelOrder",
    "CloseOrder",
    "ConfigError",
    "EscrowAct",
    "EscrowCreate",
    "ExitOrder",
    "Idle",
    "LimitOrder",
    "Notice",
    "Order",
    "Pay",
    "RefusesToTrade",
    "RegisterDomain",
    "Result",
    "StakekeeperError",
    "Strategy",
    "Summary",
    "View",
    "Withdraw",
]

check_supervision(Path(__file__).parent.parent)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
