"""The venue's books: one SQLite file, one connection, one request at a time."""

import contextlib
import math
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actors.sandbox.errors import refuse
from actors.sandbox.tables import SCHEMA

BUSY_TIMEOUT_S = 5.0  # nobody else writes; this is for a person who looks at the file
DAY_S = 86_400
ADVANCE_LIMIT_S = 366 * DAY_S

Row = sqlite3.Row


@dataclass(frozen=True, slots=True)
class Why:
    """What a ledger row says of its movement; without a `row_id` the row gets a random one."""

    reason: str
    reference: str | None
    service: str
    row_id: str | None = None


class Books:
    """Accounts, ledger and the venue's clock.

    Every call runs and commits in the caller's thread, which must be the one that made the object. A statement is
    its own commit unless it stands in `transaction`. Commits survive a kill of the process; after a power cut the
    last ones may be missing, which is as much as play money needs.

    Args:
        path: the SQLite file; made when missing.
        wall: seconds since the epoch; the venue's clock is this plus what it was advanced by.
    """

    def __init__(self, path: Path, wall: Callable[[], float] = time.time) -> None:
        self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)
        self._wall = wall
        advanced = self.one("SELECT value FROM meta WHERE name = 'advanced'")
        self._advanced = advanced["value"] if advanced else 0.0

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        self._db.close()

    def now(self) -> float:
        """Seconds since the epoch by the venue's clock."""
        return self._wall() + self._advanced

    def second(self) -> int:
        """The venue's clock in whole seconds, as the books keep time."""
        return math.floor(self.now())

    def advance(self, seconds: float) -> None:
        """Move the venue's clock forward, durably."""
        self._advanced += seconds
        self.run("INSERT OR REPLACE INTO meta VALUES ('advanced', ?)", self._advanced)

    def run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Execute one statement; outside a transaction it commits at once."""
        return self._db.execute(sql, values)

    def one(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._db.execute(sql, values).fetchone()
        return row

    def only(self, sql: str, *values: Any) -> Row:
        """The first row of a query that always has one."""
        row = self.one(sql, *values)
        if row is None:
            raise LookupError(sql)
        return row

    def all(self, sql: str, *values: Any) -> list[Row]:
        """Every row."""
        return self._db.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside commit together, or none do."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def agent(self, agent_id: str) -> Row | None:
        """An account by its id."""
        return self.one("SELECT * FROM agents WHERE id = ?", agent_id)

    def balance(self, agent_id: str) -> float:
        """An account's balance in USD, unrounded."""
        return float(self.only("SELECT balance FROM agents WHERE id = ?", agent_id)["balance"])

    def credit(self, agent_id: str, amount: float, why: Why) -> float:
        """Add to an account with its ledger row, in one commit.

        Returns:
            The balance after it, in USD.

        Raises:
            sqlite3.IntegrityError: a ledger row with this id stands already; nothing was credited.
        """
        return self._post(agent_id, "credit", amount, why)

    def debit(self, agent_id: str, amount: float, why: Why) -> float:
        """Take from an account with its ledger row, in one commit.

        Returns:
            The balance after it, in USD.

        Raises:
            RefusedError: 400 insufficient_balance, nothing taken.
        """
        return self._post(agent_id, "debit", amount, why)

    def _post(self, agent_id: str, kind: str, amount: float, why: Why) -> float:
        with self.transaction():
            balance = self.balance(agent_id)
            if kind == "debit" and balance < amount:
                raise insufficient(amount)
            after = balance + amount if kind == "credit" else balance - amount
            self.run("UPDATE agents SET balance = ? WHERE id = ?", after, agent_id)
            self.run(
                "INSERT INTO ledger (id, agent_id, type, amount, balance_after, reason, reference, service, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(why.row_id or str(uuid.uuid4()), agent_id, kind, amount, after),
                *(why.reason, why.reference, why.service, self.second()),
            )
        return after


def insufficient(required: float) -> Exception:
    """The casino's refusal of an amount above the balance."""
    return refuse(
        400,
        "insufficient_balance",
        "The balance does not cover this amount.",
        required=required,
        suggestion="Send a smaller amount.",
    )


def iso(second: float | None) -> str | None:
    """Seconds since the epoch as the venue writes a time: UTC, whole seconds, ".000Z"."""
    if second is None:
        return None
    return datetime.fromtimestamp(math.floor(second), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def parse_iso(text: str | None) -> int | None:
    """A time in a query, floored to whole seconds since the epoch; None when it is missing or makes no sense."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return math.floor(moment.timestamp())
