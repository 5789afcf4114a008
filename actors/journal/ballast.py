"""Room on the disk that is kept for outcomes: a file that is given up when nothing else fits."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from actors.journal.errors import JournalFull

BALLAST_BYTES = 4 * 2**20
"""Size of the file: the outcomes of some thousand bets, where one would do."""

ROOM_BYTES = 64 * 2**20
"""With less than this free, nothing new is begun, and a ballast that was given up is not taken again."""

T = TypeVar("T")


def has_room(place: Path) -> bool:
    """Return whether the disk that holds ``place``, an existing path, has room for something new."""
    return shutil.disk_usage(place).free >= ROOM_BYTES


class Ballast:
    """The file beside a journal, for the thread that writes the journal."""

    def __init__(self, journal: Path) -> None:
        """Name the file; nothing is touched."""
        self._path = journal.with_name(journal.name + ".ballast")

    def take(self) -> None:
        """Make the file, if there is none and the disk has room for it. A disk that refuses is no error."""
        if self._path.exists() or not has_room(self._path.parent):
            return
        try:
            self._path.touch(mode=0o600)
            self._path.write_bytes(bytes(BALLAST_BYTES))
        except OSError:
            self._give_up()

    def carry(self, write: Callable[[], T]) -> T:
        """Write; if the disk is full, give the ballast up and write again, once.

        Raises:
            JournalFull: There is no room even so.
        """
        try:
            return write()
        except JournalFull:
            if not self._give_up():
                raise
        return write()

    def _give_up(self) -> bool:
        with suppress(OSError):
            self._path.unlink()
            return True
        return False
