"""Explaining the venue's balance: which rows of its evidence the book lacks, and what remains unexplained.

Pure: takes the state and the evidence, returns drafts of events. Money is what the venue says, so a row that no open
intent explains is booked as foreign (another user of the key), duplicate (a second copy of ours) or resurrected (turned
up after it was closed as not executed); other movements are booked by the venue's own reason.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from actors.money.amounts import TOLERANCE_MICRO, times
from actors.money.book import Bucket, Posting
from actors.money.events import CreditBooked, EscrowClosed, EscrowMoved, EscrowOpened, Event, StrayBooked, StrayKind
from actors.money.evidence import BetRow, EscrowView, Evidence, HistoryRow
from actors.money.state import State

BET_REASONS = frozenset({"reservation", "reservation_release"})
LOCK = "escrow_lock: "
REFUND = "escrow_timeout_refund: "


@dataclass(frozen=True, slots=True)
class Audit:
    """What explaining came to.

    Attributes:
        events: what must be booked, in order.
        unexplained_micro: venue minus book after booking them; within the tolerance it is zero.
        nonce_gap: draws at the venue that no known bet explains.
        debits: stakes taken by bets that have no row anywhere: ledger reference and amount.
        covers_since: whether the ledger's 50 rows reach back behind the moment asked about.
        cursor_at, cursor_refs: how far the history has been booked now.
    """

    events: tuple[Event, ...]
    unexplained_micro: int
    nonce_gap: int
    debits: tuple[tuple[str, int], ...]
    covers_since: bool
    cursor_at: str
    cursor_refs: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether book and venue agree on the money."""
        return abs(self.unexplained_micro) <= TOLERANCE_MICRO


def payout_of(row: BetRow) -> int:
    """Return what a row pays in micro-USD, exactly: the venue reports it rounded to cents but credits it unrounded."""
    return times(row.stake_micro, Fraction(row.multiplier)) if row.won else 0


def bet_postings(account: str, source: Bucket, stake_micro: int, payout_micro: int) -> tuple[Posting, ...]:
    """Return the postings of a bet whose stake lies in `source`."""
    stake = Posting(account, source, Bucket.PROFIT, stake_micro)
    payout = Posting(account, Bucket.PROFIT, Bucket.AVAILABLE, payout_micro)
    return (stake, payout) if payout_micro else (stake,)


def external_rows(history: tuple[HistoryRow, ...]) -> list[tuple[str, HistoryRow]]:
    """Return the rows that are no bet's, each with a reference of its own.

    Rows carry no id; equal ones within a second (reason, amount) are told apart by counting, which is sound because
    the history only ever grows at its end.
    """
    seen: Counter[str] = Counter()
    rows = []
    for row in history:
        if row.reason in BET_REASONS:
            continue
        ref = f"{row.at}|{row.reason}|{row.change_micro}"
        seen[ref] += 1
        rows.append((f"{ref}|{seen[ref]}", row))
    return rows


def cursor(history: tuple[HistoryRow, ...]) -> tuple[str, tuple[str, ...]]:
    """Return how far a history reaches: its newest second, and the references within that second."""
    rows = external_rows(history)
    newest = max((row.at for _, row in rows), default="")
    return newest, tuple(ref for ref, row in rows if row.at == newest)


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
    strays = [row for row in evidence.rows if row.bet_id not in state.recent]
    events += [_stray(state, name, row, now) for row in strays]
    for ref, row in external_rows(evidence.history):
        # The cursor moves when the account is reconciled; what was booked before that, beside an unknown, is recent.
        fresh = row.at > account.cursor_at or (row.at == account.cursor_at and ref not in account.cursor_refs)
        if fresh and ref not in state.recent:
            events += _external(state, evidence, ref, row, now)
    # What adds money goes first: the venue could afford it all, but shows its rows in another order than it made them.
    events.sort(key=_change_at_venue, reverse=True)
    moved = sum(_change_at_venue(event) for event in events)
    shown = {row.bet_id for row in evidence.rows}
    debits = tuple(
        (row.reference, row.amount_micro)
        for row in evidence.ledger
        if not row.credit
        and row.reason == "reservation"
        and row.reference.startswith("bet_")
        and row.reference not in state.recent
        and row.reference not in shown
        and row.at_seconds * 1_000_000 >= since - 5_000_000
    )
    # Without details nothing was to be explained, so nothing new has been booked and the cursor stays.
    at, refs = cursor(evidence.history) if evidence.detailed else (account.cursor_at, account.cursor_refs)
    return Audit(
        events=tuple(events),
        unexplained_micro=evidence.balance_micro - state.book.at_venue(name) - moved,
        nonce_gap=evidence.nonces - account.nonces - len(strays),
        debits=debits,
        covers_since=any(row.at_seconds * 1_000_000 < since for row in evidence.ledger),
        cursor_at=at,
        cursor_refs=refs,
    )


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


