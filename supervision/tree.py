"""The tree as a frozen snapshot, as text, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from supervision.child import Child
from supervision.spec import SupervisorSpec
from supervision.supervisor import Supervisor

NAME_WIDTH = 25  # columns of the rendered tree before the state
STATE_WIDTH = 13


@dataclass(frozen=True, slots=True)
class Node:
    """One child as it was at the moment of the snapshot.

    Attributes:
        id: its name among its siblings.
        path: its place in the tree.
        state: starting, running, ending, ended, restarting, stopping or stopped.
        strategy: of a supervisor; None for other workers.
        incarnation: 0 before the first start.
        restarts: how often its supervisor has restarted it.
        note: the line it published with `Worker.note`.
        waiting: messages in its mailbox.
        up_seconds: since its `setup()` returned; None if it is not running.
        busy_seconds: in the current handler; None if idle, or without `stall_after`.
        last_exit: how its last incarnation ended, or an empty text.
        children: of a supervisor, in start order.
    """

    id: str
    path: str
    state: str
    strategy: str | None
    incarnation: int
    restarts: int
    note: str
    waiting: int
    up_seconds: float | None
    busy_seconds: float | None
    last_exit: str
    children: tuple[Node, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the subtree as plain dicts and lists, ready for JSON."""
        return asdict(self)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, in start order."""
        yield self
        for child in self.children:
            yield from child.walk()


def snapshot(child: Child, now: float) -> Node:
    """Return the subtree below an entry; reads fields that others write and asks nobody."""
    worker = child.worker
    plan = child.spec.factory
    below = list(worker.children.values()) if isinstance(worker, Supervisor) else []
    up_at, busy_since = child.up_at, worker.busy_since if worker else None
    return Node(
        id=child.spec.id,
        path=child.path,
        state=child.shown_state.value,
        strategy=plan.strategy.value if isinstance(plan, SupervisorSpec) else None,
        incarnation=child.handle.incarnation,
        restarts=child.restarts,
        note=worker.note_text if worker else "",
        waiting=child.mailbox.depth() if child.mailbox else 0,
        up_seconds=now - up_at if up_at is not None and child.handle.is_up() else None,
        busy_seconds=now - busy_since if busy_since is not None else None,
        last_exit=str(child.exit) if child.exit else "",
        children=tuple(snapshot(one, now) for one in below),
    )


def render(node: Node) -> str:
    """Return the tree as text, one line per child."""
    top = _line(node, node.id, _restarts(sum(one.restarts for one in node.walk())))
    return "\n".join([top, *_lines(node.children, "")])


def _lines(nodes: tuple[Node, ...], indent: str) -> Iterator[str]:
    for node in nodes:
        last = node is nodes[-1]
        text = f"{node.note}  ({_restarts(node.restarts)})".strip() if node.restarts else node.note
        yield _line(node, indent + ("`- " if last else "|- ") + node.id, text)
        yield from _lines(node.children, indent + ("   " if last else "|  "))


def _line(node: Node, name: str, text: str) -> str:
    state = node.strategy if node.strategy and node.state == "running" else node.state.upper()
    return f"{name:<{NAME_WIDTH - 1}} {state:<{STATE_WIDTH}}{text}".rstrip()


def _restarts(count: int) -> str:
    return f"{count} restart" if count == 1 else f"{count} restarts"
