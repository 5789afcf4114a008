"""One entry in a supervisor's list of children."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

from supervision.exits import Exit
from supervision.handle import Handle
from supervision.hub import Hub
from supervision.mailbox import Mailbox, make_mailbox
from supervision.notices import Notice, RetryDue
from supervision.runtime import Timer
from supervision.spec import ChildSpec
from supervision.worker import Worker


class ChildState(Enum):
    """Where a child is in its life.

    ENDING: it ends by itself and its teardown runs; ENDED: its supervisor has not yet decided what follows;
    RESTARTING: it waits for its next attempt.
    """

    STARTING = "starting"
    RUNNING = "running"
    ENDING = "ending"
    ENDED = "ended"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"


LIVE = frozenset({ChildState.STARTING, ChildState.RUNNING, ChildState.ENDING, ChildState.STOPPING})


@dataclass(slots=True, eq=False)
class Child:
    """The state of one child; written only by its supervisor, read by anyone for the tree."""

    spec: ChildSpec
    handle: Handle
    state: ChildState = ChildState.STOPPED
    worker: Worker | None = None
    mailbox: Mailbox | None = None
    exit: Exit | None = None
    timer: Timer | None = None
    retry: RetryDue | None = None
    began_at: float | None = None
    up_at: float | None = None
    failed_at: float | None = None
    stalled_since: float | None = None
    restarts: int = 0
    attempts: int = 0

    @property
    def path(self) -> str:
        """Its place in the tree."""
        return self.handle.path

    @property
    def shown_state(self) -> ChildState:
        """Its state as others see it: between a failure and being up again it is restarting."""
        again = self.state is ChildState.STARTING and self.failed_at is not None
        return ChildState.RESTARTING if again else self.state

    def build(self, hub: Hub, notify: Callable[[Notice], None]) -> Worker:
        """Make the next incarnation and attach it to the handle; raises what the factory raises."""
        worker = self.spec.factory()
        if not isinstance(worker, Worker):
            raise TypeError(f"the factory of {self.path} returned {worker!r}: it must return a Worker")
        if not hasattr(worker, "note_text"):
            raise TypeError(f"{type(worker).__name__}.__init__ must call super().__init__()")
        if self.mailbox is None or self.mailbox.closed or not self.spec.mailbox.keep:
            self.mailbox = make_mailbox(self.spec.mailbox)
        self.mailbox.control.clear()
        worker.adopt(hub, self.spec, self.handle, self.mailbox, notify)
        self.worker = worker
        return worker

    def settle(self, state: ChildState) -> None:
        """Enter a state in which no timer of ours runs."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.state = state

    def next_delay(self, rng: Random) -> float:
        """Return the seconds before the next restart attempt and count it."""
        backoff = self.spec.backoff
        if backoff is None:
            return 0.0
        if self.up_at is not None and self.failed_at is not None:
            if self.failed_at - self.up_at >= backoff.reset_after:
                self.attempts = 0
            self.up_at = None
        self.attempts += 1
        return backoff.delay(self.attempts, rng)
