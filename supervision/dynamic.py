"""A supervisor of many children of one kind, started at run time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, cast

from supervision.child import Child
from supervision.exits import ChildRefused, Exit
from supervision.handle import Reply
from supervision.nursery import Activity
from supervision.spec import AutoShutdown, ChildSpec, Restart, Strategy, SupervisorSpec
from supervision.supervisor import Supervisor


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
        self._winding_down = True
        for child in list(self.children.values()):
            self.ask_to_stop(child)
        for child in list(self.children.values()):
            yield from self.halt(child)
        self._exit = exit_

    def _start_child(self, reply: Reply, *arguments: Any) -> Activity:
        limit = self.plan.max_children
        if limit is not None and len(self.children) >= limit:
            raise ChildRefused("max_children")
        (template,) = self.plan.children
        factory = cast("Callable[..., Any]", template.factory)
        spec = replace(template, id=f"{template.id}-{next(self._numbers)}", factory=partial(factory, *arguments))
        yield from self._started(reply, self.enter(spec), keep_failed=False)

    def drop(self, child: Child) -> None:
        """Forget an entry and its handle: no later child has the same name."""
        super().drop(child)
        self._hub.forget(child.path)

    def _drop_if_done(self, child: Child) -> None:
        self.drop(child)

    def _restart_child(self, *_: Any) -> Activity:
        raise ChildRefused("not_supported")

    def _delete_child(self, *_: Any) -> Activity:
        raise ChildRefused("not_supported")
