"""A port: a few daemon threads that do what may block, so that no actor ever does."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Job = Callable[[], Any]
Done = Callable[[Any], None]


class PortClosed(Exception):  # noqa: N818  named by what is known
    """The port was closed before the job began; it never ran."""


class Runs(Protocol):
    """Whoever runs jobs for an actor: a Port, or the simulator."""

    def submit(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> bool:
        """Take a job on, or return False."""

    def close(self, timeout_s: float) -> bool:
        """Take no more jobs on."""


class Port:
    """Runs jobs on at most `threads` daemon threads, started when first needed.

    Daemon threads never hold up the end of the process; a request that is cut off by it is unknown, as after a crash.

    Args:
        name: of the threads, for people who look at them.
        threads: how many jobs run at a time.
        capacity: how many may wait.
    """

    def __init__(self, name: str, *, threads: int, capacity: int) -> None:
        self._name = name
        self._limit = threads
        self._capacity = capacity
        self._waiting: deque[tuple[Job, Done]] = deque()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False
        self._changed = threading.Condition()

    def submit(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> bool:
        """Take a job on without blocking.

        Args:
            job: runs on a thread of the port.
            done: is then called there, once, with the job's result or with what it raised. Whatever `done` raises is
                dropped: whoever asked is gone.

        Returns:
            False, and nothing will be called, if `capacity` jobs wait already, the port is closed, or it has no thread
            and the system gives it none.
        """
        with self._changed:
            if self._closed or len(self._waiting) >= self._capacity:
                return False
            self._waiting.append((job, done))
            if self._idle < len(self._waiting) and len(self._threads) < self._limit:
                self._add_thread()
            if not self._threads:
                self._waiting.pop()
                return False
            self._changed.notify()
        return True

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
        with contextlib.suppress(RuntimeError):  # the system has none to give: the job waits for those there are
            thread.start()
            self._threads.append(thread)

    def close(self, timeout_s: float) -> bool:
        """Take no more jobs on, give the waiting ones up (`done` gets PortClosed) and wait for the running ones.

        Returns:
            Whether all threads ended within `timeout_s`.
        """
        until = monotonic() + timeout_s
        with self._changed:
            self._closed = True
            given_up = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for _, done in given_up:
            _tell(done, PortClosed(f"{self._name} was closed"))
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._waiting and not self._closed:
                    self._changed.wait()
                self._idle -= 1
                if not self._waiting:
                    return
                job, done = self._waiting.popleft()
            try:
                result = job()
            except BaseException as error:  # noqa: BLE001  it belongs to whoever asked
                result = error
            _tell(done, result)
            del job, done, result  # an idle thread keeps nothing alive


def _tell(done: Done, result: object) -> None:
    with contextlib.suppress(Exception):
        done(result)
