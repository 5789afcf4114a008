"""The timers of one incarnation."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from supervision.mailbox import Wrapped
from supervision.spec import check, check_number

if TYPE_CHECKING:
    from supervision.runtime import Runtime, Timer
    from supervision.worker import Worker

SHORTEST_PERIOD = 0.001  # seconds; a shorter period would be a busy loop


class Tick(Wrapped):
    """A timer's message on its way through the mailbox; dropping it would end a period for good."""

    reserved = True
    __slots__ = ("due", "key", "message", "period", "timer")

    def __init__(self, key: Hashable, message: Any, period: float | None, due: float) -> None:
        self.key = key
        self.message = message
        self.period = period
        self.due = due
        self.timer: Timer | None = None


class Timers:
    """Keyed timers that put their messages into one incarnation's mailbox; used in its thread only."""

    def __init__(self, worker: Worker, runtime: Runtime) -> None:
        self._worker = worker
        self._runtime = runtime
        self._ticks: dict[Hashable, Tick] = {}

    def add(self, seconds: float, message: Any, key: Hashable, period: float | None) -> Hashable:
        """Start a timer and return its key."""
        check_number("seconds", seconds)
        good = period is None or period >= SHORTEST_PERIOD
        check(good, "seconds", seconds, f"a period of at least {SHORTEST_PERIOD} s")
        key = object() if key is None else key
        self.cancel(key)
        tick = self._ticks[key] = Tick(key, message, period, self._worker.clock() + seconds)
        self._arm(tick, seconds)
        return key

    def cancel(self, key: Hashable) -> None:
        """Forget a timer."""
        tick = self._ticks.pop(key, None)
        if tick is not None and tick.timer is not None:
            tick.timer.cancel()

    def take(self, tick: Tick) -> bool:
        """Return True if an arrived tick still counts; start the next beat of a period."""
        if self._ticks.get(tick.key) is not tick:
            return False
        if tick.period is None:
            del self._ticks[tick.key]
        else:
            now = self._worker.clock()
            missed = max(0, int((now - tick.due) / tick.period))
            tick.due += (missed + 1) * tick.period
            self._arm(tick, max(0.0, tick.due - now))
        return True

    def close(self) -> None:
        """Cancel all timers."""
        for key in list(self._ticks):
            self.cancel(key)

    def _arm(self, tick: Tick, seconds: float) -> None:
        mailbox = self._worker.mailbox
        tick.timer = self._runtime.call_after(seconds, lambda: mailbox.closed or mailbox.put(tick))
