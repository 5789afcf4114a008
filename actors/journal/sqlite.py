"""The one place that speaks SQLite: opening, pragmas, statements, queries."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

from peewee import PeeweeException, SqliteDatabase

from actors.crashpoints import reached
from actors.journal import schema
from actors.journal.chain import snapshot_digest
from actors.journal.records import Head, Owner, Row, Snapshot

BUSY_SECONDS = 5
"""How long a statement waits for another program's lock."""

PAGE_ROWS = 1_000
"""Rows fetched at once: bounds memory, and lets checkpoints pass between pages of a slow reader."""

FAILURES = (PeeweeException, sqlite3.Error)
"""What is raised: peewee's wrapping by its queries, sqlite3's own by our statements and while fetching."""

BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
EPOCH = "SELECT epoch FROM owner WHERE id = 1"
TAKE_OVER = "UPDATE owner SET epoch = epoch + 1 WHERE id = 1"
CLAIM = "INSERT INTO owner (id, agent, binding, epoch) VALUES (1, ?, ?, 0)"
ONE_ROW = f"({', '.join('?' * len(Row._fields))})"
APPEND = f"INSERT INTO events ({', '.join(Row._fields)}) VALUES {ONE_ROW}"  # noqa: S608
SAVE_SNAPSHOT = "INSERT OR REPLACE INTO snapshots (seq, hash, at_micros, state_json, digest) VALUES (?, ?, ?, ?, ?)"
FORGET_SNAPSHOTS = "DELETE FROM snapshots WHERE seq <> ?"


class Connection:
    """One connection through peewee, for the thread that made it; every call blocks on the disk."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Connect; a reader can neither write nor checkpoint.

        Raises:
            FAILURES: If the file cannot be opened.
        """
        mode = "ro" if read_only else "rw"
        self.database: Any = SqliteDatabase(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            thread_safe=False,
            autoconnect=False,
        )
        self.database.connect()
        raw: sqlite3.Connection = self.database.connection()  # type: ignore[no-untyped-call]
        self.interrupt: Callable[[], None] = raw.interrupt
        """Ends the statement that runs; may be called from any thread."""
        self._execute = raw.execute  # on the way of every bet: half the cost of peewee's

    def run(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Execute one statement for its effect."""
        self._execute(sql, parameters)

    def append(self, rows: Sequence[Row]) -> None:
        """Insert events, by one statement."""
        self._execute(APPEND + f", {ONE_ROW}" * (len(rows) - 1), list(chain.from_iterable(rows)))

    def value(self, sql: str) -> Any:
        """Return the first column of the first row, or None."""
        row = self._execute(sql).fetchone()
        return None if row is None else row[0]

    def values(self, sql: str) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in self.database.execute_sql(sql).fetchall()]

    def close(self) -> None:
        """Disconnect; the last writer to leave checkpoints the WAL."""
        self.database.close()

    def version(self) -> int | None:
        """Return the schema version, 0 for an empty file, None for a file that is no journal."""
        version = int(self.value("PRAGMA user_version"))
        if self.value("PRAGMA application_id") == schema.APPLICATION_ID:
            return version
        is_empty = version == 0 and self.value("SELECT count(*) FROM sqlite_master") == 0
        return 0 if is_empty else None

    def owner(self) -> Owner | None:
        """Return the owner row, or None before the first opening is complete."""
        table = schema.OwnerTable
        rows = self._select(table.select(table.agent, table.binding, table.epoch))
        return Owner(*rows[0]) if rows else None

    def head(self) -> Head | None:
        """Return the last row's number and hash, or None if there is no row."""
        table = schema.EventTable
        rows = self._select(table.select(table.seq, table.hash).order_by(table.seq.desc()).limit(1))
        return Head(*rows[0]) if rows else None

    def hash_at(self, seq: int) -> str | None:
        """Return the hash of one row, or None if there is no such row."""
        table = schema.EventTable
        rows = self._select(table.select(table.hash).where(table.seq == seq))
        return str(rows[0][0]) if rows else None

    def count(self) -> int:
        """Return the number of rows."""
        return int(self.value("SELECT count(*) FROM events"))

    def rows(self, after_seq: int | None, intent: str | None = None) -> Iterator[Row]:
        """Yield rows in order, a page at a time, so that no read transaction stays open between them."""
        table = schema.EventTable
        columns = [getattr(table, name) for name in Row._fields]
        query = table.select(*columns).order_by(table.seq).limit(PAGE_ROWS)
        if intent is not None:
            query = query.where(table.intent == intent)
        while True:
            page = self._select(query if after_seq is None else query.where(table.seq > after_seq))
            yield from map(Row._make, page)
            if len(page) < PAGE_ROWS:
                return
            after_seq = page[-1][0]

    def snapshot(self) -> tuple[Snapshot, bool] | None:
        """Return the newest snapshot and whether its text is undamaged."""
        table = schema.SnapshotTable
        columns = (table.seq, table.hash, table.at_micros, table.state_json, table.digest)
        rows = self._select(table.select(*columns).order_by(table.seq.desc()).limit(1))
        if not rows:
            return None
        *fields, digest = rows[0]
        snapshot = Snapshot(*fields)
        return snapshot, digest == snapshot_digest(snapshot.seq, snapshot.hash, snapshot.state_json)

    def guards_missing(self) -> frozenset[str]:
        """Return the names of our indexes and triggers that the file lacks."""
        return schema.GUARDS.difference(self.values("SELECT name FROM sqlite_master"))

    def page_damage(self, *, thorough: bool) -> str | None:
        """Return what SQLite finds wrong with its pages (and, if thorough, its indexes), or None."""
        found = self.values(f"PRAGMA {'integrity' if thorough else 'quick'}_check(1)")
        return None if found == ["ok"] else str(found[0])

    def make_durable(self) -> bool:
        """Set up the writing connection, and return whether each commit really waits for the disk."""
        self.run("PRAGMA journal_mode = WAL")
        self.run("PRAGMA synchronous = FULL")
        self.run("PRAGMA fullfsync = ON")  # macOS only: there a plain fsync stops at the drive's cache
        return [self.value("PRAGMA journal_mode"), self.value("PRAGMA synchronous")] == ["wal", 2]

    def migrate(self, version: int) -> None:
        """Bring the file from ``version`` to the current one; a crash leaves it between two whole steps."""
        for step, migration in enumerate(schema.MIGRATIONS[version:], start=version + 1):
            self.run(BEGIN)
            try:
                migration(self.database)
                reached("migrate")
                self.run(f"PRAGMA user_version = {step}")
            except BaseException:
                self.run(ROLLBACK)
                raise
            self.run(COMMIT)

    def _select(self, query: Any) -> list[Any]:
        return list(self.database.execute(query).fetchall())  # not its row wrappers: twice the time


def create_private(path: Path) -> None:
    """Make the file, empty, if it is missing; in any case only its owner may read it.

    Not by SQLite itself, whose new files anyone may read; -wal and -shm take the mode of the file they serve.

    Raises:
        OSError: If the directory is missing or refuses.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        path.chmod(0o600)


def is_busy(error: Exception) -> bool:
    """Tell whether an error means that another program holds a lock."""
    return _code(error) == sqlite3.SQLITE_BUSY


def is_full(error: Exception) -> bool:
    """Tell whether an error means that the disk has no room; the transaction was rolled back."""
    return _code(error) == sqlite3.SQLITE_FULL


def is_damage(error: Exception) -> bool:
    """Tell whether an error means that the file is not a sound database."""
    return _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _code(error: Exception) -> int:
    cause = getattr(error, "orig", error)  # what peewee wrapped
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the primary code, without its details
