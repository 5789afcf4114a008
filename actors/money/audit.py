"""Explaining the venue's balance: which rows of its evidence the book lacks, and what remains unexplained.

Pure: takes the state and the evidence, returns drafts of events. Money is what the venue says, so a row that no open
intent explains is booked as foreign (another user of the key), duplicate (a second copy of ours) or resurrected (turned
up after it was closed as not executed); other movements are booked by the venue's own reason.
"""

from collections.abc import Collection, Sequence
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from actors.money.amounts import TOLERANCE_MICRO, times
from actors.money.book import AT_VENUE, Bucket, Posting, moved
from actors.money.escrows import ended, opened_escrow
from actors.money.events import (
    CreditBooked,
    Event,
    IncidentNoted,
    IntentOpened,
    StrayBooked,
    StrayKind,
    TradeBooked,
)
from actors.money.evidence import BetRow, EscrowView, Evidence, HistoryRow, LedgerRow
from actors.money.fairness import Unproven
from actors.money.history import BET_REASONS, cursor, fresh_rows, unlisted_stakes, withdrawals_moved
from actors.money.outgoing import DOMAIN, PAYMENT, WITHDRAWAL, row_key
from actors.money.positions import NOTHING, TradeDone
from actors.money.state import WATCH, State
from actors.money.trading import SKEW, drift, find_trade, second_orders, taken

DEBIT_SLACK = 5_000_000
"""How much older than the intents that are asked about a stake may be in the ledger (microseconds)."""

CLOCKS_APART = 2_000_000
"""How far the venue's times may be from ours (microseconds): it tells them, and what its clock says, in seconds."""

LOCK = "escrow_lock: "
REFUND = "escrow_timeout_refund: "
PARLAY = "parlay"
"""The one game whose money moves under reasons of its own: its rows would count it twice."""


class Audit(Struct, frozen=True):
    """What explaining came to.

    Attributes:
        events: what must be booked, in order.
        unexplained_micro: venue minus book after booking them; within the tolerance it is zero.
        nonce_gap: draws at the venue that no known bet explains.
        debits: stakes that went and left no bet, or no contract, anywhere: ledger reference and amount.
        covers_since: whether the ledger's 50 rows reach back behind the moment asked about.
        cursor_at, cursor_refs: how far the history has been booked now.
        unseen: contracts that took money and that the venue does not show.
        drift: how positions differ from what fills made of them; "" if they do not.
    """

    events: tuple[Event, ...]
    unexplained_micro: int
    nonce_gap: int
    debits: tuple[tuple[str, int], ...]
    covers_since: bool
    cursor_at: str
    cursor_refs: tuple[str, ...]
    unseen: tuple[str, ...] = ()
    drift: str = ""
    grain_micro: int = 0

    @property
    def clean(self) -> bool:
        """Whether book and venue agree on the money and on what is held."""
        return abs(self.unexplained_micro) <= max(TOLERANCE_MICRO, self.grain_micro) and not self.drift


_exact = lru_cache(maxsize=1024)(Fraction)  # there are as many multipliers as kinds of bets


def payout_of(row: BetRow) -> int:
    """Return what a row pays in micro-USD, exactly: the venue reports it rounded to cents but credits it unrounded."""
    return times(row.stake_micro, _exact(row.multiplier)) if row.won else 0


def bet_postings(account: str, source: Bucket, stake_micro: int, payout_micro: int) -> tuple[Posting, ...]:
    """Return the postings of a bet whose stake lies in `source`."""
    stake = Posting(account, source, Bucket.PROFIT, stake_micro)
    payout = Posting(account, Bucket.PROFIT, Bucket.AVAILABLE, payout_micro)
    return (stake, payout) if payout_micro else (stake,)


