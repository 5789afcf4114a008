"""What the parts of the desk share: the state, the step being decided, the terms in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from actors.messages import BankrollView, LaneView, Level, Notice
from actors.money.events import Event, IncidentNoted, IntentOpened, LaneFailed
from actors.money.machine import LaneState
from actors.money.positions import NOTHING
from actors.money.records import HOUSE, Lane
from actors.money.risk import Exposure, Limits
from actors.money.state import State
from actors.money.wagers import Checked, Request

SECOND = 1_000_000
REPORTER = "reporter"

HOUSE_WAIT = 10 * SECOND
"""How long the house waits before it tries again what certainly did not come about (microseconds)."""

QUIET_DOUBLINGS = 4
"""How often at most the quiet period is doubled within a session."""


def clock(at: int) -> str:
    """Return a time (UTC microseconds) for people."""
    return f"{datetime.fromtimestamp(at // SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC"


class Boot(Struct, frozen=True):
    """This run of the machine, by which processes of one boot measure a wait together, however the clock is set.

    Attributes:
        boot: its id; "" where the system tells none, and then no two processes share it.
        began: when it began, by the calling process's wall clock (UTC microseconds).
    """

    boot: str
    began: int


class Terms(Struct, frozen=True):
    """What is configured. Times in microseconds.

    Attributes:
        agent: the agent's id; part of every tag.
        run: tells this run of the process from all others.
        version: of the program, for the audit trail.
        config: the configuration in force, without secrets, for the audit trail.
        limits: risk limits and sizing.
        send_timeout: how long a send may take in all.
        quiet_period: how long after `send_by` a request may still arrive at the venue.
        lookup_gap: least time between two negative readings that count.
        reconcile_every: period of the whole-account reconcile.
        services: those that take part.
        builtin_venue: whether boosted_coin may be played.
        dry_run: size, check and log, but open nothing.
        requests: builds the exact request of a wager: (wager, stake in micro-USD, tag).
        bets_limit: how many bets this run may make in all; None is no limit. Asked at every proposal.
        has_room: whether the disk has room for something new. Asked at every proposal.
        holders: by account, what tells it from others of its service; an account without one is not checked.
        boot: of the machine; see `Boot`.
        entropy: 128 random bits as 32 hexadecimal digits, from the operating system (a seed only in simulation).
    """

    agent: str
    run: str
    version: str
    config: Mapping[str, str]
    limits: Limits
    send_timeout: int
    quiet_period: int
    lookup_gap: int
    reconcile_every: int
    services: frozenset[str]
    builtin_venue: bool
    dry_run: bool
    requests: Callable[[Checked, int, str], Request]
    boot: Boot
    entropy: Callable[[], str]
    bets_limit: Callable[[], int | None]
    has_room: Callable[[], bool]
    holders: Mapping[str, str] = {}


class Mail(Struct, frozen=True):
    """A message and whom it is for: a service's name, "lane:NAME" or "reporter"."""

    to: str
    message: object


class Step(Struct, frozen=True):
    """One decision: events to write, and mail to send when they are on disk."""

    events: tuple[Event, ...] = ()
    mail: tuple[Mail, ...] = ()


@dataclass(slots=True)
class Track:
    """How far an open intent is, in this process: sizing, inflight, unknown. Nothing here needs to survive it.

    `quiet_until` is by this process's clock: another process's may have been set to any other time.
    """

    phase: Literal["sizing", "inflight", "unknown"]
    quiet_until: int
    next_look: int = 0
    looks: int = 0
    negatives: int = 0
    last_negative: int = 0


