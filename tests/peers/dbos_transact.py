"""DBOS Transact on SQLite as it ships: a workflow of two steps a bet, step retries off, its recovery on."""

import secrets
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from dbos import DBOS, SetWorkflowID

from tests.peers.books import Books
from tests.peers.coin import STAKE_MICRO, START_MICRO, Account, Bet, Coin
from tests.peers.nursery import LIFE_S, ready, serve

POLL_S = 0.02
TABLE = "CREATE TABLE IF NOT EXISTS bets (operation TEXT PRIMARY KEY, bet_id TEXT, payout INTEGER)"
UNSETTLED = ("PENDING", "ENQUEUED")


class Agent:
    """Where the steps find the venue and the application's own table; set once a process."""

    toss = staticmethod(lambda _operation: Bet("", 0))
    path = Path()


@DBOS.step()
def place(operation: str) -> tuple[str, int]:
    bet = Agent.toss(operation)
    return bet.bet_id, bet.payout_micro


@DBOS.step()
def book(operation: str, bet_id: str, payout_micro: int) -> None:
    database = sqlite3.connect(Agent.path)
    with database:
        database.execute("INSERT OR REPLACE INTO bets VALUES (?, ?, ?)", (operation, bet_id, payout_micro))
    database.close()


@DBOS.workflow()
def bet(operation: str) -> None:
    book(operation, *place(operation))


def launch(data: Path, toss) -> None:
    """Start DBOS, which takes up what an earlier life left."""
    Agent.toss, Agent.path = staticmethod(toss), data / "bets.sqlite"
    database = sqlite3.connect(Agent.path)
    database.execute(TABLE)
    database.close()
    url = f"sqlite:///{data}/dbos.sqlite"
    DBOS(config={"name": "bets", "system_database_url": url, "log_level": "CRITICAL", "application_version": "1"})
    DBOS.launch()


def run(operation: str) -> None:
    """Run one bet's workflow; what it raises stays recorded as its outcome."""
    with SetWorkflowID(operation):
        handle = DBOS.start_workflow(bet, operation)
    with suppress(Exception):  # the workflow's status is ERROR, and the agent goes on
        handle.get_result()


def live(data: Path, account: Account, settle: bool) -> None:
    """Recover, and unless it is to settle, bet until killed."""
    launch(data, Coin(account).toss)
    ready()
    until = time.monotonic() + LIFE_S
    while time.monotonic() < until:
        if not settle:
            run(secrets.token_hex(16))
        elif not DBOS.list_workflows(status=list(UNSETTLED)):
            return
        else:
            time.sleep(POLL_S)


def books(data: Path) -> Books:
    """Read the application's table, and the operations from DBOS's."""
    system = sqlite3.connect(data / "dbos.sqlite")
    operations = frozenset(one for (one,) in system.execute("SELECT workflow_uuid FROM workflow_status"))
    system.close()
    database = sqlite3.connect(data / "bets.sqlite")
    rows = database.execute("SELECT bet_id, payout FROM bets").fetchall()
    database.close()
    balance = START_MICRO + sum(payout - STAKE_MICRO for _, payout in rows)
    return Books(operations, frozenset(bet_id for bet_id, _ in rows), balance)


if __name__ == "__main__":
    serve(live)
