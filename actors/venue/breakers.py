"""Circuit breakers: a service that keeps failing is left alone for a while, and calls to it fail at once.

pybreaker counts and decides. Its own way of calling holds its lock over the call and reads the wall clock; here it
only learns the results afterwards, and tells time by ours.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pybreaker
from msgspec import Struct

from actors.venue.errors import BreakerOpen


class Limits(Struct, frozen=True):
    """Failures in a row that open a breaker, seconds until a trial, successes in a row that close it."""

    failures: int = 5
    reset_s: float = 60
    successes: int = 2


LIMITS = {"casino": Limits(reset_s=30), "trading": Limits(failures=3)}
"""Services with numbers of their own; the others have the defaults."""


TRIAL_PAUSE_S = 1.0
"""How soon a call that found another's trial under way may be tried, in seconds."""


@dataclass(slots=True)
class Call:
    """One call that a breaker let through. `ok`: what it says of the service; None: nothing (it was not made)."""

    ok: bool | None = None


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
        self._trial: Call | None = None
        self._trial_ends = 0.0
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=limits.failures,
            reset_timeout=limits.reset_s,
            success_threshold=limits.successes,
            state_storage=self._storage,
        )

    def seconds_left(self) -> float:
        if self._storage.state == pybreaker.STATE_CLOSED or self._storage.opened is None:
            return 0.0
        left = self._storage.opened + self._limits.reset_s - self._clock()
        if left <= 0 and self._trial and self._clock() < self._trial_ends:
            return TRIAL_PAUSE_S
        return max(0.0, left)

    def enter(self, call: Call) -> None:
        # Whoever comes after the wait is its one trial; one that never reports is given up after another wait.
        if self._storage.state != pybreaker.STATE_CLOSED:
            self._trial, self._trial_ends = call, self._clock() + self._limits.reset_s

    def leave(self, call: Call) -> str | None:
        if self._trial is call:
            self._trial = None
        if call.ok is None:
            return None
        before = (self._storage.state, self._storage.opened)
        with contextlib.suppress(_Failure, pybreaker.CircuitBreakerError), self._breaker.calling():
            if not call.ok:
                raise _Failure
        after = (self._storage.state, self._storage.opened)
        return None if before == after else after[0]


class Breakers:
    """Two breakers a service, one for sends and one for reads: a venue that takes no bets may still answer questions.

    After its wait an open breaker lets one call at a time through, the trial; the others still fail at once.
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
        """Ask whether a call would be let through, without making one.

        Raises:
            BreakerOpen: the service failed too often just now; its trial is not due yet, or another's is under way.
        """
        with self._lock:
            name, breaker = self._breaker(service, reads=reads)
            if left := breaker.seconds_left():
                raise BreakerOpen(name, self._until(left))

    @contextlib.contextmanager
    def call(self, service: str, *, reads: bool = False) -> Iterator[Call]:
        """Let a call through; at the end what it says of the service is counted.

        Only the venue's own trouble is a failure; a refusal is a success.

        Raises:
            BreakerOpen: as `check`.
        """
        call = Call()
        with self._lock:
            name, breaker = self._breaker(service, reads=reads)
            if left := breaker.seconds_left():
                raise BreakerOpen(name, self._until(left))
            breaker.enter(call)
        try:
            yield call
        finally:
            with self._lock:
                state, left = breaker.leave(call), breaker.seconds_left()
            if state in (pybreaker.STATE_OPEN, pybreaker.STATE_CLOSED):
                is_open = state == pybreaker.STATE_OPEN
                self._changed(name, is_open, self._until(left) if is_open else 0)

    def _until(self, left: float) -> int:
        return self._wall() + int(left * 1_000_000)

    def _breaker(self, service: str, *, reads: bool) -> tuple[str, _Breaker]:
        name = f"{service} reads" if reads else service
        if name not in self._breakers:
            self._breakers[name] = _Breaker(LIMITS.get(service, Limits()), self._clock)
        return name, self._breakers[name]
