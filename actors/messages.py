"""Every message between actors: frozen, slotted; commands in the imperative, events in the past tense.

Times are UTC microseconds, amounts micro-USD. A message names nobody but lanes, services and intents, so it can be
logged, replayed and sent to whichever incarnation is up.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from actors.money.events import Event, IntentClosed
from actors.money.evidence import Answer, EscrowView, Evidence, Query, Referred
from actors.money.positions import Holdings
from actors.money.risk import Denial
from actors.money.wagers import OpenEscrow, Wager
from actors.ticket import Ticket

# strategy <-> bankroll


class Propose(Struct, frozen=True):
    """A lane wants a wager. Answered by Denied, or in the end by Settled."""

    lane: str
    wager: Wager


class Denied(Struct, frozen=True):
    """The wager was not accepted; nothing was reserved. `nonsense` means the strategy itself is at fault."""

    lane: str
    denial: Denial
    nonsense: bool = False


class Settled(Struct, frozen=True):
    """The lane's intent is closed and its outcome is on disk.

    `retry_at`: it provably did nothing for a reason that passes, so the retry table may try anew, not before this time;
    None: no retry.
    """

    closed: IntentClosed
    stake_micro: int
    bankroll: "BankrollView"
    retry_at: int | None = None


class LaneOpened(Struct, frozen=True):
    """A strategy's actor is up and asks for its lane's view; answered with LaneView."""

    lane: str
    account: str


class BankrollView(Struct, frozen=True):
    """What a strategy may know of its account; `holdings` are a trading account's, `contracts` the watched escrows."""

    available_micro: int
    equity_micro: int
    peak_micro: int
    ready: bool
    holdings: Holdings = field(default_factory=Holdings)
    contracts: tuple[OpenEscrow, ...] = ()


class LaneView(Struct, frozen=True):
    """The state of a lane, sent when it changes in a way its strategy must react to."""

    lane: str
    state: str
    reason: str
    bankroll: BankrollView


# bankroll <-> journal


class Append(Struct, frozen=True):
    """Write events, all or none. Refused if a newer incarnation of the bankroll has asked for a replay."""

    token: int
    incarnation: int
    events: tuple[Event, ...]
    snapshot: str | None = None


class Appended(Struct, frozen=True):
    """The events of these tokens, which follow each other, are on disk."""

    tokens: tuple[int, ...]
    incarnation: int


class AppendRefused(Struct, frozen=True):
    """The journal would not take the events; nothing of this token is on disk."""

    token: int
    incarnation: int
    reason: str


class Replay(Struct, frozen=True):
    """A new bankroll asks for what stands behind a row (None: for everything).

    It passes through the journal's queue, so nothing older can follow it.
    """

    incarnation: int
    after: int | None = None


class Replayed(Struct, frozen=True):
    """A snapshot (JSON of the state, or None) and the events behind it, in order, up to `seq`; the last is `head`."""

    incarnation: int
    epoch: int
    head: int
    snapshot: str | None
    events: tuple[Event, ...]
    seq: int


# bankroll <-> services


class Place(Struct, frozen=True):
    """Send the ticket's request, once."""

    ticket: Ticket


class Answered(Struct, frozen=True):
    """What came of a ticket."""

    intent: str
    answer: Answer


class LookUp(Struct, frozen=True):
    """Read evidence of an account. Answered by Found or LookUpFailed with the same number."""

    number: int
    query: Query


class Found(Struct, frozen=True):
    """The evidence asked for."""

    number: int
    evidence: Evidence


class LookUpFailed(Struct, frozen=True):
    """The venue could not be read; nothing is known. `definite` says that asking again will not help (a wrong key)."""

    number: int
    account: str
    reason: str
    definite: bool = False


class RotateSeed(Struct, frozen=True):
    """Ask the venue to show the seed in use and to commit to a new one. Answered by SeedRotated in any case."""

    account: str


class SeedRotated(Struct, frozen=True):
    """The venue was asked to show an account's seed; the next reading tells whether it did."""

    account: str


class ServiceUp(Struct, frozen=True):
    """A service's actor is ready to work (its incarnation: a new one knows nothing of older tickets)."""

    service: str
    incarnation: int
    builtin: bool = False


class ServiceHealth(Struct, frozen=True):
    """A service's breaker changed: its sends fail at once while it is open."""

    service: str
    open: bool
    until: int = 0


class WatchEscrows(Struct, frozen=True):
    """The contracts that EscrowActor must look after."""

    escrow_ids: tuple[str, ...]


