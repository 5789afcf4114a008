"""What the supervision tree tells about itself, as notices: crashes, restarts, stalls, lost messages."""

import logging
from typing import Literal

from actors.messages import Notice
from supervision import (
    ChildEnded,
    ChildFailed,
    ChildRestarted,
    ChildStarted,
    Event,
    LimitReached,
)

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


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
            case LimitReached():
                text = (
                    f"{name} gives up: {event.offender} failed {event.count} times, "
                    f"{event.max_restarts} in {event.max_seconds:g} s are allowed"
                )
                return Notice(at, name, "crash", "gave_up", text, level="ERROR")
            case ChildStarted() | ChildEnded():
                return Notice(at, name, event.name, "ok", str(event), level="DEBUG")
        facts: dict[str, str | int] = {
            key: value if isinstance(value, int) else str(value) for key, value in event.mapping().items()
        }
        return Notice(at, name, event.name, "seen", str(event), level=_level(event), extra=facts)

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
