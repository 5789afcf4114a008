"""How an actor ends, and the errors a caller may see."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from enum import Enum

TRACEBACK_FRAMES = 40  # frames kept of a failure's traceback: enough to read, bounded for deep recursion


class ExitKind(Enum):
    """The five ways in which an incarnation ends.

    Attributes:
        NORMAL: it stopped itself: `Worker.stop()`.
        SHUTDOWN: its supervisor asked it to end, or a supervisor gave up in order.
        FAILED: its code raised, or it was killed with an error.
        START_FAILED: its factory or its `setup()` raised, or did not return within `start_timeout`.
        ABANDONED: it did not end within its `shutdown` seconds; its thread still runs, fenced off.
    """

    NORMAL = "normal"
    SHUTDOWN = "shutdown"
    FAILED = "failed"
    START_FAILED = "start_failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Exit:
    """Why one incarnation ended.

    Attributes:
        kind: the way of ending.
        reason: one line for people, for instance `ValueError: no such game`.
        error: the exception, kept only for `START_FAILED` and `Fatal`; a kept exception pins the frames and
            the actor behind it, so all other failures keep their text alone.
        traceback: the formatted traceback, or an empty text.
    """

    kind: ExitKind
    reason: str = ""
    error: BaseException | None = field(default=None, compare=False, repr=False)
    traceback: str = field(default="", compare=False, repr=False)

    @property
    def is_clean(self) -> bool:
        """True for `NORMAL` and `SHUTDOWN`: a transient child that ends so is not restarted."""
        return self.kind in (ExitKind.NORMAL, ExitKind.SHUTDOWN)

    @property
    def fatal(self) -> Fatal | None:
        """The `Fatal` behind this exit, if the whole system has to end because of it."""
        error = self.error.cause if isinstance(self.error, StartError) else self.error
        return error if isinstance(error, Fatal) else None

    def __str__(self) -> str:
        return f"{self.kind.value} ({self.reason})" if self.reason else self.kind.value

    @classmethod
    def failed(cls, error: BaseException) -> Exit:
        """Return the exit of an incarnation whose code raised `error`."""
        kept = error if isinstance(error, Fatal) else None
        return cls(ExitKind.FAILED, describe(error), kept, format_traceback(error))

    @classmethod
    def start_failed(cls, path: str, error: BaseException) -> Exit:
        """Return the exit of an incarnation at `path` that never came up because of `error`."""
        text = format_traceback(error)
        failure = error if isinstance(error, StartError) else StartError(path, error.with_traceback(None))
        return cls(ExitKind.START_FAILED, describe(error), failure, text)


NORMAL = Exit(ExitKind.NORMAL)
VANISHED = Exit(ExitKind.FAILED, "its thread ended without a reason")
DECLINED = Exit(ExitKind.NORMAL, "declined to start")
SHUTDOWN = Exit(ExitKind.SHUTDOWN)


class Refuse(Exception):  # noqa: N818 - it is an answer, not an error
    """Raised in `receive` to answer an ask with "no": the asker gets it and the actor lives on."""


class Decline(Exception):  # noqa: N818 - the child says no, nothing went wrong
    """Raised in a factory or in `setup`: the child does not want to run now (OTP's `ignore`).

    Its siblings start; its entry stays, stopped, unless it is temporary.
    """


class ChildRefused(Refuse):
    """A supervisor's "no" to a request about its children; `answer` is OTP's word for it."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class Fatal(Exception):  # noqa: N818 - the name says what follows
    """Raised in any worker: going on would be a lie.

    The whole system ends in order and the host gets it: `System.fatal`, and `System.wait()` returns it.
    """


class StartError(Exception):
    """The system, or a child, did not start.

    Attributes:
        path: path of the child that failed.
        cause: what its factory or `setup()` raised, or a `TimeoutError`.
    """

    def __init__(self, path: str, cause: BaseException) -> None:
        super().__init__(f"{path} did not start: {describe(cause)}")
        self.path = path
        self.cause = self.__cause__ = cause


class AskError(Exception):
    """An ask got no answer; the subclasses say why."""


class AskTimeout(AskError):  # noqa: N818 - the field's word
    """No answer in time; the message is dropped if its handling has not begun."""


class ActorDown(AskError):  # noqa: N818
    """The actor is not running, or ended before it answered."""


class AskCycle(AskError):  # noqa: N818
    """The actor asked is, directly or through others, waiting for the asker."""


def describe(error: BaseException) -> str:
    """Return `Type: text` of an exception on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def format_traceback(error: BaseException) -> str:
    """Return the traceback of `error` as text, its innermost frames only."""
    return "".join(traceback.format_exception(error, limit=-TRACEBACK_FRAMES))
