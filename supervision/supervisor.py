"""A supervisor: which children go down and up together, how often, and when to give up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from supervision.admin import ORDERS, Admin, count, listing
from supervision.child import LIVE, Child, ChildState
from supervision.events import LimitReached, RestartDelayed
from supervision.exits import DECLINED, ActorDown, ChildRefused, Exit, ExitKind, StartError
from supervision.handle import Ask, Handle, Reply
from supervision.intensity import Backoff
from supervision.notices import RetryDue
from supervision.nursery import Activity, Nursery
from supervision.spec import AutoShutdown, ChildSpec, Restart, Strategy, SupervisorSpec, check, check_children

GAVE_UP = Exit(ExitKind.SHUTDOWN, "restart limit reached")
NO_LONGER_NEEDED = Exit(ExitKind.SHUTDOWN, "significant children ended")
EXPECTED = frozenset({ChildState.RESTARTING, ChildState.ENDED}) | LIVE  # not ended for good


class Supervisor(Nursery):
    """A worker whose work is its children; make one with `Supervisor.spec`.

    It is up when its last child is up; it ends its children, in reverse order, before it ends. Its counting, its
    orders and its answers are those of OTP's supervisor.
    """

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
        limits = (max_restarts, max_seconds, auto_shutdown)
        plan = SupervisorSpec(cls, tuple(children), strategy, *limits)
        kind = {"restart": restart, "significant": significant, "backoff": backoff}
        return ChildSpec(id, plan, shutdown=shutdown, start_timeout=None, **cast("Any", kind))

    def __init__(self, plan: SupervisorSpec) -> None:
        super().__init__(plan)
        self._asked_by: set[Reply] = set()

    # Activities

    def boot(self) -> Activity:
        """Start all children; the first that fails ends the supervisor (no restarts at first start)."""
        for child in list(self.children.values()):
            yield from self.start_one(child)
            if child.exit is DECLINED:
                self._drop_if_done(child)
            elif child.exit is not None and child.state is ChildState.STOPPED:
                yield from self.wind_down(child.exit)
                return
        self.announce()

    def recover(self, child: Child, exit_: Exit) -> Activity:
        """Decide what follows the end of a child that nobody asked for."""
        if child.state is not ChildState.ENDED or child.exit is not exit_:
            return  # a group restart has dealt with it already
        self.report(child, exit_, asked=False)
        restart = child.spec.restart
        if self._hub.fatal is not None:
            child.settle(ChildState.STOPPED)
        elif restart is Restart.PERMANENT or (restart is Restart.TRANSIENT and not exit_.is_clean):
            yield from self._restart_after_backoff(child)
        else:
            child.settle(ChildState.STOPPED)
            self._drop_if_done(child)
            child.handle.close()
            if self._was_the_point(child):
                yield from self.wind_down(NO_LONGER_NEEDED)

    def _restart_after_backoff(self, child: Child) -> Activity:
        child.settle(ChildState.RESTARTING)
        delay = child.next_delay(self._hub.rng)
        if not delay:
            yield from self._restart(child)
            return
        for mate in reversed(self._group(child)):
            if mate is not child:
                yield from self.halt(mate, for_good=False)
        self._await_turn(child, delay)

    def _await_turn(self, child: Child, delay: float) -> None:
        """Try to restart a child later; without a delay, after the control messages that wait already."""
        child.settle(ChildState.RESTARTING)
        if child.failed_at is None:
            child.failed_at = self.clock()
        due = child.retry = RetryDue(child.spec.id)
        if not delay:
            self.mailbox.post(due)
            return
        child.timer = self._hub.runtime.call_after(delay, lambda: self.mailbox.post(due))
        self._hub.emit(RestartDelayed(child.path, child.attempts, delay))

    def _control(self, item: Any) -> None:
        if isinstance(item, RetryDue):
            self.jobs.append(self._retry(item))
            self._pump()
        else:
            super()._control(item)

    def _retry(self, due: RetryDue) -> Activity:
        child = self.children.get(due.id)
        if child is not None and child.retry is due and child.state is ChildState.RESTARTING:
            yield from self._restart(child)

    def _restart(self, child: Child) -> Activity:
        """Make one counted attempt to restart a child and those that go with it."""
        window = self.window
        if not window.admit(self.clock()):
            limits = (window.count, window.max_restarts, window.max_seconds)
            self._hub.emit(LimitReached(self.path, child.path, *limits))
            child.settle(ChildState.STOPPED)
            yield from self.wind_down(GAVE_UP)
            return
        group = self._group(child)
        child.settle(ChildState.RESTARTING)
        for mate in reversed(group):
            if mate is not child:
                yield from self.halt(mate, for_good=mate.spec.restart is Restart.TEMPORARY)
                self._drop_if_done(mate)
        group = [mate for mate in group if mate.spec.id in self.children]
        for place, mate in enumerate(group):
            yield from self.start_one(mate)
            if mate.exit is not None and mate.exit.kind is ExitKind.START_FAILED:
                if self.plan.strategy is Strategy.ONE_FOR_ALL:
                    for done in reversed(group[:place]):
                        yield from self.halt(done, for_good=False)
                for later in group[place + 1 :]:
                    later.settle(ChildState.STOPPED)
                self._await_turn(mate, mate.next_delay(self._hub.rng))
                return
            mate.restarts += 1
        self._hub.on_tree()

    def _group(self, child: Child) -> list[Child]:
        """Return the children that go down and up with `child`, itself included, in start order."""
        everyone = list(self.children.values())
        if self.plan.strategy is Strategy.ONE_FOR_ALL:
            return everyone
        if self.plan.strategy is Strategy.REST_FOR_ONE:
            return everyone[everyone.index(child) :]
        return [child]

    def _drop_if_done(self, child: Child) -> None:
        """Forget a child that has ended for good, if its kind leaves no entry."""
        if child.spec.restart is Restart.TEMPORARY:
            self.drop(child)

    def _was_the_point(self, child: Child) -> bool:
        """Return True if the end of `child` ends this supervisor."""
        mode = self.plan.auto_shutdown
        if not child.spec.significant or mode is AutoShutdown.NEVER:
            return False
        others = (mate for mate in self.children.values() if mate is not child and mate.spec.significant)
        return mode is AutoShutdown.ANY_SIGNIFICANT or not any(mate.state in EXPECTED for mate in others)

    # What `Children` asks for

    def _answer(self, ask: Ask) -> None:
        message = ask.message
        if not isinstance(message, Admin):
            super()._answer(ask)
        elif message.order == "which_children":
            ask.reply.answer(listing(self.children.values()))
        elif message.order == "count_children":
            ask.reply.answer(count(self.children.values()))
        elif message.order in ORDERS:
            self._asked_by.add(ask.reply)
            self.jobs.append(self._serve(ask.reply, message))
            self._pump()

    def finish(self) -> None:
        """End as any worker; who still waits for an answer is told."""
        super().finish()
        for reply in self._asked_by:
            reply.fail(ActorDown(f"{self.path} ended before it answered"))

    def _serve(self, reply: Reply, message: Admin) -> Activity:
        try:
            yield from getattr(self, f"_{message.order}")(reply, *message.arguments)
        except (ChildRefused, ValueError) as refusal:
            reply.fail(refusal)
        self._asked_by.discard(reply)

    def _start_child(self, reply: Reply, *specs: ChildSpec) -> Activity:
        check(len(specs) == 1, "start_child", specs, "called with one ChildSpec")
        check_children(specs, self.plan.auto_shutdown)
        there = self.children.get(specs[0].id)
        if there is not None:
            raise ChildRefused("already_present" if there.state is ChildState.STOPPED else "already_started")
        yield from self._started(reply, self.enter(specs[0]), keep_failed=False)

    def _restart_child(self, reply: Reply, name: str) -> Activity:
        yield from self._started(reply, self._stopped_child(name), keep_failed=True)

    def _started(self, reply: Reply, child: Child, *, keep_failed: bool) -> Activity:
        yield from self.start_one(child)
        error = child.exit.error if child.exit is not None else None
        if child.exit is not None:
            child.handle.close()
        if isinstance(error, StartError):
            if not keep_failed:
                self.drop(child)
            reply.fail(error)
        elif child.exit is DECLINED:
            self._drop_if_done(child)
            reply.answer(None)
        else:
            reply.answer(child.handle)

    def _terminate_child(self, reply: Reply, name: str) -> Activity:
        child = self._known_child(name)
        yield from self.halt(child)
        self._drop_if_done(child)
        for mate in self.children.values():
            if mate.state is ChildState.STOPPED:  # it may have waited to be restarted together with this child
                mate.handle.close()
        reply.answer(None)

    def _delete_child(self, reply: Reply, name: str) -> Activity:
        self.drop(self._stopped_child(name))
        reply.answer(None)
        yield from ()

    def _get_childspec(self, reply: Reply, name: str) -> Activity:
        reply.answer(self._known_child(name).spec)
        yield from ()

    def _known_child(self, name: str | Handle) -> Child:
        check(isinstance(name, (str, Handle)), "child", name, "an id or a Handle")
        child = self.children.get(name if isinstance(name, str) else name.path.rpartition("/")[2])
        if child is None or (isinstance(name, Handle) and child.handle is not name):
            raise ChildRefused("not_found")
        return child

    def _stopped_child(self, name: str) -> Child:
        child = self._known_child(name)
        if child.state is not ChildState.STOPPED:
            raise ChildRefused("restarting" if child.state is ChildState.RESTARTING else "running")
        return child
