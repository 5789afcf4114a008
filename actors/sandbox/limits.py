"""The venue's two rate limiters: fixed windows in memory, gone with the process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from actors.sandbox.errors import refuse

WINDOW_S = 60
MAX_BUCKETS = 10_000  # beyond it windows that are over are thrown away


@dataclass(slots=True)
class _Window:
    opened: float
    calls: int = 0


class Limiter:
    """Counts calls by bucket in windows that the first call opens.

    Args:
        now: seconds by the venue's clock.
        enabled: False lets everything pass (`--limits off`); also an attribute.
    """

    def __init__(self, now: Callable[[], float], *, enabled: bool) -> None:
        self._now = now
        self.enabled = enabled
        self._windows: dict[str, _Window] = {}

    def by_ip(self, path: str, ip: str, per_minute: int, weight: int = 1) -> None:
        """Count a call from an address on a path, as `weight` calls.

        Raises:
            RefusedError: 429 rate_limited; the call still counts.
        """
        if self._over(f"{path}:{ip}", per_minute, weight) is not None:
            raise refuse(429, "rate_limited", f"At most {per_minute} calls in {WINDOW_S} s on this path.")

    def by_agent(self, agent_id: str, bucket: str, per_minute: int) -> None:
        """Count a call of an account on a bucket that several paths share.

        Raises:
            RefusedError: 429 rate_limit_exceeded with reset_at; the call still counts.
        """
        opened = self._over(f"{agent_id}/{bucket}", per_minute)
        if opened is not None:
            ends = datetime.fromtimestamp(opened + WINDOW_S, UTC)
            raise refuse(
                429,
                "rate_limit_exceeded",
                f"At most {per_minute} calls of this kind in {WINDOW_S} s for one account.",
                reset_at=ends.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ends.microsecond // 1000:03d}Z",
            )

    def _over(self, key: str, per_minute: int, weight: int = 1) -> float | None:
        if not self.enabled:
            return None
        now = self._now()
        window = self._windows.get(key)
        if window is None or now - window.opened >= WINDOW_S:
            if len(self._windows) >= MAX_BUCKETS:
                self._windows = {k: w for k, w in self._windows.items() if now - w.opened < WINDOW_S}
            window = self._windows[key] = _Window(now)
        window.calls += weight
        return window.opened if window.calls > per_minute else None
