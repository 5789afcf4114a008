"""The movements of an account that no bet made: which of them are new, and which an intent of ours explains. Pure."""

from collections import Counter

from actors.money.amounts import TOLERANCE_MICRO
from actors.money.events import WithdrawalMoved
from actors.money.evidence import Evidence, HistoryRow, LedgerRow, Query, Withdrawal
from actors.money.outgoing import News, row_key, withdrawal_key
from actors.money.state import State

STAKE = "reservation"
BET_REASONS = frozenset({STAKE, "reservation_release"})
LEDGER_ROWS = 50
"""The venue's ledger shows so many rows, the newest."""

CLOCK_SLACK_S = 2
"""The venue tells its time in whole seconds, and so it is known to us."""


def external_rows(history: tuple[HistoryRow, ...]) -> list[tuple[str, HistoryRow]]:
    """Return the rows that are no bet's, each with a reference of its own.

    Rows carry no id; equal ones within a second (reason, amount) are told apart by counting, which is sound because
    the history only ever grows at its end.
    """
    seen: Counter[str] = Counter()
    rows = []
    for row in history:
        if row.ref:
            rows.append((row.ref, row))
            continue
        if row.reason in BET_REASONS:
            continue
        ref = f"{row.at}|{row.reason}|{row.change_micro}"
        seen[ref] += 1
        rows.append((f"{ref}|{seen[ref]}", row))
    return rows


def cursor(history: tuple[HistoryRow, ...]) -> tuple[str, tuple[str, ...]]:
    """Return how far a history reaches: its newest second, and the references within that second."""
    newest = max((row.at for row in history), default="")
    return newest, tuple(ref for ref, row in external_rows(history) if row.at == newest)


def recent_history(ledger: tuple[LedgerRow, ...], cursor_at: str) -> tuple[HistoryRow, ...] | None:
    """Return the ledger's window as a history, or None if something new may lie behind it.

    The complete history grows without end, the window is short: 50 rows. Of the oldest second in a full window some
    rows may be cut off, so it is left out.
    """
    rows = tuple(HistoryRow(row.amount_micro * (1 if row.credit else -1), row.reason, row.at)
                 for row in reversed(ledger))  # fmt: skip
    if len(ledger) < LEDGER_ROWS:
        return rows
    oldest = min(row.at for row in rows)
    return tuple(row for row in rows if row.at > oldest) if oldest < cursor_at else None


def as_expected(evidence: Evidence, query: Query) -> bool:
    """Tell whether one reading is enough: an account as the book has it, which nobody else moves just now."""
    others = any(row.at > query.cursor_at and row.reason not in BET_REASONS for row in evidence.history)
    differs = abs(evidence.balance_micro - query.expected_micro) > TOLERANCE_MICRO
    # A stake without its bet may have been taken between the two readings; then a sum may agree by chance.
    torn = unlisted_stakes(evidence, query.since)
    return not (query.full or others or differs or torn) and evidence.nonces == query.expected_nonces


def unlisted_stakes(evidence: Evidence, since: int) -> list[LedgerRow]:
    """Return the stakes of bets that the ledger shows since then (microseconds) and the export does not."""
    listed = {row.bet_id for row in evidence.rows}
    stakes = (row for row in evidence.ledger if row.reason == STAKE and not row.credit)
    return [
        row
        for row in stakes
        if row.reference.startswith("bet_")  # withdrawals, too, take their money as a reservation
        and row.reference not in listed
        and row.at_seconds * 1_000_000 >= since
    ]


def at_rest(first: Evidence, second: Evidence) -> bool:
    """Tell whether nothing moved between two readings. Sums alone would not show what came and went meanwhile."""
    seen = [
        (one.nonces, one.balance_micro, {row.row_id for row in one.ledger}, one.withdrawals) for one in (first, second)
    ]
    return seen[0] == seen[1]


def fresh_rows(state: State, evidence: Evidence) -> list[tuple[str, HistoryRow]]:
    """Return the movements that are new since the last reconcile and that no closed intent of ours explains."""
    account, fresh = state.account(evidence.account), []
    explained = Counter(account.shown)
    # The row of one that is under review still is yet to come.
    waiting = {one.withdrawal_id for one in evidence.withdrawals if one.status == "reviewing"}
    reviews = (one for one in reviewed(state, evidence.account) if one.withdrawal_id not in waiting)
    explained.update(withdrawal_key(one.total_micro) for one in reviews)
    explained.subtract(withdrawal_key(one.total_micro) for one in _spoken_for(state, evidence))
    for ref, row in external_rows(evidence.history):
        # The cursor moves when the account is reconciled; what was booked before that, beside an unknown, is recent.
        behind = not row.ref and (row.at < account.cursor_at or ref in account.cursor_refs)
        if behind or ref in state.known(evidence.account):
            continue
        key = row_key(row.reason, row.change_micro)
        if explained[key]:
            explained[key] -= 1
        else:
            fresh.append((ref, row))
    return fresh


def news(state: State, evidence: Evidence) -> News:
    """Return what of the evidence is new, for what carries no tag of ours."""
    return News(
        rows=[row for _, row in fresh_rows(state, evidence)],
        withdrawals=_new_withdrawals(state, evidence),
        ledger=[row for row in evidence.ledger if row.reference not in state.recent],
    )


def reviewed(state: State, account: str) -> list[WithdrawalMoved]:
    """Return the withdrawals that wait for a person at the venue.

    They took their money as a reservation, which is no row of its own; the row comes when they are let go.
    """
    return [one for one in state.withdrawals.values() if (one.account, one.status) == (account, "reviewing")]


def _spoken_for(state: State, evidence: Evidence) -> list[Withdrawal]:
    # An operator's word closes a withdrawal without naming it, and it may be under review: then its row is yet to come.
    words, found = Counter(state.account(evidence.account).shown), []
    for one in _new_withdrawals(state, evidence):
        key = withdrawal_key(one.total_micro)
        if one.status == "reviewing" and words[key]:
            words[key] -= 1
            found.append(one)
    return found


def _new_withdrawals(state: State, evidence: Evidence) -> list[Withdrawal]:
    since = state.account(evidence.account).venue_at // 1_000_000 - CLOCK_SLACK_S
    return [w for w in evidence.withdrawals if w.withdrawal_id not in state.recent and w.at_seconds >= since]


def withdrawals_moved(state: State, evidence: Evidence, now: int) -> list[WithdrawalMoved]:
    """Return the events of withdrawals of ours whose status is another now, or is known only now."""
    known = state.withdrawals
    ended = [
        seen
        for seen in evidence.withdrawals
        if seen.withdrawal_id in known and known[seen.withdrawal_id].status != seen.status
    ]
    return [
        WithdrawalMoved(now, evidence.account, seen.withdrawal_id, seen.status, seen.total_micro)
        for seen in (*ended, *_spoken_for(state, evidence))
    ]
