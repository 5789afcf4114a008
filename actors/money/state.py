"""The state of the bankroll, as a fold over the journal's events.

`State.apply` is the only thing that changes it, at the moment an event is decided; `State.committed` takes the steps
that may only follow once the event is on disk. Replaying a journal does both, so start and recovery are one path.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import Any

from msgspec import structs

from actors.money.book import Book, Bucket, Posting
from actors.money.events import (
    AccountAdopted,
    AgentStarted,
    AgentStopped,
    CreditBooked,
    DifferenceAccepted,
    EscrowClosed,
    EscrowMoved,
    EscrowOpened,
    Event,
    HintTaken,
    HoldingsTaken,
    IntentClosed,
    IntentOpened,
    LaneCleared,
    LaneFailed,
    OutcomeUnknown,
    Reconciled,
    ReferralsNoted,
    SeedChecked,
    SessionStarted,
    StopLifted,
    StopSet,
    StrayBooked,
    SuspenseResolved,
    TradeBooked,
    WithdrawalMoved,
)
from actors.money.evidence import Referred
from actors.money.fairness import Unproven, unproven
from actors.money.machine import LaneState, move
from actors.money.outgoing import withdrawal_key
from actors.money.positions import Holdings
from actors.money.records import HOUSE, TRADING, Account, Contract, Lane, Tally, Void
from actors.money.risk import MICROS_PER_DAY, MICROS_PER_MINUTE, PAUSE, Exposure, next_midnight

RECENT_REFS = 10_000
"""How many references of the venue are kept in memory to know its rows by; the journal's index knows all."""

HINTS_KEPT = 10_000
"""How many pushed events are remembered by their ids; the journal's index knows all."""

UNPROVEN_MOST = 2_000
"""How many bets may wait for their seeds to be shown; a seed makes 1,000 draws at most."""

WATCH = 24 * 60 * MICROS_PER_MINUTE
"""How long the venue's bets are swept for one that was closed as not executed (microseconds)."""

HOLD = 10 * MICROS_PER_MINUTE
"""How long the stake of what is void is not staked again (microseconds): should it turn up, no limit is broken."""

NOT_WAITING = ("not_pending", "not_found")
"""Refusals of a cancel that tell that its order does not wait."""

COMMISSION = "referral_commission_"
"""How the reason of a referral's income begins; its level follows: l1, l2, l3."""

WATCHED_VOIDS = 1_000
"""How many intents that were not executed are remembered in case their bets turn up after all."""