@dataclass(slots=True)
class Till:
    """The state and the step that is being decided.

    `losses` are those of open positions, by account (micro-USD); `tried` is what the house tried to close or cancel,
    and until when (UTC microseconds) it does not try that again.
    """

    state: State
    terms: Terms
    epoch: int
    now: int = 0
    moved_at: dict[str, int] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    losses: dict[str, int] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    _events: list[Event] = field(default_factory=list)
    _mail: list[Mail] = field(default_factory=list)

    def open(self, account: str) -> list[IntentOpened]:
        """Return the account's open intents."""
        return [opened for opened in self.state.open.values() if opened.account == account]

    def record(self, event: Event) -> None:
        """Decide an event: it counts from now on in memory, and its step's mail waits until it is on disk."""
        self.state.apply(event)
        self._events.append(event)
        for posting in getattr(event, "postings", ()):
            self.moved_at[posting.account] = self.now

    def quiet_until(self, opened: IntentOpened) -> int:
        """Return until when an intent's request may still arrive; each that came later doubles the period for all."""
        late = min(self.state.account(opened.account).late, QUIET_DOUBLINGS)
        return self.tracks[opened.intent].quiet_until + self.terms.quiet_period * ((1 << late) - 1)

    def send(self, to: str, message: object) -> None:
        """Add mail to the step."""
        self._mail.append(Mail(to, message))

    def say(
        self,
        service: str,
        action: str,
        outcome: str,
        text: str,
        *,
        amount_micro: int | None = None,
        intent: str | None = None,
        lane: str | None = None,
        level: Level = "INFO",
        **extra: str | int,
    ) -> None:
        """Add a notice for the log and the console to the step."""
        notice = Notice(self.now, service, action, outcome, text, amount_micro, intent, lane, level, extra)
        self.send(REPORTER, notice)

    def incident(self, name: str, text: str, intent: str | None = None) -> None:
        """Journal and report something that a person should see."""
        self.record(IncidentNoted(self.now, name, text, intent))
        self.say("bankroll", "incident", name, text, intent=intent, level="ERROR")

    def fail_lane(self, lane: str, intent: str, reason: str) -> None:
        """Put a lane into ERROR: a person must look at this intent of it."""
        self.record(LaneFailed(self.now, lane, reason, intent, self.state.lanes[lane].account))
        text = f"{lane} is in ERROR: {reason}; `explain {intent}` tells more, `resolve {intent}` frees it"
        self.say("bankroll", "lane", "error", text, intent=intent, lane=lane, level="ERROR")

    def view(self, account: str, *, ready: bool) -> BankrollView:
        """Return what a strategy may know of an account."""
        at, held = self.exposure(account), self.state.holdings.get(account, NOTHING)
        contracts = tuple(one.seen for one in self.state.contracts.values() if one.opened.account == account)
        return BankrollView(at.available_micro, at.equity_micro, at.peak_micro, ready, held, contracts)

    def exposure(self, account: str) -> Exposure:
        """Return the account's totals, less what open positions would lose if they were closed as last seen.

        A gain that is not realised counts for nothing.
        """
        at, losses = self.state.exposure(account, self.now), self.losses.get(account, 0)
        return replace(at, equity_micro=at.equity_micro - losses) if losses else at

    def tell_lanes(self, account: str, *, ready: bool) -> None:
        """Send every lane of an account its view, because something changed that its strategy may react to."""
        for lane in self.state.lanes.values():
            if lane.account == account:
                self.tell_lane(lane, ready=ready)

    def tell_lane(self, lane: Lane, *, ready: bool) -> None:
        """Send a lane its view. One that will be STOPPED when its intent is closed is shown as STOPPED."""
        if lane.name == HOUSE:  # it is the desk's own: nobody is there to be told
            return
        stop = self.state.account(lane.account).halt
        state = LaneState.STOPPED if stop and not lane.failed else lane.state
        reason = lane.failed or (stop.rule if stop else "")
        self.send(f"lane:{lane.name}", LaneView(lane.name, state, reason, self.view(lane.account, ready=ready)))

    @property
    def undecided(self) -> bool:
        """Whether events were recorded since the last step was cut."""
        return bool(self._events)

    def cut(self) -> Step:
        """Return the step and begin a new one."""
        step = Step(tuple(self._events), tuple(self._mail))
        self._events.clear()
        self._mail.clear()
        return step
