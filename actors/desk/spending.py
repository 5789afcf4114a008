"""Closing what sends money out: payments, withdrawals, domains."""

from actors.desk import settle
from actors.desk.till import Till
from actors.money.amounts import usd
from actors.money.book import Bucket, Posting
from actors.money.events import IntentClosed, IntentOpened, WithdrawalMoved
from actors.money.evidence import Outgoing
from actors.money.wagers import WITHDRAW_FEE_MICRO


def close_outgoing(till: Till, opened: IntentOpened, outgoing: Outgoing, by: str) -> None:
    """Book money that the venue sent out for us; a withdrawal that failed there has given it back by itself."""
    failed = outgoing.status == "failed"
    closed = IntentClosed(
        till.now,
        opened.intent,
        opened.lane,
        opened.account,
        "void" if failed else "executed",
        outgoing.status,
        venue_ref=outgoing.reference or None,
        payout_micro=0 if failed else max(opened.stake_micro - outgoing.spent_micro, 0),
        by=by,
        postings=_back(opened) if failed else _postings(opened, outgoing.spent_micro),
        shown="" if failed else outgoing.shown,
    )
    settle.close(till, closed, opened)
    if outgoing.status in ("pending", "reviewing"):
        total = outgoing.spent_micro
        till.record(WithdrawalMoved(till.now, opened.account, outgoing.reference, outgoing.status, total))
    if outgoing.spent_micro > opened.stake_micro:
        text = f"{opened.subject} cost {usd(outgoing.spent_micro)}, more than the {usd(opened.stake_micro)} allowed"
        till.incident("dearer", text, opened.intent)
    what = f"{opened.kind} of {usd(outgoing.spent_micro)} for {opened.subject}: {outgoing.status}"
    settle.say_closed(till, opened, outgoing.status, what, by, 0 if failed else -outgoing.spent_micro)


def _postings(opened: IntentOpened, spent_micro: int) -> tuple[Posting, ...]:
    account, fee = opened.account, WITHDRAW_FEE_MICRO if opened.kind == "withdraw" else 0
    covered = min(spent_micro, opened.stake_micro)
    moves = (
        (Bucket.RESERVED, Bucket.EXTERNAL, covered - fee),
        (Bucket.RESERVED, Bucket.FEES, fee),
        (Bucket.RESERVED, Bucket.AVAILABLE, opened.stake_micro - covered),
        (Bucket.AVAILABLE, Bucket.EXTERNAL, spent_micro - covered),
    )
    return tuple(Posting(account, source, target, amount) for source, target, amount in moves if amount)


def _back(opened: IntentOpened) -> tuple[Posting, ...]:
    return (Posting(opened.account, Bucket.RESERVED, Bucket.AVAILABLE, opened.stake_micro),)
