"""Escrow contracts in the book: what they hold from their opening to their end. Pure."""

from actors.money.book import Bucket, Posting, moved
from actors.money.events import EscrowClosed, EscrowMoved, EscrowOpened
from actors.money.evidence import EscrowView


def opened_escrow(view: EscrowView, account: str, intent: str, now: int) -> EscrowOpened:
    """Return the event by which a funded contract of ours is watched."""
    return EscrowOpened(
        now, view.escrow_id, account, "creator", view.amount_micro, view.commission_micro, view.auto_release_at, intent
    )


def met_escrow(acted: EscrowOpened, view: EscrowView, now: int) -> EscrowOpened:
    """Return what is known now of a contract that we acted on as counterparty, knowing only its id; nothing is held."""
    return EscrowOpened(
        now, view.escrow_id, acted.account, "counterparty", view.net_micro, 0, view.auto_release_at, acted.intent
    )


def ended(opened: EscrowOpened, status: str, target: Bucket, net_micro: int, now: int) -> EscrowClosed:
    """Return the event of a contract that ended; of what we hold in it the venue keeps all but the net amount."""
    postings: tuple[Posting, ...] = ()
    if opened.role == "creator":
        net = moved(opened.account, Bucket.ESCROW_HELD, target, net_micro)
        postings = net + moved(opened.account, Bucket.ESCROW_HELD, Bucket.FEES, opened.amount_micro - net_micro)
    return EscrowClosed(now, opened.escrow_id, opened.account, status, postings)


def turned(opened: EscrowOpened, view: EscrowView, now: int) -> EscrowClosed | EscrowMoved:
    """Return the event of a watched contract that has another status now."""
    target = {"refunded": Bucket.AVAILABLE, "released": Bucket.EXTERNAL}.get(view.status)
    if target is None:
        return EscrowMoved(now, opened.escrow_id, view.status)
    return ended(opened, view.status, target, opened.amount_micro - opened.commission_micro, now)
