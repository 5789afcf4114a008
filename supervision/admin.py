"""The children of a running supervisor: list, start, terminate, restart and delete them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from supervision.child import Child
from supervision.handle import Handle
from supervision.spec import ChildSpec, ChildState, Restart


@dataclass(frozen=True, slots=True)
class Admin:
    """A message to a supervisor: the name of a method of `Children`, and its arguments."""

    order: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """One line of `which_children`: `state` is that of `Node`; the handle is up unless it says otherwise."""

    id: str
    handle: Handle
    state: str
    restart: Restart
    is_supervisor: bool


@dataclass(frozen=True, slots=True)
class ChildCount:
    """Entries in all, those that run, and how many entries are supervisors and workers."""

    specs: int
    active: int
    supervisors: int
    workers: int


class Children:
    """The children of the supervisor at a path; get it from `System.children`.

    Each method asks the supervisor and blocks this thread, at most `timeout` seconds. The supervisor answers
    `which_children` and `count_children` at once, the others after what it is at. Beside what `Handle.ask` raises,
    `ChildRefused.answer` is OTP's answer: `already_started`, `already_present`, `running`, `restarting`, `not_found`,
    `max_children` or `not_supported`.
    """

    def __init__(self, supervisor: Handle, timeout: float) -> None:
        self._supervisor = supervisor
        self._timeout = timeout

    def which_children(self) -> tuple[ChildInfo, ...]:
        """Return all entries, the newest first."""
        return cast("tuple[ChildInfo, ...]", self._ask("which_children"))

    def count_children(self) -> ChildCount:
        """Return how many there are."""
        return cast("ChildCount", self._ask("count_children"))

    def start_child(self, *what: Any) -> Handle | None:
        """Add and start a child; return its handle, or None if it declined.

        Args:
            what: a `ChildSpec`; for a dynamic supervisor the arguments of its template's factory.

        Raises:
            StartError: it did not start; no entry is kept.
            ValueError: the spec does not fit this supervisor.
        """
        return cast("Handle | None", self._ask("start_child", *what))

    def terminate_child(self, child: str | Handle) -> None:
        """Stop a child, also one that waits for its restart; its entry stays unless it is temporary."""
        self._ask("terminate_child", child)

    def restart_child(self, child: str) -> Handle | None:
        """Start a child that is stopped; not counted as a restart. Raises as `start_child`, but keeps the entry."""
        return cast("Handle | None", self._ask("restart_child", child))

    def delete_child(self, child: str) -> None:
        """Forget a child that is stopped."""
        self._ask("delete_child", child)

    def get_childspec(self, child: str | Handle) -> ChildSpec:
        """Return the spec of a child."""
        return cast("ChildSpec", self._ask("get_childspec", child))

    def _ask(self, order: str, *arguments: Any) -> Any:
        return self._supervisor.ask(Admin(order, arguments), self._timeout)


def listing(children: Iterable[Child]) -> tuple[ChildInfo, ...]:
    """Return the answer to `which_children`."""
    infos = [
        ChildInfo(one.spec.id, one.handle, one.shown_state.value, one.spec.restart, one.spec.is_supervisor)
        for one in children
    ]
    return tuple(reversed(infos))


def count_of(children: Iterable[Child]) -> ChildCount:
    """Return the answer to `count_children`."""
    everyone = list(children)
    supervisors = sum(one.spec.is_supervisor for one in everyone)
    active = sum(one.worker is not None and one.shown_state is not ChildState.RESTARTING for one in everyone)
    return ChildCount(len(everyone), active, supervisors, len(everyone) - supervisors)
