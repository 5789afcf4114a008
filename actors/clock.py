"""The agent's wall clock: it never runs backwards, and no change of the system's time shortens a wait."""

import time
from collections.abc import Callable
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# Time asleep counts where the system can say: a deadline passes then too, and the time of the boot stays what it was.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_wall() -> Callable[[], int]:
    """Return a clock of UTC microseconds that is set once, now, and then goes on, also while the machine sleeps."""
    started, since = time.time_ns() // 1000, time.clock_gettime_ns(_CLOCK) // 1000

    def wall() -> int:
        return started + time.clock_gettime_ns(_CLOCK) // 1000 - since

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
