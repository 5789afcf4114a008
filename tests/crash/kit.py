"""Real processes: a venue with faults, an agent that is killed, and the comparison of what both wrote down."""

import csv
import io
import json
import os
import random
import select
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from actors.journal import Reader
from actors.journal.codec import decode
from actors.money.amounts import from_venue
from actors.money.events import IntentClosed, IntentOpened, StrayBooked
from actors.money.state import State
from actors.sandbox.launch import ensure_running
from tests.kit import VENUE_IDLE_S, decimals

ROOT = Path(__file__).resolve().parents[2]
KILLED = -signal.SIGKILL
LIFE_S = 30.0
"""Longest life of an agent that is to end by itself (seconds); under load the longest real ones are below five."""

POLL_S = 0.005
POLLS = 4_000
"""How often a new life is looked at, until it is up."""

WEBHOOK_SECRET = "whsec_0123456789abcdef"

ABREAST = 4
"""Lives at a time: most of them wait for a deadline, so more than there are cores."""

CONFIG = """
[venue]
casino = "{root}/api/v1"
escrow = "{root}"
faucet = "{root}"
send_timeout = {send_timeout}
quiet_period = {quiet_period}
lookup_gap = 0.05

[bankroll]
entertainment_budget = 1000

[risk]
bets_per_minute = 60000
stop_loss = 0.95
max_drawdown = 0.95
daily_loss = 0.95
{strategies}
"""
STRATEGY = """
[[strategy]]
name = "{name}"
every = 0.0
"""
PLAYER = """
[[strategy]]
class = "tests.crash.player:Player"
game = "{game}"
"""


class Zygote:
    """Starts agents, one at a time, in some milliseconds. See `tests.crash.zygote`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.crash.zygote"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        env = os.environ | {"STAKEKEEPER_WEBHOOK_SECRET": WEBHOOK_SECRET}
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, bufsize=0, **pipes)

    def start(self, **wanted) -> "Life":
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        return Life(int(self.hear(LIFE_S)), self)

    def hear(self, seconds: float) -> bytes | None:
        """Return the next line, or None if there is none in time."""
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return self._process.stdout.readline() if ready else None

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(LIFE_S)


@dataclass
class Life:
    """One process of an agent."""

    pid: int
    zygote: Zygote
    code: int | None = None

    def wait(self, seconds: float = LIFE_S) -> int | None:
        """Return the exit code (a signal is below zero), or None if it lives on."""
        if self.code is None and (said := self.zygote.hear(seconds)):
            self.code = int(said)
        return self.code

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> int | None:
        if self.code is None:
            self.send(signal.SIGKILL)
        return self.wait()

    def stopped(self) -> bool:
        """Tell whether SIGSTOP holds it."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@dataclass
class Arena:
    """A venue, an agent's data directory, and the agents that live there one after the other."""

    data: Path
    root: str
    zygote: Zygote

    def configure(self, *strategies, game="", send_timeout=0.6, quiet_period=0.3) -> "Arena":
        """Write the configuration: the strategies, or one that plays a game, or the one with the boosted coin."""
        self.data.mkdir(exist_ok=True)
        lanes = "".join(STRATEGY.format(name=name) for name in strategies or ("boosted_coin",))
        if game:
            lanes = PLAYER.format(game=game)
        text = CONFIG.format(root=self.root, send_timeout=send_timeout, quiet_period=quiet_period, strategies=lanes)
        (self.data / "agent.toml").write_text(text)
        return self

    def start(self, *more: str, crash_at="", changes=None, mutant="", zygote: Zygote | None = None) -> Life:
        return (zygote or self.zygote).start(
            log=str(self.log),
            crash_at=crash_at,
            changes=changes or {},
            mutant=mutant,
            arguments=["--data", str(self.data), "--config", str(self.data / "agent.toml"), *more],
        )

    def live(self, seconds: float, *, up: bool = True, **how) -> None:
        """Let an agent live so long, once it is up or from the first instant, and kill it."""
        said = self.log.stat().st_size if self.log.exists() else 0
        life = self.start(**how)
        for _ in range(POLLS):
            if not up or b"\nvenue " in self.log.read_bytes()[said:]:
                break
            assert life.wait(POLL_S) is None, f"the agent ended by itself:\n{self.output()}"
        code = life.wait(seconds)
        assert code is None, f"the agent ended by itself with {code}:\n{self.output()}"
        life.kill()

    def die_at(self, point: str, *more: str, **how) -> int:
        """Let an agent live until it dies at a point, or ends by itself; return its exit code."""
        code = self.start(*(more or ("--bets", "2")), crash_at=point, **how).wait()
        assert code in (KILLED, 0), f"{point}: ended with {code}:\n{self.output()}"
        return code

    def settle(self, bets: int = 1, seconds: float = LIFE_S, **how) -> "Comparison":
        """Let an agent live until everything is settled and so many bets more are made, and compare."""
        life = self.start("--bets", str(bets), **how)
        code = life.wait(seconds)
        if code is None:
            life.kill()
        assert code == 0, f"the last life ended with {code}:\n{self.output()}"
        return self.compare()

    def output(self) -> str:
        return self.log.read_text()[-3000:]

    @property
    def log(self) -> Path:
        return self.data / "out.txt"

    @property
    def journal(self) -> Path:
        return self.data / "stakekeeper.sqlite"

    def events(self) -> list:
        with Reader.open(self.journal) as reader:
            return [decode(row) for row in reader.rows()]

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
        with Reader.open(self.journal) as reader:
            report = reader.verify()
        events = self.events()
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

    def check(self) -> "Comparison":
        doubled = [tag for tag, times in self.tags.items() if times > 1]
        lost = set(self.venue_rows) - set(self.booked)
        orphaned = set(self.booked) - set(self.venue_rows)
        twice = [ref for ref, times in self.booked.items() if times > 1]
        assert (doubled, lost, orphaned, twice) == ([], set(), set(), [])
        assert self.book_micro == self.venue_micro
        assert (self.broken, self.chain_ok, self.state.open) == ([], True, {})
        return self

    def of(self, kind) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def ends(self, epoch: int) -> list[tuple[str, str]]:
        """Return how the intents that one life opened ended, and whether by its answer or by a look-up."""
        ours = {event.intent for event in self.of(IntentOpened) if event.epoch == epoch}
        return [(event.outcome, event.by) for event in self.of(IntentClosed) if event.intent in ours]


def venue(directory: Path, *, seed: int, faults: str = "") -> str:
    """Start a venue and return its URL; `end_venue` ends it."""
    return ensure_running(directory, seed=seed, faults=faults, limits="off", idle_exit_s=VENUE_IDLE_S)


def abreast(job, items, zygotes) -> list:
    """Do a job for each item, several at a time, each with a zygote of its own."""

    def one(item):
        zygote = zygotes.get()
        try:
            return job(item, zygote)
        except AssertionError as error:
            return error  # of this item alone
        finally:
            zygotes.put(zygote)

    with ThreadPoolExecutor(ABREAST) as pool:
        return list(pool.map(one, items))


def random_of(seed: int) -> random.Random:
    print(f"seed {seed}")  # noqa: T201
    return random.Random(seed)
