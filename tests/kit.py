"""What several rooms' tests need."""

import contextlib
import fcntl
import json
import os
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

VENUE_IDLE_S = 900
"""How long a venue that tests share outlives its last user, in seconds: other files may be played in between."""


def decimals(text: str) -> Any:
    """Parse JSON with exact numbers."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def end_venue(data: Path, number: int = signal.SIGTERM) -> None:
    """End the built-in venue of a directory, unless it has ended already, and wait until it lets go of its lock."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(json.loads((data / "sandbox.json").read_text())["pid"], number)
        wait_for_end(data)


def wait_for_end(data: Path) -> None:
    """Wait until the built-in venue of a directory lets go of its lock."""
    with (data / "sandbox.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