def audit(state: State, evidence: Evidence, now: int, since: int) -> Audit:
    """Explain the difference between the book and the venue's evidence.

    Args:
        state: the state, with no send of the account under way.
        evidence: a detailed reading, or one that agrees with the book.
        now: for the events.
        since: UTC microseconds; whether the ledger's window covers everything after it is reported.
    """
    name = evidence.account
    account = state.account(name)
    events: list[Event] = []
    strays = [row for row in evidence.rows if row.bet_id not in state.recent and row.game != PARLAY]
    events += [_stray(state, name, _unrounded(row, evidence.ledger), now) for row in strays]
    events += withdrawals_moved(state, evidence, now)
    fresh = fresh_rows(state, evidence)
    for ref, row in fresh:
        events += _external(state, evidence, ref, row, now)
    late = _late_orders(state, evidence, now)
    events += [*late, *_late_closes(state, evidence, now)]
    if evidence.trading:
        explained = state.traded | {stray.venue_ref: "" for stray in late}
        again = second_orders(evidence.trading, explained)
        events += [StrayBooked(now, name, ref, "duplicate", intent, 0, 0) for ref, intent in again.items()]
    held = state.holdings.get(name)
    events += taken(name, held, evidence, state.book.balance(name, Bucket.MARGIN), now)
    # What adds money goes first: the venue could afford it all, but shows its rows in another order than it made them.
    events.sort(key=_made_available, reverse=True)
    short = -state.book.balance(name, Bucket.AVAILABLE) - sum(map(_made_available, events))
    if 0 < short <= max(TOLERANCE_MICRO, evidence.grain_micro):  # all is gone, and the book had a rounding less of it
        dust = moved(name, Bucket.EXTERNAL, Bucket.AVAILABLE, short)
        events.insert(0, CreditBooked(now, name, f"rounding:{now}", "rounding", short, dust))
    booked_micro = sum(_change(event, AT_VENUE) for event in events)
    debits = tuple(
        (row.reference, row.amount_micro)
        for row in unlisted_stakes(evidence, since - DEBIT_SLACK)
        if row.reference not in state.recent
    )
    at, refs = cursor(evidence.history) if evidence.detailed else (_settled(evidence.ledger), ())
    if at < account.cursor_at or (at == account.cursor_at and not evidence.detailed):
        at, refs = account.cursor_at, account.cursor_refs
    unseen = _unseen_locks(state, evidence, fresh)
    ours = {lock: amount for lock, amount in unseen.items() if _may_be_ours(state, name, amount)}
    return Audit(
        events=tuple(events),
        unexplained_micro=evidence.balance_micro - state.book.at_venue(name) - booked_micro,
        nonce_gap=evidence.nonces - account.nonces - len(strays),
        debits=(*debits, *ours.items()),
        covers_since=any(row.at_seconds * 1_000_000 < since for row in evidence.ledger),
        cursor_at=at,
        cursor_refs=refs,
        grain_micro=evidence.grain_micro,
        drift=drift(held, evidence.trading, state.traded) if held and evidence.trading else "",
        unseen=tuple(lock for lock in unseen if lock not in ours),
    )


def _settled(ledger: tuple[LedgerRow, ...]) -> str:
    # Without a history all is as expected. If the window shows bets alone, then whatever else there was lies before it
    # as a whole and came to nothing; else a part of it might be in there, and the cursor stays.
    bets_alone = all(row.reason in BET_REASONS for row in ledger)
    return max(row.at for row in ledger) if ledger and bets_alone else ""


def turned_up(state: State, evidence: Evidence, now: int) -> list[StrayBooked]:
    """Return what a listing proves even while bets are under way: bets with tags of intents that are closed.

    What was closed as not executed is resurrected, and a second copy is a duplicate. What others did is left to a
    reconcile, which sees all of it.
    """
    strays = (_stray(state, evidence.account, row, now) for row in evidence.rows if row.bet_id not in state.recent)
    return [stray for stray in strays if stray.kind != "foreign"]


def vanished(state: State, evidence: Evidence, before: int) -> list[Unproven]:
    """Return the bets that were opened since book and venue last agreed, closed before a moment, and are not listed."""
    if not evidence.rows_complete:
        return []
    agreed = state.account(evidence.account).agreed_nonces
    shown = {row.bet_id for row in evidence.rows}
    return [
        bet
        for bet in state.unproven.values()
        if bet.account == evidence.account
        and bet.known_before >= agreed
        and bet.at <= before
        and bet.venue_ref not in shown
    ]


def _stray(state: State, account: str, row: BetRow, now: int) -> StrayBooked:
    kind: StrayKind = "foreign"
    intent = None
    if row.tag in state.voids:
        kind, intent = "resurrected", state.voids[row.tag]
    elif row.tag in state.recent:
        kind, intent = "duplicate", state.recent[row.tag]
    payout = payout_of(row)
    target = Bucket.EXTERNAL if kind == "foreign" else Bucket.PROFIT
    postings = [Posting(account, Bucket.AVAILABLE, target, row.stake_micro)]
    if payout:
        # The payout first: the stake of a stray bet may be more than what is available without it.
        postings.insert(0, Posting(account, target, Bucket.AVAILABLE, payout))
    return StrayBooked(now, account, row.bet_id, kind, intent, row.stake_micro, payout, 1, tuple(postings))


