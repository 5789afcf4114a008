"""Supervisors: which children go down and up together, how often, when to give up, and what one may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, cast

from supervision.admin import Admin, count_of, listing
from supervision.child import Child
from supervision.events import LimitReached, RestartDelayed
from supervision.exits import DECLINED, ActorDown, ChildRefused, Exit, ExitKind, StartError
from supervision.handle import Ask, Handle, Reply
from supervision.nursery import Activity, Nursery
from supervision.spec import (
    AutoShutdown,
    Backoff,
    ChildSpec,
    ChildState,
    Restart,
    Strategy,
    SupervisorSpec,
    check,
    check_children,
)

GAVE_UP = Exit(ExitKind.SHUTDOWN, "restart limit reached")
NO_LONGER_NEEDED = Exit(ExitKind.SHUTDOWN, "significant children ended")


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
        return ChildSpec(
            id, plan, restart=restart, shutdown=shutdown, start_timeout=None, significant=significant, backoff=backoff
        )

    def __init__(self, plan: SupervisorSpec) -> None:
        super().__init__(plan)
        self._asked_by: set[Reply] = set()

    # Activities

    def setup(self) -> None:
        """Begin to start the children, in order."""
        if not self.plan.dynamic:
            for spec in self.plan.children:
                self.enter(spec)
        self.jobs.append(self._boot())
        self._pump()

    def _boot(self) -> Activity:
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
        self.report(child, asked=False)
        restart = child.spec.restart
        if self._hub.fatal is not None:
            self._settle(child, ChildState.STOPPED)
        elif restart is Restart.TEMPORARY or (restart is Restart.TRANSIENT and exit_.is_clean):
            self._settle(child, ChildState.STOPPED)
            self._drop_if_done(child)
            child.handle.close()
            if self._was_the_point(child):
                yield from self.wind_down(NO_LONGER_NEEDED)
        elif child.spec.backoff is None:
            yield from self._restart(child)
        else:
            yield from self._halt_mates(child)
            self._await_turn(child)

    def _await_turn(self, child: Child) -> None:
        """Try to restart a child later; without a backoff, after the messages that wait already."""
        child.note_failure(self.clock())
        delay = child.next_delay(self._hub.rng)
        self._settle(child, ChildState.RESTARTING, delay)
        if delay:
            self._hub.emit(RestartDelayed(child.path, child.attempts, delay))

    def retry(self, child: Child, attempt: int) -> Activity:
        """Try again to restart a child whose wait is over."""
        if child.state is ChildState.RESTARTING and child.attempts == attempt:  # else it was dealt with meanwhile
            yield from self._restart(child)

    def _restart(self, child: Child) -> Activity:
        """Make one counted attempt to restart a child and those that go with it."""
        if not self.window.admit(self.clock()):
            self._hub.emit(LimitReached(self.path, child.path, *self.window.figures))
            self._settle(child, ChildState.STOPPED)
            yield from self.wind_down(GAVE_UP)
            return
        yield from self._halt_mates(child)
        group = self._group(child)
        for place, mate in enumerate(group):
            yield from self.start_one(mate)
            if mate.exit is not None and mate.exit.kind is ExitKind.START_FAILED:
                if self.plan.strategy is Strategy.ONE_FOR_ALL:
                    for done in reversed(group[:place]):
                        yield from self.halt(done, for_good=False)
                for later in group[place + 1 :]:
                    self._settle(later, ChildState.STOPPED)
                self._await_turn(mate)
                return
            mate.restarts += 1
        self._hub.on_tree()

    def _halt_mates(self, child: Child) -> Activity:
        """Stop those that go down with `child`, the temporary ones for good."""
        self._settle(child, ChildState.RESTARTING)
        for mate in reversed(self._group(child)):
            if mate is not child:
                yield from self.halt(mate, for_good=mate.spec.restart is Restart.TEMPORARY)
                self._drop_if_done(mate)

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
        if child.spec.restart is Restart.TEMPORARY or self.plan.dynamic:
            self.drop(child)

    def _was_the_point(self, child: Child) -> bool:
        """Return True if the end of `child` ends this supervisor."""
        mode = self.plan.auto_shutdown
        if not child.spec.significant or mode is AutoShutdown.NEVER:
            return False
        others = (mate for mate in self.children.values() if mate is not child and mate.spec.significant)
        return mode is AutoShutdown.ANY_SIGNIFICANT or all(mate.state is ChildState.STOPPED for mate in others)

    # What `Children` asks for

    def _answer(self, ask: Ask) -> None:
        message = ask.message
        if not isinstance(message, Admin):
            super()._answer(ask)
        elif message.order == "which_children":
            ask.reply.answer(listing(self.children.values()))
        elif message.order == "count_children":
            ask.reply.answer(count_of(self.children.values()))
        else:
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
            reply.answer((yield from getattr(self, f"_{message.order}")(*message.arguments)))
        except (ChildRefused, StartError, ValueError) as error:
            reply.fail(error)
        self._asked_by.discard(reply)

    def _start_child(self, *specs: ChildSpec) -> Activity:
        check(len(specs) == 1, "start_child", specs, "called with one ChildSpec")
        check_children(specs, self.plan.auto_shutdown)
        there = self.children.get(specs[0].id)
        if there is not None:
            raise ChildRefused("already_present" if there.state is ChildState.STOPPED else "already_started")
        return (yield from self._start_new(specs[0]))

    def _start_new(self, spec: ChildSpec) -> Activity:
        child = self.enter(spec)
        try:
            return (yield from self._start_by_hand(child))
        except StartError:
            self.drop(child)
            raise

    def _start_by_hand(self, child: Child) -> Activity:
        yield from self.start_one(child)
        if child.exit is None:
            return child.handle
        child.handle.close()
        if child.exit.error is not None:
            raise child.exit.error
        if child.exit is DECLINED:
            self._drop_if_done(child)
            return None
        return child.handle

    def _restart_child(self, name: str) -> Activity:
        return (yield from self._start_by_hand(self._stopped_child(name)))

    def _terminate_child(self, name: str | Handle) -> Activity:
        child = self._known_child(name)
        yield from self.halt(child)
        self._drop_if_done(child)
        for mate in self.children.values():
            if mate.state is ChildState.STOPPED:  # it may have waited to be restarted together with this child
                mate.handle.close()

    def _delete_child(self, name: str) -> Activity:
        self.drop(self._stopped_child(name))
        yield from ()

    def _get_childspec(self, name: str | Handle) -> Activity:
        yield from ()
        return self._known_child(name).spec

    def _known_child(self, name: str | Handle) -> Child:
        check(isinstance(name, (str, Handle)), "child", name, "an id or a Handle")
        child = self.children.get(name if isinstance(name, str) else name.path.rpartition("/")[2])
        if child is None or (isinstance(name, Handle) and child.handle is not name):
            raise ChildRefused("not_found")
        return child

    def _stopped_child(self, name: str) -> Child:
        if self.plan.dynamic:
            raise ChildRefused("not_supported")
        child = self._known_child(name)
        if child.state is not ChildState.STOPPED:
            raise ChildRefused("restarting" if child.state is ChildState.RESTARTING else "running")
        return child


class DynamicSupervisor(Supervisor):
    """One for one over children made from one template; stops them all at once.

    Children are named `id-1`, `id-2`, ... after the template; entries that end for good are dropped. Restarting and
    deleting by hand are refused with `not_supported`.
    """

    def __init__(self, plan: SupervisorSpec) -> None:
        super().__init__(plan)
        self._numbers = count(1)

    @classmethod
    def spec(  # type: ignore[override]  # a template in the place of children
        cls,
        id: str,  # noqa: A002
        template: ChildSpec,
        *,
        max_children: int | None = None,
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        auto_shutdown: AutoShutdown = AutoShutdown.NEVER,
        shutdown: float | None = None,
        restart: Restart = Restart.PERMANENT,
    ) -> ChildSpec:
        """Return the spec of a dynamic supervisor, which starts with no children.

        Args:
            id: its name among its siblings.
            template: spec of every child; its factory gets the arguments of `Children.start_child`, also at restarts.
            max_children: most children at a time, those that are being restarted included; None for no limit.
            max_restarts: see `Supervisor.spec`.
            max_seconds: see `Supervisor.spec`.
            auto_shutdown: whether the end of significant children ends it.
            shutdown: seconds for its whole stop; None trusts the limit of the template.
            restart: after which of its ends it is restarted.

        Raises:
            ValueError: a field is wrong; the text names the field, the value and what is allowed.
        """
        limits = (max_restarts, max_seconds, auto_shutdown)
        plan = SupervisorSpec(cls, (template,), Strategy.ONE_FOR_ONE, *limits, max_children, dynamic=True)
        return ChildSpec(id, plan, shutdown=shutdown, start_timeout=None, restart=restart)

    def wind_down(self, exit_: Exit) -> Activity:
        """Ask all children to stop and wait for them together: as long as the slowest takes."""
        for child in list(self.children.values()):
            self.ask_to_stop(child)
        yield from super().wind_down(exit_)

    def _start_child(self, *arguments: Any) -> Activity:
        limit = self.plan.max_children
        if limit is not None and len(self.children) >= limit:
            raise ChildRefused("max_children")
        (template,) = self.plan.children
        factory = cast("Callable[..., Any]", template.factory)
        name = f"{template.id}-{next(self._numbers)}"
        return (yield from self._start_new(replace(template, id=name, factory=partial(factory, *arguments))))
