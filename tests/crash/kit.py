"""Real processes: a venue with faults, an agent that is killed, and the comparison of what both wrote down."""

import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from actors.journal import Reader
from actors.journal.codec import decode
from actors.money.amounts import from_venue
from actors.money.events import IntentClosed, StrayBooked
from actors.money.state import State
from actors.sandbox.launch import ensure_running
from tests.kit import decimals

ROOT = Path(__file__).resolve().parents[2]

CONFIG = """
[venue]
casino = "{root}/api/v1"
escrow = "{root}"
faucet = "{root}"
send_timeout = 0.5
quiet_period = 1.0
lookup_gap = 0.1

[risk]
bets_per_minute = 60000
stop_loss = 0.95
max_drawdown = 0.95
daily_loss = 0.95

[[strategy]]
name = "boosted_coin"
every = 0.0
"""


@dataclass
class Arena:
    """A venue, an agent's data directory, and the agent that runs there now."""

    data: Path
    root: str
    agent: subprocess.Popen | None = None

    def start(self, *more: str) -> subprocess.Popen:
        command = [sys.executable, "run.py", "--data", str(self.data), "--config", str(self.data / "agent.toml"), *more]
        log = (self.data / "out.txt").open("ab")
        self.agent = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self.agent

    def kill_after(self, seconds: float) -> None:
        """SIGKILL the agent after so long, or sooner if it ended by itself, which is an error."""
        try:
            code = self.agent.wait(seconds)
        except subprocess.TimeoutExpired:
            self.agent.kill()
            self.agent.wait()
            return
        raise AssertionError(f"the agent ended by itself with {code}:\n{self.output()}")

    def output(self) -> str:
        return (self.data / "out.txt").read_text()[-3000:]

    def ask(self, path: str) -> str:
        key = json.loads((self.data / "credentials.json").read_text())["casino"]["key"]
        request = Request(self.root + path, headers={"Authorization": f"Bearer {key}"})
        for _ in range(200):  # the venue's faults do not spare us
            try:
                with urlopen(request, timeout=5) as answer:
                    if answer.status == 200:
                        return check_whole(path, answer.read().decode())
            except (OSError, ValueError, HTTPException):
                continue
        raise AssertionError(f"{path} could not be read in 200 tries")

    def compare(self) -> "Comparison":
        """Compare every row of the venue with every row of the journal."""
        rows = list(csv.DictReader(io.StringIO(self.ask("/api/v1/bets/export.csv"), newline="")))
        balance = decimals(self.ask("/api/v1/auth/balance"))["balance_usd"]
        with Reader.open(self.data / "stakekeeper.sqlite") as reader:
            report = reader.verify()
            events = [decode(row) for row in reader.rows()]
        state = State()
        for event in events:
            state.replay(event)
        booked = Counter(
            event.venue_ref for event in events if isinstance(event, IntentClosed | StrayBooked) and event.venue_ref
        )
        return Comparison(
            venue_rows={row["bet_id"]: row for row in rows},
            tags=Counter(row["client_seed"] for row in rows),
            booked=booked,
            book_micro=state.book.at_venue("casino"),
            venue_micro=from_venue(balance),
            broken=state.book.violations(),
            chain_ok=report.ok,
            state=state,
            events=events,
        )


def check_whole(path: str, text: str) -> str:
    if path.endswith(".csv"):
        if not text.startswith("bet_id,") or not text.rstrip().endswith(("Z", "timestamp_utc")):
            raise ValueError("cut or malformed")
    elif "balance_usd" not in text:
        raise ValueError("malformed")
    return text


@dataclass
class Comparison:
    venue_rows: dict
    tags: Counter
    booked: Counter
    book_micro: int
    venue_micro: int
    broken: list
    chain_ok: bool
    state: State
    events: list

    def check(self) -> None:
        doubled = [tag for tag, times in self.tags.items() if times > 1]
        lost = set(self.venue_rows) - set(self.booked)
        orphaned = set(self.booked) - set(self.venue_rows)
        twice = [ref for ref, times in self.booked.items() if times > 1]
        assert (doubled, lost, orphaned, twice) == ([], set(), set(), [])
        assert self.book_micro == self.venue_micro
        assert (self.broken, self.chain_ok, self.state.open) == ([], True, {})


def arena(tmp_path: Path, *, seed: int, faults: str) -> Arena:
    root = ensure_running(tmp_path, seed=seed, faults=faults, limits="off", idle_exit_s=30)
    (tmp_path / "agent.toml").write_text(CONFIG.format(root=root))
    return Arena(tmp_path, root)


def close(arena: Arena) -> None:
    if arena.agent and arena.agent.poll() is None:
        arena.agent.kill()
        arena.agent.wait()
    os.kill(json.loads((arena.data / "sandbox.json").read_text())["pid"], signal.SIGTERM)


def random_of(seed: int) -> random.Random:
    print(f"seed {seed}")
    return random.Random(seed)
