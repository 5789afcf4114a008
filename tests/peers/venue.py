"""The venue double of a crash run: our sandbox in a process of its own, and what it executed in the end."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from actors.money.amounts import from_venue
from actors.sandbox.launch import ensure_running
from tests.kit import decimals, end_venue
from tests.peers.coin import START_MICRO, Account

NETWORKS = {
    "healthy": "",
    "faulty": "reset-before=0.03,reset-after=0.03,500-after=0.03,400-after=0.02,late=0.05:0.4,silence=0.05:0.4",
}
"""Faults of a request by chance: lost before or after the venue saw it, delivered late, never answered, answered with
an error although it was executed. They strike look-ups as well as bets."""

TRIES = 200
IDLE_EXIT_S = 60
EXPORT_ROWS = 10_000
EXPORT_PAGES = 100


@dataclass(frozen=True)
class Executed:
    """What the venue has: its bets by operation, and the balance in micro-USD."""

    bets: dict[str, set[str]]
    balance_micro: int


@contextmanager
def open_venue(data: Path, *, network: str, seed: int) -> Iterator[Account]:
    """Start it and make an account with 100.00; end it behind the caller."""
    root = ensure_running(data, seed=seed, faults=NETWORKS[network], limits="off", idle_exit_s=IDLE_EXIT_S)
    try:
        yield _register(root)
    finally:
        end_venue(data)


def executed(account: Account) -> Executed:
    """Read the whole export and the balance, once requests that are late have arrived."""
    _patiently(account, "/sandbox/settled", json.loads)
    rows = {row["bet_id"]: row for row in _export(account)}
    bets = defaultdict(set)
    for bet_id, row in rows.items():
        bets[row["client_seed"]].add(bet_id)
    balance = _patiently(account, "/api/v1/auth/balance", lambda text: decimals(text)["balance_usd"])
    return Executed(dict(bets), from_venue(balance))


def _register(root: str) -> Account:
    nobody = Account(root, "", "")
    made = _patiently(nobody, "/api/v1/auth/register", lambda text: (t := json.loads(text))["api_key"] and t, b"{}")
    account = Account(root, made["agent_id"], made["api_key"])
    balance = _patiently(account, "/api/v1/auth/balance", lambda text: decimals(text)["balance_usd"])
    if from_venue(balance) != START_MICRO:
        raise AssertionError(f"a new account has {balance}")
    return account


def _export(account: Account) -> Iterator[dict[str, str]]:
    until = ""
    for _ in range(EXPORT_PAGES):
        page = _patiently(account, f"/api/v1/bets/export.csv{until}", _whole_csv)
        yield from page
        if len(page) < EXPORT_ROWS:
            return
        until = f"?until={page[-1]['timestamp_utc']}"
    raise AssertionError(f"the export has more than {EXPORT_PAGES} pages")


def _whole_csv(text: str) -> list[dict[str, str]]:
    if not text.startswith("bet_id,"):
        raise ValueError("no export")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _patiently(account: Account, path: str, read, body: bytes | None = None):
    headers = {"Authorization": f"Bearer {account.key}", "Content-Type": "application/json"}
    for _ in range(TRIES):  # the venue's faults do not spare us
        try:
            with urlopen(Request(account.root + path, body, headers), timeout=5) as answer:
                return read(answer.read().decode())
        except (OSError, HTTPException, ValueError, KeyError, TypeError):
            continue
    raise AssertionError(f"{path} could not be read in {TRIES} tries")
