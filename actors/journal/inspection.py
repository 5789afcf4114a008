"""The rest of an opening's check, beside the running writer: an old journal is long, and a start is to be short."""

from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread

from actors.journal.chain import Break, genesis
from actors.journal.errors import JournalCorrupt, JournalError
from actors.journal.integrity import inspect_rest, mend
from actors.journal.opening import named_failures
from actors.journal.sqlite import FAILURES, Connection

PAUSE_S = 0.005
"""After each slice of rows, which takes the interpreter for a millisecond: a bet hardly feels it."""

STOP_S = 1.0
"""How long the end waits for the check."""


class Inspection:
    """Checks the rows before the newest snapshot, and the pages, in a thread and on a connection of its own.

    A million rows take about a minute, most of it pauses.
    """

    def __init__(self, path: Path, report: Callable[[JournalCorrupt], object]) -> None:
        """Begin. `report` is called in that thread with the first fault, or never."""
        self._path = path
        self._report = report
        self._over = Event()
        self._connection: Connection | None = None
        self._thread = Thread(target=self._run, name="journal-inspection", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it where it is; blocks for a moment."""
        self._over.set()
        if self._connection:
            with suppress(*FAILURES):  # it may be closed already
                self._connection.interrupt()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            self._inspect()
        except Break as fault:
            self._report(JournalCorrupt(f"{self._path} is damaged, {mend(fault)}"))
        except JournalCorrupt as error:
            self._report(error)
        except JournalError:
            pass  # stopped, or locked, or gone: the writer meets the same, and says so

    def _inspect(self) -> None:
        with named_failures(self._path), closing(Connection(self._path, read_only=True)) as self._connection:
            owner = self._connection.owner()
            if owner is not None:
                start = genesis(owner.agent, owner.binding)
                inspect_rest(self._connection, start, lambda: self._over.wait(PAUSE_S))
