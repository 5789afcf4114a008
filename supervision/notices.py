"""Control messages between workers and their supervisors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supervision.exits import Exit
    from supervision.worker import Worker


@dataclass(frozen=True, slots=True)
class Stop:
    """Down the tree: end now, before all messages that wait."""


@dataclass(frozen=True, slots=True)
class Up:
    """Up the tree: `setup` has returned."""

    worker: Worker


@dataclass(frozen=True, slots=True)
class Ending:
    """Up the tree: it takes no more messages and begins its teardown."""

    worker: Worker
    exit: Exit


@dataclass(frozen=True, slots=True)
class Ended:
    """Up the tree: the incarnation is over, its teardown included."""

    worker: Worker
    exit: Exit


@dataclass(frozen=True, slots=True)
class Overdue:
    """From a supervisor's timer to itself: this incarnation is too slow in starting or ending."""

    worker: Worker


@dataclass(frozen=True, slots=True)
class WatchDue:
    """From a supervisor's timer to itself: look for stalled children."""


@dataclass(frozen=True, slots=True, eq=False)
class RetryDue:
    """From a supervisor to itself: the next attempt to restart a child is due; told apart by identity."""

    id: str


Notice = Up | Ending | Ended