def _unrounded(row: BetRow, ledger: Sequence[LedgerRow]) -> BetRow:
    # Others stake what they like, on games whose multipliers do not end: the listing rounds both, the ledger neither.
    stake, paid = (
        next((one.amount_micro for one in ledger if one.reference == row.bet_id and one.credit is credit), 0)
        for credit in (False, True)
    )
    if not stake or row.won != bool(paid):
        return row
    multiplier = f"{paid}/{stake}" if paid else row.multiplier
    return replace(row, stake_micro=stake, multiplier=multiplier)


def _external(state: State, evidence: Evidence, ref: str, row: HistoryRow, now: int) -> list[Event]:
    booked = None
    if row.reason.startswith(LOCK):
        booked = _lock(state, evidence, row, now)
    elif row.reason.startswith(REFUND):
        booked = _refund(state, row.reason.removeprefix(REFUND), row.change_micro, now)
    elif row.reason in (PAYMENT, WITHDRAWAL) or row.reason.startswith(DOMAIN):
        booked = _late(state, evidence, ref, row, now)
    if row.earned:
        return [_earned(evidence.account, ref, row, now)]
    if booked is not None or row.change_micro == 0:
        return booked or []
    postings = moved(evidence.account, Bucket.EXTERNAL, Bucket.AVAILABLE, row.change_micro)
    return [CreditBooked(now, evidence.account, ref, row.reason, row.change_micro, postings)]


def _late(state: State, evidence: Evidence, ref: str, row: HistoryRow, now: int) -> list[Event] | None:
    # None: no payment, withdrawal or domain of ours that was closed as not executed, nor a second one of ours. One that
    # the venue gave back is known by its reference, and so is its tag.
    account = evidence.account
    stake, name = -row.change_micro, row.reason.removeprefix(DOMAIN)
    gone = moved(account, Bucket.AVAILABLE, Bucket.EXTERNAL, stake)
    if intent := _executed_twice(state, evidence, row):
        return [StrayBooked(now, account, ref, "duplicate", intent, stake, 0, 0, gone)]
    for tag, void in state.watched.items():
        alike = void.subject == name if row.reason.startswith(DOMAIN) else void.hold_micro == stake
        if (void.account, void.bet, alike) == (account, False, True) and tag not in state.recent:
            return [StrayBooked(now, account, ref, "resurrected", void.intent, stake, 0, 0, gone)]
    return None


def _executed_twice(state: State, evidence: Evidence, row: HistoryRow) -> str:
    # The intent that was closed since the last agreement with a row like this one, which explains no second one; or "".
    key = row_key(row.reason, row.change_micro)
    if key not in state.account(evidence.account).shown:
        return ""
    known = (one for one in evidence.ledger if row_key(one.reason, -one.amount_micro) == key)
    return next((state.recent[one.reference] for one in known if state.recent.get(one.reference)), "")


def sent_at(state: State, opened: IntentOpened, evidence: Evidence) -> int:
    """Return the moment before which an intent was not sent, by the venue's clock (UTC microseconds)."""
    if opened.epoch < state.run_epoch:  # by a clock that may have been set since then
        return state.account(opened.account).venue_at
    return opened.at - (evidence.started - evidence.venue_at)


def lateness(state: State, opened: IntentOpened, row: BetRow, evidence: Evidence) -> int:
    """Return how long after its sending a bet that was found was executed (microseconds; 0: it cannot be told)."""
    if not row.at_seconds or opened.epoch < state.run_epoch:
        return 0
    return max(0, row.at_seconds * 1_000_000 - sent_at(state, opened, evidence) - CLOCKS_APART)


def listed_after_all(state: State, evidence: Evidence) -> list[tuple[str, BetRow]]:
    """Return the listed bets whose stakes lie in suspense because they were not: each with its intent."""
    return [(state.recent[row.bet_id], row) for row in evidence.rows if state.recent.get(row.bet_id) in state.suspended]


def _late_orders(state: State, evidence: Evidence, now: int) -> list[StrayBooked]:
    # An order that was closed as not executed is looked for as it was before. The money comes with its fills.
    found: dict[str, StrayBooked] = {}
    voids = reversed(list(state.younger(WATCH, now)))
    for order in [void.order for void in voids if void.order and void.account == evidence.account]:
        if order.kind == "close_order":
            continue
        if order.kind == "order" and _may_fill(state, evidence, order):
            continue
        done = find_trade(order, evidence, state.traded, sent_at(state, order, evidence))
        if isinstance(done, TradeDone) and done.reference not in found:
            stray = StrayBooked(now, order.account, done.reference, "resurrected", order.intent, order.stake_micro, 0)
            found[done.reference] = stray
    return list(found.values())


