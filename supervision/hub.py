"""What all parts of one system share: its handles, runtime, events and dead letters."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from random import Random
from typing import TYPE_CHECKING

from supervision.events import DeadLetters, Event, LateLetters, SystemFatal
from supervision.exits import Fatal, describe
from supervision.handle import Handle

if TYPE_CHECKING:
    from supervision.runtime import Runtime
    from supervision.worker import Worker

logger = logging.getLogger("supervision")
DEAD_LETTER_SECONDS = 5.0  # most often one event per path and this time; the others are summed up in the next
ROOT = "."  # path of the root; the paths of its children are their ids


@dataclass(slots=True)
class _Letters:
    count: int = 0
    total: int = 0
    latest: str = ""
    reported_at: float = -inf


class Hub:
    """The inside of a `System`; nothing in it is shared with other systems."""

    def __init__(
        self,
        runtime: Runtime,
        rng: Random,
        on_event: Callable[[Event], None] | None,
        on_fatal: Callable[[], None],
        on_tree: Callable[[], None],
    ) -> None:
        self.runtime = runtime
        self.rng = rng
        self.lock = threading.RLock()
        self.orphans: dict[Worker, str] = {}
        self.waits_for: dict[object, Handle | None] = {}  # whom a thread asks, by `Worker.runs_on`
        self.fatal: Fatal | None = None
        self.fatal_path = ROOT
        self.on_tree = on_tree
        self.dead_letters = 0
        self.stopping = False
        self._on_event = on_event
        self._on_fatal = on_fatal
        self._handles: dict[str, Handle] = {}
        self._letters: dict[str, _Letters] = {}

    def handle(self, path: str) -> Handle:
        """Return the one handle of a path."""
        with self.lock:
            return self._handles.get(path) or self._handles.setdefault(path, Handle(self, path))

    def forget(self, path: str) -> None:
        """Let go of a handle whose path will not be used again."""
        with self.lock:
            self._handles.pop(path, None)
            self._letters.pop(path, None)

    def emit(self, event: Event) -> None:
        """Log an event and hand it to the hook, in the calling thread."""
        if logger.isEnabledFor(event.level):
            logger.log(event.level, "%s", event, extra={"supervision": event.mapping()})
        if self._on_event is not None:
            self.guard(self._on_event, event)

    def guard(self, call: Callable[..., None], *arguments: object) -> None:
        """Make a call into foreign code; what it raises is logged and goes no further."""
        try:
            call(*arguments)
        except BaseException:  # a hook must not end an actor or a supervisor
            logger.exception("hook failed: %r", call)

    def sender_is_stale(self) -> bool:
        """Return True if the code that runs here belongs to an abandoned incarnation."""
        sender = self.runtime.current()
        return sender is not None and not sender.is_current()

    def dead_letter(self, path: str, message: object, number: int = 1) -> None:
        """Count messages that were not delivered, `message` the last of them; report at a bounded rate."""
        now = self.runtime.clock()
        with self.lock:
            self.dead_letters += number
            letters = self._letters.setdefault(path, _Letters())
            letters.count += number
            letters.total += number
            letters.latest = type(message).__name__
            if now - letters.reported_at < DEAD_LETTER_SECONDS:
                return
            letters.reported_at = now
        self.report_dead_letters(path)

    def report_dead_letters(self, *paths: str) -> None:
        """Report what was counted since the last report, for some paths or for all."""
        for path in paths or list(self._letters):
            with self.lock:
                letters = self._letters.get(path, _Letters())
                kind = LateLetters if self.stopping else DeadLetters
                event = kind(path, letters.count, letters.total, letters.latest)
                letters.count = 0
            if event.count:
                self.emit(event)

    def begin_to_stop(self) -> None:
        """Report what was not delivered until now; what is not from here on is late."""
        if not self.stopping:
            self.report_dead_letters()
            self.stopping = True

    def raise_fatal(self, path: str, error: Fatal) -> None:
        """Remember the first fatal error and begin to end the system."""
        with self.lock:
            if self.fatal is not None:
                return
            self.fatal, self.fatal_path = error, path
        self.emit(SystemFatal(path, describe(error)))
        self._on_fatal()

    def orphan(self, worker: Worker) -> None:
        """Fence an incarnation off and remember it until its thread ends."""
        self.orphans[worker] = worker.path
        worker.fence()
        if worker.is_finished:  # it got to its end in between
            self.orphans.pop(worker, None)
