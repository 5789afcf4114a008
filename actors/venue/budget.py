"""Rate budgets, counted as the venue counts, and spent before sending: a 429 should never be needed to learn them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from actors.venue.endpoints import covers
from actors.venue.errors import RateLimited

WINDOW_S = 60.0

MARGIN_S = 1.0
"""Our windows last this much longer: the venue's opens when our first request arrives, a little after ours."""

MAX_WINDOWS = 1_000
"""Windows kept at a time (one per path and escrow id); beyond it those that are over are thrown away."""


class Limit(Struct, frozen=True):
    """So many calls a minute at a service, on one path or on each path below a prefix.

    Attributes:
        service: whose server counts.
        prefix: of the path; one that ends with a slash covers what lies below, another only itself.
        per_minute: calls, or what they weigh.
        shared: the name of the account's one bucket for all these paths; empty: each path has its own, by address.
    """

    service: str
    prefix: str
    per_minute: int
    shared: str = ""


LIMITS = (
    Limit("casino", "/games/", 60, shared="games"),
    Limit("casino", "/games/", 60),
    Limit("casino", "/bets/", 60),
    Limit("casino", "/bets/batch", 10, shared="batch"),
    Limit("casino", "/auth/register", 10),
    Limit("casino", "/auth/withdraw", 5),
    Limit("casino", "/kelly/simulate", 5),
    Limit("escrow", "/escrow/create", 20),
    Limit("escrow", "/escrow/complete/", 30),
    Limit("escrow", "/escrow/release/", 30),
    Limit("escrow", "/escrow/dispute/", 10),
    Limit("faucet", "/faucet/claim", 5),
    Limit("trading", "/auth/register", 10),
    Limit("trading", "/trade/open", 30),
    Limit("trading", "/trade/close", 30),
    Limit("trading", "/referral/withdraw", 5),
    Limit("exchange", "/info", 1_200),
    Limit("wallet", "/auth/register", 10),
    Limit("wallet", "/wallet/send", 20),
    Limit("wallet", "/wallet/swap", 30),
    Limit("wallet", "/referral/withdraw", 5),
)
"""As the servers' code counts. The domains server counts nothing; the exchange counts what its questions weigh."""


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

    def spend(self, service: str, path: str, weight: int = 1) -> None:
        """Take one call on a path from each of its buckets.

        Args:
            service: whose path it is.
            path: without the base URL's.
            weight: what the call costs; one, but at the exchange.

        Raises:
            RateLimited: one of them is empty; none was spent.
        """
        with self._lock:
            now = self._clock()
            windows = [self._window(limit, path, now) for limit in _limits(service, path)]
            if empty := [window.ends for window in windows if window.left < weight]:
                raise RateLimited(path, self._wall() + int((max(empty) - now) * 1_000_000))
            for window in windows:
                window.left -= weight

    def correct(self, service: str, path: str, until: int, *, shared: bool) -> None:
        """Take the venue's word: it counts otherwise and lets nothing more through.

        Args:
            service: whose path it is.
            path: of the refused call.
            until: UTC microseconds at which its window ends.
            shared: whether it was the account's bucket rather than the path's.
        """
        with self._lock:
            now = self._clock()
            for limit in _limits(service, path):
                if bool(limit.shared) is shared:
                    window = self._window(limit, path, now)
                    window.left = 0
                    window.ends = now + max(0.0, min(WINDOW_S, (until - self._wall()) / 1_000_000))

    def left(self) -> dict[str, int]:
        """Return what is left in each running window, by bucket.

        "casino games" is the account's, "casino /games/dice" the address's.
        """
        with self._lock:
            now = self._clock()
            return {name: window.left for name, window in sorted(self._windows.items()) if window.ends > now}

    def least(self, service: str) -> str:
        """Say, for the tree, of which of a service's buckets least is left."""
        left = {name: left for name, left in self.left().items() if name.startswith(f"{service} ")}
        if not left:
            return "no call counted this minute"
        name = min(left, key=lambda name: left[name])
        return f"{left[name]} left this minute on {name.removeprefix(f'{service} ')}"

    def _window(self, limit: Limit, path: str, now: float) -> _Window:
        name = f"{limit.service} {limit.shared or path}"
        window = self._windows.get(name)
        if window is None or window.ends <= now:
            if len(self._windows) >= MAX_WINDOWS:
                self._windows = {n: w for n, w in self._windows.items() if w.ends > now}
            window = self._windows[name] = _Window(now + WINDOW_S + MARGIN_S, limit.per_minute)
        return window


def _limits(service: str, path: str) -> list[Limit]:
    return [limit for limit in LIMITS if limit.service == service and covers(limit.prefix, path)]
