"""What a child is, how it is restarted, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING, NoReturn

from supervision.intensity import Backoff

if TYPE_CHECKING:
    from supervision.supervisor import Supervisor
    from supervision.worker import Worker


class Strategy(Enum):
    """Which siblings go down and up with a failed child (OTP's names and order)."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"


class Restart(Enum):
    """After which ends a child is restarted: always, after a failure, never."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class AutoShutdown(Enum):
    """When the end of significant children ends their supervisor."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


class Overflow(Enum):
    """What a full mailbox does with one message more; whatever is dropped is a counted dead letter."""

    REJECT = "reject"
    """`tell` returns False, an ask raises `ActorDown`; the word for callers who can wait."""
    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    """As REJECT, but `tell` returns True: the sender is not to care."""


def wrong(field_name: str, value: object, allowed: str) -> NoReturn:
    """Raise the error of a wrong spec: it names the field, the value and what is allowed."""
    raise ValueError(f"{field_name}={value!r}: must be {allowed}")


def seconds(field_name: str, value: object, *, none_is: str = "") -> None:
    """Check a duration: a number of seconds >= 0, or None where `none_is` says what None means."""
    if value is None and none_is:
        return
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not isfinite(value) or value < 0:  # type: ignore[arg-type, operator]
        allowed = "a finite number of seconds >= 0" + (f", or None ({none_is})" if none_is else "")
        wrong(field_name, value, allowed)


def integer(field_name: str, value: object, least: int = 0) -> None:
    """Check a count."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        wrong(field_name, value, f"an integer >= {least}")


def member(field_name: str, value: object, kind: type[Enum]) -> None:
    """Check that a field holds a member of its enum."""
    if not isinstance(value, kind):
        wrong(field_name, value, "one of " + ", ".join(f"{kind.__name__}.{one.name}" for one in kind))


@dataclass(frozen=True, slots=True)
class MailboxSpec:
    """How messages wait for a child.

    Attributes:
        capacity: most messages that wait (None: unbounded, the fast default). Asks count too.
        overflow: what happens to one message more.
        latest_by: with a key function only the newest message of each key waits, in the place of the first
            (for prices: memory is bounded by the number of symbols). A key of None is an ordinary message.
        keep: messages that wait survive a restart, and those sent meanwhile are held; the message that was
            being handled at the failure is lost, never delivered twice.
    """

    capacity: int | None = None
    overflow: Overflow = Overflow.REJECT
    latest_by: Callable[[object], object] | None = None
    keep: bool = False

    def __post_init__(self) -> None:
        if self.capacity is not None:
            integer("mailbox.capacity", self.capacity, 1)
        member("mailbox.overflow", self.overflow, Overflow)
        if self.latest_by is not None and not callable(self.latest_by):
            wrong("mailbox.latest_by", self.latest_by, "a function from a message to its key, or None")
        if not isinstance(self.keep, bool):
            wrong("mailbox.keep", self.keep, "True or False")


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One child of a supervisor.

    Attributes:
        id: its name among its siblings, a part of its path; no "/" in it.
        factory: returns a constructed, not yet started worker; called in the supervisor's thread for each
            incarnation, so it must not block.
        restart: after which ends it is restarted.
        shutdown: seconds from the stop request to being abandoned; 0 abandons at once what does not end at
            once, None waits for ever (for supervisors, whose children have their own limits).
        start_timeout: seconds for `setup()`; None waits for ever.
        significant: its own end may end its supervisor, see `AutoShutdown`.
        backoff: delay before each restart (None: at once, as OTP).
        stall_after: seconds in one handler after which a stall is reported with its stack (None: no watchdog).
        restart_stalled: whether a stalled child is also abandoned and restarted; its thread stays behind, fenced.
        mailbox: how messages wait for it.
    """

    id: str
    factory: Callable[[], Worker]
    restart: Restart = field(default=Restart.PERMANENT, kw_only=True)
    shutdown: float | None = field(default=5.0, kw_only=True)
    start_timeout: float | None = field(default=5.0, kw_only=True)
    significant: bool = field(default=False, kw_only=True)
    backoff: Backoff | None = field(default=None, kw_only=True)
    stall_after: float | None = field(default=None, kw_only=True)
    restart_stalled: bool = field(default=False, kw_only=True)
    mailbox: MailboxSpec = field(default=MailboxSpec(), kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id or "/" in self.id or self.id == ".":
            wrong("id", self.id, 'a text that is not empty, not "." and has no "/"')
        if not callable(self.factory):
            wrong(f"{self.id}: factory", self.factory, "a callable that returns a Worker")
        member(f"{self.id}: restart", self.restart, Restart)
        seconds(f"{self.id}: shutdown", self.shutdown, none_is="wait for ever")
        seconds(f"{self.id}: start_timeout", self.start_timeout, none_is="wait for ever")
        seconds(f"{self.id}: stall_after", self.stall_after, none_is="no watchdog")
        for name in ("significant", "restart_stalled"):
            if not isinstance(getattr(self, name), bool):
                wrong(f"{self.id}: {name}", getattr(self, name), "True or False")
        if self.restart_stalled and self.stall_after is None:
            wrong(f"{self.id}: restart_stalled", True, "False without stall_after")
        if self.significant and self.restart is Restart.PERMANENT:
            wrong(f"{self.id}: significant", True, "False for a permanent child, which never ends for good")
        if self.backoff is not None and not isinstance(self.backoff, Backoff):
            wrong(f"{self.id}: backoff", self.backoff, "a Backoff, or None")
        if not isinstance(self.mailbox, MailboxSpec):
            wrong(f"{self.id}: mailbox", self.mailbox, "a MailboxSpec")

    @property
    def is_supervisor(self) -> bool:
        """True if the child is a supervisor, running or not."""
        return isinstance(self.factory, SupervisorSpec)


@dataclass(frozen=True, slots=True)
class SupervisorSpec:
    """The part of a supervisor's child spec that is about its own children; it is its factory."""

    build: Callable[[SupervisorSpec], Supervisor]
    children: tuple[ChildSpec, ...]
    strategy: Strategy
    max_restarts: int
    max_seconds: float
    auto_shutdown: AutoShutdown
    max_children: int | None = None
    dynamic: bool = False

    def __post_init__(self) -> None:
        member("strategy", self.strategy, Strategy)
        member("auto_shutdown", self.auto_shutdown, AutoShutdown)
        integer("max_restarts", self.max_restarts)
        if self.max_children is not None:
            integer("max_children", self.max_children)
        seconds("max_seconds", self.max_seconds)
        if self.max_seconds == 0:
            wrong("max_seconds", self.max_seconds, "above 0")
        check_children(self.children, self.auto_shutdown)

    def __call__(self) -> Supervisor:
        """Return a new supervisor, not yet started."""
        return self.build(self)


def check_children(children: Iterable[ChildSpec], auto_shutdown: AutoShutdown) -> None:
    """Check what one child's spec cannot know: unique ids, and a meaning for `significant`."""
    seen: set[str] = set()
    for child in children:
        if not isinstance(child, ChildSpec):
            wrong("children", child, "ChildSpec objects (a supervisor's comes from Supervisor.spec)")
        if child.id in seen:
            wrong("children", child.id, "unique ids")
        if child.significant and auto_shutdown is AutoShutdown.NEVER:
            wrong(f"{child.id}: significant", True, "False under auto_shutdown=AutoShutdown.NEVER")
        seen.add(child.id)
