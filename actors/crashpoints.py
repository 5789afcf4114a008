"""Places where the process can be made to die, for the tests of recovery. Nothing happens in an ordinary run.

`STAKEKEEPER_CRASH_AT=name[:nth]` in the environment kills the process with SIGKILL when it comes to a point for the
nth time: nothing is flushed, closed or said, as when the power of the process is cut.
"""

import os
import signal
import threading
from itertools import count

VARIABLE = "STAKEKEEPER_CRASH_AT"

POINTS = frozenset(
    {
        "lock",  # the journal is ours, nothing of it was read
        "migrate",  # inside the transaction that makes the tables
        "anchor",  # the new head file is written and not yet in place
        "replayed",  # the epoch is raised, nothing decided yet
        "append/intent_opened",  # before J1 begins
        "insert/intent_opened",  # inside J1's transaction
        "commit/intent_opened",  # J1 is on disk, nobody knows
        "acknowledged/intent_opened",  # the bankroll knows, nothing is sent
        "place",  # the ticket is made
        "connect",
        "connected",
        "half_sent",
        "sent",
        "answered",
        "append/intent_closed",  # before J2 begins; in recovery: between the evidence and J2
        "insert/intent_closed",
        "commit/intent_closed",
        "acknowledged/intent_closed",
        "notify",  # the lane is about to hear of its outcome
        "append/agent_started",  # recovery is about to note what is unknown
        "insert/outcome_unknown",
        "commit/agent_started",
        "look_up",  # recovery is about to read the venue
        "append/looked_up",  # a negative reading
        "commit/looked_up",  # between two negative readings
        "append/reconciled",
        "commit/reconciled",
        "append/hint_taken",  # a pushed event is known, and not yet on disk
        "insert/hint_taken",
        "commit/hint_taken",  # it is on disk, and its sender was not told
        "acknowledged/hint_taken",
        "snapshot",  # inside the transaction that replaces the snapshot
    }
)


def wanted(text: str) -> tuple[str, int] | None:
    """Return where to die, and at which passing, as `name[:nth]` says; None for an empty text.

    Raises:
        ValueError: there is no such point.
    """
    name, _, nth = text.partition(":")
    if not name:
        return None
    if name not in POINTS or not (nth or "1").isdecimal():
        raise ValueError(f"{VARIABLE}={text}: give one of {', '.join(sorted(POINTS))}, with :N for the Nth time.")
    return name, int(nth or "1")


def _ordered() -> tuple[str, int] | None:
    try:
        return wanted(os.environ.get(VARIABLE, ""))
    except ValueError:  # told when the configuration is read; an import has nobody to tell
        return None


_BLOW = signal.SIGKILL
_armed = _ordered()
_passed = count(1)


def arm(text: str) -> None:
    """Die at `name[:nth]` from now on, or nowhere if the text is empty; the environment is read at import only.

    Raises:
        ValueError: there is no such point.
    """
    global _armed, _passed
    _armed, _passed = wanted(text), count(1)


def armed() -> bool:
    """Tell whether the process is to die somewhere."""
    return _armed is not None


def reached(name: str, kind: str = "") -> None:
    """Die here, if this is the point; `kind` is what the journal calls the event that is being written."""
    if _armed is None or _armed[0] != (f"{name}/{kind}" if kind else name):
        return
    if next(_passed) == _armed[1]:
        # At this thread, so that not one instruction more of it runs; the process goes with it.
        signal.pthread_kill(threading.get_ident(), _BLOW)
