"""What actors run on: threads and a clock. The seam behind which `simulation` puts a seeded scheduler."""

from __future__ import annotations

import heapq
import sys
import threading
import time
import traceback
from collections.abc import Callable, Container
from functools import partial
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Protocol

from supervision.turns import Turns

if TYPE_CHECKING:
    from supervision.worker import Worker

here = threading.local()  # `here.worker`: the worker whose code runs in this thread
STACK_FRAMES = 30  # frames shown of a stalled or abandoned thread
FOREIGN_CLOCK_SECONDS = 0.01  # how often timers look at a clock other than time.monotonic, which may jump


class Clock(Protocol):
    """Monotonic seconds, as `time.monotonic`."""

    def __call__(self) -> float:
        """Return the current time."""


class Waitable(Protocol):
    """What a caller can wait for: an event or a reply."""

    def is_set(self) -> bool:
        """Return True if it has happened."""

    def wait(self, timeout: float | None = None) -> bool:
        """Block the thread until it happens, at most `timeout` seconds; return whether it did."""


class Timer:
    """A pending call."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        """Do not make the call; harmless when it was made."""
        self.call = None


class Runtime(Protocol):
    """Runs workers, keeps time, lets callers wait.

    Attributes:
        rng: source of jitter.
    """

    rng: Random

    @property
    def clock(self) -> Clock:
        """The only time there is."""

    def launch(self, worker: Worker) -> None:
        """Begin to run the worker's loop."""

    def call_after(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Make `call` in `seconds`, in a thread of the runtime; it must not block."""

    def wait(self, event: Waitable, timeout: float | None) -> bool:
        """Wait for `event` at most `timeout` seconds; return whether it happened."""

    def current(self) -> Worker | None:
        """Return the worker whose code is running here, if any."""

    def stack(self, worker: Worker) -> str:
        """Return what the worker is doing right now, as a stack."""

    def close(self, timeout: float, orphans: Container[Worker]) -> None:
        """Let go of all that runs; wait at most `timeout` seconds for what is ending, and not for orphans."""


class Threads:
    """One daemon thread per worker or per name that workers share, and one for timers that starts with the first."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self.rng = Random()  # noqa: S311 - jitter is no secret
        self._threads: dict[Worker, threading.Thread] = {}
        self._shared: dict[str, Turns] = {}
        self._sharing = threading.Lock()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = count()
        self._changed = threading.Condition()
        self._timer_thread: threading.Thread | None = None
        self._closed = False

    def launch(self, worker: Worker) -> None:
        """Start a thread that runs the worker's loop, or let the one that it shares run it."""
        name = worker.child_spec.thread
        if name is None:
            self._start(worker, threading.Thread(target=self._run, args=(worker,), name=worker.path, daemon=True))
            return
        with self._sharing:
            turns = self._shared.get(name)
            if turns is not None:
                self._threads[worker] = turns.thread  # before it can end
                if turns.add(worker):
                    return
            turns = Turns(name, partial(setattr, here, "worker"), lambda one: self._threads.pop(one, None))
            turns.add(worker)
            self._start(worker, turns.thread)
            self._shared[name] = turns

    def _start(self, worker: Worker, thread: threading.Thread) -> None:
        self._threads[worker] = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads: the supervisor counts it as a failed start
            del self._threads[worker]
            raise

    def _run(self, worker: Worker) -> None:
        here.worker = worker
        try:
            worker._actor_loop()  # noqa: SLF001 - Pykka's extension point
        finally:
            self._threads.pop(worker, None)

    def call_after(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Make `call` in `seconds`, in the timer thread."""
        timer = Timer(call)
        item = (self.clock() + seconds, next(self._order), timer)
        with self._changed:
            if not self._closed:
                heapq.heappush(self._timers, item)
                if self._timer_thread is None:
                    self._timer_thread = threading.Thread(target=self._time, name="supervision-timers", daemon=True)
                    self._timer_thread.start()
                elif self._timers[0] is item:
                    self._changed.notify()
        return timer

    def _time(self) -> None:
        while (due := self._next_due()) is not None:
            due()

    def _next_due(self) -> Callable[[], object] | None:
        """Wait for the next call that is due; None when closed."""
        with self._changed:
            while not self._closed:
                delay = self._timers[0][0] - self.clock() if self._timers else None
                if delay is not None and delay <= 0:
                    call = heapq.heappop(self._timers)[2].call
                    if call is not None:
                        return call
                elif delay is not None and self.clock is not time.monotonic:
                    self._changed.wait(min(delay, FOREIGN_CLOCK_SECONDS))
                else:
                    self._changed.wait(delay)
        return None

    def wait(self, event: Waitable, timeout: float | None) -> bool:
        """Block this thread until `event`, at most `timeout` real seconds."""
        return event.wait(timeout)

    def current(self) -> Worker | None:
        """Return the worker of this thread, if it has one."""
        return getattr(here, "worker", None)

    def stack(self, worker: Worker) -> str:
        """Return the stack of the worker's thread, or an empty text."""
        thread = self._threads.get(worker)
        frame = sys._current_frames().get(thread.ident) if thread and thread.ident else None  # noqa: SLF001
        return "".join(traceback.format_stack(frame, limit=STACK_FRAMES)) if frame else ""

    def close(self, timeout: float, orphans: Container[Worker]) -> None:
        """Stop the timers and join the threads that are ending, at most `timeout` real seconds in all."""
        with self._changed:
            self._closed = True
            self._timers.clear()
            self._changed.notify()
        ending = [thread for worker, thread in list(self._threads.items()) if worker not in orphans]
        if self._timer_thread is not None:
            ending.append(self._timer_thread)
        deadline = time.monotonic() + timeout
        for thread in ending:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
