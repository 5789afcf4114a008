"""Many seeds, on all processors."""

import logging
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b

from actors.simulation.run import Outcome, Run

SILENT = logging.CRITICAL + 1

ALONE = 40
"""Fewer seeds than this are played in this process: to start others would take longer."""

CHUNK = 20
"""Seeds that a process takes at a time."""

logger = logging.getLogger("supervision")


@dataclass(slots=True)
class Report:
    """The sum of many seeds; `trace` is the digest of every step of all of them."""

    seeds: int = 0
    steps: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[Outcome] = field(default_factory=list)
    trace: str = ""

    def add(self, outcome: Outcome) -> None:
        """Add a seed."""
        self.seeds += 1
        self.steps += outcome.steps
        self.counts += outcome.counts
        self.trace = blake2b(f"{self.trace}{outcome.trace}".encode(), digest_size=16).hexdigest()
        if outcome.violation:
            self.broken.append(outcome)


def play(seed: int, *, everything: bool = False) -> Outcome:
    """Play one seed; see `Run`."""
    return Run(seed, everything=everything).play()


def play_all(seeds: range, *, everything: bool = False) -> Iterator[Outcome]:
    """Play many seeds, in as many processes as there are processors; yields in order."""
    play_one = partial(play, everything=everything)
    processors = os.cpu_count() or 1
    if len(seeds) < ALONE or processors == 1:
        with hushed():
            yield from map(play_one, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processors, initializer=_begin) as pool:
        yield from pool.imap(play_one, seeds, chunksize=CHUNK)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for this one, and ends it
    logger.setLevel(SILENT)


@contextmanager
def hushed() -> Iterator[None]:
    """Keep supervision's log quiet for a while: every crash here is meant, and the story tells it."""
    before = logger.level
    logger.setLevel(SILENT)
    try:
        yield
    finally:
        logger.setLevel(before)


def report(outcomes: Iterable[Outcome]) -> Report:
    """Add outcomes up."""
    total = Report()
    for outcome in outcomes:
        total.add(outcome)
    return total
