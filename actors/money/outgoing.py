"""Money that we send out: payments, withdrawals, domains. Found again among what is new on the account.

A payment and a withdrawal carry no tag of ours (class K3), so they are alone on their account, and what is new there
and matches exactly is theirs; a second candidate makes it undecidable. A domain is known by its name. Pure.
"""

from collections.abc import Sequence

from msgspec import Struct

from actors.money.amounts import usd
from actors.money.events import IntentOpened
from actors.money.evidence import HistoryRow, LedgerRow, Outgoing, Withdrawal

PAYMENT = "payment_sent"
WITHDRAWAL = "withdrawal"
DOMAIN = "domain_registered: "


class News(Struct, frozen=True):
    """What is new on an account since it was reconciled, and no intent of ours explains yet.

    Attributes:
        rows: of the history: what moved money without a bet.
        withdrawals: those that are not known.
        ledger: of its newest rows, those whose references are not known.
    """

    rows: Sequence[HistoryRow] = ()
    withdrawals: Sequence[Withdrawal] = ()
    ledger: Sequence[LedgerRow] = ()


class Ambiguous(Struct, frozen=True):
    """Several new entries at the venue may be it; only a person can tell."""

    text: str


def row_key(reason: str, change_micro: int) -> str:
    """Name a row of the history that an intent of ours explains; rows have no id, so equal ones are counted."""
    return f"{reason}|{change_micro}"


def withdrawal_key(total_micro: int) -> str:
    """Name the row of a withdrawal; one under review has none before it is let go."""
    return row_key(WITHDRAWAL, -total_micro)


def paid(amount_micro: int, reference: str) -> Outgoing:
    """Return a payment that the venue made."""
    return Outgoing(amount_micro, reference, "paid", row_key(PAYMENT, -amount_micro))


def withdrawn(withdrawal: Withdrawal) -> Outgoing:
    """Return a withdrawal that the venue took on."""
    total = withdrawal.total_micro
    return Outgoing(total, withdrawal.withdrawal_id, withdrawal.status, withdrawal_key(total))


def registered(domain: str, price_micro: int) -> Outgoing:
    """Return a domain that the venue registered. Its name is no reference: it may be registered anew one day."""
    return Outgoing(price_micro, "", "registered", row_key(f"{DOMAIN}{domain}", -price_micro))


def by_word(opened: IntentOpened) -> Outgoing:
    """Return what an operator says was executed, as it was reserved."""
    match opened.kind:
        case "pay":
            return paid(opened.stake_micro, "")
        case "withdraw":
            return Outgoing(opened.stake_micro, "", "completed", withdrawal_key(opened.stake_micro))
        case _:
            return registered(opened.subject, opened.stake_micro)


def find_outgoing(opened: IntentOpened, news: News) -> Outgoing | Ambiguous | None:
    """Look for what became of a payment, a withdrawal or a registration; None: nothing new is like it."""
    found = _candidates(opened, news)
    if len(found) > 1:
        text = f"{len(found)} new entries at the venue may be this {opened.kind} of {usd(opened.stake_micro)} USD"
        return Ambiguous(text)
    return found[0] if found else None


def _candidates(opened: IntentOpened, news: News) -> list[Outgoing]:
    match opened.kind:
        case "pay":
            named = [row.reference for row in news.ledger if _is(opened, row.reason, -row.amount_micro)]
            reference = named[0] if len(named) == 1 else ""
            rows = [row for row in news.rows if _is(opened, row.reason, row.change_micro)]
            return [paid(opened.stake_micro, reference) for _ in rows]
        case "withdraw":
            wanted = opened.subject, int(opened.params["amount_micro"])
            return [withdrawn(one) for one in news.withdrawals if (one.address.lower(), one.amount_micro) == wanted]
        case _:
            reason = f"{DOMAIN}{opened.subject}"
            return [registered(opened.subject, -row.change_micro) for row in news.rows if row.reason == reason]


def _is(payment: IntentOpened, reason: str, change_micro: int) -> bool:
    return (reason, change_micro) == (PAYMENT, -payment.stake_micro)
