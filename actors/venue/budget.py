"""Rate budgets, counted as the venue counts, and spent before sending: a 429 should never be needed to learn them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from actors.venue.errors import RateLimited

WINDOW_S = 60.0

MARGIN_S = 1.0
"""Our windows last this much longer: the venue's opens when our first request arrives, a little after ours."""

MAX_WINDOWS = 1_000
"""Windows kept at a time (one per path and escrow id); beyond it those that are over are thrown away."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls a minute below a prefix.

    Attributes:
        shared: the name of one bucket for all these paths; empty: each path has its own.
    """

    prefix: str
    per_minute: int
    shared: str = ""


LIMITS = (
    Limit("/games/", 60, shared="games"),
    Limit("/games/", 60),
    Limit("/bets/", 60),
    Limit("/auth/register", 10),
    Limit("/escrow/create", 20),
    Limit("/escrow/complete/", 30),
    Limit("/escrow/release/", 30),
    Limit("/escrow/dispute/", 10),
    Limit("/faucet/claim", 5),
)


@dataclass(slots=True)
class _Window:
    ends: float
    left: int


class Budget:
    """What may still be asked within the running minute. One for all actors behind one address; thread-safe.

    Args:
        clock: seconds, monotonic.
        wall: UTC microseconds, for the time that a RateLimited names.
    """

    def __init__(self, *, clock: Callable[[], float], wall: Callable[[], int]) -> None:
        self._clock = clock
        self._wall = wall
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def spend(self, path: str) -> None:
        """Take one call on a path from each of its buckets.

        Raises:
            RateLimited: one of them is empty; none was spent.
        """
        with self._lock:
            now = self._clock()
            windows = [self._window(limit.shared or path, limit, now) for limit in _limits(path)]
            if empty := [window.ends for window in windows if window.left <= 0]:
                raise RateLimited(path, self._wall() + int((max(empty) - now) * 1_000_000))
            for window in windows:
                window.left -= 1

    def correct(self, path: str, until: int, *, shared: bool) -> None:
        """Take the venue's word: it counts otherwise and lets nothing more through.

        Args:
            path: of the refused call.
            until: UTC microseconds at which its window ends.
            shared: whether it was the account's bucket rather than the path's.
        """
        with self._lock:
            now = self._clock()
            for limit in _limits(path):
                if bool(limit.shared) is shared:
                    window = self._window(limit.shared or path, limit, now)
                    window.left = 0
                    window.ends = now + max(0.0, min(WINDOW_S, (until - self._wall()) / 1_000_000))

    def left(self) -> dict[str, int]:
        """Return what is left in each running window, by bucket: "games" is the account's, a path is the address's."""
        with self._lock:
            now = self._clock()
            return {name: window.left for name, window in sorted(self._windows.items()) if window.ends > now}

    def _window(self, name: str, limit: Limit, now: float) -> _Window:
        window = self._windows.get(name)
        if window is None or window.ends <= now:
            if len(self._windows) >= MAX_WINDOWS:
                self._windows = {n: w for n, w in self._windows.items() if w.ends > now}
            window = self._windows[name] = _Window(now + WINDOW_S + MARGIN_S, limit.per_minute)
        return window


def _limits(path: str) -> list[Limit]:
    return [limit for limit in LIMITS if path.startswith(limit.prefix)]
