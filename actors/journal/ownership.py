"""The file lock: one writer at a time on one machine."""

import fcntl
import os
from pathlib import Path

from actors.journal.errors import JournalOwned

_ATTEMPTS = 10  # the file can vanish between open and lock; more than a few times in a row is no accident


class FileLock:
    """An exclusive `flock` on a file of its own; the kernel drops it when the process dies.

    It belongs to the open file, so a second lock in the same process is refused like any other.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock, or fail at once.

        Raises:
            JournalOwned: If it is held.
            OSError: If the lock file cannot be opened.
        """
        for _ in range(_ATTEMPTS):
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(self._fd, 20).decode(errors="replace").strip() or "unknown"
                os.close(self._fd)
                raise JournalOwned(
                    f"{path} is held by process {holder}: stop that agent, or use another data directory."
                ) from None
            if _is_still_at(self._fd, path):
                os.ftruncate(self._fd, 0)
                os.write(self._fd, f"{os.getpid()}\n".encode())
                return
            os.close(self._fd)
        raise JournalOwned(f"{path} keeps being replaced: stop whatever deletes it, then start again.")

    def release(self) -> None:
        """Give the lock back; the file stays, as deleting it would let two processes hold two files."""
        os.close(self._fd)


def _is_still_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
