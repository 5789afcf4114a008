"""The reading side: any number of processes, while the writer goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from msgspec import Struct

from actors.journal import schema, sqlite
from actors.journal.anchor import read_anchor
from actors.journal.chain import Break, genesis
from actors.journal.errors import JournalCorrupt, JournalMissing, JournalOlder
from actors.journal.integrity import inspect, mend
from actors.journal.opening import known_version, named_failures
from actors.journal.records import Head, Owner, Row


class VerifyReport(Struct, frozen=True):
    """What `Reader.verify` found.

    Attributes:
        ok: Nothing is wrong.
        rows: Rows in the table.
        head: The end of the chain, if it is whole.
        bad_seq: The first row that is wrong or missing; None if all is well or the file as a whole is damaged.
        why: What is wrong, with the mend; empty if nothing is.
    """

    ok: bool
    rows: int
    head: Head | None
    bad_seq: int | None
    why: str


class Reader:
    """A look at a journal that changes nothing, not even by a checkpoint.

    For the thread that opened it; calls block on the disk. Each sees what was committed when it began.

    Attributes:
        owner: Agent, binding and epoch at the time of opening.
    """

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the journal at ``path``.

        Raises:
            JournalMissing: There is none.
            JournalOlder: A writer has yet to migrate it.
            JournalNewer: A newer program wrote it.
            JournalForeign: It is no journal.
            JournalCorrupt: It is damaged beyond reading.
            JournalBusy: It stayed locked for 5 seconds.
            JournalBroken: The disk refuses.
        """
        path = path.resolve()
        if not path.exists():
            raise JournalMissing(f"there is no journal at {path}: start the agent once, or name its data directory.")
        with named_failures(path):
            connection = sqlite.Connection(path, read_only=True)
            try:
                owner = _readable_owner(path, connection)
                return cls(path, connection, owner)
            except BaseException:
                connection.close()
                raise

    def __init__(self, path: Path, connection: sqlite.Connection, owner: Owner) -> None:
        """For `open` only."""
        self._path = path
        self._connection = connection
        self.owner = owner

    def rows(self, after_seq: int = 0, intent: str | None = None) -> Iterator[Row]:
        """Yield the rows after ``after_seq`` in order, of one intent or of all, a thousand at a time in memory.

        Raises:
            JournalCorrupt: A page cannot be read.
            JournalBroken: The disk refuses.
        """
        with named_failures(self._path):
            yield from self._connection.rows(after_seq, intent)

    def head(self) -> Head:
        """Return the end of the chain, unchecked.

        Raises:
            JournalCorrupt: A page cannot be read.
            JournalBroken: The disk refuses.
        """
        with named_failures(self._path):
            return self._connection.head() or self._genesis()

    def verify(self) -> VerifyReport:
        """Check every page, index and row, the snapshot and the head file; about 7 s for a million rows.

        Raises:
            JournalBroken: The disk refuses.
        """
        rows = 0
        try:
            with named_failures(self._path):
                rows = self._connection.count()
                end = inspect(self._connection, self._genesis(), read_anchor(self._path), whole=True)
        except JournalCorrupt as error:
            return VerifyReport(ok=False, rows=rows, head=None, bad_seq=None, why=str(error))
        except Break as fault:
            return VerifyReport(ok=False, rows=rows, head=None, bad_seq=fault.seq, why=mend(fault))
        return VerifyReport(ok=True, rows=end.seq, head=end, bad_seq=None, why="")

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _genesis(self) -> Head:
        return genesis(self.owner.agent, self.owner.binding)


def _readable_owner(path: Path, connection: sqlite.Connection) -> Owner:
    version = known_version(path, connection)
    owner = connection.owner() if version else None
    if owner is None:
        raise JournalMissing(f"the journal at {path} is empty: start the agent once.")
    if version < schema.VERSION:
        raise JournalOlder(f"{path} has version {version}: start the agent once, which migrates it.")
    return owner
