"""The agent's wall clock: it never runs backwards, and no change of the system's time shortens a wait."""

import time
from collections.abc import Callable
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def steady_wall() -> Callable[[], int]:
    """Return a clock of UTC microseconds that is set once, now, and from then on advances with the monotonic clock."""
    started, monotonic = time.time_ns() // 1000, time.monotonic_ns() // 1000

    def wall() -> int:
        return started + time.monotonic_ns() // 1000 - monotonic

    return wall


def this_boot(wall: Callable[[], int]) -> tuple[str, int]:
    """Return the running boot's id and when it began by `wall`; ("", 0) where the system does not tell.

    Its clock also counts the time that the machine sleeps.

    Args:
        wall: this process's UTC microseconds.
    """
    try:
        boot, since = BOOT_ID.read_text(encoding="ascii").strip(), time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    except (OSError, AttributeError):
        return "", 0
    return boot, wall() - since
