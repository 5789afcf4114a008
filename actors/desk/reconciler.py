"""Reconciling: the book against the venue, the account as a whole, with nothing open."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from actors.desk import settle
from actors.desk.prover import PROOFS, Prover
from actors.desk.till import Till
from actors.desk.trading import held_text, reductions
from actors.desk.watch import Asked, Watch
from actors.money.amounts import usd
from actors.money.audit import Audit, audit, listed_after_all, payout_of, turned_up, vanished
from actors.money.book import Bucket, moved
from actors.money.events import (
    AccountAdopted,
    AgentStopped,
    DifferenceAccepted,
    Event,
    HoldingsTaken,
    IncidentNoted,
    Reconciled,
    StopLifted,
    StopSet,
    StrayBooked,
)
from actors.money.evidence import Evidence
from actors.money.history import cursor
from actors.money.risk import MISMATCH
from actors.money.trading import taken

MISMATCHES = 2
"""Readings that must agree on a difference before it counts: a credit may land between two reads."""


@dataclass(slots=True)
class Reconciler:
    """Adopts accounts, explains differences, and writes the end of a run when everything agrees."""

    till: Till
    watches: dict[str, Watch]
    draining: str | None = None
    drained: bool = False

    @property
    def prover(self) -> Prover:
        """Who checks the bets against their seeds."""
        return Prover(self.till)

    def adopt(self, evidence: Evidence, asked: Asked, watch: Watch) -> None:
        """Meet an account: its balance is the opening entry, everything older is not ours."""
        now, name, balance = self.till.now, evidence.account, evidence.balance_micro
        at, refs = cursor(evidence.history)
        known = (*(row.bet_id for row in evidence.rows), *(row.ref for row in evidence.history if row.ref))
        known += tuple(order.order_id for order in (evidence.trading.limits if evidence.trading else ()))
        postings = moved(name, Bucket.EXTERNAL, Bucket.AVAILABLE, balance)
        holder = self.till.terms.holders.get(name, "")
        self.till.record(
            AccountAdopted(now, name, balance, evidence.nonces, at, refs, known, postings, evidence.venue_at, holder)
        )
        accounts = self.till.state.accounts
        pause = next((one.pause for one in accounts.values() if one.pause), None)
        if pause and not accounts[name].pause:  # it was meant for whatever there is
            self.till.record(replace(pause, at=now, account=name))
        self._book(taken(name, None, evidence, 0, now))
        shown = usd(balance, 6)
        self._agreed(name, asked, watch, 0, f"account adopted | book {shown} = venue {shown} USD  OK")

    def reconcile(self, evidence: Evidence, asked: Asked, watch: Watch) -> None:
        """Book what the venue explains; agree, or stop and say by how much book and venue differ."""
        self._note_vanished(evidence, asked, watch)
        self._note_listed(evidence, watch)
        found = audit(self.till.state, evidence, self.till.now, asked.since)
        if not found.clean and not self._accepts(evidence.account, watch, found):
            watch.accept = None  # nobody accepts what nobody was told
            self._differ(evidence.account, asked, watch, found)
            return
        self.book(found)
        name, till = evidence.account, self.till
        self._note_orphans(evidence, found)
        if found.nonce_gap:
            till.incident("nonce_gap", f"{found.nonce_gap} draws at the venue that no known bet explains")
        accepted = not found.clean
        if accepted:
            self._accept(name, watch.accept or "", found.unexplained_micro)
        book = till.state.book.at_venue(name)
        venue = evidence.balance_micro
        cursor_at, cursor_refs, venue_at = found.cursor_at, found.cursor_refs, evidence.venue_at
        holder = till.terms.holders.get(name, "")
        till.record(Reconciled(till.now, name, book, venue, evidence.nonces, cursor_at, cursor_refs, venue_at, holder))
        stop = till.state.account(name).stop
        if stop and stop.rule == MISMATCH:
            till.record(StopLifted(till.now, name, MISMATCH, "reconciled"))
        self.prover.check(evidence, watch)
        self._agreed(name, asked, watch, book, f"book {usd(book, 6)} = venue {usd(evidence.balance_micro, 6)} USD  OK")

    def _agreed(self, name: str, asked: Asked, watch: Watch, book_micro: int, text: str) -> None:
        first = not watch.ready
        because, watch.accept = watch.taken(asked), None
        watch.ready, watch.differs_micro, watch.differed = True, None, 0
        watch.checked_at = self.till.now
        if first or because not in ("the period", PROOFS):
            text = f"{name}: {text}" if len(self.watches) > 1 else text
            why = because or ""
            self.till.say("bankroll", "reconcile", "ok", text, amount_micro=book_micro, because=why, account=name)
        settle.check_stops(self.till, name)
        if because != PROOFS and self.prover.ask(name, watch, ending=bool(self.draining)):
            return
        if self.draining:
            self.end()
        else:
            self.till.tell_lanes(name, ready=True)

    def _differ(self, name: str, asked: Asked, watch: Watch, found: Audit) -> None:
        same = watch.differs_micro == found.unexplained_micro
        watch.differs_micro, watch.differed = found.unexplained_micro, watch.differed + 1 if same else 1
        watch.next_at = self.till.now + self.till.terms.lookup_gap
        if watch.differed < MISMATCHES:
            return
        because, watch.ready, watch.checked_at = watch.taken(asked), False, self.till.now
        book = self.till.state.book.at_venue(name)
        text = f"book {usd(book, 6)}, venue {usd(watch.venue_micro or 0, 6)}: {_by(found)}"
        text = f"{text}{f'; {found.drift}' if found.drift else ''}"
        way_out = "look at `ledger`, then `reconcile --accept --because TEXT`"
        stop = self.till.state.account(name).stop
        known = because == "the period" and stop is not None and stop.value == text  # polls come twice a minute
        self.till.say("bankroll", "reconcile", "mismatch", f"{text}; {way_out}", level="DEBUG" if known else "ERROR")
        # In the place of any other stop, which is set again if its rule is still broken.
        if stop is None or stop.rule != MISMATCH:
            self.till.record(StopSet(self.till.now, name, MISMATCH, "book = venue", text))
        self.till.tell_lanes(name, ready=False)
        self.end()

    def _accepts(self, name: str, watch: Watch, found: Audit) -> bool:
        if watch.accept is None:
            return False
        if watch.accepts_micro is not None:
            return watch.accepts_micro == found.unexplained_micro
        stop = self.till.state.account(name).stop
        return stop is not None and stop.rule == MISMATCH and _by(found) in stop.value

    def _accept(self, name: str, because: str, amount_micro: int) -> None:
        held = sum(p.amount_micro for p in self.till.state.suspended.values() if p.account == name)
        suspense = self.till.state.book.balance(name, Bucket.SUSPENSE) - held
        if amount_micro < 0:
            way = Bucket.AVAILABLE, Bucket.SUSPENSE
        else:
            way = Bucket.SUSPENSE if suspense >= amount_micro else Bucket.EXTERNAL, Bucket.AVAILABLE
        postings = moved(name, *way, abs(amount_micro))
        self.till.record(DifferenceAccepted(self.till.now, name, amount_micro, because, postings))
        text = f"a difference of {usd(amount_micro, 6)} USD accepted: {because}"
        self.till.say("bankroll", "reconcile", "accepted", text, amount_micro=amount_micro, level="WARNING")

    def sweep(self, evidence: Evidence, asked: Asked, watch: Watch) -> None:
        """Look through a listing that was read while bets may be under way: only what it shows is proof.

        A bet whose intent was closed as not executed is booked at once. Whatever else is odd is noted, and the account
        is compared as soon as nothing is open.
        """
        self._note_vanished(evidence, asked, watch)
        self._note_listed(evidence, watch)
        for stray in turned_up(self.till.state, evidence, self.till.now):
            watch.want("a bet that turned up")
            available = self.till.state.book.balance(evidence.account, Bucket.AVAILABLE)
            if stray.kind == "resurrected" and available + stray.payout_micro >= stray.stake_micro:
                self._book([stray])

    def _note_vanished(self, evidence: Evidence, asked: Asked, watch: Watch) -> None:
        # A venue may list a bet as late as it may execute one.
        for bet in vanished(self.till.state, evidence, asked.at - self.till.terms.quiet_period):
            if bet.venue_ref not in watch.vanished:
                watch.vanished.add(bet.venue_ref)
                text = f"{bet.venue_ref}, booked for {bet.intent}, is no longer listed by the venue; the book stays"
                self.till.incident("contradiction", text, bet.intent)
                if not watch.wanted:
                    watch.want("a bet that vanished")

    def _note_listed(self, evidence: Evidence, watch: Watch) -> None:
        # Not booked by itself: the venue may have given the stake back before.
        for intent, row in listed_after_all(self.till.state, evidence):
            if row.bet_id not in watch.listed:
                watch.listed.add(row.bet_id)
                way_out = f"`resolve {intent} --as executed --payout {usd(payout_of(row), 6)}`"
                text = f"{row.bet_id}, whose stake is in suspense, is listed after all; {way_out} books it as listed"
                self.till.incident("listed_late", text, intent)

    def _note_orphans(self, evidence: Evidence, found: Audit) -> None:
        # Only we make such tags: the journal that knew this one is lost, or another one has our name.
        ours = f"sk1-{self.till.terms.agent}-"
        tags = {row.bet_id: row.tag for row in evidence.rows if row.tag.startswith(ours)}
        for stray in found.events:
            if isinstance(stray, StrayBooked) and stray.kind == "foreign" and stray.venue_ref in tags:
                text = (
                    f"{stray.venue_ref} has our tag {tags[stray.venue_ref]}, which this journal does not know; booked"
                )
                self.till.incident("orphan", text)

    def book(self, found: Audit) -> None:
        """Book what explaining found."""
        self._book(found.events)
        for escrow_id in found.unseen:
            text = f"the venue took money for {escrow_id} and shows no such contract; booked as money that went"
            self.till.incident("escrow_unseen", text)

    def _book(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, IncidentNoted):
                self.till.incident(event.name, event.text, event.intent)
                continue
            self.till.record(event)
            if isinstance(event, HoldingsTaken):
                self.till.say("bankroll", "holdings", "taken", held_text(event.account, event.holdings))
            elif isinstance(event, StrayBooked):
                text = f"{event.venue_ref} at the venue is {event.kind}: stake {usd(event.stake_micro)}, booked"
                if event.kind == "foreign":
                    self.till.say("bankroll", "stray", event.kind, text, level="WARNING")
                    continue
                self.till.incident(event.kind, text, event.intent)
                if event.kind == "duplicate":
                    self._fail_lanes(event.account, event.intent or "")
            else:
                reason = getattr(event, "reason", getattr(event, "status", ""))
                amount = getattr(event, "amount_micro", 0)
                self.till.say("bankroll", "credit", "booked", f"{reason}: {usd(amount, 6)} USD", amount_micro=amount)

    def _fail_lanes(self, account: str, intent: str) -> None:
        # Whatever delivers requests twice does it to every lane of the account.
        for lane in self.till.state.lanes.values():
            if lane.account == account and not lane.failed:
                self.till.fail_lane(lane.name, intent, "the venue executed one request more than once")

    def give_up(self, watch: Watch) -> None:
        """The venue cannot be read: an end that waits for it waits no longer."""
        if self.draining:
            watch.give_up()
            self.end()

    def end(self) -> None:
        """Write the end of a run that is to end, if nothing is open, to be read, or left to try.

        What is open on an account that this agent does not serve, it cannot find out about.
        """
        if self.draining is None or self.drained:
            return
        waited_for = any(opened.account in self.watches for opened in self.till.state.open.values())
        if not waited_for and not any(
            w.wanted or reductions(self.till, name, ending=True) for name, w in self.watches.items()
        ):
            self.till.record(AgentStopped(self.till.now, self.draining))
            self.drained = True


def _by(found: Audit) -> str:
    return f"differ by {usd(found.unexplained_micro, 6)} USD"
