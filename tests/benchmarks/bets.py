"""Durable bets per second on a casino that answers at once, against the disk's raw synced commits and against peers.

Everything is measured in turn, several rounds, on the same disk, with raw commits before and after each: a ratio is
taken to these two, and the median of the rounds told, so that whoever else uses the disk slows all alike. Each has a
new database and as long: while a log grows, a commit takes twice as long as later. DBOS has a process of its own, as
its threads go on when it has nothing to do.
"""

import logging
import platform
import secrets
import sqlite3
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from statistics import median, quantiles
from threading import Thread
from time import perf_counter, process_time, time_ns

from actors.cli import lean
from actors.journal import Entry, Journal
from tests.benchmarks._null_venue import play
from tests.peers.article import Sequential
from tests.peers.coin import PAYS_MICRO, Bet

ROUNDS = 7
SECONDS = 1.0
LANES = (1, 4, 16, 64, 256)
LIMITS = {1: 0.25, 64: 1.0}
"""Bets per raw synced commit, at the least."""

PAYLOAD = "x" * 600
"""As long as what we write of an intent."""


@dataclass(frozen=True)
class Run:
    """What one part of a round came to; times in seconds, the processor's for each."""

    rate: float
    latencies: list[float]
    cpu: float
    rows_per_commit: float = 1.0


def repeat(work):
    latencies, spent, until = [], process_time(), perf_counter() + SECONDS
    while (began := perf_counter()) < until:
        work()
        latencies.append(perf_counter() - began)
    return Run(len(latencies) / sum(latencies), latencies, (process_time() - spent) / len(latencies))


def raw(data):
    """Rows inserted one a commit by SQLite alone, as durable as ours."""
    with closing(sqlite3.connect(data / f"{secrets.token_hex(4)}.sqlite", isolation_level=None)) as database:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE rows (payload TEXT)"):
            database.execute(statement)
        return repeat(lambda: database.execute("INSERT INTO rows VALUES (?)", (PAYLOAD,)))


def undecided(data):
    """A bet's two appends to our journal, ordered by another thread; nothing is decided, no actor is there."""
    orders, done, path = SimpleQueue(), SimpleQueue(), data / f"{secrets.token_hex(4)}.sqlite"

    def write():
        with Journal.open(path, agent="bench", binding="bench", wall_micros=lambda: time_ns() // 1000) as journal:
            for intent in iter(orders.get, ""):
                for kind, venue_ref in (("intent_opened", None), ("intent_closed", f"bet_{intent}")):
                    journal.append([[Entry(kind, PAYLOAD, intent, venue_ref)]])
                done.put(intent)

    def bet():
        orders.put(f"{next(numbers):06d}")
        done.get()

    numbers, writer = count(1), Thread(target=write)
    writer.start()
    try:
        return repeat(bet)
    finally:
        orders.put("")
        writer.join()


def ours(lanes):
    def run(data):
        played = play(data, lanes, SECONDS)
        cpu = played.cpu_seconds / len(played.latencies)
        return Run(played.rate, played.latencies, cpu, played.rows / played.commits)

    return run


def toss(operation):
    return Bet(f"bet_{operation}", PAYS_MICRO)


def article(data):
    agent = Sequential(data / f"{secrets.token_hex(4)}.sqlite", toss)
    return repeat(lambda: agent.bet(secrets.token_hex(16)))


def dbos_here(data):
    from dbos import DBOS

    from tests.peers import dbos_transact

    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    place = data / secrets.token_hex(4)
    place.mkdir()
    dbos_transact.launch(place, toss)
    try:
        return repeat(lambda: dbos_transact.run(secrets.token_hex(16)))
    finally:
        DBOS.destroy()


def dbos(data):
    return ELSEWHERE.submit(dbos_here, data).result()


ELSEWHERE = ProcessPoolExecutor(1, get_context("spawn"))
RAW, UNDECIDED = "raw synced commits", "two appends to the journal, ordered by another thread, and nothing else"
ARTICLE, PEER = "the article's design, 4 commits a bet", "DBOS Transact, 2 steps a bet"
PARTS = {UNDECIDED: undecided, **{lanes: ours(lanes) for lanes in LANES}, ARTICLE: article, PEER: dbos}


def measured(data):
    """Return every part's runs, one a round, and their ratios to the raw commits beside them; the raw ones first."""
    runs, ratios = {name: [] for name in (RAW, *PARTS)}, {name: [] for name in PARTS}
    for part in PARTS.values():  # caches fill and files are laid out before anything counts
        part(data)
    before = raw(data)
    for _ in range(ROUNDS):
        for name, part in PARTS.items():
            run, after = part(data), raw(data)
            runs[RAW].append(after)
            runs[name].append(run)
            ratios[name].append(2 * run.rate / (before.rate + after.rate))
            before = after
    return {name: (runs[name], median(ratios.get(name, [1]))) for name in runs}


def line(name, runs, ratio):
    cuts = [quantiles(run.latencies, n=100) for run in runs]
    p50, p99 = (1000 * median(cut[at] for cut in cuts) for at in (49, 98))
    rate, rows = median(run.rate for run in runs), median(run.rows_per_commit for run in runs)
    cpu = 1_000_000 * median(run.cpu for run in runs)
    what = f"ours, {name} lane{'s' * (name > 1)}" if isinstance(name, int) else name
    limit = f">= {LIMITS[name]:g} x{'' if ratio >= LIMITS[name] else ' MISSED'}" if name in LIMITS else ""
    share = f"{rows:.1f}" if isinstance(name, int) else ""
    return f"| {what} | {rate:,.0f} | {p50:.2f} | {p99:.2f} | {share} | {cpu:,.0f} | {ratio:.2f} x | {limit} |"


def main():
    """Print the table; return 1 if a limit is missed."""
    lean.load()  # as our process does
    with ELSEWHERE, tempfile.TemporaryDirectory(prefix="stakekeeper-bets-") as folder:
        found = measured(Path(folder))
    lines = [
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, medians of {ROUNDS} rounds.",
        "",
        "| what | per second | p50 ms | p99 ms | rows a commit | CPU us each | to raw commits | limit |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
        *(line(name, runs, ratio) for name, (runs, ratio) in found.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(found[lanes][1] >= least for lanes, least in LIMITS.items()) else 1
