"""What the supervision tree tells about itself, as notices: crashes, restarts, stalls, lost messages."""

import logging

from actors.messages import Level, Notice
from supervision import (
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
    SystemFatal,
    TeardownFailed,
)

SENTENCES: dict[type[Event], str] = {
    LimitReached: "{child} gives up: {offender} failed {count} times, {max_restarts} in {max_seconds:g} s are allowed",
    RestartDelayed: "{child} is started again in {delay:.1f} s (attempt {attempt})",
    Stalled: "{child} has been busy with one message for {seconds:.0f} s; the log has its stack",
    Abandoned: "{child} did not end in time and was cut off: {reason}",
    TeardownFailed: "{child} could not close in order: {reason}",
    DeadLetters: "{child} was down for {count} of its messages ({message})",
    LateLetters: "{child} had ended when {count} of its messages came ({message})",
    SystemFatal: "the agent ends, because going on would be a lie: {reason}",
}
"""What a person reads of a trouble in the tree."""


class Happenings:
    """Translates the events of one tree. Remembers why a child failed until it is up again. Not thread-safe."""

    def __init__(self) -> None:
        self._failures: dict[str, str] = {}

    def notice(self, event: Event, at: int) -> Notice:
        """Return the event as a notice.

        Args:
            event: what happened in the tree.
            at: UTC microseconds.
        """
        name = event.path.rpartition("/")[2]
        match event:
            case ChildFailed():
                self._failures[event.path] = event.reason.partition(":")[0]
                extra = {"path": event.path, "reason": event.reason, "traceback": event.traceback}
                return Notice(at, name, "crash", "failed", f"CRASH {name}: {event.reason}", level="ERROR", extra=extra)
            case ChildRestarted():
                return self._restarted(event, name, at)
            case ChildStarted() | ChildEnded():
                return Notice(at, name, event.name, "ok", str(event), level="DEBUG")
        text = SENTENCES[type(event)].format(child=name, **event.mapping()) if type(event) in SENTENCES else str(event)
        facts: dict[str, str | int] = {
            key: value if isinstance(value, int) else str(value) for key, value in event.mapping().items()
        }
        return Notice(at, name, event.name, "seen", text, level=_level(event), extra=facts)

    def _restarted(self, event: ChildRestarted, name: str, at: int) -> Notice:
        count = f"{event.count} of {event.max_restarts} in {event.max_seconds:g} s"
        took = f"restarted in {event.seconds * 1000:.0f} ms, {count}"
        reason = self._failures.pop(event.path, "")
        if not reason:
            return Notice(at, name, "restart", "restarted", f"{name} {took}", extra={"path": event.path})
        extra: dict[str, str | int] = {"path": event.path, "reason": reason, "incarnation": event.incarnation}
        return Notice(at, name, "crash", "restarted", f"CRASH {name} ({reason}) {took}", level="WARNING", extra=extra)


def _level(event: Event) -> Level:
    if event.level >= logging.ERROR:
        return "ERROR"
    return "WARNING" if event.level >= logging.WARNING else "INFO"