def _late_closes(state: State, evidence: Evidence, now: int) -> list[IncidentNoted]:
    # What closed a position after we gave its close up, nobody can tell: a person is to know, and its fills are booked.
    voids = [void.order for void in state.younger(WATCH, now) if void.order and void.account == evidence.account]
    return [
        IncidentNoted(now, "late_close", f"{one.subject} was closed after {one.intent}, which was void", one.intent)
        for one in voids
        if one.kind == "close_order" and find_trade(one, evidence, state.traded, 0)
    ]


def _may_fill(state: State, evidence: Evidence, order: IntentOpened) -> bool:
    # Something else that would: an order that waits, or was filled since, or what closes a position of the other side.
    coin, side = order.params["coin"], order.params["side"]
    held, agreed = state.holdings.get(evidence.account, NOTHING), state.account(evidence.account).venue_at - SKEW
    limits = evidence.trading.limits if evidence.trading else ()
    filled = (one for one in limits if one.status == "filled" and one.created_at * 1_000_000 >= agreed)
    closing = any(one.coin == coin and one.side != side for one in held.positions)
    return closing or any(one.coin == coin for one in (*held.orders, *filled))


def _lock(state: State, evidence: Evidence, row: HistoryRow, now: int) -> list[Event] | None:
    # None: a contract that is not ours, which is money that went.
    escrow_id = row.reason.removeprefix(LOCK)
    if escrow_id in state.recent:
        return []
    view = next((view for view in evidence.escrows if view.escrow_id == escrow_id), None)
    if view is None and _may_be_ours(state, evidence.account, -row.change_micro):
        return []  # the verdict on that intent books it
    tag = view.description.rpartition("[")[2].removesuffix("]") if view else ""
    if view and tag in state.voids:
        return _stray_escrow(evidence.account, view, "resurrected", state.voids[tag], now)
    if view and tag in state.recent:
        return _stray_escrow(evidence.account, view, "duplicate", state.recent[tag], now)
    return None


def _unseen_locks(state: State, evidence: Evidence, fresh: Sequence[tuple[str, HistoryRow]]) -> dict[str, int]:
    # Contracts that took money and that the venue does not show, and what each took.
    locks = {row.reason.removeprefix(LOCK): -row.change_micro for _, row in fresh if row.reason.startswith(LOCK)}
    known = state.recent.keys() | {view.escrow_id for view in evidence.escrows}
    return {lock: amount for lock, amount in locks.items() if lock not in known}


def _may_be_ours(state: State, account: str, amount_micro: int) -> bool:
    # Whether a contract that is not shown may be what an open intent of ours asked for.
    wanted = (account, "escrow_create", amount_micro)
    return any((one.account, one.kind, one.stake_micro) == wanted for one in state.open.values())


def _refund(state: State, escrow_id: str, credited_micro: int, now: int) -> list[Event] | None:
    # None: a contract that is not ours, which is money that came.
    if f"refunded: {escrow_id}" in state.recent:
        return []
    contract = state.contracts.get(escrow_id)
    return [ended(contract.opened, "refunded", Bucket.AVAILABLE, credited_micro, now)] if contract else None


def _stray_escrow(account: str, view: EscrowView, kind: StrayKind, intent: str, now: int) -> list[Event]:
    held = Posting(account, Bucket.AVAILABLE, Bucket.ESCROW_HELD, view.amount_micro)
    return [
        StrayBooked(now, account, view.escrow_id, kind, intent, view.amount_micro, 0, 0, (held,)),
        opened_escrow(view, account, intent, now),
    ]


def _earned(account: str, ref: str, row: HistoryRow, now: int) -> TradeBooked:
    gain = moved(account, Bucket.PROFIT, Bucket.AVAILABLE, row.change_micro + row.fee_micro)
    fee = moved(account, Bucket.AVAILABLE, Bucket.FEES, row.fee_micro)
    return TradeBooked(now, account, ref, row.reason, row.change_micro, gain + fee)


def _made_available(event: Event) -> int:
    return _change(event, (Bucket.AVAILABLE,))


def _change(event: Event, buckets: Collection[Bucket]) -> int:
    change = 0
    for posting in getattr(event, "postings", ()):
        change += posting.amount_micro * ((posting.target in buckets) - (posting.source in buckets))
    return change
