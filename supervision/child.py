"""One entry in a supervisor's list of children, and the window that counts their restarts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from supervision.exits import Exit
from supervision.handle import Handle
from supervision.hub import Hub
from supervision.mailbox import Mailbox, make_mailbox
from supervision.spec import ChildSpec, ChildState
from supervision.worker import Notice, Worker


class RestartWindow:
    """Counts restart attempts in a sliding window, as OTP's supervisor does.

    Not thread-safe: it belongs to one supervisor.
    """

    def __init__(self, max_restarts: int, max_seconds: float) -> None:
        self.max_restarts = max_restarts
        self.max_seconds = max_seconds
        self._times: deque[float] = deque()

    def admit(self, now: float) -> bool:
        """Count an attempt at `now` (monotonic seconds) and return True if it is within the limit.

        An attempt exactly `max_seconds` old still counts.
        """
        while self._times and self._times[0] < now - self.max_seconds:
            self._times.popleft()
        self._times.append(now)
        return len(self._times) <= self.max_restarts

    @property
    def figures(self) -> tuple[int, int, float]:
        """Attempts in the window at the last one, most attempts, and seconds; as events tell them."""
        return len(self._times), self.max_restarts, self.max_seconds


@dataclass(slots=True, eq=False)
class Child:
    """The state of one child; written only by its supervisor, read by anyone for the tree."""

    spec: ChildSpec
    handle: Handle
    state: ChildState = ChildState.STOPPED
    worker: Worker | None = None
    mailbox: Mailbox | None = None
    exit: Exit | None = None
    began_at: float = 0.0
    up_at: float = 0.0
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

    def note_failure(self, now: float) -> None:
        """Remember when it failed; after a time of health the next restart waits as the first did."""
        if self.failed_at is None:
            self.failed_at = now
            backoff = self.spec.backoff
            if backoff is not None and now - self.up_at >= backoff.reset_after:
                self.attempts = 0

    def next_delay(self, rng: Random) -> float:
        """Return the seconds before the next restart attempt and count it."""
        if self.spec.backoff is None:
            return 0.0
        self.attempts += 1
        return self.spec.backoff.delay(self.attempts, rng)