@dataclass(slots=True)
class State:
    """Everything that the journal remembers. Amounts in micro-USD, times in UTC microseconds."""

    book: Book = field(default_factory=Book)
    accounts: dict[str, Account] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    open: dict[str, IntentOpened] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    holdings: dict[str, Holdings] = field(default_factory=dict)
    suspended: dict[str, Posting] = field(default_factory=dict)
    voids: dict[str, str] = field(default_factory=dict)
    watched: dict[str, Void] = field(default_factory=dict)
    recent: dict[str, str] = field(default_factory=dict)
    traded: dict[str, str] = field(default_factory=dict)
    withdrawals: dict[str, WithdrawalMoved] = field(default_factory=dict)
    referred: tuple[Referred, ...] = ()
    commissions: dict[str, int] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)
    unproven: dict[str, Unproven] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    tally_at_start: Tally = field(default_factory=Tally)
    epoch: int = 0
    run: str = ""
    run_at: int = 0
    run_epoch: int = 0
    ended_in_order: bool = True

    def account(self, name: str) -> Account:
        """Return what is known of an account, knowing nothing at first."""
        known = self.accounts.get(name)
        if known is None:
            known = self.accounts[name] = Account(name)
        return known

    def lane(self, name: str, account: str) -> Lane:
        """Return a lane, IDLE (or STOPPED with its account) when it is new, or at rest and moved to another account."""
        known = self.lanes.get(name)
        if known is None or (known.account != account and not known.intent and not known.failed):
            lane = self.lanes[name] = Lane(name, account)
            lane.state = self._rest(lane)
        return self.lanes[name]

    def exposure(self, account: str, now: int) -> Exposure:
        """Return the account's totals for the risk rules; a new day starts with what is there now."""
        known, equity = self.account(account), self.book.equity(account)
        same_day = known.day >= now // MICROS_PER_DAY  # a clock that was set back forgets nothing of its day
        available = max(0, self.book.balance(account, Bucket.AVAILABLE) - self._held(account, now))
        return Exposure(
            now=now,
            available_micro=available,
            open_micro=equity - available,
            equity_micro=equity,
            session_start_micro=known.session_start_micro,
            peak_micro=known.peak_micro,
            day_start_micro=known.day_start_micro if same_day else equity,
            loss_streak=known.loss_streak,
            fun_today_micro=known.fun_today_micro if same_day else 0,
            bets_at=known.bets_at,
        )

    def known(self, account: str) -> dict[str, str]:
        """Return the references of an account by which its rows are known; the casino's many never push out others."""
        return self.traded if account == TRADING else self.recent

    def watching(self, account: str, now: int) -> bool:
        """Whether a bet might still turn up: it was closed as not executed, or its stake lies in suspense."""
        suspended = any(held.account == account for held in self.suspended.values())
        return suspended or any(void.bet and void.account == account for void in self.younger(WATCH, now))

    def _held(self, account: str, now: int) -> int:
        if not self.watched:
            return 0
        return sum(void.hold_micro for void in self.younger(HOLD, now) if void.account == account)

    def younger(self, age: int, now: int) -> Iterator[Void]:
        """Return what was closed as not executed since then, the newest first."""
        # Of an earlier run counts when this one began: its clock may have been another.
        return takewhile(lambda void: now - max(void.at, self.run_at) < age, reversed(self.watched.values()))

    def apply(self, event: Event) -> None:
        """Take an event in.

        Raises:
            BookError: its postings break the book.
            IllegalTransition: the lane's table does not allow it.
        """
        self._roll_days(event.at)
        match event:
            case AgentStarted():
                self._start(event)
            case AgentStopped():
                self.ended_in_order = True
            case IntentOpened():
                self._open(event)
            case IntentClosed():
                self._close(event)
            case OutcomeUnknown():
                self.unknown[event.intent] = event.reason
            case EscrowOpened() | EscrowMoved() | WithdrawalMoved():
                self._watch(event)
            case StopSet() | StopLifted():
                self._stop(event)
            case LaneFailed() | LaneCleared():
                self._fail(event)
            case SeedChecked():
                self.unproven = {bet.intent: bet for bet in self.unproven.values() if bet.seed_hash != event.seed_hash}
            case HintTaken():
                self.hints[event.event_id] = event.type
                _trim(self.hints, HINTS_KEPT, HINTS_KEPT // 10)
            case _:
                self._book(event)
        for account in self.accounts.values():
            account.peak_micro = max(account.peak_micro, self.book.equity(account.name))

    def committed(self, event: Event) -> None:
        """Take the step that follows when the event is on disk."""
        if isinstance(event, IntentOpened | IntentClosed):
            self._settle(self.lanes[event.lane])

    def as_committed(self) -> "State":
        """Return this state as if all its events were on disk, for a snapshot written behind the last of them."""
        lanes = {name: replace(lane) for name, lane in self.lanes.items()}
        copy = replace(self, lanes=lanes)
        for lane in lanes.values():
            copy._settle(lane)  # noqa: SLF001  its own class
        return copy

    def replay(self, event: Event) -> None:
        """Take in an event that is on disk already."""
        self.apply(event)
        self.committed(event)

    def _settle(self, lane: Lane) -> None:
        if lane.state is LaneState.SIZING:
            self._move(lane, LaneState.PENDING)
        elif lane.state is LaneState.SETTLING:
            lane.intent = None
            self._move(lane, LaneState.ERROR if lane.failed else self._rest(lane))

    def _book(self, event: Event) -> None:
        self.book.post(getattr(event, "postings", ()))
        match event:
            case AccountAdopted():
                account = self._agree(event)
                account.session_start_micro = account.peak_micro = account.day_start_micro = event.balance_micro
                account.day = event.at // MICROS_PER_DAY
                for ref in event.known_refs:
                    self._remember(ref, "", event.account)
            case SessionStarted():
                account = self.account(event.account)
                account.session_start_micro, account.late = event.equity_micro, 0
                if event.after_stop:
                    account.day_start_micro = account.peak_micro = event.equity_micro
                    account.loss_streak = 0
            case StrayBooked():
                self._remember(event.venue_ref, event.intent or "", event.account)
                self.account(event.account).nonces += event.nonces
                self.tally.strays += 1
                if event.kind == "resurrected":
                    self.account(event.account).late += 1
                    self.watched = {tag: void for tag, void in self.watched.items() if void.intent != event.intent}
                self._shift(event.account, _from_outside(event.postings))
            case CreditBooked() | TradeBooked() | HoldingsTaken() | ReferralsNoted():
                self._enter(event)
            case EscrowClosed():
                self.contracts.pop(event.escrow_id, None)
                self._remember(f"{event.status}: {event.escrow_id}", "")
                self._shift(event.account, _from_outside(event.postings))
            case DifferenceAccepted():
                self._shift(event.account, event.amount_micro)
            case Reconciled():
                self._agree(event).shown = ()
            case SuspenseResolved():
                del self.suspended[event.intent]
            case _:
                pass  # the rest is told for the audit and moves nothing

    def _agree(self, event: AccountAdopted | Reconciled) -> Account:
        account = self.account(event.account)
        account.nonces = account.agreed_nonces = event.nonces
        account.reconciled_at, account.venue_at = event.at, event.venue_at
        account.holder = event.holder or account.holder
        account.cursor_at, account.cursor_refs = event.cursor_at, event.cursor_refs
        return account

    def _enter(self, event: CreditBooked | TradeBooked | HoldingsTaken | ReferralsNoted) -> None:
        if isinstance(event, ReferralsNoted):
            self.referred = event.referred
            return
        if isinstance(event, HoldingsTaken):
            self.holdings[event.account] = event.holdings
            return
        self._remember(event.venue_ref, "", event.account)
        if isinstance(event, CreditBooked):
            self._shift(event.account, event.amount_micro)
            if event.reason.startswith(COMMISSION):
                level = event.reason.removeprefix(COMMISSION).partition(":")[0]
                self.commissions[level] = self.commissions.get(level, 0) + event.amount_micro

    def _watch(self, event: EscrowOpened | EscrowMoved | WithdrawalMoved) -> None:
        if isinstance(event, WithdrawalMoved):
            before = self.withdrawals.pop(event.withdrawal_id, None)
            if event.under_way:
                self.withdrawals[event.withdrawal_id] = event
            if before and before.status == "reviewing":  # its row is seen again until the account is reconciled
                self.account(event.account).shown += (withdrawal_key(event.total_micro),)
            elif event.withdrawal_id not in self.recent:  # an operator's word closed it and could not name it
                self._remember(event.withdrawal_id, "")
        elif isinstance(event, EscrowOpened):
            self.contracts[event.escrow_id] = Contract(event)
            self._remember(event.escrow_id, event.intent)
        else:
            self.contracts[event.escrow_id].status = event.status

    def _start(self, event: AgentStarted) -> None:
        self.epoch, self.ended_in_order = event.epoch, False
        if event.run != self.run:
            self.run, self.tally_at_start = event.run, replace(self.tally)
            self.run_at, self.run_epoch = event.at, event.epoch
            for account in self.accounts.values():  # the clock may have been another
                account.bets_at = deque(min(at, event.at) for at in account.bets_at)
                if account.stop and account.stop.until:
                    until = min(account.stop.until, next_midnight(event.at))
                    account.stop = structs.replace(account.stop, until=until)

    def _open(self, event: IntentOpened) -> None:
        lane, account = self.lane(event.lane, event.account), self.account(event.account)
        self._move(lane, LaneState.SIZING)
        if event.postings:
            self.book.reserve(event.intent, event.postings[0])
        lane.intent = event.intent
        self.open[event.intent] = event
        self.tally.intents += 1
        self.tally.sent += 1
        if event.kind == "bet":
            account.bets_at.append(event.at)
            while account.bets_at[0] <= event.at - MICROS_PER_MINUTE:
                account.bets_at.popleft()
            account.fun_today_micro += event.stake_micro if event.fun else 0

    def _close(self, event: IntentClosed) -> None:
        opened, lane, account = self.open[event.intent], self.lanes[event.lane], self.account(event.account)
        if lane.state is not LaneState.ERROR:
            self._move(lane, LaneState.SETTLING)
        if opened.postings:
            self.book.resolve(event.intent, event.postings)
        del self.open[event.intent]
        self.unknown.pop(event.intent, None)
        if event.venue_ref:
            self._remember(event.venue_ref, event.intent, event.account)
            self._remember(opened.tag, event.intent)
        account.nonces += event.nonces
        if opened.kind == "cancel_order":
            self._cancel(opened, event)
        if event.shown:  # money that was sent out for good
            account.shown += (event.shown,)
            self._shift(event.account, _from_outside(event.postings))
        if event.outcome in ("void", "refused", "not_sent"):
            self._leave_unexecuted(opened, event)
        elif event.outcome == "incomplete":
            self.suspended[event.intent] = event.postings[0]
        elif event.outcome == "executed" and opened.kind == "bet":
            self._count_bet(opened, event, account)
        elif event.outcome == "executed" and opened.kind == "close_order":  # no earlier one did it
            self.watched = {tag: one for tag, one in self.watched.items() if one.subject != opened.subject}
        if lane.state is LaneState.ERROR:
            lane.intent = None

    def _cancel(self, opened: IntentOpened, event: IntentClosed) -> None:
        if event.outcome == "executed" or event.reason in NOT_WAITING:  # its margin comes back with the next reading
            held = self.holdings[event.account]
            orders = tuple(order for order in held.orders if order.order_id != opened.subject)
            self.holdings[event.account] = structs.replace(held, orders=orders)

    def _leave_unexecuted(self, opened: IntentOpened, event: IntentClosed) -> None:
        self.tally.void += event.outcome == "void"
        self.tally.sent -= event.outcome == "not_sent"
        if event.outcome == "void" and opened.kind == "escrow_act" and opened.subject in self.contracts:
            self.contracts[opened.subject].release_spent |= opened.params["act"] == "release"
        self.voids[opened.tag] = event.intent
        hold, is_bet = opened.stake_micro if event.outcome == "void" else 0, opened.kind == "bet"
        order = opened if opened.kind in ("order", "limit_order", "close_order") else None
        self.watched[opened.tag] = Void(event.intent, event.account, event.at, hold, is_bet, opened.subject, order)
        self._forget_unexecuted()

    def _forget_unexecuted(self) -> None:
        # First what was refused or not sent: there may be any number of that in a minute.
        while len(self.watched) > WATCHED_VOIDS:
            refused = (tag for tag, void in self.watched.items() if not void.hold_micro)
            del self.watched[next(refused, next(iter(self.watched)))]
        while len(self.voids) > WATCHED_VOIDS:
            del self.voids[next((tag for tag in self.voids if tag not in self.watched), next(iter(self.voids)))]

    def _count_bet(self, opened: IntentOpened, event: IntentClosed, account: Account) -> None:
        if event.nonce >= 0:
            earlier = reversed(self.unproven.values())
            self.unproven[event.intent] = unproven(opened, event, account.nonces, earlier)
            _trim(self.unproven, UNPROVEN_MOST, 1)
        gained = event.payout_micro > opened.stake_micro
        self.tally.bets += 1
        self.tally.won += gained
        self.tally.lost += not gained
        account.loss_streak = 0 if gained else account.loss_streak + 1

    def _stop(self, event: StopSet | StopLifted) -> None:
        account = self.account(event.account)
        halt = event if isinstance(event, StopSet) else None
        if event.rule == PAUSE:
            account.pause = halt
        else:
            account.stop = halt
        for lane in self.lanes.values():
            resting = lane.state in (LaneState.IDLE, LaneState.STOPPED)
            if lane.account == event.account and resting and lane.state is not self._rest(lane):
                self._move(lane, self._rest(lane))

    def _rest(self, lane: Lane) -> LaneState:
        halted = self.account(lane.account).halt and lane.name != HOUSE
        return LaneState.STOPPED if halted else LaneState.IDLE

    def _fail(self, event: LaneFailed | LaneCleared) -> None:
        if isinstance(event, LaneFailed):
            # A lane of the account that never had an intent may be unknown to the journal until now.
            lane = self.lane(event.lane, event.account)
            lane.failed, lane.culprit = event.reason, event.intent
            if lane.state not in (LaneState.SETTLING, LaneState.ERROR):
                self._move(lane, LaneState.ERROR)
        else:
            lane = self.lanes[event.lane]
            self._move(lane, self._rest(lane))
            lane.failed = lane.culprit = None

    def _move(self, lane: Lane, target: LaneState) -> None:
        lane.state = move(lane.name, lane.state, target, open_intent=lane.intent in self.open)

    def _roll_days(self, at: int) -> None:
        today = at // MICROS_PER_DAY
        for account in self.accounts.values():
            if account.day < today:
                account.fun_today_micro = 0
                account.day_start_micro = self.book.equity(account.name)
            # A clock that was set back makes no day begin twice, nor one of a far future end all days.
            account.day = max(today, min(account.day, today + 1))

    def _shift(self, name: str, amount_micro: int) -> None:
        # Money that came or went without being won or lost moves what the stop rules count from, or a deposit
        # would look like a profit and a payment for work like a loss.
        account = self.account(name)
        account.session_start_micro += amount_micro
        account.peak_micro += amount_micro
        account.day_start_micro += amount_micro

    def _remember(self, ref: str, intent: str, account: str = "") -> None:
        known = self.known(account)
        known[ref] = intent
        _trim(known, RECENT_REFS, RECENT_REFS // 10)


def _from_outside(postings: Iterable[Posting]) -> int:
    return sum(p.amount_micro * ((p.source is Bucket.EXTERNAL) - (p.target is Bucket.EXTERNAL)) for p in postings)


def _trim(kept: dict[str, Any], most: int, at_once: int) -> None:
    # To find the oldest, a dictionary walks over all that was taken from its front: of a long one many go at once.
    if len(kept) > most:
        for oldest in list(islice(kept, at_once)):
            del kept[oldest]
