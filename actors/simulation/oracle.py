"""The judge: sees each durable row, each send and each execution, and knows what must never happen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from actors.journal import Row
from actors.journal.codec import decode
from actors.money.audit import payout_of
from actors.money.book import Bucket
from actors.money.events import (
    AccountAdopted,
    Event,
    HintTaken,
    HoldingsTaken,
    IntentClosed,
    IntentOpened,
    SeedChecked,
    StrayBooked,
    TradeBooked,
)
from actors.money.records import HOUSE
from actors.money.state import State
from actors.money.wagers import ALONE
from actors.simulation.services import Services
from actors.simulation.venue import SECOND, Venue

ACCOUNT = "casino"
READING_S = 30
"""How old a reading may be when it is booked, in seconds."""

MUST_RUN = ("escrow_create", "order", "limit_order", "register_domain")
"""Kinds that only their own request can have carried out; what closes or cancels may be another's doing."""

OPEN_CONTRACTS = ("funded", "completed", "disputed")


class Violation(AssertionError):  # noqa: N818  a finding
    """An invariant is broken; the text says which."""


@dataclass(slots=True)
class Oracle:
    """Folds the journal as it becomes durable and compares it with the venue's truth.

    Attributes:
        state: the fold of all acknowledged rows.
        sent: how often each intent's request was sent.
        doubled: tags of requests that the network delivered more than once.
        lied: tags of requests that the venue executed and denied, too late, or otherwise than asked.
        broken: intents whose proofs were found broken.
        services: the truth of the other services, where they take part.
        genuine: events that the venue pushed, by id.
    """

    venue: Venue
    state: State = field(default_factory=State)
    sent: Counter[str] = field(default_factory=Counter)
    doubled: set[str] = field(default_factory=set)
    lied: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    services: Services | None = None
    genuine: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    _rows: list[Row] = field(default_factory=list)
    _open: dict[str, IntentOpened] = field(default_factory=dict)
    _tags: dict[str, IntentOpened] = field(default_factory=dict)
    _booked: Counter[str] = field(default_factory=Counter)
    _claimed: Counter[str] = field(default_factory=Counter)
    _buckets: Counter[str] = field(default_factory=Counter)

    def durable(self, rows: Sequence[Row]) -> None:
        """Take in rows that are acknowledged: new ones, or all of them when a journal is opened."""
        if rows and rows[0].seq == 1:
            lost = [known.seq for known, row in zip_longest(self._rows, rows) if known and known != row]
            if lost:
                raise Violation(f"row {lost[0]} was acknowledged and is not on the disk")
            rows = rows[len(self._rows) :]
        for row in rows:
            self._rows.append(row)
            event = decode(row)
            self._judge(event)
            self.state.replay(event)
            if broken := self.state.book.violations():
                raise Violation("; ".join(broken))

    def sends(self, intent: str) -> None:
        """Judge the sending of an intent's request."""
        self.sent[intent] += 1
        if intent not in self._open:
            raise Violation(f"{intent} is sent but is not open on the disk")
        if self.sent[intent] > 1:
            raise Violation(f"{intent} is sent {self.sent[intent]} times")

    @property
    def in_doubt(self) -> bool:
        """Whether anything still has to be decided, by evidence or by a person, or is on its way to the venue."""
        state = self.state
        waits = state.open or state.suspended or any(lane.failed for lane in state.lanes.values())
        waits = waits or any(self.venue.flying.values())
        return bool(waits) or any(account.halt for account in state.accounts.values())

    def differences(self) -> list[str]:
        """Return every way in which book and venue differ, at the end."""
        venue, found = self.venue, []
        book = self._buckets[Bucket.AVAILABLE] + self._buckets[Bucket.RESERVED]
        if book != venue.balance:
            found.append(f"book {book}, venue {venue.balance}")
        for _, row in venue.rows:
            if self._booked[row.bet_id] != 1:
                found.append(f"{row.bet_id} ({row.tag}) is booked {self._booked[row.bet_id]} times")
        held = sum(
            view.amount_micro
            for view in venue.escrows.values()
            if view.status in OPEN_CONTRACTS and "[sk1-" in view.description
        )
        if held != self._buckets[Bucket.ESCROW_HELD]:
            found.append(f"{self._buckets[Bucket.ESCROW_HELD]} held in escrow, venue {held}")
        found += [
            f"{tag} was executed {times} times"
            for tag, times in venue.executed.items()
            if times > 1 and tag.startswith("sk1-") and tag not in self.doubled
        ]
        found += [f"{bet.intent} is not proven" for bet in self.state.unproven.values()]
        found += [f"{one} was cheated and nobody noticed" for one in self._ours(venue.cheated) - self.broken]
        found += [f"{tag} was executed without an intent" for tag in venue.executed if self._unknown(tag)]
        return found + self._elsewhere()

    def _elsewhere(self) -> list[str]:
        if self.services is None:
            return []
        book, market, cents = self.state.book, self.services.market, self.services.domains_cents
        shown = {
            "cash at the exchange": (book.at_venue("trading"), market.cash),
            "margin": (book.balance("trading", Bucket.MARGIN), market.margin_micro),
            "the domains' balance": (book.at_venue("domains"), cents * SECOND // 100),
            "fills": (sum(self._booked[f"fill:{row['tid']}"] for row in market.fills), len(market.fills)),
        }
        return [f"{what}: book {ours}, venue {theirs}" for what, (ours, theirs) in shown.items() if ours != theirs]

    def overdue(self, before: int) -> list[str]:
        """Return the bets of ours that were executed before a moment and are not booked.

        Not copies: no sweep looks for them, they wait for the next reconcile.
        """
        rows = (row for at, row in self.venue.rows if at < before and row.tag.startswith("sk1-"))
        return [row.bet_id for row in rows if not self._booked[row.bet_id] and row.tag not in self.doubled]

    def _ours(self, tags: set[str]) -> set[str]:
        booked = {row.tag for _, row in self.venue.rows if self._claimed[row.bet_id]}
        return {self._tags[tag].intent for tag in tags & booked}

    def _unknown(self, tag: str) -> bool:
        return tag.startswith("sk1-") and tag not in self._tags

    def _judge(self, event: Event) -> None:
        for posting in (one for one in getattr(event, "postings", ()) if one.account == ACCOUNT):
            self._buckets[posting.source] -= posting.amount_micro
            self._buckets[posting.target] += posting.amount_micro
        match event:
            case IntentOpened():
                self._judge_opening(event)
            case IntentClosed():
                self._judge_closing(event)
            case StrayBooked():
                self.outcomes[event.kind] += 1
                self._book(event.venue_ref)
            case TradeBooked():
                self._book(event.venue_ref)
            case HoldingsTaken():
                self._judge_holdings(event)
            case HintTaken() if event.event_id not in self.genuine:
                raise Violation(f"{event.event_id} was taken and is not the venue's")
            case SeedChecked():
                self._judge_proofs(event)
            case AccountAdopted():
                for reference in event.known_refs:
                    self._book(reference)

    def _judge_opening(self, event: IntentOpened) -> None:
        if any(one.lane == event.lane for one in self._open.values()):
            raise Violation(f"{event.lane} opens {event.intent} beside another intent")
        if (halt := self.state.account(event.account).halt) and event.lane != HOUSE:
            raise Violation(f"{event.intent} is opened while {halt.rule} is in force")
        beside = [one for one in self._open.values() if one.account == event.account]
        if any(one.kind in ALONE for one in (*beside, event)) and beside:
            raise Violation(f"{event.intent} is opened beside {beside[0].intent}, and one of them must be alone")
        if event.tag in self._tags:
            raise Violation(f"the tag of {event.intent} was used before")
        self._open[event.intent] = self._tags[event.tag] = event

    def _judge_closing(self, event: IntentClosed) -> None:
        opened = self._open.pop(event.intent, None)
        if opened is None:
            raise Violation(f"{event.intent} is closed but was not open")
        self.outcomes[event.outcome] += 1
        self.outcomes[f"{opened.kind} {event.outcome}"] += 1
        if event.venue_ref:
            self._claimed[event.venue_ref] += 1
            self._book(event.venue_ref)
        tag, by_hand = opened.tag, event.by == "operator"
        match event.outcome:
            case "executed" if opened.kind == "bet" and not by_hand:
                row = next((row for _, row in self.venue.rows if row.bet_id == event.venue_ref), None)
                if row is None or row.tag != tag or payout_of(row) != event.payout_micro:
                    raise Violation(f"{event.intent} is booked as {event.venue_ref}, the venue has {row}")
            case "executed":
                if not self.venue.executed[tag] and opened.kind in MUST_RUN and not by_hand:
                    raise Violation(f"{event.intent} is booked but was never executed")
            case "incomplete":
                shown = event.venue_ref in {row.bet_id for _, row in self.venue.rows}
                if shown or event.venue_ref not in {row.reference for row in self.venue.ledger}:
                    raise Violation(f"{event.intent} is incomplete, but {event.venue_ref} is no lone debit")
            case _:
                self._judge_unexecuted(event, tag)

    def _judge_holdings(self, event: HoldingsTaken) -> None:
        if self.services is None:
            return
        moved = sum(p.amount_micro * (1 if p.target is Bucket.MARGIN else -1) for p in event.postings)
        margin = self.state.book.balance(event.account, Bucket.MARGIN) + moved
        if margin != event.holdings.margin_micro:
            raise Violation(f"{margin} are set aside as margin, what is held needs {event.holdings.margin_micro}")
        market, settled = self.services.market, self.services.now - READING_S * SECOND
        for coin, held in market.held.items():
            if market.moved_at[coin] < settled and event.holdings.size(coin) != held.size:
                raise Violation(f"{event.holdings.size(coin)} {coin} are believed, there are {held.size}")

    def _judge_proofs(self, event: SeedChecked) -> None:
        self.outcomes["broken" if event.broken else "proven"] += 1
        self.broken.update(event.broken)
        tags = {opened.intent: opened.tag for opened in self._tags.values()}
        honest = [intent for intent in event.broken if tags[intent] not in self.venue.cheated]
        if honest:
            raise Violation(f"{honest[0]} was decided honestly, its proof is called broken")

    def _judge_unexecuted(self, event: IntentClosed, tag: str) -> None:
        if tag in self.lied:
            return
        if self.venue.executed[tag]:
            raise Violation(f"{event.intent} is {event.outcome} ({event.reason}) but was executed")
        if self.venue.flying[tag]:
            raise Violation(f"{event.intent} is {event.outcome} ({event.reason}) but may still be executed")

    def _book(self, reference: str) -> None:
        self._booked[reference] += 1
        if self._booked[reference] > 1:
            raise Violation(f"{reference} is booked twice")
