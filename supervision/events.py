"""What a system tells about itself: frozen events with one line of text and a mapping."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `path`.

    `str(event)` is one log line `name key=value ...` in the order of the fields; texts of several lines
    (tracebacks, stacks) stand only in `mapping()`.
    """

    level: ClassVar[int] = logging.INFO
    path: str

    @property
    def name(self) -> str:
        """The kind of event in snake case, as in log lines: `child_failed`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def mapping(self) -> dict[str, Any]:
        """Return the event as a flat dict of plain values, its name first."""
        return {"event": self.name} | {part.name: getattr(self, part.name) for part in fields(self)}

    def __str__(self) -> str:
        shown = (f"{part.name}={_word(getattr(self, part.name))}" for part in fields(self) if part.repr)
        return " ".join((self.name, *shown))


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return f'"{text}"' if not text or " " in text else text


@dataclass(frozen=True, slots=True)
class IncarnationEvent(Event):
    """Something that happened to one incarnation at `path`."""

    incarnation: int


@dataclass(frozen=True, slots=True)
class ChildStarted(IncarnationEvent):
    """An incarnation is up: its `setup()` returned."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ChildEnded(IncarnationEvent):
    """An incarnation ended cleanly, by itself or because it was asked to."""

    exit: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChildFailed(IncarnationEvent):
    """An incarnation ended in a way that its supervisor reports; `restart` is its restart type."""

    level = logging.WARNING
    exit: str
    reason: str
    restart: str
    traceback: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class ChildRestarted(IncarnationEvent):
    """A failed child is up again, `seconds` after its failure; the window counts its supervisor's restarts."""

    seconds: float
    count: int
    max_restarts: int
    max_seconds: float


@dataclass(frozen=True, slots=True)
class RestartDelayed(Event):
    """A restart waits for its backoff."""

    level = logging.WARNING
    attempt: int
    delay: float


@dataclass(frozen=True, slots=True)
class LimitReached(Event):
    """The supervisor at `path` gives up: `offender` failed once too often."""

    level = logging.ERROR
    offender: str
    count: int
    max_restarts: int
    max_seconds: float


@dataclass(frozen=True, slots=True)
class Stalled(IncarnationEvent):
    """A worker has been in one handler for `seconds`; `stack` shows where."""

    level = logging.WARNING
    seconds: float
    stack: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Abandoned(IncarnationEvent):
    """A worker did not end in time; its thread still runs, fenced off. `stack` shows where."""

    level = logging.ERROR
    reason: str
    stack: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class TeardownFailed(IncarnationEvent):
    """A worker's `teardown()` raised."""

    level = logging.ERROR
    reason: str
    traceback: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class DeadLetters(Event):
    """`count` messages could not be delivered since the last such event; `message` is the type of the latest."""

    level = logging.WARNING
    count: int
    total: int
    message: str


@dataclass(frozen=True, slots=True)
class LateLetters(DeadLetters):
    """The same of a system that is being stopped, where it is to be expected: somebody always speaks last."""

    level = logging.INFO


@dataclass(frozen=True, slots=True)
class SystemFatal(Event):
    """A worker raised `Fatal`: the system ends in order."""

    level = logging.CRITICAL
    reason: str


@dataclass(frozen=True, slots=True)
class SystemEnded(Event):
    """The root ended, and with it the system."""

    exit: str
    reason: str
