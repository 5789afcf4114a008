"""The mechanics of keeping children: start, watch, stop and abandon them without ever blocking.

What takes time is written as a generator, an *activity*, that yields until something has changed. One activity runs
at a time and further ones wait as jobs, so the code reads as OTP's sequential supervisor does, while a stop request
can overtake whatever goes on.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Generator
from typing import Any

from supervision.child import Child, RestartWindow
from supervision.events import Abandoned, ChildEnded, ChildFailed, ChildRestarted, ChildStarted, Stalled
from supervision.exits import DECLINED, VANISHED, ActorDown, Decline, Exit, ExitKind
from supervision.hub import ROOT
from supervision.spec import ChildSpec, ChildState, Restart, SupervisorSpec
from supervision.worker import Notice, Worker

Activity = Generator[None, None, Any]
LOOK = "look for stalled children"
WATCH_SECONDS = 1.0  # longest time between two looks for stalled children
LOOKS_PER_LIMIT = 2  # looks per smallest `stall_after`, so that a stall is seen at most half of it late


class Nursery(Worker):
    """A worker that keeps children; what to do when one ends is left to `Supervisor`."""

    announces_itself = True

    def __init__(self, plan: SupervisorSpec) -> None:
        super().__init__()
        self.plan = plan
        self.children: dict[str, Child] = {}
        self.window = RestartWindow(plan.max_restarts, plan.max_seconds)
        self.jobs: deque[Activity] = deque()
        self._activity: Activity | None = None
        self._winding_down = False
        self._watching = False

    def teardown(self, exit_: Exit, /) -> None:
        """Fence off what an error of the supervisor's own has left running."""
        del exit_
        for child in self.children.values():
            if child.worker is not None and self.is_current():
                self._abandon(child, "its supervisor failed")

    def fence(self) -> None:
        """Fence off the whole subtree."""
        super().fence()
        for child in list(self.children.values()):
            if child.worker is not None:
                self._hub.orphan(child.worker)

    @abstractmethod
    def recover(self, child: Child, exit_: Exit) -> Activity:
        """Decide what follows the end of a child that nobody asked for."""

    @abstractmethod
    def retry(self, child: Child, attempt: int) -> Activity:
        """Try again to restart a child whose wait is over."""

    # The loop

    def receive(self, message: Any) -> Any:
        """Act on one of its own timers: a look for stalls, or a child whose time limit or next attempt has come."""
        if message is LOOK:
            self._look_for_stalls()
        elif isinstance(message, Child):
            self._on_due(message)
        else:
            return super().receive(message)
        return self._pump()

    def _control(self, item: Notice) -> None:
        child = self.children.get(item.worker.child_spec.id)
        if child is not None and child.worker is item.worker:  # else it comes from a stale incarnation
            if item.state is ChildState.RUNNING:
                self._on_up(child)
            elif item.state is ChildState.ENDING:
                self._on_ending(child, item.exit)
            else:
                self._on_ended(child, item.exit)
        self._pump()

    def _pump(self) -> None:
        """Carry the current activity as far as it gets, then the next ones."""
        while self._exit is None and (self._activity is not None or self.jobs):
            self._activity = self._activity or self.jobs.popleft()
            try:
                next(self._activity)
            except StopIteration:
                self._activity = None
            else:
                return

    def _conclude(self, exit_: Exit) -> None:
        """Drop what is going on and stop the children; then end."""
        if self._fenced or (self._winding_down and not exit_.is_clean):
            self._exit = exit_  # `teardown` fences off what a failure while winding down has left
        elif not self._winding_down:
            self._activity = self.wind_down(exit_)
            self._pump()

    def _settle(self, child: Child, state: ChildState, limit: float | None = None) -> None:
        """Let a child enter a state, and look at it again if it is still there after `limit` seconds."""
        child.state = state
        self.cancel(child)
        if limit is not None:
            self.after(limit, child, key=child)

    # What children report

    def _on_up(self, child: Child) -> None:
        if child.state is not ChildState.STARTING:
            return
        self._settle(child, ChildState.RUNNING)
        child.up_at = now = self.clock()
        incarnation = child.handle.incarnation
        self._hub.emit(ChildStarted(child.path, incarnation, now - child.began_at))
        if child.failed_at is not None:
            took, child.failed_at = now - child.failed_at, None
            self._hub.emit(ChildRestarted(child.path, incarnation, took, *self.window.figures))

    def _on_ending(self, child: Child, exit_: Exit) -> None:
        child.exit = exit_
        if child.state is ChildState.RUNNING:
            child.note_failure(self.clock())
            self._settle(child, ChildState.ENDING, child.spec.shutdown)

    def _on_ended(self, child: Child, exit_: Exit) -> None:
        child.worker = None
        if child.state is ChildState.STARTING:
            if exit_.kind is not ExitKind.START_FAILED and exit_ is not DECLINED:
                exit_ = Exit.start_failed(child.path, ActorDown(f"it ended while starting: {exit_}"))
            self._not_started(child, exit_)
        elif child.state is ChildState.STOPPING:
            child.exit = exit_
            self._settle(child, ChildState.STOPPED)
            self.report(child, asked=True)
        else:
            self._ended_by_itself(child, exit_)

    def _on_due(self, child: Child) -> None:
        state, exit_, limit = child.state, child.exit, child.spec.shutdown
        if state is ChildState.RESTARTING:
            self.jobs.append(self.retry(child, child.attempts))
        elif state is ChildState.STARTING:
            late = TimeoutError(f"setup() did not return within {child.spec.start_timeout:g} s")
            self._abandon(child, str(late))
            self._not_started(child, Exit.start_failed(child.path, late))
        elif state is ChildState.STOPPING:
            self._abandon(child, f"it did not end within {limit:g} s")
        elif state is ChildState.ENDING and exit_ is not None:
            self._abandon(child, f"teardown() did not return within {limit:g} s")
            self._ended_by_itself(child, exit_)

    def _ended_by_itself(self, child: Child, exit_: Exit) -> None:
        child.exit = exit_
        child.note_failure(self.clock())
        self._settle(child, ChildState.ENDED)
        self.jobs.append(self.recover(child, exit_))

    def _abandon(self, child: Child, why: str) -> Exit:
        worker, exit_ = child.worker, Exit(ExitKind.ABANDONED, why)
        self._settle(child, ChildState.STOPPED)
        child.worker, child.exit = None, exit_
        if worker is not None:
            stack = self._hub.runtime.stack(worker)
            self._hub.orphan(worker)
            child.handle.end(worker, exit_)
            self._hub.emit(Abandoned(child.path, worker.incarnation, why, stack))
        return exit_

    def _not_started(self, child: Child, exit_: Exit) -> None:
        child.worker, child.exit = None, exit_
        self._settle(child, ChildState.STOPPED)
        self.report(child, asked=exit_ is DECLINED)
        if exit_ is DECLINED:
            child.handle.close()

    def report(self, child: Child, *, asked: bool) -> None:
        """Emit the end of a child as OTP does: a permanent child should not end, even cleanly."""
        exit_, restart = child.exit or VANISHED, child.spec.restart
        what = (child.path, child.handle.incarnation, exit_.kind.value, exit_.reason)
        if exit_.is_clean and (asked or restart is not Restart.PERMANENT):
            self._hub.emit(ChildEnded(*what))
        else:
            self._hub.emit(ChildFailed(*what, restart.value, exit_.traceback))

    # Stalls

    def _watch(self) -> None:
        """Arrange the next look, as soon as the shortest limit needs it."""
        limits = [one.spec.stall_after for one in self.children.values() if one.spec.stall_after is not None]
        self._watching = bool(limits)
        if limits:
            self.after(min(WATCH_SECONDS, min(limits) / LOOKS_PER_LIMIT), LOOK, key=LOOK)

    def _look_for_stalls(self) -> None:
        now = self.clock()
        for child in list(self.children.values()):
            worker, limit = child.worker, child.spec.stall_after
            since = worker.busy_since if worker is not None else None
            if worker is None or limit is None or since is None or now - since < limit:
                continue
            if child.stalled_since != since:
                child.stalled_since = since
                stack = self._hub.runtime.stack(worker)
                self._hub.emit(Stalled(child.path, worker.incarnation, now - since, stack))
            if child.spec.restart_stalled and child.state is ChildState.RUNNING:
                self._ended_by_itself(child, self._abandon(child, f"it was in one handler for {now - since:g} s"))
        self._watch()

    # Steps of activities

    def enter(self, spec: ChildSpec) -> Child:
        """Add a child that is not started yet."""
        prefix = "" if self.path == ROOT else f"{self.path}/"
        child = Child(spec, self._hub.handle(prefix + spec.id))
        self.children[spec.id] = child
        if spec.stall_after is not None and not self._watching:
            self._watch()
        return child

    def drop(self, child: Child) -> None:
        """Forget an entry; its handle stays good for a later child of that path, if there can be one."""
        self.children.pop(child.spec.id, None)
        if self.plan.dynamic:
            self._hub.forget(child.path)

    def start_one(self, child: Child) -> Activity:
        """Start a child and wait until it is up or has failed to start."""
        child.state, child.exit, child.began_at = ChildState.STARTING, None, self.clock()
        try:
            worker = child.build(self._hub, self.mailbox.post)
            self._settle(child, ChildState.STARTING, child.spec.start_timeout)
            self._hub.runtime.launch(worker)
        except BaseException as error:  # noqa: BLE001 - a factory may raise anything
            if child.worker is not None:
                child.worker.fence()
            self._not_started(child, DECLINED if isinstance(error, Decline) else Exit.start_failed(child.path, error))
        while child.state is ChildState.STARTING:
            yield

    def halt(self, child: Child, *, for_good: bool = True) -> Activity:
        """Stop a child in whatever state it is and wait until it has ended or is abandoned."""
        self.ask_to_stop(child)
        while child.state is ChildState.STOPPING:
            yield
        if for_good:
            child.handle.close()

    def ask_to_stop(self, child: Child) -> None:
        """Send the stop request and start its time limit."""
        child.failed_at = None
        if child.state is ChildState.ENDED:
            self.report(child, asked=True)
        if child.worker is None:
            self._settle(child, ChildState.STOPPED)
        elif child.state is not ChildState.STOPPING:
            self._settle(child, ChildState.STOPPING, child.spec.shutdown)
            child.worker.ask_to_end()
            if child.spec.shutdown == 0:
                self._abandon(child, "it is to be ended without waiting")

    def wind_down(self, exit_: Exit) -> Activity:
        """Stop all children in reverse start order, one after the other; then end with `exit_`."""
        self._winding_down = True
        for child in reversed(list(self.children.values())):
            yield from self.halt(child)
        self._exit = exit_
