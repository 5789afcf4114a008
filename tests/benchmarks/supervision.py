"""Supervision against stock Pykka: pinned to one core, interleaved, medians of 11 rounds.

Limits are ratios where they can be: absolute rates vary from machine to machine.
"""

import gc
import logging
import os
import platform
import sys
import tempfile
import threading
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from statistics import median, quantiles
from time import perf_counter

import pykka

import supervision as s

ROUNDS = 11
TELLS = 100_000
ASKS = 5_000
CRASHES = 300
CHILDREN = 1_000
FEWER_CHILDREN = 200
BACKLOG = 100_000
PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True)
class Row:
    what: str
    value: str
    limit: str
    held: bool


class Stock(pykka.ThreadingActor):
    def on_receive(self, message):
        return message


class Supervised(s.Worker):
    def receive(self, message):
        return message


def rate(work, number):
    began = perf_counter()
    work()
    return number / (perf_counter() - began)


def tells(target):
    for number in range(TELLS):
        target.tell(number)
    target.ask("all handled")


def asks(target):
    for number in range(ASKS):
        target.ask(number)


def throughput():
    stock = Stock.start()
    with s.System(s.Supervisor.spec("top", [s.ChildSpec("a", Supervised)])) as system:
        ours = system.handle("a")
        rates = {(work, target): [] for work in (tells, asks) for target in (stock, ours)}
        for _ in range(ROUNDS):
            for (work, target), seen in rates.items():
                seen.append(rate(lambda work=work, target=target: work(target), TELLS if work is tells else ASKS))
    stock.stop()
    for work, least in ((tells, 2.0), (asks, 0.95)):
        base, here = median(rates[work, stock]), median(rates[work, ours])
        yield Row(
            f"{work.__name__[:-1]}, handled: ours / stock Pykka",
            f"{here / base:.2f} x ({here / 1000:,.0f} k/s / {base / 1000:,.0f} k/s)",
            f">= {least} x",
            here >= least * base,
        )


def crash_to_answer():
    """From the tell that crashes an actor to the answer of its next incarnation, log lines written to a file."""
    up = SimpleQueue()

    class Crashing(s.Worker):
        def setup(self):
            up.put(self.incarnation)

        def receive(self, message):
            return 1 / message

    logger, seconds = logging.getLogger("supervision"), []
    with tempfile.TemporaryDirectory() as folder:
        handler = logging.FileHandler(Path(folder, "log"))
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        spec = s.Supervisor.spec("top", [s.ChildSpec("a", Crashing)], max_restarts=10 * CRASHES)
        with s.System(spec) as system:
            ours = system.handle("a")
            up.get()
            for _ in range(CRASHES):
                began = perf_counter()
                ours.tell(0)
                up.get()
                ours.ask(1)
                seconds.append(perf_counter() - began)
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)
        handler.close()
    cuts = quantiles(seconds, n=100)
    value = f"p50 {1000 * cuts[49]:.2f} ms, p99 {1000 * cuts[98]:.2f} ms"
    yield Row("crash to answering again, with logging", value, "p50 < 1 ms", cuts[49] < 0.001)


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def start_and_stop(number):
    system = s.System(s.Supervisor.spec("top", [s.ChildSpec(f"c{index}", Supervised) for index in range(number)]))
    began = perf_counter()
    system.start()
    started = perf_counter()
    system.stop()
    return started - began, perf_counter() - started


def memory():
    spec = s.Supervisor.spec("top", [s.ChildSpec(f"c{index}", Supervised) for index in range(CHILDREN)])
    system = s.System(spec)
    gc.collect()
    before = resident()
    with system:
        for index in range(CHILDREN):
            system.handle(f"c{index}").ask("touch")
        each = (resident() - before) / CHILDREN / 1024
    yield Row("resident memory per child", f"{each:.1f} KiB", "<= 32 KiB", each <= 32)


def scale():
    runs = {number: [start_and_stop(number) for _ in range(7)] for number in (FEWER_CHILDREN, CHILDREN)}
    starts, stops = ({number: median(run[part] for run in runs[number]) for number in runs} for part in (0, 1))
    yield Row(f"start {CHILDREN} children", f"{starts[CHILDREN]:.3f} s", "< 0.5 s", starts[CHILDREN] < 0.5)
    yield Row(f"stop {CHILDREN} children in order", f"{stops[CHILDREN]:.3f} s", "< 0.5 s", stops[CHILDREN] < 0.5)
    ratio = (starts[CHILDREN] + stops[CHILDREN]) / (starts[FEWER_CHILDREN] + stops[FEWER_CHILDREN])
    yield Row(f"cost of {CHILDREN} / cost of {FEWER_CHILDREN} children", f"{ratio:.1f} x", "< 8 x", ratio < 8)


def stop_with_backlog():
    seconds = []
    for _ in range(7):
        entered, release = threading.Event(), threading.Event()

        class Blocking(s.Worker):
            def receive(self, _message, entered=entered, release=release):
                entered.set()
                release.wait()

        system = s.System(s.Supervisor.spec("top", [s.ChildSpec("a", Blocking)]))
        system.start()
        for number in range(BACKLOG + 1):
            system.handle("a").tell(number)
        entered.wait()
        release.set()
        began = perf_counter()
        system.stop()
        seconds.append(perf_counter() - began)
    worst = 1000 * median(seconds)
    yield Row(f"stop with {BACKLOG:,} messages waiting", f"{worst:.0f} ms", "< 100 ms", worst < 100)


def main():
    """Print the table; return 1 if a limit is missed."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = [row for part in (memory, throughput, crash_to_answer, scale, stop_with_backlog) for row in part()]
    lines = [
        f"Python {platform.python_version()}, Pykka {version('pykka')}, {platform.system()}, one core.",
        "",
        "| what | measured | limit | |",
        "| --- | --- | --- | --- |",
        *(f"| {row.what} | {row.value} | {row.limit} | {'held' if row.held else 'MISSED'} |" for row in rows),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(row.held for row in rows) else 1
