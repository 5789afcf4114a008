"""Processes to be killed. One that has loaded everything forks a child a life, so that a life begins in milliseconds.

Orders come on standard input, one a line: "play" or "settle". The child says "born PID" and "ready"; when it has ended
the parent says "ended CODE".
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.peers.coin import Account

LIFE_S = 30.0
"""The longest life of a child that nobody kills, in seconds: nothing outlives a harness that was killed itself."""

Live = Callable[[Path, Account, bool], None]


def say(word: str) -> None:
    """Tell the harness, with one write."""
    os.write(1, f"{word}\n".encode())


def ready() -> None:
    """Say that the agent is up: from now on it may be killed."""
    say("ready")


def serve(live: Live) -> None:
    """Fork a child for each order; the child calls `live(data, account, settle)`."""
    data = Path(sys.argv[1])
    account = Account(**json.loads((data / "account.json").read_text()))
    for order in sys.stdin:
        pid = os.fork()
        if pid == 0:
            say(f"born {os.getpid()}")
            os._exit(_survive(live, data, account, settle=order.strip() == "settle"))
        _, status = os.waitpid(pid, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


def _survive(live: Live, data: Path, account: Account, *, settle: bool) -> int:
    try:
        live(data, account, settle)
    except BaseException:  # noqa: BLE001  a child never returns into its parent's loop
        traceback.print_exc()
        return 1
    return 0
