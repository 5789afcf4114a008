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
    "actors.agent": ("Agent",),
    "actors.config": ("AgentConfig",),
    "actors.errors": ("ConfigError", "RefusesToTrade", "StakekeeperError"),
    "actors.messages": ("Notice",),
    "actors.money.orders": ("CancelOrder", "CloseOrder", "ExitOrder", "LimitOrder", "Order"),
    "actors.money.wagers": ("Bet", "EscrowAct", "EscrowCreate", "Idle", "Pay", "RegisterDomain", "Withdraw"),
    "actors.strategies": ("Result", "Strategy", "View"),
    "actors.summary": ("Summary",),
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
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
