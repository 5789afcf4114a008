"""What a child is, how it is restarted, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any

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


class Overflow(Enum):
    """What a full mailbox does with one message more; whatever is dropped is a counted dead letter.

    Attributes:
        REJECT: `tell` returns False, an ask raises `ActorDown`; the word for callers who can wait.
        DROP_OLDEST: the message that has waited longest goes.
        DROP_NEWEST: as REJECT, but `tell` returns True: the sender is not to care.
    """

    REJECT = "reject"
    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"


def check(good: bool, name: str, value: object, allowed: str) -> None:
    """Raise the error of a wrong spec: it names the field, the value and what is allowed."""
    if not good:
        raise ValueError(f"{name}={value!r}: must be {allowed}")


def check_number(
    name: str, value: object, least: float = 0, what: str = "a finite number of seconds", kind: Any = (int, float)
) -> None:
    """Check a finite number of a kind that is not a bool."""
    number = isinstance(value, kind) and not isinstance(value, bool)
    check(number and least <= value < inf, name, value, f"{what} >= {least}")  # type: ignore[operator]


def check_member(name: str, value: object, kind: type[Enum]) -> None:
    """Check that a field holds a member of its enum."""
    allowed = ", ".join(f"{kind.__name__}.{one.name}" for one in kind)
    check(isinstance(value, kind), name, value, f"one of {allowed}")


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
        finish: at a stop request what waits is handled first, as far as the child's `shutdown` allows; else the stop
            overtakes it.
    """

    capacity: int | None = None
    overflow: Overflow = Overflow.REJECT
    latest_by: Callable[[object], object] | None = None
    keep: bool = False
    finish: bool = False

    def __post_init__(self) -> None:
        if self.capacity is not None:
            check_number("mailbox.capacity", self.capacity, 1, "an integer", int)
        check_member("mailbox.overflow", self.overflow, Overflow)
        key = self.latest_by
        check(key is None or callable(key), "mailbox.latest_by", key, "a function from a message to its key, or None")
        for name in ("keep", "finish"):
            check(isinstance(getattr(self, name), bool), f"mailbox.{name}", getattr(self, name), "True or False")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delay before a restart, with jitter, capped after the jitter.

    Attributes:
        first: seconds before the first restart.
        cap: most seconds before any restart.
        factor: by which each further restart waits longer, >= 1.
        jitter: share of the delay that is added at random, 0.2 = up to 20 %.
        reset_after: seconds of health after which the next failure counts as the first again.
    """

    first: float = 0.1
    cap: float = 30.0
    factor: float = 2.0
    jitter: float = 0.2
    reset_after: float = 60.0

    def __post_init__(self) -> None:
        for name, least in (("first", 0), ("cap", 0), ("factor", 1), ("jitter", 0), ("reset_after", 0)):
            check_number(f"backoff.{name}", getattr(self, name), least, "a finite number")
        check(self.cap >= self.first, "backoff.cap", self.cap, f"at least backoff.first={self.first!r}")

    def delay(self, attempt: int, rng: Random) -> float:
        """Return the seconds before restart number `attempt`, counted from 1."""
        try:
            grown = self.first * self.factor ** (attempt - 1)
        except OverflowError:
            grown = self.cap
        return min(self.cap, grown * (1 + self.jitter * rng.random()))


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
        thread: the name of a thread that it shares with all workers of the system that name it too (None: its own).
            They take turns in the order of their messages, and one that blocks holds up the others: for actors that
            wait for each other anyway, as a change of threads costs more than most handlers. Not for supervisors.
    """

    id: str
    factory: Callable[[], Worker]
    _: KW_ONLY
    restart: Restart = Restart.PERMANENT
    shutdown: float | None = 5.0
    start_timeout: float | None = 5.0
    significant: bool = False
    backoff: Backoff | None = None
    stall_after: float | None = None
    restart_stalled: bool = False
    mailbox: MailboxSpec = MailboxSpec()
    thread: str | None = None

    def __post_init__(self) -> None:
        good = isinstance(self.id, str) and self.id not in ("", ".") and "/" not in self.id
        check(good, "id", self.id, 'a text that is not empty, not "." and has no "/"')
        me = f"{self.id}: "
        check(callable(self.factory), f"{me}factory", self.factory, "a callable that returns a Worker")
        check_member(f"{me}restart", self.restart, Restart)
        for name in ("shutdown", "start_timeout", "stall_after"):
            if getattr(self, name) is not None:
                check_number(me + name, getattr(self, name), what="None or a finite number of seconds")
        for name in ("significant", "restart_stalled"):
            check(isinstance(getattr(self, name), bool), me + name, getattr(self, name), "True or False")
        good = self.stall_after is not None or not self.restart_stalled
        check(good, f"{me}restart_stalled", True, "False without stall_after")
        good = not self.significant or self.restart is not Restart.PERMANENT
        check(good, f"{me}significant", True, "False for a permanent child, which never ends for good")
        good = self.backoff is None or isinstance(self.backoff, Backoff)
        check(good, f"{me}backoff", self.backoff, "a Backoff, or None")
        check(isinstance(self.mailbox, MailboxSpec), f"{me}mailbox", self.mailbox, "a MailboxSpec")
        good = self.thread is None or (isinstance(self.thread, str) and self.thread != "" and not self.is_supervisor)
        check(good, f"{me}thread", self.thread, "a text that is not empty, or None; None for a supervisor")

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
        check_member("strategy", self.strategy, Strategy)
        check_member("auto_shutdown", self.auto_shutdown, AutoShutdown)
        check_number("max_restarts", self.max_restarts, 0, "an integer", int)
        if self.max_children is not None:
            check_number("max_children", self.max_children, 0, "an integer", int)
        check_number("max_seconds", self.max_seconds)
        check(self.max_seconds > 0, "max_seconds", self.max_seconds, "above 0")
        check_children(self.children, self.auto_shutdown)

    def __call__(self) -> Supervisor:
        """Return a new supervisor, not yet started."""
        return self.build(self)


def check_children(children: Iterable[ChildSpec], auto_shutdown: AutoShutdown) -> None:
    """Check what one child's spec cannot know: unique ids, and a meaning for `significant`."""
    seen: set[str] = set()
    for child in children:
        good = isinstance(child, ChildSpec)
        check(good, "children", child, "ChildSpec objects (a supervisor's comes from Supervisor.spec)")
        check(child.id not in seen, "children", child.id, "unique ids")
        good = not child.significant or auto_shutdown is not AutoShutdown.NEVER
        check(good, f"{child.id}: significant", True, "False under auto_shutdown=AutoShutdown.NEVER")
        seen.add(child.id)
