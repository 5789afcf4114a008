"""The agent's wall clock: it never runs backwards, and no change of the system's time shortens a wait."""

import time
from collections.abc import Callable


def steady_wall() -> Callable[[], int]:
    """Return a clock of UTC microseconds that is set once, now, and from then on advances with the monotonic clock."""
    started, monotonic = time.time_ns() // 1000, time.monotonic_ns() // 1000

    def wall() -> int:
        return started + time.monotonic_ns() // 1000 - monotonic

    return wall
