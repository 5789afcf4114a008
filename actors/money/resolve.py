"""Resolving intents whose outcome is unknown: by evidence alone, never by a timer or by impatience.

Source of the rules: the protocol page, section 3.6. Found is found at any time. Absent is proven only after the
quiet period, behind the account's barrier (no send of the account under way), by two complete readings that do not
show it, and only if nothing else at the venue moved without an explanation. Pure; it never sends.
"""

from collections.abc import Sequence

from msgspec import Struct

from actors.money.audit import Audit, payout_of
from actors.money.events import IntentOpened
from actors.money.evidence import BetRow, EscrowView, Evidence, Outgoing
from actors.money.outgoing import Ambiguous, News, find_outgoing

ROUNDING_MICRO = 5_000
"""The venue reports a payout rounded to cents: at most half a cent from the exact one."""

DONE = {
    "complete": ("completed", "released", "refunded"),
    "release": ("released",),
    "dispute": ("disputed",),
}
"""Which status of an escrow proves that an act on it was done."""


class FoundBet(Struct, frozen=True):
    """The venue has the bet. `copies` are further rows with its tag: a middlebox or a broken rule sent it twice."""

    row: BetRow
    copies: tuple[BetRow, ...] = ()


class Contradiction(Struct, frozen=True):
    """The venue has something with our tag that is not what we sent; a person must look."""

    text: str


Finding = FoundBet | EscrowView | Outgoing | Ambiguous | Contradiction | None
"""What a reading shows of an intent: what the venue executed (an act on a contract, too, by its view), why that cannot
be told, or nothing."""


def find(opened: IntentOpened, evidence: Evidence, new: News = News()) -> Finding:  # noqa: B008  frozen
    """Look for one intent in the evidence, and what carries no tag of ours in what is `new` of it."""
    match opened.kind:
        case "bet":
            rows = [row for row in evidence.rows if row.tag == opened.tag]
            return _judge_rows(opened, rows) if rows else None
        case "escrow_create":
            view = next((view for view in evidence.escrows if opened.tag in view.description), None)
            if view and view.amount_micro != opened.stake_micro:
                return Contradiction(f"{view.escrow_id} holds {view.amount_micro}, {opened.stake_micro} were sent")
            return view
        case "escrow_act":
            view = next((view for view in evidence.escrows if view.escrow_id == opened.subject), None)
            return view if view and view.status in DONE[opened.params["act"]] else None
        case _:
            return find_outgoing(opened, new)


def _judge_rows(opened: IntentOpened, rows: list[BetRow]) -> FoundBet | Contradiction:
    row = rows[0]
    if row.stake_micro != opened.stake_micro or row.game != opened.subject:
        return Contradiction(f"{row.bet_id} is {row.game} for {row.stake_micro}, {opened.stake_micro} were sent")
    if abs(payout_of(row) - row.reported_won_micro) > ROUNDING_MICRO:
        return Contradiction(
            f"{row.bet_id} reports {row.reported_won_micro}, its multiplier {row.multiplier} says else"
        )
    return FoundBet(row, tuple(rows[1:]))


class Verdict(Struct, frozen=True):
    """What two negative readings and the venue's other evidence prove about the absent intents."""

    void: tuple[str, ...] = ()
    incomplete: tuple[tuple[str, str], ...] = ()
    undecided: str = ""


def judge(absent: Sequence[IntentOpened], audit: Audit) -> Verdict:
    """Decide about intents that two complete readings did not show.

    Returns:
        Void for those that provably were never executed; incomplete (with the ledger's reference) for those whose stake
        went without leaving a bet, where equal amounts are interchangeable; or why nothing can be decided.
    """
    if audit.clean:
        if audit.nonce_gap == 0 or (audit.covers_since and not audit.debits):
            return Verdict(void=tuple(opened.intent for opened in absent))
        return Verdict(undecided=f"{audit.nonce_gap} draws at the venue that no bet explains")
    left = list(audit.debits)
    incomplete = []
    for opened in absent:
        named = {"bet": "bet_", "escrow_create": "esc_"}.get(opened.kind)
        alike = (one for one in left if named and one[0].startswith(named) and one[1] == opened.stake_micro)
        match = next(alike, None)
        if match:
            left.remove(match)
            incomplete.append((opened.intent, match[0]))
    taken = sum(opened.stake_micro for opened in absent if opened.intent in dict(incomplete))
    if incomplete and taken == -audit.unexplained_micro:
        void = tuple(opened.intent for opened in absent if opened.intent not in dict(incomplete))
        return Verdict(void=void, incomplete=tuple(incomplete))
    return Verdict(undecided=f"the venue's balance moved by {audit.unexplained_micro} micro-USD without an explanation")
