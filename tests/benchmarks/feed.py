"""What the price feed costs a bet: 1,000 frames a second, all markets in each, beside lanes that bet all the time.

Bets with and without the feed are played in turn, many short rounds in one run, so that whoever else uses the machine
slows both alike; what is judged is the median of the rounds' differences. The journal is in memory where there is such
a directory: a disk's own late syncs would hide what the feed does. The frames come from a process of its own over a
WebSocket, each with other prices than the last.
"""

import json
import multiprocessing
import platform
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import monotonic, sleep

from websockets.sync.server import serve

from actors.clock import steady_wall
from actors.messages import Prices, PricesTaken
from actors.price_feed import PriceFeedActor
from actors.venue.feed import PriceSocket
from actors.venue.port import Port
from supervision import ChildSpec, Worker
from tests.benchmarks._null_venue import play

RATE = 1_000
MARKETS = 275
LANES = (1, 4)
ROUNDS = 15
SECONDS = 1.0
LIMIT_MS = 5.0
MEMORY = Path("/dev/shm")
BURST_S = 0.002
ENOUGH = 0.95
"""Of the rate: a run that got fewer frames would prove nothing."""


@dataclass
class Found:
    """What all rounds of one kind came to."""

    latencies: list[float] = field(default_factory=list)
    p99s: list[float] = field(default_factory=list)
    seconds: float = 0.0
    frames: int = 0
    pictures: int = 0


def cut(latencies, percent):
    """Return a percentile in milliseconds."""
    return 1_000 * quantiles(latencies, n=100)[percent - 1]


def wire(count):
    """Return frames as they go over the wire: every market in each, at another price every time."""
    chance, made = Random(1), []
    for _ in range(count):
        mids = {f"MARKET{n}": f"{chance.uniform(0.001, 99_999):.6g}" for n in range(MARKETS)}
        text = json.dumps({"channel": "allMids", "data": {"mids": mids}}, separators=(",", ":")).encode()
        made.append(b"\x81\x7e" + len(text).to_bytes(2, "big") + text)
    return made


def flood(told, sent):
    """Serve one client after the other at the rate, and count what was sent in all."""
    frames = wire(200)

    def handler(line):
        line.recv()
        began, count = monotonic(), 0
        while True:
            due = int((monotonic() - began) * RATE)
            for number in range(count, due):
                line.socket.sendall(frames[number % len(frames)])
            sent.value += due - count
            count = due
            sleep(BURST_S)

    def until_gone(line):
        try:
            handler(line)
        except OSError:
            return

    with serve(until_gone, "127.0.0.1", 0) as server:
        told.send(server.socket.getsockname()[1])
        server.serve_forever()


class Reader(Worker):
    """A lane that looks at every picture, and asks for the next."""

    def __init__(self, found, feed):
        super().__init__()
        self._found = found
        self._feed = feed

    def receive(self, message):
        if isinstance(message, Prices):
            self._found.pictures += 1
            self._feed.tell(PricesTaken("reader"))


def children(url, found):
    """Return what makes the actors that follow the feed."""

    def source(on_prices, on_state):
        return PriceSocket(url, on_prices=on_prices, on_state=on_state, rng=Random(1))

    def beside(find):
        def feed():
            port = Port("feed", threads=1, capacity=1)
            return PriceFeedActor(source, {"reader": find("reader")}, find("reader"), steady_wall(), port)

        return [ChildSpec("reader", lambda: Reader(found, find("feed"))), ChildSpec("feed", feed)]

    return beside


def measured(url, sent):
    found = {(lanes, fed): Found() for lanes in LANES for fed in (False, True)}
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="stakekeeper-feed-", dir=memory) as folder:
        for lanes in LANES:  # caches fill before anything counts
            play(Path(folder), lanes, 0.3)
        for _ in range(ROUNDS):
            for (lanes, fed), kind in found.items():
                before = sent.value
                played = play(Path(folder), lanes, SECONDS, beside=children(url, kind) if fed else None)
                kind.latencies += played.latencies
                kind.p99s.append(cut(played.latencies, 99))
                kind.seconds += played.seconds
                kind.frames += sent.value - before
    return found


def main():
    """Print the table; return 1 if the limit is missed."""
    here, there = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    sent = spawn.Value("q", 0)
    server = spawn.Process(target=flood, args=(there, sent), daemon=True)
    server.start()
    try:
        found = measured(f"ws://127.0.0.1:{here.recv()}/ws", sent)
    finally:
        server.kill()
    lines, sound = [], True
    for (lanes, fed), kind in found.items():
        what = f"{lanes} lane{'s' * (lanes > 1)}, {'with' if fed else 'without'} the feed"
        row = f"| {what} | {len(kind.latencies) / kind.seconds:,.0f} | {cut(kind.latencies, 50):.2f} |"
        row += f" {median(kind.p99s):.2f} |"
        if fed:
            apart = zip(kind.p99s, found[lanes, False].p99s, strict=True)
            later, rate = median(fed_ms - alone_ms for fed_ms, alone_ms in apart), kind.frames / kind.seconds
            kept = later < LIMIT_MS and rate >= ENOUGH * RATE
            sound &= kept
            row += f" {rate:,.0f} | {kind.pictures / kind.seconds:.0f} | {later:+.2f} | < {LIMIT_MS:g}"
            row += " |" if kept else " MISSED |"
        lines.append(row if fed else f"{row} | | | |")
    head = [
        f"Python {platform.python_version()}, {ROUNDS} rounds of {SECONDS:g} s of each, in turn; {MARKETS} markets.",
        "",
        "| bets of | per second | p50 ms | p99 ms | frames/s | pictures/s | p99 later by ms | limit |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    sys.stdout.write("\n".join(head + lines) + "\n")
    return 0 if sound else 1
