"""From the start of the process to an account that takes bets, on a long journal, after a kill.

The journal is a real one: the agent plays a bet at the built-in venue, and so many intents are written behind it with
the product's own codec and chain. Each gets its stake back, so book and venue agree. The newest snapshot is as old as
it hardly ever gets. Every start is ended by SIGKILL; the venue goes on.
"""

import json
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from statistics import median
from time import perf_counter

from actors.bankroll import SNAPSHOT_EVERY
from actors.journal import Entry, Journal, Reader, Row, sqlite
from actors.journal.chain import row_hash
from actors.journal.codec import decode, dump_state, encode
from actors.money.book import Bucket, Posting
from actors.money.events import IntentClosed, IntentOpened, Reconciled
from actors.money.state import RECENT_REFS, State
from actors.sandbox.launch import ensure_running

ROOT = Path(__file__).parents[2]
LIMITS_S = {100_000: 0.5, 1_000_000: 1.0}
"""Seconds from the start of the process to "ready" or "resolving", by intents in the journal, at the most."""

READY, RESOLVING = "reconcile ", "resolving "
RUNS = 9
FOLDED = (RECENT_REFS - SNAPSHOT_EVERY) // 2 - 10
"""Intents that the snapshot is folded over, two references each: not so many that the first bet would be forgotten."""

STARTS = 100
"""Events that all starts together write at the most, so that none of them is the one that makes a new snapshot."""

BATCH = 10_000
BETWEEN_BETS_US = 1_200_000
VENUE_IDLE_S = 600.0
FIRST_RUN_S = 60


def agent(data, *options):
    """Start the agent; its bytecode is kept, as it is wherever Python may write beside the code."""
    command = [sys.executable, "-u", ROOT / "run.py", "--data", data, "--no-web", *options]
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(data / "bytecode")}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen([str(word) for word in command], **streams, text=True, env=os.environ | kept)


@contextmanager
def played_once():
    """Yield a data directory with a venue that runs, and a journal with one bet there."""
    with tempfile.TemporaryDirectory(prefix="stakekeeper-restart-") as folder:
        data = Path(folder)
        ensure_running(data, seed=42, limits="off", idle_exit_s=VENUE_IDLE_S)
        try:
            with agent(data, "--bets", "1") as first:
                said, _ = first.communicate(timeout=FIRST_RUN_S)
            if first.returncode:
                raise AssertionError(f"the first run failed:\n{said}")
            yield data
        finally:
            os.kill(json.loads((data / "sandbox.json").read_text())["pid"], signal.SIGTERM)


def bets(sample, intents):
    """Yield the entries of so many bets like the sample, in time until it, each with a stake that came back."""
    back = Posting(sample.account, Bucket.RESERVED, Bucket.AVAILABLE, sample.stake_micro)
    closed = IntentClosed(
        sample.at, sample.intent, sample.lane, sample.account, "executed", "won", f"bet_{sample.intent}",
        won=True, payout_micro=sample.stake_micro, nonces=1, postings=(back,),
    )  # fmt: skip
    both = encode(sample), encode(closed)
    for number in range(intents):
        intent, at = f"{number:012x}", sample.at - (intents - number) * BETWEEN_BETS_US
        for entry in both:
            payload = entry.payload.replace(f'"at":{sample.at}', f'"at":{at}').replace(sample.intent, intent)
            yield Entry(entry.kind, payload, intent, entry.venue_ref and f"bet_{intent}")


def rows_after(last, entries):
    """Yield the rows that these entries make behind the last one."""
    for entry in entries:
        columns = (last.seq + 1, *last[1:4], entry.kind, entry.intent, entry.venue_ref, entry.payload)
        last = Row(*columns, last.hash, row_hash(last.hash, *columns))
        yield last


def lengthen(path, intents):
    """Write so many intents behind the rows of a journal that nobody has open, and a snapshot as old as it may be."""
    with Reader.open(path) as reader:
        owner, old = reader.owner, list(reader.rows())
    events, state = [decode(row) for row in old], State()
    for event in events:
        state.replay(event)
    sample = next(event for event in events if isinstance(event, IntentOpened))
    agreed = [event for event in events if isinstance(event, Reconciled)][-1]
    last = old[-1].seq + 2 * intents + 1
    kept_at = last + 1 - (SNAPSHOT_EVERY - STARTS)  # between two bets
    folded = range(kept_at + 1 - 2 * FOLDED, kept_at + 1)
    rows = rows_after(old[-1], chain(bets(sample, intents), [encode(agreed)]))
    with closing(sqlite3.connect(path)) as database:
        while batch := list(islice(rows, BATCH)):
            database.executemany(sqlite.APPEND, batch)
            for row in batch:
                if row.seq in folded:
                    state.replay(decode(row))
                if row.seq == kept_at:
                    kept = dump_state(state)
        database.commit()
    with Journal.open(path, agent=owner.agent, binding=owner.binding, wall_micros=lambda: agreed.at) as journal:
        journal.save_snapshot(kept_at, kept)
    os.sync()


def restart(data):
    """Return the seconds from the start of the process to its first word on the account; then kill it."""
    began = perf_counter()
    with agent(data) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if READY in line or RESOLVING in line:
                break
        else:
            raise AssertionError(f"it ended before it was ready:\n{''.join(said)}")
        seconds = perf_counter() - began
        process.kill()
    return seconds


def main():
    """Print the table; return 1 if a limit is missed."""
    lines = [
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {RUNS} starts each.",
        "",
        "| intents in the journal | size | median | slowest | limit | |",
        "| ---: | ---: | ---: | ---: | --- | --- |",
    ]
    missed = 0
    for intents, limit in LIMITS_S.items():
        with played_once() as data:
            path = data / "stakekeeper.sqlite"
            lengthen(path, intents)
            restart(data)  # what a first start leaves in caches
            took = [restart(data) for _ in range(RUNS)]
            missed += median(took) >= limit
            size = f"{path.stat().st_size / 2**20:,.0f} MiB"
        held = "held" if median(took) < limit else "MISSED"
        lines.append(f"| {intents:,} | {size} | {median(took):.2f} s | {max(took):.2f} s | < {limit} s | {held} |")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if missed else 0
