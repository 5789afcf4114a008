"""The deterministic runtime: the same workers on one thread, in virtual time, in an order drawn from a seed."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Container
from hashlib import blake2b
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from supervision.exits import Exit
from supervision.handle import End, message_of
from supervision.mailbox import WAKE
from supervision.nursery import Nursery
from supervision.runtime import Timer, Waitable

if TYPE_CHECKING:
    from supervision.worker import Worker

TAIL = 200  # last steps kept as text, to be shown when a run fails
FOREVER = float("inf")
MAX_STEPS = 1_000_000  # of one simulation; a run that needs more is taken for one that never settles


class InjectedCrash(Exception):  # noqa: N818 - not an error of the code under test
    """What a simulation lets a worker fail with, before or after it has handled a message."""


class Simulation:
    """Runs a `System` on the calling thread: `System(root, runtime=Simulation(seed))`.

    Several systems, one after the other or side by side, may share a simulation and so its time.

    Each step picks, by the seed, one worker with something to do or one timer that is due, and spends a little
    virtual time; when nothing is left to do, time jumps to the next timer. `Handle.ask`, `Worker.sleep` and the
    methods of `System` run the others meanwhile, on top of the caller's stack. The same seed over the same code
    gives the same `trace_hash`. All calls must come from the one thread. An actor that blocks (`ask`, `sleep`) goes on
    no earlier than actors that have blocked after it, on top of it: its timeout is kept, but may be noticed late.

    Args:
        seed: of every choice; `rng` may be used for further ones.
        crash_rate: share of messages at which a worker (not a supervisor) is made to fail.
        step_seconds: most virtual time that one step takes; how late timers may come.
    """

    def __init__(self, seed: int, *, crash_rate: float = 0.0, step_seconds: float = 0.001) -> None:
        self.seed = seed
        self.rng = Random(seed)  # noqa: S311 - repeatable on purpose
        self.crash_rate = crash_rate
        self.now = 0.0
        self.steps = 0
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._step_seconds = step_seconds
        self._hash = blake2b(digest_size=16)
        self._workers: dict[Worker, bool] = {}  # whether it has begun
        self._running: list[Worker] = []
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = count()

    @property
    def trace_hash(self) -> str:
        """Digest of all steps so far."""
        return self._hash.hexdigest()

    def clock(self) -> float:
        """Return the virtual seconds since the start."""
        return self.now

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        until = self.now + seconds
        while self._step(until):
            pass

    def wait(self, event: Waitable, timeout: float | None) -> bool:
        """Run the others until `event`, at most `timeout` virtual seconds."""
        until = FOREVER if timeout is None else self.now + timeout
        while not event.is_set() and self._step(until):
            pass
        return event.is_set()

    def launch(self, worker: Worker) -> None:
        """Let a worker take part."""
        self._workers[worker] = False

    def call_after(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Make `call` when `seconds` of virtual time have passed; simulated ports answer through this."""
        entry = Timer(call)
        heapq.heappush(self._timers, (self.now + seconds, next(self._order), entry))
        return entry

    def current(self) -> Worker | None:
        """Return the worker whose code is running."""
        return self._running[-1] if self._running else None

    def stack(self, worker: Worker) -> str:
        """Return which workers run on top of which."""
        names = " > ".join(one.path for one in self._running)
        return f"simulated: {names}" if worker in self._running else ""

    def close(self, timeout: float, orphans: Container[Worker]) -> None:
        """Let the orphans of a system that has ended end too; other systems and all timers stay as they are."""
        del timeout
        while ready := [one for one in self._ready() if one in orphans]:
            self._count()
            self._run_one(self.rng.choice(ready))

    def _ready(self) -> list[Worker]:
        return [
            one
            for one, begun in self._workers.items()
            if one not in self._running and (not begun or one.mailbox.depth() or one.mailbox.control or one.is_over)
        ]

    def _step(self, until: float) -> bool:
        """Do one thing; return False if nothing is left to do up to `until`, which it then is."""
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        ready = self._ready()
        due = self._timers[0][0] if self._timers else FOREVER
        if not ready and due > until:
            self.now = max(self.now, until) if until < FOREVER else self.now
            return False
        if self.now >= until:
            return False
        self._count()
        if not ready or (due <= self.now and self.rng.random() < 1 / (len(ready) + 1)):
            self.now = max(self.now, due)
            call = heapq.heappop(self._timers)[2].call
            self._record("timer")
            if call is not None:
                call()
        else:
            self.now += self.rng.random() * self._step_seconds
            self._run_one(self.rng.choice(ready))
        return True

    def _run_one(self, worker: Worker) -> None:
        self._running.append(worker)
        try:
            if not self._workers[worker]:
                self._workers[worker] = True
                self._record(f"{worker.path}#{worker.incarnation} begin")
                worker.begin()
            elif not worker.is_over:
                self._deliver(worker, worker.mailbox.take())
            if worker.is_over:
                self._record(f"{worker.path}#{worker.incarnation} end")
                worker.finish()
                del self._workers[worker]
        finally:
            self._running.pop()

    def _deliver(self, worker: Worker, item: Any) -> None:
        message = message_of(item)
        self._record(f"{worker.path}#{worker.incarnation} {type(message).__name__}")
        fails = item is not WAKE and not isinstance(worker, Nursery) and self.rng.random() < self.crash_rate
        crash = End(Exit.failed(InjectedCrash(f"step {self.steps}"))) if fails else None
        before = self.rng.random() < 0.5
        if crash is not None and before:
            worker.mailbox.control.append(crash)
        worker.handle_item(item)
        if crash is not None and not before:
            worker.mailbox.control.append(crash)

    def _record(self, what: str) -> None:
        line = f"{self.steps} {self.now:.6f} {what}"
        self._hash.update(line.encode())
        self.tail.append(line)

    def _count(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            last = "\n".join(list(self.tail)[-20:])
            raise RuntimeError(f"seed {self.seed}: not settled after {MAX_STEPS} steps; the last ones:\n{last}")
