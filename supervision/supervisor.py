"""A supervisor: one loop over control messages that starts, watches and stops its children.

It never blocks. What takes time (starting a child, stopping it, waiting for a backoff) is written as a generator, an
*activity*, that yields until something has changed; one activity runs at a time and further work waits as jobs, so
the code reads as OTP's sequential one, while a stop request can overtake anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from typing import Any

from supervision.child import LIVE, Child, ChildState
from supervision.events import (
    Abandoned,
    ChildEnded,
    ChildFailed,
    ChildRestarted,
    ChildStarted,
    LimitReached,
    RestartDelayed,
    StartFailed,
)
from supervision.exits import ActorDown, Exit, ExitKind
from supervision.hub import ROOT
from supervision.intensity import Backoff, RestartWindow
from supervision.notices import Ended, Ending, Notice, Overdue, RetryDue, Stop, Up
from supervision.spec import AutoShutdown, ChildSpec, MailboxSpec, Restart, Strategy, SupervisorSpec
from supervision.worker import Worker

Activity = Generator[None, None, None]
GAVE_UP = Exit(ExitKind.SHUTDOWN, "restart limit reached")
NO_LONGER_NEEDED = Exit(ExitKind.SHUTDOWN, "significant children ended")


class Supervisor(Worker):
    """A worker whose work is its children; make one with `Supervisor.spec`.

    It is up when its last child is up; it ends its children, in reverse order, before it ends.
    """

    announces_itself = True

    def __init__(self, spec: SupervisorSpec) -> None:
        super().__init__()
        self.plan = spec
        self.children: dict[str, Child] = {}
        self.window = RestartWindow(spec.max_restarts, spec.max_seconds)
        self._activity: Activity | None = None
        self._jobs: deque[Activity] = deque()
        self._winding_down = False

    @classmethod
    def spec(
        cls,
        id: str,  # noqa: A002 - the field's name in every supervisor
        children: Iterable[ChildSpec],
        *,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        auto_shutdown: AutoShutdown = AutoShutdown.NEVER,
        shutdown: float | None = None,
        restart: Restart = Restart.PERMANENT,
        significant: bool = False,
        backoff: Backoff | None = None,
    ) -> ChildSpec:
        """Return the spec of a supervisor, to be a child of another one or the root of a `System`.

        Args:
            id: its name among its siblings.
            children: in start order; each may need those before it.
            strategy: which siblings go down and up with a failed child.
            max_restarts: most restart attempts within `max_seconds`; one more and it gives up: it stops its
                children and ends with `SHUTDOWN`, and its own supervisor decides.
            max_seconds: length of the sliding window.
            auto_shutdown: whether the end of significant children ends it.
            shutdown: seconds for its whole stop; None (OTP's infinity) trusts the limits of its children.
            restart: after which of its ends it is restarted.
            significant: its own end may end its supervisor.
            backoff: delay before it is restarted.

        Raises:
            ValueError: a field is wrong; the text names the field, the value and what is allowed.
        """
        plan = SupervisorSpec(cls, tuple(children), strategy, max_restarts, max_seconds, auto_shutdown)
        return ChildSpec(
            id,
            plan,
            restart=restart,
            shutdown=shutdown,
            start_timeout=None,
            significant=significant,
            backoff=backoff,
            mailbox=MailboxSpec(),
        )

    def setup(self) -> None:
        """Begin to start the children, in order."""
        for spec in self.plan.children:
            self._enter(spec)
        self._jobs.append(self._boot())
        self._pump()

    def teardown(self, exit_: Exit, /) -> None:
        """Fence off what an error of the supervisor's own has left running."""
        del exit_
        for child in self.children.values():
            if child.state in LIVE:
                self._abandon(child, "its supervisor failed")

    def fence(self) -> None:
        """Fence off the whole subtree."""
        super().fence()
        for child in list(self.children.values()):
            if child.worker is not None:
                self._hub.orphan(child.worker)

    # The loop

    def _control(self, item: Any) -> None:
        if isinstance(item, RetryDue):
            self._jobs.append(self._restart_due(item))
        else:
            child = self.children.get(item.worker.child_spec.id)
            if child is None or child.worker is not item.worker:
                return  # a stale incarnation
            if isinstance(item, Up):
                self._on_up(child)
            elif isinstance(item, Ending):
                self._on_ending(child, item.exit)
            elif isinstance(item, Ended):
                self._on_ended(child, item.exit)
            elif isinstance(item, Overdue):
                self._on_overdue(child)
        self._pump()

    def _pump(self) -> None:
        """Carry the current activity as far as it gets, then the next ones."""
        while self._exit is None:
            if self._activity is None:
                if not self._jobs:
                    return
                self._activity = self._jobs.popleft()
            try:
                next(self._activity)
            except StopIteration:
                self._activity = None
            else:
                return

    def _conclude(self, exit_: Exit) -> None:
        """Drop what is going on and stop the children; then end."""
        if self._winding_down:
            if not exit_.is_clean:
                self._exit = exit_
            return
        if self._activity is not None:
            self._activity.close()
        self._jobs.clear()
        self._activity = self._wind_down(exit_)
        self._pump()

    def _post(self, notice: Notice | Overdue | RetryDue) -> None:
        self.mailbox.post(notice)

    def _arm(self, child: Child, seconds: float | None) -> None:
        worker = child.worker
        child.settle(child.state)
        if seconds is not None and worker is not None:
            child.timer = self._hub.runtime.call_after(seconds, lambda: self._post(Overdue(worker)))

    # What children report

    def _on_up(self, child: Child) -> None:
        if child.state is not ChildState.STARTING:
            return
        child.settle(ChildState.RUNNING)
        now = self.clock()
        child.up_at = now
        incarnation = child.handle.incarnation
        self._hub.emit(ChildStarted(child.path, incarnation, now - (child.began_at or now)))
        if child.failed_at is not None:
            window, took = self.window, now - child.failed_at
            child.failed_at = None
            self._hub.emit(
                ChildRestarted(child.path, incarnation, took, window.count, window.max_restarts, window.max_seconds)
            )

    def _on_ending(self, child: Child, exit_: Exit) -> None:
        child.exit = exit_
        if child.state is ChildState.RUNNING:
            child.state = ChildState.ENDING
            child.failed_at = self.clock()
            self._arm(child, child.spec.shutdown)

    def _on_ended(self, child: Child, exit_: Exit) -> None:
        state, child.exit, child.worker = child.state, exit_, None
        if state is ChildState.STARTING:
            if exit_.kind is not ExitKind.START_FAILED:
                child.exit = Exit.start_failed(child.path, ActorDown(f"it ended while starting: {exit_}"))
            self._start_failed(child)
        elif state is ChildState.STOPPING:
            child.settle(ChildState.STOPPED)
            self._report(child, exit_, asked=True)
        else:
            child.settle(ChildState.ENDED)
            self._jobs.append(self._recover(child, exit_))

    def _on_overdue(self, child: Child) -> None:
        state = child.state
        if state is ChildState.STARTING:
            late = TimeoutError(f"setup() did not return within {child.spec.start_timeout:g} s")
            self._abandon(child, str(late))
            child.exit = Exit.start_failed(child.path, late)
            self._start_failed(child)
        elif state is ChildState.ENDING:
            self._abandon(child, f"teardown() did not return within {child.spec.shutdown:g} s")
            child.settle(ChildState.ENDED)
            self._jobs.append(self._recover(child, child.exit or Exit(ExitKind.ABANDONED)))
        elif state is ChildState.STOPPING:
            self._abandon(child, f"it did not end within {child.spec.shutdown:g} s")

    def _abandon(self, child: Child, why: str) -> None:
        worker = child.worker
        child.settle(ChildState.STOPPED)
        child.worker, child.exit = None, Exit(ExitKind.ABANDONED, why)
        if worker is not None:
            stack = self._hub.runtime.stack(worker)
            self._hub.orphan(worker)
            child.handle.end(worker, child.exit)
            self._hub.emit(Abandoned(child.path, worker.incarnation, why, stack))

    def _start_failed(self, child: Child) -> None:
        exit_ = child.exit or Exit(ExitKind.START_FAILED)
        child.settle(ChildState.STOPPED)
        self._hub.emit(StartFailed(child.path, child.handle.incarnation, exit_.reason, exit_.traceback))

    def _report(self, child: Child, exit_: Exit, *, asked: bool) -> None:
        incarnation, restart = child.handle.incarnation, child.spec.restart
        if exit_.is_clean and (asked or restart is not Restart.PERMANENT):
            self._hub.emit(ChildEnded(child.path, incarnation, exit_.kind.value, exit_.reason))
        elif exit_.kind is not ExitKind.ABANDONED:
            self._hub.emit(
                ChildFailed(child.path, incarnation, exit_.kind.value, exit_.reason, restart.value, exit_.traceback)
            )

    # Activities

    def _boot(self) -> Activity:
        """Start all children; the first that fails ends the supervisor (no restarts at first start)."""
        for child in list(self.children.values()):
            yield from self._start(child)
            if child.state is not ChildState.RUNNING and child.exit is not None:
                yield from self._wind_down(child.exit)
                return
        self.announce()

    def _start(self, child: Child) -> Activity:
        child.state, child.exit, child.began_at = ChildState.STARTING, None, self.clock()
        try:
            worker = child.build(self._hub, self._post)
            self._arm(child, child.spec.start_timeout)
            self._hub.runtime.launch(worker)
        except BaseException as error:  # noqa: BLE001 - a factory may raise anything
            if child.worker is not None:
                child.worker.fence()
            child.worker, child.exit = None, Exit.start_failed(child.path, error)
            self._start_failed(child)
        while child.state is ChildState.STARTING:
            yield

    def _halt(self, child: Child, *, for_good: bool = True) -> Activity:
        if child.state is ChildState.ENDED and child.exit is not None:
            self._report(child, child.exit, asked=True)
        if child.state not in LIVE:
            child.settle(ChildState.STOPPED)
            child.failed_at = None
        elif child.state is not ChildState.STOPPING:
            self._ask_to_stop(child)
        while child.state is ChildState.STOPPING:
            yield
        if for_good:
            child.handle.close()

    def _ask_to_stop(self, child: Child) -> None:
        child.state = ChildState.STOPPING
        if child.worker is not None:
            child.worker.stopping = True
            child.worker.mailbox.post(Stop())
        if child.spec.shutdown == 0:
            self._abandon(child, "it is to be ended without waiting")
        else:
            self._arm(child, child.spec.shutdown)

    def _recover(self, child: Child, exit_: Exit) -> Activity:
        """Decide what follows the end of a child that nobody asked for."""
        if child.state is not ChildState.ENDED or child.exit is not exit_:
            return  # a group restart has dealt with it already
        self._report(child, exit_, asked=False)
        restart = child.spec.restart
        if self._hub.fatal is not None:
            child.settle(ChildState.STOPPED)
        elif restart is Restart.PERMANENT or (restart is Restart.TRANSIENT and not exit_.is_clean):
            yield from self._restart_after_backoff(child)
        else:
            child.settle(ChildState.STOPPED)
            self._drop_temporary(child)
            child.handle.close()
            if self._was_the_point(child):
                yield from self._wind_down(NO_LONGER_NEEDED)

    def _restart_after_backoff(self, child: Child) -> Activity:
        delay = child.next_delay(self._hub.rng)
        if not delay:
            yield from self._restart(child)
            return
        for mate in reversed(self._group(child)):
            if mate is not child:
                yield from self._halt(mate, for_good=False)
        self._await_turn(child, delay)

    def _await_turn(self, child: Child, delay: float) -> None:
        """Try to restart a child later; without a delay, after the control messages that wait already."""
        child.settle(ChildState.RESTARTING)
        due = child.retry = RetryDue(child.spec.id)
        if not delay:
            self._post(due)
            return
        child.timer = self._hub.runtime.call_after(delay, lambda: self._post(due))
        self._hub.emit(RestartDelayed(child.path, child.attempts, delay))

    def _restart_due(self, due: RetryDue) -> Activity:
        child = self.children.get(due.id)
        if child is not None and child.retry is due and child.state is ChildState.RESTARTING:
            yield from self._restart(child)

    def _restart(self, child: Child) -> Activity:
        """Make one counted attempt to restart a child and those that go with it."""
        window = self.window
        if not window.admit(self.clock()):
            self._hub.emit(LimitReached(self.path, child.path, window.count, window.max_restarts, window.max_seconds))
            child.settle(ChildState.STOPPED)
            yield from self._wind_down(GAVE_UP)
            return
        group = self._group(child)
        child.settle(ChildState.RESTARTING)
        for mate in reversed(group):
            if mate is not child:
                yield from self._halt(mate, for_good=mate.spec.restart is Restart.TEMPORARY)
                self._drop_temporary(mate)
        group = [mate for mate in group if mate.spec.id in self.children]
        for place, mate in enumerate(group):
            yield from self._start(mate)
            if mate.state is not ChildState.RUNNING:
                if self.plan.strategy is Strategy.ONE_FOR_ALL:
                    for done in reversed(group[:place]):
                        yield from self._halt(done, for_good=False)
                self._await_turn(mate, mate.next_delay(self._hub.rng))
                return
            mate.restarts += 1
        self._hub.on_tree()

    def _wind_down(self, exit_: Exit) -> Activity:
        """Stop all children in reverse start order, then end with `exit_`."""
        self._winding_down = True
        for child in reversed(list(self.children.values())):
            yield from self._halt(child)
        self._exit = exit_

    # Small decisions

    def _enter(self, spec: ChildSpec) -> Child:
        prefix = "" if self.path == ROOT else f"{self.path}/"
        child = Child(spec, self._hub.handle(prefix + spec.id))
        self.children[spec.id] = child
        return child

    def _group(self, child: Child) -> list[Child]:
        """Return the children that go down and up with `child`, itself included, in start order."""
        everyone = list(self.children.values())
        if self.plan.strategy is Strategy.ONE_FOR_ALL:
            return everyone
        if self.plan.strategy is Strategy.REST_FOR_ONE:
            return everyone[everyone.index(child) :]
        return [child]

    def _drop_temporary(self, child: Child) -> None:
        if child.spec.restart is Restart.TEMPORARY:
            self.children.pop(child.spec.id, None)

    def _was_the_point(self, child: Child) -> bool:
        """Return True if the end of `child` ends this supervisor."""
        mode = self.plan.auto_shutdown
        if not child.spec.significant or mode is AutoShutdown.NEVER:
            return False
        waiting = LIVE | {ChildState.RESTARTING, ChildState.ENDED}
        others = (mate for mate in self.children.values() if mate is not child and mate.spec.significant)
        return mode is AutoShutdown.ANY_SIGNIFICANT or not any(mate.state in waiting for mate in others)
