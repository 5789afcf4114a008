"""Closing intents: the one place where an outcome becomes postings."""

from collections.abc import Sequence

from actors.desk.prover import check_nonce
from actors.desk.till import HOUSE_WAIT, Till
from actors.messages import Settled
from actors.money.amounts import signed_usd, usd
from actors.money.audit import bet_postings, payout_of
from actors.money.book import Bucket, Posting, moved
from actors.money.escrows import opened_escrow, turned
from actors.money.events import (
    EscrowOpened,
    Event,
    IntentClosed,
    IntentOpened,
    Outcome,
    StopSet,
    StrayBooked,
    WithdrawalMoved,
)
from actors.money.evidence import BetRow, EscrowView, Executed, Outgoing
from actors.money.positions import TradeDone
from actors.money.records import HOUSE
from actors.money.risk import STOP_RULES, Proposal, first_denial
from actors.money.wagers import WITHDRAW_FEE_MICRO

NO_PROPOSAL = Proposal(0)


def close_executed(till: Till, opened: IntentOpened, done: Executed, by: str) -> None:
    """Book what the venue executed, as it answered (`by` an answer) or as its evidence shows (by a look-up)."""
    match done:
        case Executed(bet=BetRow() as row):
            close_bet(till, opened, row, by)
        case Executed(escrow=EscrowView() as view):
            (close_created if opened.kind == "escrow_create" else close_act)(till, opened, view, by)
        case Executed(outgoing=Outgoing() as outgoing):
            close_outgoing(till, opened, outgoing, by)
        case Executed(trade=TradeDone() as trade):
            close_trade(till, opened, trade, by)


def close_bet(till: Till, opened: IntentOpened, row: BetRow, by: str) -> None:
    """Book a bet that the venue executed, from its answer or its row; the payout is exact, not the rounded report."""
    payout = payout_of(row)
    postings = bet_postings(opened.account, Bucket.RESERVED, opened.stake_micro, payout)
    closed = IntentClosed(
        till.now, opened.intent, opened.lane, opened.account, "executed", "won" if payout else "lost",
        venue_ref=row.bet_id, won=row.won, payout_micro=payout, by=by, postings=postings,
        nonces=1, seed_hash=row.seed_hash, nonce=row.nonce, result_hash=row.result_hash,
    )  # fmt: skip
    close(till, closed, opened)
    check_nonce(till, opened.intent)
    gain = payout - opened.stake_micro
    what = f"won {usd(payout)} ({signed_usd(gain)})" if payout else f"lost {usd(opened.stake_micro)}"
    say_closed(till, opened, "won" if payout else "lost", what, by, gain)
    check_stops(till, opened.account)


def close_created(till: Till, opened: IntentOpened, view: EscrowView, by: str) -> None:
    """Book a funded contract: its amount is held from now on, and it is watched."""
    held = Posting(opened.account, Bucket.RESERVED, Bucket.ESCROW_HELD, opened.stake_micro)
    closed = IntentClosed(
        till.now, opened.intent, opened.lane, opened.account, "executed", "funded",
        venue_ref=view.escrow_id, by=by, postings=(held,),
    )  # fmt: skip
    close(till, closed, opened, then=(opened_escrow(view, opened.account, opened.intent, till.now),))
    what = f"{view.escrow_id} holds {usd(opened.stake_micro)} for {opened.params['counterparty']}"
    say_closed(till, opened, "funded", what, by, -opened.stake_micro)


def close_act(till: Till, opened: IntentOpened, view: EscrowView, by: str) -> None:
    """Book an act on a contract that was done."""
    closed = IntentClosed(till.now, opened.intent, opened.lane, opened.account, "executed", view.status, by=by)
    met = EscrowOpened(
        till.now, opened.subject, opened.account, "counterparty", 0, 0, view.auto_release_at, opened.intent
    )
    known = till.state.contracts.get(opened.subject)
    then = (turned(known.opened, view, till.now),) if known else (met, turned(met, view, till.now))
    close(till, closed, opened, then=then)
    say_closed(till, opened, view.status, f"{opened.subject} is {view.status}", by, 0)


