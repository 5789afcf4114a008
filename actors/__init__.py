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
    from actors.money.wagers import Bet, EscrowAct, EscrowCreate, Idle
    from actors.strategies import Result, Strategy, View
    from actors.summary import Summary

_HOMES = {
    "Agent": "actors.agent",
    "AgentConfig": "actors.config",
    "Bet": "actors.money.wagers",
    "ConfigError": "actors.errors",
    "EscrowAct": "actors.money.wagers",
    "EscrowCreate": "actors.money.wagers",
    "Idle": "actors.money.wagers",
    "Notice": "actors.messages",
    "RefusesToTrade": "actors.errors",
    "Result": "actors.strategies",
    "StakekeeperError": "actors.errors",
    "Strategy": "actors.strategies",
    "Summary": "actors.summary",
    "View": "actors.strategies",
}

__all__ = [
    "Agent",
    "AgentConfig",
    "Bet",
    "ConfigError",
    "EscrowAct",
    "EscrowCreate",
    "Idle",
    "Notice",
    "RefusesToTrade",
    "Result",
    "StakekeeperError",
    "Strategy",
    "Summary",
    "View",
]

check_supervision(Path(__file__).parent.parent)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
