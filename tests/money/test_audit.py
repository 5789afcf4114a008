"""Explaining the venue: every row of its evidence is booked once, under its own name, and what remains is named."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.money.audit import audit, payout_of
from actors.money.book import Bucket
from actors.money.events import CreditBooked, EscrowClosed, Reconciled
from actors.money.evidence import BetRow, Evidence, Executed, HistoryRow, LedgerRow, Query, Refused
from actors.money.history import cursor, external_rows
from actors.money.wagers import EscrowCreate
from actors.venue.times import iso
from tests.desk.kit import ACCOUNT, SECOND, Table


def seen(table, **changes) -> Evidence:
    """Read everything at the venue."""
    query = Query(ACCOUNT, table.state.account(ACCOUNT).reconciled_at - 10 * SECOND, -1, -1, full=True)
    return replace(table.venue.evidence(query, table.now), **changes)


def explain(table, **changes):
    """Explain what is seen against the table's book."""
    since = table.state.account(ACCOUNT).reconciled_at - 10 * SECOND
    return audit(table.state, seen(table, **changes), table.now, since)


@pytest.fixture
def table():
    return Table().reconciled()


def test_an_account_without_news_is_clean(table):
    table.play(won=True)
    found = explain(table)
    assert (found.events, found.unexplained_micro, found.nonce_gap, found.debits) == ((), 0, 0, ())


@pytest.mark.parametrize("won", [True, False])
def test_a_foreign_bet(table, won):
    row = table.venue.bet("human", 2_000_000, table.now, won=won)
    (event,) = explain(table).events
    assert (event.kind, event.intent, event.venue_ref, event.nonces) == ("foreign", None, row.bet_id, 1)
    assert {posting.target for posting in event.postings} <= {Bucket.EXTERNAL, Bucket.AVAILABLE}


def test_a_second_copy_of_ours(table):
    opened = table.play()
    table.execute(opened, won=True)
    (event,) = explain(table).events
    assert (event.kind, event.intent) == ("duplicate", opened.intent)


def test_a_bet_that_was_refused_and_executed_all_the_same(table):
    opened = table.propose()
    table.answer(opened, Refused("rate_limit_exceeded"))
    table.execute(opened)
    (event,) = explain(table).events
    assert (event.kind, event.intent) == ("resurrected", opened.intent)


@pytest.mark.parametrize("change", [1, 750_000, -750_000])
def test_other_movements_are_booked_by_the_venues_reason(table, change):
    table.venue.credit(change, table.now, "referral_commission_l1:bet_9")
    (event,) = explain(table).events
    assert (event.reason, event.amount_micro) == ("referral_commission_l1:bet_9", change)
    assert explain(table).clean


def test_a_movement_of_nothing_is_no_event(table):
    table.venue.credit(0, table.now)
    assert explain(table).events == ()


def test_rows_up_to_the_cursor_are_old(table):
    table.venue.credit(1_000_000, table.now)
    at, refs = cursor(tuple(table.venue.history))
    table.state.account(ACCOUNT).cursor_at, table.state.account(ACCOUNT).cursor_refs = at, refs
    assert explain(table).events == ()
    table.venue.credit(1_000_000, table.now)  # the same again, within the same second
    (event,) = explain(table).events
    assert event.venue_ref.endswith("|2")


def test_a_row_that_is_booked_is_old_even_before_the_cursor_moves(table):
    table.venue.credit(1_000_000, table.now)
    (event,) = explain(table).events
    table.state.apply(event)
    assert explain(table).events == ()
    assert explain(table).clean


def test_the_cursor_stays_where_nothing_was_read_in_detail(table):
    before = table.state.account(ACCOUNT).cursor_at
    table.venue.credit(1_000_000, table.now)
    assert explain(table, detailed=False).cursor_at == before
    assert explain(table).cursor_at != before


def test_a_stake_that_left_no_bet(table):
    table.venue.half_a_bet(450_000, table.now)
    found = explain(table)
    assert (found.debits, found.unexplained_micro, found.nonce_gap) == ((("bet_1", 450_000),), -450_000, 1)


@pytest.mark.parametrize("reason", ["withdrawal", "escrow_lock: esc_9"])
def test_only_reservations_of_bets_are_stakes(table, reason):
    at = table.now // SECOND
    ledger = (LedgerRow("1", False, 450_000, reason, "bet_1", at, iso(at)),
              LedgerRow("2", False, 450_000, "reservation", "0c1f-uuid", at, iso(at)),
              LedgerRow("3", True, 450_000, "reservation", "bet_3", at, iso(at)))  # fmt: skip
    assert explain(table, ledger=ledger).debits == ()


