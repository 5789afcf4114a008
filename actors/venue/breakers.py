"""Circuit breakers: a service that keeps failing is left alone for a while, and calls to it fail at once.

pybreaker counts and decides. Its own way of calling holds its lock over the call and reads the wall clock; here it
only learns the results afterwards, and tells time by ours.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pybreaker

from actors.venue.errors import BreakerOpen


@dataclass(frozen=True, slots=True)
class Limits:
    """Failures in a row that open a breaker, seconds until a trial, successes in a row that close it."""

    failures: int = 5
    reset_s: float = 60
    successes: int = 2


LIMITS = {"casino": Limits(reset_s=30), "trading": Limits(failures=3)}
"""Services with numbers of their own; the others have the defaults."""


class _Failure(Exception):  # noqa: N818  never leaves this file
    pass


class _Storage(pybreaker.CircuitMemoryStorage):
    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(pybreaker.STATE_CLOSED)
        self._clock = clock
        self.opened: float | None = None

    # pybreaker compares this with the wall clock, so it is told a time as long ago by that clock as it is by ours.
    @property
    def opened_at(self) -> datetime | None:
        if self.opened is None:
            return None
        return datetime.now(UTC) - timedelta(seconds=self._clock() - self.opened)

    @opened_at.setter
    def opened_at(self, _: datetime) -> None:
        self.opened = self._clock()


class _Breaker:
    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._storage = _Storage(clock)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=limits.failures,
            reset_timeout=limits.reset_s,
            success_threshold=limits.successes,
            state_storage=self._storage,
        )

    def seconds_left(self) -> float:
        if self._storage.state != pybreaker.STATE_OPEN or self._storage.opened is None:
            return 0.0
        return max(0.0, self._storage.opened + self._limits.reset_s - self._clock())

    def record(self, *, ok: bool) -> str | None:
        before = (self._storage.state, self._storage.opened)
        with contextlib.suppress(_Failure, pybreaker.CircuitBreakerError), self._breaker.calling():
            if not ok:
                raise _Failure
        after = (self._storage.state, self._storage.opened)
        return None if before == after else after[0]


class Breakers:
    """Two breakers a service, one for sends and one for reads: a venue that takes no bets may still answer questions.

    Thread-safe; no lock is held while a service is called or `changed` runs.

    Args:
        clock: seconds, monotonic.
        wall: UTC microseconds, for the times that are told.
        changed: called with service (reads: "casino reads"), whether it is open, and until when (UTC microseconds;
            0 when closed), in the thread whose result changed it; by two threads at once perhaps with the same news.
    """

    def __init__(
        self, *, clock: Callable[[], float], wall: Callable[[], int], changed: Callable[[str, bool, int], None]
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._changed = changed
        self._breakers: dict[str, _Breaker] = {}
        self._lock = threading.Lock()

    def check(self, service: str, *, reads: bool = False) -> None:
        """Let a call through.

        Raises:
            BreakerOpen: the service failed too often just now; its trial is not due yet.
        """
        name, breaker = self._breaker(service, reads=reads)
        if left := breaker.seconds_left():
            raise BreakerOpen(name, self._until(left))

    def record(self, service: str, *, ok: bool, reads: bool = False) -> None:
        """Count a call's result. Only the venue's own trouble is a failure; a refusal is a success."""
        name, breaker = self._breaker(service, reads=reads)
        match breaker.record(ok=ok):
            case pybreaker.STATE_OPEN:
                self._changed(name, True, self._until(breaker.seconds_left()))
            case pybreaker.STATE_CLOSED:
                self._changed(name, False, 0)

    def _until(self, left: float) -> int:
        return self._wall() + int(left * 1_000_000)

    def _breaker(self, service: str, *, reads: bool) -> tuple[str, _Breaker]:
        name = f"{service} reads" if reads else service
        with self._lock:
            if name not in self._breakers:
                self._breakers[name] = _Breaker(LIMITS.get(service, Limits()), self._clock)
            return name, self._breakers[name]
