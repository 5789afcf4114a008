"""The writer of the journal."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from operator import index
from pathlib import Path
from sqlite3 import IntegrityError
from typing import Self, TypeVar

from actors.crashpoints import reached
from actors.journal import schema, sqlite
from actors.journal.anchor import write_anchor
from actors.journal.ballast import Ballast
from actors.journal.chain import row_hash, snapshot_digest
from actors.journal.errors import EpochLost, JournalBroken, JournalBusy, JournalCorrupt, JournalError, JournalFull
from actors.journal.held_files import HeldFiles
from actors.journal.inspection import Inspection
from actors.journal.opening import busy_sentence, full_sentence, named_failures, open_for_writing
from actors.journal.ownership import FileLock
from actors.journal.records import Committed, Entry, Head, Rejected, Row, Rule, Snapshot

T = TypeVar("T")

ANCHOR_PERIOD_MICROS = 1_000_000
"""The head file is rewritten after a commit at most once in this time, as it costs an fsync of its own."""

ROWS_AT_ONCE = 64
"""Rows that one statement inserts at the most: as often, the thread has to wait for its turn behind others; and SQLite
keeps one of each length prepared."""


@dataclass(eq=False, repr=False)
class Journal:
    """The one writer of a journal; for the thread that opened it, and every call blocks on the disk.

    Everything acknowledged by `append` and `save_snapshot` survives a crash and a loss of power.

    Attributes:
        epoch: The number of this opening; an older one can no longer write.
        head: The end of the chain.
    """

    epoch: int
    head: Head
    _path: Path
    _lock: FileLock
    _ballast: Ballast
    _connection: sqlite.Connection
    _agent: str
    _wall_micros: Callable[[], int]
    _knows: Callable[[str], bool]
    _dead: JournalError | None = None
    _closed: bool = False
    _anchored_at: int | None = None
    _inspection: Inspection | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        agent: str,
        binding: str,
        wall_micros: Callable[[], int],
        knows: Callable[[str], bool] = bool,
    ) -> Self:
        """Take the journal over, creating or migrating it first, and check it.

        Checked are the chain since the newest snapshot, that snapshot, the presence of indexes and triggers, and the
        head file; what is older is left to `inspect`. Without a snapshot all is checked, and the pages too; with one
        that is not known as well, since then every row will be replayed. Then the epoch is raised, durably, which
        shuts out every older owner.

        Args:
            path: The database; ``.lock``, ``.head``, ``.ballast`` and SQLite's ``-wal`` and ``-shm`` stand beside it.
            agent: The agent's id, for ever the same in one journal.
            binding: Venue and account, such as ``paper:casino-account``, for ever the same too.
            wall_micros: The wall clock, microseconds since 1970 UTC.
            knows: Tells whether a snapshot's text is of a state that this version knows (by default any is); another
                one is passed over, and stays until the next is saved.

        Raises:
            JournalOwned: Another writer has it.
            JournalNewer: A newer program wrote it.
            JournalForeign: It is not this agent's and account's journal.
            JournalCorrupt: It is damaged.
            JournalBusy: Another program kept it locked for 5 seconds.
            JournalBroken: The disk refuses.
        """
        path = path.resolve()
        with named_failures(path):
            lock = FileLock(path.with_name(path.name + ".lock"))
        reached("lock")
        try:
            ballast = Ballast(path)
            connection, head, epoch = ballast.carry(lambda: open_for_writing(path, agent, binding, knows))
            ballast.take()
            with named_failures(path):
                return cls(epoch, head, path, lock, ballast, connection, agent, wall_micros, knows)
        except BaseException:
            lock.release()
            raise

    def __post_init__(self) -> None:
        self._files = HeldFiles(self._path, self._path.with_name(f"{self._path.name}-wal"))

    def inspect(self, report: Callable[[JournalCorrupt], object]) -> None:
        """Begin to check, beside the work, what the opening did not; `close` ends it.

        Args:
            report: Called in another thread with the first fault, or never. Then `distrust` is in place.
        """
        self._inspection = Inspection(self._path, report)

    def distrust(self) -> None:
        """Forget the snapshot, so that each later opening checks every row, and refuses.

        Raises:
            JournalError: As in `append`.
        """
        with self._transaction():
            self._connection.run(sqlite.FORGET_SNAPSHOTS, (0,))

    def append(self, groups: Sequence[Sequence[Entry]]) -> list[Committed | Rejected]:
        """Write groups of entries, in one transaction unless the table refuses one: then up to that one.

        Args:
            groups: Each is written as a whole or not at all.

        Returns:
            What became of each group, in order; whatever is committed is on disk. Nothing was written of groups that
            are not told of: those behind a refused one, or behind which another program took the write lock.

        Raises:
            JournalBusy: Another program kept the write lock for 5 seconds; nothing is written.
            EpochLost: A newer owner took over. Fatal.
            JournalBroken: The disk failed, or the file was deleted or replaced. Fatal.
            JournalFull: It is full, even without the ballast. Fatal.
        """
        at_micros = index(self._wall_micros())  # a float would be hashed as one and stored as another
        outcomes = self._append(groups, at_micros)
        self._carry(lambda: self._anchor_if_due(at_micros))
        return outcomes

    def _append(self, groups: Sequence[Sequence[Entry]], at_micros: int) -> list[Committed | Rejected]:
        try:
            return [*self._carry(lambda: self._write(groups, at_micros, ROWS_AT_ONCE))]
        except _Refused:
            outcomes: list[Committed | Rejected] = []
        for group in groups:  # each by itself, and row by row, to learn which it was
            try:
                outcomes += self._carry(partial(self._write, [group], at_micros, 1))
            except JournalBusy:
                if not outcomes:
                    raise
                return outcomes  # what is on disk is not to be told as refused
            except _Refused as refused:
                return [*outcomes, _rejection(refused.entry, refused.why)]
        return outcomes

    def _write(self, groups: Sequence[Sequence[Entry]], at_micros: int, at_once: int) -> list[Committed]:
        rows, committed, (seq, last_hash) = [], [], self.head
        for group in groups:
            first = seq + 1
            for entry in group:
                seq += 1
                columns = (seq, self._agent, self.epoch, at_micros, entry.kind, entry.intent, entry.venue_ref)
                try:
                    new_hash = row_hash(last_hash, *columns, entry.payload)
                except UnicodeEncodeError as error:
                    raise _Refused(entry, error) from error
                rows.append(Row(*columns, entry.payload, last_hash, new_hash))
                last_hash = new_hash
            committed.append(Committed(tuple(range(first, seq + 1))))
        with self._transaction():
            for start in range(0, len(rows), at_once):
                self._insert(rows[start : start + at_once])
        self.head = Head(seq, last_hash)
        return committed

    def _insert(self, rows: Sequence[Row]) -> None:
        try:
            self._connection.append(rows)
        except IntegrityError as error:
            if schema.NOT_THE_END in str(error):
                raise self._broken("holds rows that its owner did not write") from error
            raise _Refused(rows[0], error) from error
        for row in rows:
            reached("insert", row.kind)

    def replay(self, after_seq: int = 0) -> Iterator[Row]:
        """Yield the rows after ``after_seq`` in order, a thousand at a time in memory.

        Raises:
            JournalCorrupt: A page cannot be read.
            JournalBroken: The disk refuses.
        """
        with named_failures(self._path):
            yield from self._connection.rows(after_seq)

    def load_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot, which was checked at the opening; None without one that is known.

        Raises:
            JournalBroken: The disk refuses.
        """
        with named_failures(self._path):
            found = self._connection.snapshot()
        return found[0] if found is not None and self._knows(found[0].state_json) else None

    def save_snapshot(self, seq: int, state_json: str) -> None:
        """Keep the fold of all rows up to ``seq``, in place of the snapshot before.

        Raises:
            ValueError: There is no row ``seq``.
            JournalBusy: As in `append`.
            EpochLost: As in `append`.
            JournalBroken: As in `append`.
        """
        self._carry(lambda: self._save_snapshot(seq, state_json))

    def _carry(self, write: Callable[[], T]) -> T:
        try:
            return self._ballast.carry(write)
        except JournalFull as error:
            self._dead = error
            raise

    def _save_snapshot(self, seq: int, state_json: str) -> None:
        with self._transaction():
            row_hash_at = self._connection.hash_at(seq)
            if row_hash_at is None:
                raise ValueError(f"no row {seq} to take a snapshot at: the last one is {self.head.seq}")
            digest = snapshot_digest(seq, row_hash_at, state_json)
            self._connection.run(sqlite.SAVE_SNAPSHOT, (seq, row_hash_at, self._wall_micros(), state_json, digest))
            reached("snapshot")
            self._connection.run(sqlite.FORGET_SNAPSHOTS, (seq,))

    def close(self) -> None:
        """Note the head, disconnect, and give the lock back. Harmless when repeated; raises nothing."""
        if self._closed:
            return
        self._closed = True
        if self._inspection:
            self._inspection.stop()
        if not isinstance(self._dead, EpochLost):  # else the head file is the new owner's
            with suppress(OSError):
                write_anchor(self._path, self.head)
        self._dead = JournalBroken(f"{self._path} is closed: open it again.")
        with suppress(*sqlite.FAILURES):
            self._connection.close()
        self._files.release()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._dead is not None:
            raise self._dead
        try:
            self._connection.run(sqlite.BEGIN)
        except sqlite.FAILURES as error:
            if sqlite.is_busy(error):
                raise JournalBusy(busy_sentence(self._path)) from error
            raise self._broken(f"failed while writing ({error})") from error
        try:
            self._refuse_fenced()
            yield
            self._connection.run(sqlite.COMMIT)
        except sqlite.FAILURES as error:
            self._roll_back()
            if sqlite.is_full(error):
                raise JournalFull(full_sentence(self._path)) from error
            raise self._broken(f"failed while writing ({error})") from error
        except BaseException:
            self._roll_back()
            raise
        if not self._files.in_place():
            raise self._broken("was deleted or replaced while in use")

    def _refuse_fenced(self) -> None:
        epoch = self._connection.value(sqlite.EPOCH)
        if epoch != self.epoch:
            self._dead = EpochLost(f"{self._path} was taken over: epoch {self.epoch} must end, {epoch} is the owner.")
            raise self._dead

    def _broken(self, what: str) -> JournalBroken:
        self._dead = JournalBroken(f"{self._path} {what}: check the disk and the file, then start again.")
        return self._dead

    def _roll_back(self) -> None:
        with suppress(*sqlite.FAILURES):  # SQLite has rolled back by itself after a full disk or an I/O error
            self._connection.run(sqlite.ROLLBACK)

    def _anchor_if_due(self, now_micros: int) -> None:
        last = self._anchored_at
        if last is not None and abs(now_micros - last) < ANCHOR_PERIOD_MICROS:
            return
        try:
            write_anchor(self._path, self.head)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise JournalFull(full_sentence(self._path)) from error
            raise self._broken(f"has a head file that cannot be written ({error})") from error
        self._anchored_at = now_micros
        self._ballast.take()


class _Refused(Exception):  # noqa: N818  it says what is
    """The table refuses a row, of which this is the first that was given with it."""

    def __init__(self, entry: Entry | Row, why: Exception) -> None:
        super().__init__(str(why))
        self.entry = entry
        self.why = why


def _rejection(entry: Entry | Row, error: Exception) -> Rejected:
    if isinstance(error, UnicodeEncodeError):
        return Rejected("text", f"this {entry.kind} holds text that is not Unicode: {error}")
    if "events.venue_ref" in str(error):
        return Rejected("one_venue_ref", f"venue reference {entry.venue_ref} is booked already")
    if "events.intent" in str(error):
        rule: Rule = "one_open" if entry.kind == "intent_opened" else "one_close"
        return Rejected(rule, f"intent {entry.intent} has its {entry.kind} already")
    return Rejected("schema", f"this {entry.kind} breaks a rule of the table: {error}")
