"""Blocking code in virtual time: a job has a thread of its own, which runs only while everything else stands still."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from actors.simulation.network import Pending, SimulatedPort, Talk

T = TypeVar("T")

_here = threading.local()


class Killed(BaseException):
    """Raised in a job whose process is gone, wherever it waits."""


class _Fiber:
    # Control passes to and fro: of the two threads exactly one runs, so the order of all steps follows from the seed.
    def __init__(self, job: Callable[[], Any]) -> None:
        self._job = job
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._ended = self._killed = False
        self.pause_s = 0.0
        self.result: Any = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def goes_on(self) -> bool:
        """Run the job up to its next pause; return False when it has ended."""
        self._go.release()
        self._back.acquire()
        return not self._ended

    def pause(self, seconds: float) -> None:
        self.pause_s = seconds
        self._back.release()
        self._go.acquire()
        if self._killed:
            raise Killed

    def kill(self) -> None:
        self._killed = True
        while not self._ended:
            self.goes_on()

    def _run(self) -> None:
        _here.fiber = self
        self._go.acquire()
        try:
            if not self._killed:
                self.result = self._job()
        except BaseException as error:  # noqa: BLE001  it is raised where the job was begun
            self.error = error
        self._ended = True
        self._back.release()


def pause(seconds: float) -> None:
    """Let virtual time pass for the job that calls this."""
    _here.fiber.pause(seconds)


def talk(job: Callable[[], T]) -> Talk[T]:
    """Turn a job that pauses into a conversation; thrown away before its end, the job ends where it is."""
    fiber = _Fiber(job)
    try:
        while fiber.goes_on():
            yield fiber.pause_s
    finally:
        with suppress(Killed):
            fiber.kill()
    if fiber.error is not None:
        raise fiber.error
    result: T = fiber.result
    return result


class FiberPort(SimulatedPort):
    """Runs jobs that block, as the real clients' do."""

    def submit(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> bool:
        """Take a job on; see `actors.venue.port.Port`."""

        def begin() -> NoReturn:
            raise Pending(talk(job))

        return super().submit(begin, done)
