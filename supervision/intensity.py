"""How often and how soon to restart: OTP's sliding window, and a backoff."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf
from random import Random


class RestartWindow:
    """Counts restart attempts in a sliding window, as OTP's supervisor does.

    Not thread-safe: it belongs to one supervisor.
    """

    def __init__(self, max_restarts: int, max_seconds: float) -> None:
        self.max_restarts = max_restarts
        self.max_seconds = max_seconds
        self._times: deque[float] = deque()

    def admit(self, now: float) -> bool:
        """Count an attempt at `now` (monotonic seconds) and return True if it is within the limit.

        An attempt exactly `max_seconds` old still counts.
        """
        while self._times and self._times[0] < now - self.max_seconds:
            self._times.popleft()
        self._times.append(now)
        return len(self._times) <= self.max_restarts

    @property
    def count(self) -> int:
        """Attempts in the window at the last attempt."""
        return len(self._times)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delay before a restart, with jitter, capped after the jitter.

    Attributes:
        first: seconds before the first restart.
        cap: most seconds before any restart.
        factor: by which each further restart waits longer, >= 1.
        jitter: share of the delay that is added at random, 0.2 = up to 20 %.
        reset_after: seconds of health after which the next failure counts as the first again.
    """

    first: float = 0.1
    cap: float = 30.0
    factor: float = 2.0
    jitter: float = 0.2
    reset_after: float = 60.0

    def __post_init__(self) -> None:
        for name, least in (("first", 0), ("cap", 0), ("factor", 1), ("jitter", 0), ("reset_after", 0)):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not least <= value < inf:
                raise ValueError(f"backoff.{name}={value!r}: must be a finite number >= {least}")
        if self.cap < self.first:
            raise ValueError(f"backoff.cap={self.cap!r}: must be at least backoff.first={self.first!r}")

    def delay(self, attempt: int, rng: Random) -> float:
        """Return the seconds before restart number `attempt`, counted from 1."""
        try:
            grown = self.first * self.factor ** (attempt - 1)
        except OverflowError:
            grown = self.cap
        return min(self.cap, grown * (1 + self.jitter * rng.random()))
