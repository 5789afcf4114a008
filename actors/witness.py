"""Sees every event of the tree: counts what the summary tells, and passes all on to whoever writes them down."""

import contextlib
from collections import deque
from collections.abc import Callable

from supervision import ChildEnded, ChildFailed, ChildRestarted, DeadLetters, Event, Handle

UNHEARD = 100
"""Events that wait for a reporter that is just being restarted; of more, the newest are kept."""


class Witness:
    """Called in the thread where an event happens; it blocks nobody.

    Args:
        reporter: returns who writes events down, or None before there is a tree.

    Attributes:
        crashes: failures of actors.
        latest: the last of them, with its reason.
        restarts: of actors.
        down_s: how long actors on the money's side were being restarted, in seconds, one after the other.
    """

    def __init__(self, reporter: Callable[[], Handle | None]) -> None:
        self.crashes = 0
        self.latest = ""
        self.restarts = 0
        self.down_s = 0.0
        self._reporter = reporter
        self._unheard: deque[Event] = deque(maxlen=UNHEARD)

    def __call__(self, event: Event) -> None:
        """Take an event."""
        match event:
            case ChildFailed():
                self.crashes += 1
                self.latest = f"{event.path} failed: {event.reason}"
            case ChildRestarted():
                self.restarts += 1
                self.down_s += event.seconds if event.path.startswith("core") else 0.0
            case ChildEnded() if event.path.startswith("ops"):
                return  # the end of the run: nobody is left to write it down
            case _:
                pass
        reporter = self._reporter()
        if isinstance(event, DeadLetters) and reporter and event.path == reporter.path:
            return  # what the reporter missed it cannot report
        self._unheard.append(event)
        while reporter and reporter.is_up() and self._unheard:
            with contextlib.suppress(IndexError):  # another thread passes events on, too
                reporter.tell(self._unheard.popleft())
