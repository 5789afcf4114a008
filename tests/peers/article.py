"""The published sequential design, written plainly by ourselves: a state machine in SQLite, one commit a transition.

IDLE > SIZING > PENDING > SETTLING > IDLE; two retries after a connection error or a time-out; what a restart finds
PENDING becomes ERROR and then IDLE. The operation's id goes along with every try as the idempotency key.
"""

import secrets
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import requests

from tests.peers.books import Books
from tests.peers.coin import STAKE_MICRO, START_MICRO, Account, Bet, Coin, NoBetError
from tests.peers.nursery import LIFE_S, ready, serve

RETRIES = 2
RETRY_S = 0.5 / 65
"""Before the first retry, in seconds; the second waits twice as long."""

TABLES = """
CREATE TABLE IF NOT EXISTS agent (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT, operation TEXT, bankroll INTEGER);
CREATE TABLE IF NOT EXISTS operations (id TEXT PRIMARY KEY, state TEXT, bet_id TEXT, payout INTEGER);
"""


class Sequential:
    """One bet after the other.

    Args:
        path: its database, as SQLite ships: rollback journal, synchronous=FULL.
        toss: asks the venue for a bet.
    """

    def __init__(self, path: Path, toss: Callable[[str], Bet]) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(TABLES)
        self._database.execute("INSERT OR IGNORE INTO agent VALUES (1, 'IDLE', NULL, ?)", (START_MICRO,))
        self._database.commit()
        self._toss = toss

    def recover(self) -> None:
        """Leave whatever state the crash left."""
        state, operation = self._database.execute("SELECT state, operation FROM agent").fetchone()
        if state != "IDLE":
            self._move(operation, "ERROR")
            self._move(operation, "IDLE")

    def bet(self, operation: str) -> None:
        """Make one bet, through all states."""
        self._database.execute("INSERT INTO operations VALUES (?, 'SIZING', NULL, NULL)", (operation,))
        self._move(operation, "SIZING")
        self._move(operation, "PENDING")
        try:
            bet = self._patiently(operation)
        except (requests.RequestException, NoBetError, ValueError, KeyError):
            self._move(operation, "ERROR")
        else:
            gain = bet.payout_micro - STAKE_MICRO
            self._database.execute("UPDATE agent SET bankroll = bankroll + ?", (gain,))
            booked = (bet.bet_id, bet.payout_micro, operation)
            self._database.execute("UPDATE operations SET bet_id = ?, payout = ? WHERE id = ?", booked)
            self._move(operation, "SETTLING")
        self._move(operation, "IDLE")

    def _patiently(self, operation: str) -> Bet:
        for again in range(RETRIES):
            try:
                return self._toss(operation)
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(RETRY_S * 2**again)
        return self._toss(operation)

    def _move(self, operation: str, state: str) -> None:
        self._database.execute("UPDATE agent SET state = ?, operation = ?", (state, operation))
        self._database.execute("UPDATE operations SET state = ? WHERE id = ?", (state, operation))
        self._database.commit()


def live(data: Path, account: Account, settle: bool) -> None:
    """Recover, and unless it is to settle, bet until killed."""
    agent = Sequential(data / "article.sqlite", Coin(account).toss)
    agent.recover()
    ready()
    until = time.monotonic() + LIFE_S
    while not settle and time.monotonic() < until:
        agent.bet(secrets.token_hex(16))


def books(data: Path) -> Books:
    """Read its database."""
    database = sqlite3.connect(data / "article.sqlite")
    operations = frozenset(one for (one,) in database.execute("SELECT id FROM operations"))
    booked = frozenset(one for (one,) in database.execute("SELECT bet_id FROM operations WHERE bet_id IS NOT NULL"))
    (balance,) = database.execute("SELECT bankroll FROM agent").fetchone()
    database.close()
    return Books(operations, booked, balance)


if __name__ == "__main__":
    serve(live)