def close_outgoing(till: Till, opened: IntentOpened, outgoing: Outgoing, by: str) -> None:
    """Book money that the venue sent out for us; a withdrawal that failed there has given it back by itself."""
    failed = outgoing.status == "failed"
    over = 0 if failed else max(opened.stake_micro - outgoing.spent_micro, 0)
    postings = _returned(opened) if failed else _spent(opened, outgoing.spent_micro)
    closed = IntentClosed(
        till.now, opened.intent, opened.lane, opened.account, "void" if failed else "executed", outgoing.status,
        venue_ref=outgoing.reference or None, payout_micro=over, by=by, postings=postings,
        shown="" if failed else outgoing.shown,
    )  # fmt: skip
    close(till, closed, opened)
    if outgoing.status in ("pending", "reviewing"):
        under_way = outgoing.reference, outgoing.status, outgoing.spent_micro
        till.record(WithdrawalMoved(till.now, opened.account, *under_way))
    if outgoing.spent_micro > opened.stake_micro:
        text = f"{opened.subject} cost {usd(outgoing.spent_micro)}, more than the {usd(opened.stake_micro)} allowed"
        till.incident("dearer", text, opened.intent)
    what = f"{opened.kind} of {usd(outgoing.spent_micro)} for {opened.subject}: {outgoing.status}"
    say_closed(till, opened, outgoing.status, what, by, 0 if failed else -outgoing.spent_micro)


def close_trade(till: Till, opened: IntentOpened, done: TradeDone, by: str) -> None:
    """Book what a trade came to: its margin is set aside, and what results from it comes with the exchange's rows."""
    account, margin = opened.account, min(done.margin_micro, opened.stake_micro)
    rest = moved(account, Bucket.RESERVED, Bucket.AVAILABLE, opened.stake_micro - margin)
    postings = moved(account, Bucket.RESERVED, Bucket.MARGIN, margin) + rest
    closed = IntentClosed(
        till.now, opened.intent, opened.lane, opened.account, "executed", done.status,
        venue_ref=done.reference or None, payout_micro=opened.stake_micro, by=by, postings=postings,
    )  # fmt: skip
    if not done.recorded:
        till.fail_lane(opened.lane, opened.intent, "the exchange filled its order and the venue has no record of it")
    close(till, closed, opened)
    if not done.recorded:
        text = f"{opened.intent}: {done.reference} has no position at the venue; close it at the exchange itself"
        till.incident("unrecorded", text, opened.intent)
    what = f"{opened.kind} {opened.subject} is {done.status}"
    say_closed(till, opened, done.status, f"{what}, margin {usd(margin)}" if margin else what, by, 0)


def close_unexecuted(
    till: Till, opened: IntentOpened, outcome: Outcome, reason: str, by: str, retry_at: int | None = None
) -> None:
    """Give the stake back: the venue refused, never got the request, or provably never executed it."""
    back = _returned(opened)
    closed = IntentClosed(till.now, opened.intent, opened.lane, opened.account, outcome, reason, by=by, postings=back)
    close(till, closed, opened, retry_at)
    words = {"refused": "refused by the venue", "not_sent": "not sent", "void": "void, the venue never executed it"}
    say_closed(till, opened, outcome, f"{words.get(outcome, outcome)}: {reason}", by, 0)
    if opened.lane == HOUSE:
        if retry_at is not None or (outcome, by) == ("void", "look-up"):
            till.tried[opened.subject] = max(retry_at or 0, till.now + HOUSE_WAIT)
        till.incident("left open", f"{opened.kind} {opened.subject} was {outcome}: {reason}", opened.intent)


def book_copies(till: Till, opened: IntentOpened, copies: tuple[BetRow, ...]) -> None:
    """Book every further copy of a bet that was sent once: money is what the venue says, and a person must look."""
    for row in copies:
        payout = payout_of(row)
        if till.state.book.balance(opened.account, Bucket.AVAILABLE) + payout < row.stake_micro:
            continue  # the venue took it from what is reserved: the reconcile books it when nothing is
        postings = bet_postings(opened.account, Bucket.AVAILABLE, row.stake_micro, payout)
        stray = StrayBooked(
            till.now, opened.account, row.bet_id, "duplicate", opened.intent, row.stake_micro, payout, 1, postings
        )
        till.record(stray)
    till.fail_lane(opened.lane, opened.intent, "the venue executed one request more than once")
    text = f"{opened.intent} was sent once and executed {len(copies) + 1} times; all count"
    till.incident("duplicate", text, opened.intent)