class EscrowsSeen(Struct, frozen=True):
    """How the watched contracts stand at the venue."""

    views: tuple[EscrowView, ...]


class ReferralsSeen(Struct, frozen=True):
    """Whom we brought to the venue, as it says."""

    referred: tuple[Referred, ...]


class DomainsSeen(Struct, frozen=True):
    """Which of the watched names are free, and what each costs in USD."""

    free: Mapping[str, Decimal]


# feeds -> services, bankroll, strategies


class Poll(Struct, frozen=True):
    """Read something at the venue now: its time has come, or an event hinted at it. Readings under way count."""

    service: str
    what: str


class Hint(Struct, frozen=True):
    """An event was pushed to us, and its signature is right. Answered with HintHeard; it books nothing."""

    event_id: str
    type: str


class HintHeard(Struct, frozen=True):
    """What became of a hint: on disk from here on, known already, or not taken now (it may come again)."""

    event_id: str
    outcome: Literal["taken", "duplicate", "refused"]


class Hinted(Struct, frozen=True):
    """A hint of this type is on disk: whoever polls has a look."""

    type: str


class Prices(Struct, frozen=True):
    """The prices of all markets; several frames may be conflated into one.

    None are given when they are not `fresh`: the feed is lost or silent, and an old price is worse than none.
    """

    at: int
    mids: Mapping[str, Decimal]
    fresh: bool = True


class PricesTaken(Struct, frozen=True):
    """A lane is ready for the next prices; until it says so it gets none, so they never pile up before it."""

    lane: str


# operators -> bankroll


class Pause(Struct, frozen=True):
    """Accept no new work until Resume. `drain` ends a run: answered with Drained when nothing is open."""

    reason: str


class Resume(Struct, frozen=True):
    """Lift a pause or a stop and begin a new session."""

    by: str


class Drain(Struct, frozen=True):
    """Accept no new work, wait for what is open, reconcile a last time, write the end; then `drained` in GetStatus."""

    reason: str


class Reconcile(Struct, frozen=True):
    """Compare the book with the venue; with `because`, accept a difference."""

    because: str | None = None


class Resolve(Struct, frozen=True):
    """An operator's word on an intent in ERROR."""

    intent: str
    verdict: Literal["executed", "void"]
    payout_micro: int
    because: str


class GetStatus(Struct, frozen=True):
    """Ask for the bankroll's Status (from outside the tree only)."""


class LaneStatus(Struct, frozen=True):
    """One lane for people; `why` tells what it waits for, `intent` is open, or the one over which it is in ERROR."""

    lane: str
    account: str
    state: str
    why: str
    intent: str | None


class Status(Struct, frozen=True):
    """The bankroll for people and for the summary.

    `difference_micro`: venue minus book, if they were compared after the last movement; else None. `mismatch_micro`: a
    difference that stopped the account. `closed` are services whose breaker is open; `commissions_micro` is what
    referrals have brought, by level. `holdings` says what trading accounts hold; `fees_micro` went to venues. `unread`
    are accounts that could not be read the last time, and why. `strays` are what no open intent explained: bets of
    another user of the key, second copies, and whatever turned up late.
    """

    phase: str
    drained: bool
    book_micro: int
    venue_micro: int | None
    equity_micro: int
    peak_micro: int
    suspense_micro: int
    next_stop: str
    stop_rule: str | None
    stop_reason: str | None
    lanes: tuple[LaneStatus, ...]
    open_intents: tuple[str, ...]
    bets: int
    won: int
    lost: int
    void: int
    unknown: int
    sent: int
    strays: int
    difference_micro: int | None
    mismatch_micro: int | None
    checked_at: int
    closed: tuple[str, ...] = ()
    referred: int = 0
    commissions_micro: Mapping[str, int] = field(default_factory=dict)
    holdings: tuple[str, ...] = ()
    fees_micro: int = 0
    unread: Mapping[str, str] = field(default_factory=dict)


# everybody -> reporter

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Notice(Struct, frozen=True):
    """One significant action, for the log, the console and the line of the minute.

    `text` is the sentence for people; the other fields are the machine's. `level` is a logging level's name.
    """

    at: int
    service: str
    action: str
    outcome: str
    text: str
    amount_micro: int | None = None
    intent: str | None = None
    lane: str | None = None
    level: Level = "INFO"
    extra: Mapping[str, str | int] = field(default_factory=dict)


class Notices(Struct, frozen=True):
    """What was noticed since the last report, in its order."""

    notices: tuple[Notice, ...]
