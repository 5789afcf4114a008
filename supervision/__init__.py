"""OTP-like supervision over Pykka: trees of actors that restart what fails.

Start with `Worker`, `ChildSpec`, `Supervisor.spec` and `System`; docs/supervision.md says what is guaranteed.
"""

import logging

from supervision.admin import ChildCount, ChildInfo, Children
from supervision.events import (
    Abandoned,
    ChildEnded,
    ChildFailed,
    ChildRestarted,
    ChildStarted,
    DeadLetters,
    Event,
    LateLetters,
    LimitReached,
    RestartDelayed,
    Stalled,
    SystemEnded,
    SystemFatal,
    TeardownFailed,
)
from supervision.exits import (
    NORMAL,
    SHUTDOWN,
    ActorDown,
    AskCycle,
    AskError,
    AskTimeout,
    ChildRefused,
    Decline,
    Exit,
    ExitKind,
    Fatal,
    Refuse,
    StartError,
)
from supervision.handle import Down, Handle
from supervision.runtime import Clock
from supervision.spec import AutoShutdown, Backoff, ChildSpec, MailboxSpec, Overflow, Restart, Strategy
from supervision.supervisor import DynamicSupervisor, Supervisor
from supervision.system import StopReport, System
from supervision.tree import Node
from supervision.worker import Worker

__all__ = [
    "NORMAL", "SHUTDOWN", "Abandoned", "ActorDown", "AskCycle", "AskError", "AskTimeout", "AutoShutdown", "Backoff",
    "ChildCount", "ChildEnded", "ChildFailed", "ChildInfo", "ChildRefused", "ChildRestarted", "ChildSpec",
    "ChildStarted", "Children", "Clock", "DeadLetters", "Decline", "Down", "DynamicSupervisor", "Event", "Exit",
    "ExitKind", "Fatal", "Handle", "LateLetters", "LimitReached", "MailboxSpec", "Node", "Overflow", "Refuse",
    "Restart", "RestartDelayed", "Stalled", "StartError", "StopReport", "Strategy", "Supervisor", "System",
    "SystemEnded", "SystemFatal", "TeardownFailed", "Worker",
]  # fmt: skip

logging.getLogger("supervision").addHandler(logging.NullHandler())