def close_contradicted(till: Till, opened: IntentOpened, text: str) -> None:
    """The venue has something with our tag that we did not send.

    Money is what the venue says: the stake is given back, and the reconcile that follows books the venue's row. A
    person must look.
    """
    till.fail_lane(opened.lane, opened.intent, f"the venue contradicts us: {text}")
    close_unexecuted(till, opened, "void", f"contradicted: {text}", "look-up")
    till.incident("contradiction", f"{opened.intent}: {text}; the venue's row is booked", opened.intent)


def close_incomplete(till: Till, opened: IntentOpened, reference: str, *, drew: bool) -> None:
    """The venue took the stake and has no bet or contract to show: it goes to suspense, and a person must look.

    `drew`: it also used up a draw, which is explained by this.
    """
    lost = Posting(opened.account, Bucket.RESERVED, Bucket.SUSPENSE, opened.stake_micro)
    what = "bet" if opened.kind == "bet" else "contract"
    reason = f"the venue's ledger has the stake ({reference}) and no {what}"
    closed = IntentClosed(
        till.now, opened.intent, opened.lane, opened.account, "incomplete", reason,
        venue_ref=reference, nonces=int(drew), by="look-up", postings=(lost,),
    )  # fmt: skip
    till.fail_lane(opened.lane, opened.intent, reason)
    close(till, closed, opened)
    till.incident("venue_incomplete", f"{reason}; resolve {opened.intent} when the venue has answered", opened.intent)
    check_stops(till, opened.account)


def check_stops(till: Till, account: str) -> None:
    """Set a stop, durably, if a stop rule is broken now."""
    if till.state.account(account).stop is not None:
        return
    denial = first_denial(STOP_RULES, till.terms.limits, till.exposure(account), NO_PROPOSAL)
    if denial:
        till.record(StopSet(till.now, account, denial.rule, denial.limit, denial.value, denial.until))
        text = f"STOPPED by {denial}; `resume` begins a new session"
        till.say("bankroll", "stop", denial.rule, text, level="WARNING")
        till.tell_lanes(account, ready=True)


def close(
    till: Till, closed: IntentClosed, opened: IntentOpened, retry_at: int | None = None, then: Sequence[Event] = ()
) -> None:
    """Record the outcome and what follows from it, and tell the lane how all stands then, when it is on disk."""
    for event in (closed, *then):
        till.record(event)
    till.tracks.pop(opened.intent, None)
    if opened.lane != HOUSE:
        view = till.view(opened.account, ready=True)
        till.send(f"lane:{opened.lane}", Settled(closed, opened.stake_micro, view, retry_at))


def say_closed(till: Till, opened: IntentOpened, outcome: str, what: str, by: str, gain_micro: int) -> None:
    """Tell people how an intent ended."""
    if by == "look-up":
        what = f"outcome was unknown -> asked the venue -> {what}, sent once"
    text, equity = f"{opened.intent}  {what}", till.state.book.equity(opened.account)
    till.say(
        opened.service, opened.kind, outcome, text,
        amount_micro=gain_micro, intent=opened.intent, lane=opened.lane, bankroll=equity,
    )  # fmt: skip


def _returned(opened: IntentOpened) -> tuple[Posting, ...]:
    return moved(opened.account, Bucket.RESERVED, Bucket.AVAILABLE, opened.stake_micro)


def _spent(opened: IntentOpened, spent_micro: int) -> tuple[Posting, ...]:
    account, fee = opened.account, WITHDRAW_FEE_MICRO if opened.kind == "withdraw" else 0
    covered = min(spent_micro, opened.stake_micro)
    return (
        *moved(account, Bucket.RESERVED, Bucket.EXTERNAL, covered - fee),
        *moved(account, Bucket.RESERVED, Bucket.FEES, fee),
        *moved(account, Bucket.RESERVED, Bucket.AVAILABLE, opened.stake_micro - covered),
        *moved(account, Bucket.AVAILABLE, Bucket.EXTERNAL, spent_micro - covered),
    )