def _external(state: State, evidence: Evidence, ref: str, row: HistoryRow, now: int) -> list[Event]:
    booked = None
    if row.reason.startswith(LOCK):
        booked = _lock(state, evidence, row.reason.removeprefix(LOCK), now)
    elif row.reason.startswith(REFUND):
        booked = _refund(state, row.reason.removeprefix(REFUND), row.change_micro, now)
    if booked is not None or row.change_micro == 0:
        return booked or []
    source, target = Bucket.EXTERNAL, Bucket.AVAILABLE
    if row.change_micro < 0:
        source, target = target, source
    posting = Posting(evidence.account, source, target, abs(row.change_micro))
    return [CreditBooked(now, evidence.account, ref, row.reason, row.change_micro, (posting,))]


def _lock(state: State, evidence: Evidence, escrow_id: str, now: int) -> list[Event] | None:
    # None: a contract that is not ours, which is money that went.
    if escrow_id in state.recent:
        return []
    view = next((view for view in evidence.escrows if view.escrow_id == escrow_id), None)
    tag = view.description.rpartition("[")[2].removesuffix("]") if view else ""
    if view and tag in state.voids:
        return _stray_escrow(evidence.account, view, "resurrected", state.voids[tag], now)
    if view and tag in state.recent:
        return _stray_escrow(evidence.account, view, "duplicate", state.recent[tag], now)
    return None


def _refund(state: State, escrow_id: str, credited_micro: int, now: int) -> list[Event] | None:
    # None: a contract that is not ours, which is money that came.
    if f"refunded: {escrow_id}" in state.recent:
        return []
    contract = state.contracts.get(escrow_id)
    return [refund(contract.opened, credited_micro, now)] if contract else None


def _stray_escrow(account: str, view: EscrowView, kind: StrayKind, intent: str, now: int) -> list[Event]:
    held = Posting(account, Bucket.AVAILABLE, Bucket.ESCROW_HELD, view.amount_micro)
    return [
        StrayBooked(now, account, view.escrow_id, kind, intent, view.amount_micro, 0, 0, (held,)),
        opened_escrow(view, account, intent, now),
    ]


def opened_escrow(view: EscrowView, account: str, intent: str, now: int) -> EscrowOpened:
    """Return the event by which a funded contract of ours is watched."""
    return EscrowOpened(
        now, view.escrow_id, account, "creator", view.amount_micro, view.commission_micro, view.auto_release_at, intent
    )


def refund(opened: EscrowOpened, credited_micro: int, now: int) -> EscrowClosed:
    """Return the event of a contract that came back to its creator, less the venue's commission."""
    postings: tuple[Posting, ...] = ()
    if opened.role == "creator":
        postings = (Posting(opened.account, Bucket.ESCROW_HELD, Bucket.AVAILABLE, credited_micro),)
        if fee := opened.amount_micro - credited_micro:
            postings += (Posting(opened.account, Bucket.ESCROW_HELD, Bucket.FEES, fee),)
    return EscrowClosed(now, opened.escrow_id, opened.account, "refunded", postings)


def release(opened: EscrowOpened, now: int) -> EscrowClosed:
    """Return the event of a contract that was paid out to its counterparty."""
    postings: tuple[Posting, ...] = ()
    if opened.role == "creator":
        net = opened.amount_micro - opened.commission_micro
        postings = (Posting(opened.account, Bucket.ESCROW_HELD, Bucket.EXTERNAL, net),)
        if opened.commission_micro:
            postings += (Posting(opened.account, Bucket.ESCROW_HELD, Bucket.FEES, opened.commission_micro),)
    return EscrowClosed(now, opened.escrow_id, opened.account, "released", postings)


def turned(opened: EscrowOpened, view: EscrowView, now: int) -> EscrowClosed | EscrowMoved:
    """Return the event of a watched contract that has another status now."""
    if view.status == "refunded":
        return refund(opened, opened.amount_micro - opened.commission_micro, now)
    if view.status == "released":
        return release(opened, now)
    return EscrowMoved(now, opened.escrow_id, view.status)


def _change_at_venue(event: Event) -> int:
    change = 0
    for posting in getattr(event, "postings", ()):
        change += posting.amount_micro * ((posting.target is Bucket.AVAILABLE) - (posting.source is Bucket.AVAILABLE))
    return change
