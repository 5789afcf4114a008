"""A thread that several workers share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from supervision.exits import Exit

if TYPE_CHECKING:
    from supervision.worker import Worker


class Turns:
    """Workers that take turns: the next message is the one that was put first into any of their mailboxes.

    Attributes:
        thread: serves them from its start until all have ended.

    Args:
        name: of the thread.
        serving: is told in whose name the thread goes on.
        ended: is told of each worker that has finished.
    """

    def __init__(self, name: str, serving: Callable[[Worker], object], ended: Callable[[Worker], object]) -> None:
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._serving = serving
        self._ended = ended
        self._lock = threading.Lock()
        self._begun: dict[Worker, bool] = {}
        self._served: Worker | None = None
        self._over = False
        self._ready: SimpleQueue[Worker] = SimpleQueue()

    def add(self, worker: Worker) -> bool:
        """Let a worker take part, from any thread; return False if this thread ends or is held by an abandoned one."""
        with self._lock:
            if self._over or (self._served is not None and self._served.is_orphan):
                return False
            self._begun[worker] = False
        worker.mailbox.bell = partial(self._ready.put, worker)
        for _ in range(worker.mailbox.depth() + 1):  # a kept mailbox holds messages already
            self._ready.put(worker)
        return True

    def _run(self) -> None:
        while self._goes_on():
            worker = self._ready.get()
            if worker in self._begun:
                self._serving(worker)
                self._served = worker
                self._serve(worker)
                self._served = None

    def _goes_on(self) -> bool:
        if self._begun:
            return True
        with self._lock:
            self._over = not self._begun
            return not self._over

    def _serve(self, worker: Worker) -> None:
        try:
            if self._begun[worker]:
                worker.handle_item(worker.mailbox.take())
            else:
                self._begun[worker] = True
                if worker.is_current():
                    worker.begin()
                else:  # it was abandoned while it waited for its turn
                    worker.stop()
        except BaseException as error:  # noqa: BLE001 - an exception injected between two messages
            worker.stop(Exit.failed(error))
        if worker.is_over:
            del self._begun[worker]
            worker.finish()
            self._ended(worker)