def test_an_old_debit_is_not_asked_about(table):
    old = table.state.account(ACCOUNT).reconciled_at // SECOND - 16
    ledger = (LedgerRow("1", False, 450_000, "reservation", "bet_1", old, iso(old)),)
    assert explain(table, ledger=ledger).debits == ()
    assert explain(table, ledger=ledger).covers_since


def test_a_refund_closes_its_contract_once():
    table = Table().reconciled()
    opened = table.propose(EscrowCreate("10", "ag_other", "a cat"))
    view = table.venue.lock(opened.tag, opened.stake_micro, table.now)
    table.answer(opened, Executed(escrow=view))
    assert explain(table).events == ()  # its lock is known
    table.venue.refund(view.escrow_id, table.now)
    (event,) = explain(table).events
    assert isinstance(event, EscrowClosed)
    assert {(p.target, p.amount_micro) for p in event.postings} == {
        (Bucket.AVAILABLE, 9_900_000),
        (Bucket.FEES, 100_000),
    }
    table.state.apply(event)
    assert explain(table).events == ()


def test_the_refund_of_an_unknown_contract_is_a_credit(table):
    table.venue.credit(9_900_000, table.now, "escrow_timeout_refund: esc_of_another_life")
    (event,) = explain(table).events
    assert isinstance(event, CreditBooked)


def test_what_adds_money_comes_first(table):
    table.venue.bet("human", 5_000_000, table.now)
    table.venue.credit(1_000_000, table.now)
    table.venue.bet("human", 1_000_000, table.now, won=True)
    changes = [
        getattr(event, "amount_micro", 0) or event.payout_micro - event.stake_micro for event in explain(table).events
    ]
    assert changes == [1_100_000, 1_000_000, -5_000_000]


@pytest.mark.parametrize(("off", "clean"), [(0, True), (1, True), (-1, True), (2, False), (-2, False)])
def test_the_tolerance_is_a_micro_dollar(table, off, clean):
    table.venue.balance += off
    assert explain(table).clean == clean


@pytest.mark.parametrize(
    ("stake", "multiplier", "won", "payout"),
    [(450_000, "2.10", True, 945_000), (10_000, "1.0051", True, 10_051), (450_000, "1.99", False, 0)],
)
def test_a_payout_is_exact_and_a_lost_bets_multiplier_means_nothing(stake, multiplier, won, payout):
    assert payout_of(BetRow("bet_1", "coin_flip", stake, 0, multiplier, won, "tag", 0, "", "")) == payout


ROWS = some.builds(
    HistoryRow, some.sampled_from([-5, 5, 7]), some.sampled_from(["bonus", "reservation"]), some.sampled_from("123")
)


@given(some.lists(ROWS), ROWS)
def test_references_of_a_history_are_unique_and_stay_when_it_grows(history, row):
    before = [ref for ref, _ in external_rows(tuple(history))]
    after = [ref for ref, _ in external_rows((*history, row))]
    assert len(set(after)) == len(after)
    assert after[: len(before)] == before


MOVES = some.lists(some.sampled_from(["credit", "debit", "won", "lost", "wait", "read"]), max_size=25)


@settings(max_examples=60, deadline=None)
@given(MOVES)
def test_over_any_number_of_audits_everything_is_booked_exactly_once(moves):
    table = Table().reconciled()
    booked = []
    for move in [*moves, "read"]:
        match move:
            case "wait":
                table.now += SECOND
            case "read":
                found = explain(table)
                assert found.clean
                for event in found.events:
                    table.state.apply(event)
                    booked.append(event.venue_ref)
                at, refs, nonces = found.cursor_at, found.cursor_refs, table.venue.nonces
                table.state.apply(Reconciled(table.now, ACCOUNT, 0, 0, nonces, at, refs))
            case "won" | "lost":
                table.venue.bet("human", 1_000_000, table.now, won=move == "won")
            case _:
                table.venue.credit(10**6 if move == "credit" else -(10**6), table.now)
    assert len(booked) == len(set(booked)) == len(table.venue.rows) + len(external_rows(tuple(table.venue.history)))
    assert table.sound()
