"""The file lock: one writer at a time on one machine."""

import fcntl
import os
from pathlib import Path

from actors.journal.errors import JournalOwned


class FileLock:
    """An exclusive `flock` on a file of its own; the kernel drops it when the process dies.

    It belongs to the open file, so a second lock in the same process is refused like any other. Who deletes
    the file gets round it, and meets the epoch.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock, or fail at once; the file then names this process.

        Raises:
            JournalOwned: If it is held.
            OSError: If the lock file cannot be opened.
        """
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"{os.getpid()}\n".encode())
        except BlockingIOError:
            holder = os.read(self._fd, 20).decode(errors="replace").strip() or "unknown"
            os.close(self._fd)
            raise JournalOwned(
                f"{path} is held by process {holder}: stop that agent, or use another data directory."
            ) from None
        except OSError:
            os.close(self._fd)
            raise

    def release(self) -> None:
        """Give the lock back; the file stays, as deleting it would let two processes hold two files."""
        os.close(self._fd)
