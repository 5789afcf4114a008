"""Payments and withdrawals: executed by their answer, or found again as the one new entry that matches."""

import pytest

from actors.desk.opening import SLOW_QUIET
from actors.messages import Reconcile, Resolve, Settled
from actors.money.book import Bucket
from actors.money.events import CreditBooked, StopSet, StrayBooked, WithdrawalMoved
from actors.money.evidence import Executed, Refused, Unknown, Withdrawal
from actors.money.outgoing import paid, withdrawn
from actors.money.wagers import Pay, Withdraw
from tests.desk.kit import QUIET, SECOND, SEND_TIMEOUT, Table, bet

ADDRESS = "0x" + "aB" * 20
PAY = Pay("ag_friend", "1.50", "for the work")
WITHDRAW = Withdraw(10, ADDRESS)
PAID, TAKEN = 1_500_000, 10_500_000


@pytest.fixture
def table():
    return Table(lanes=("a", "b")).reconciled()


def unknown(table, wager):
    opened = table.propose(wager)
    table.answer(opened, Unknown("silence"))
    return opened


# what is reserved


def test_a_withdrawal_reserves_its_amount_and_the_fee(table):
    assert table.propose(WITHDRAW).stake_micro == TAKEN


def test_a_withdrawal_that_the_balance_cannot_bear_with_its_fee_is_denied_before_the_wire():
    table = Table(balance=10_400_000).reconciled()
    assert table.propose(WITHDRAW) is None
    assert table.denial() == "balance"


def test_what_is_open_may_not_be_more_than_its_share_of_the_bankroll(table):
    assert table.propose(Pay("ag_friend", "20.01")) is None
    assert table.denial() == "open exposure"


# by the answer


@pytest.mark.parametrize("wager", [PAY, WITHDRAW])
def test_one_that_the_venue_executed_twice_is_booked_twice_and_a_person_must_look(table, wager):
    opened = table.propose(wager)
    for _ in range(2):
        if wager is PAY:
            done = paid(PAID, table.venue.pay(PAID, table.now))
        else:
            done = withdrawn(table.venue.withdraw(10_000_000, ADDRESS.lower(), table.now))
    table.answer(opened, Executed(outgoing=done))
    table.run(SECOND)
    (copy,) = table.of(StrayBooked)
    assert (copy.kind, copy.intent, table.incidents()) == ("duplicate", opened.intent, ["duplicate"])
    assert (table.lane(), table.lane("b"), table.sound()) == ("ERROR", "ERROR", True)


def test_a_payment_that_is_confirmed_is_booked_once(table):
    opened = table.propose(PAY)
    reference = table.venue.pay(PAID, table.now)
    table.answer(opened, Executed(outgoing=paid(PAID, reference)))
    table.run(SECOND)
    assert (table.outcome(opened), table.of(CreditBooked), table.sound()) == ("executed", [], True)


def test_a_payment_is_no_loss_to_the_stop_rules(table):
    before = table.state.accounts["casino"].session_start_micro
    opened = table.propose(PAY)
    table.answer(opened, Executed(outgoing=paid(PAID, table.venue.pay(PAID, table.now))))
    assert table.state.accounts["casino"].session_start_micro == before - PAID


def test_its_strategy_hears_what_a_payment_cost(table):
    opened = table.propose(PAY)
    table.answer(opened, Executed(outgoing=paid(PAID, table.venue.pay(PAID, table.now))))
    closed = table.of(Settled)[-1].closed
    assert (closed.reason, closed.payout_micro - opened.stake_micro) == ("paid", -PAID)


def test_a_refused_payment_gives_its_reserve_back(table):
    table.answer(table.propose(PAY), Refused("recipient_not_found"))
    assert table.bucket(Bucket.AVAILABLE) == "100.00"


def test_a_withdrawal_that_is_confirmed_is_booked_with_its_fee(table):
    opened = table.propose(WITHDRAW)
    row = table.venue.withdraw(10_000_000, ADDRESS, table.now)
    table.answer(opened, Executed(outgoing=withdrawn(row)))
    table.run(SECOND)
    assert (table.bucket(Bucket.FEES), table.sound()) == ("0.50", True)


def test_a_second_payment_of_the_same_amount_is_a_second_payment(table):
    for _ in range(2):
        opened = table.propose(PAY)
        table.answer(opened, Executed(outgoing=paid(PAID, table.venue.pay(PAID, table.now))))
        table.run(SECOND)
    assert (table.bucket(Bucket.AVAILABLE), table.sound()) == ("97.00", True)


# by evidence


def test_a_payment_whose_answer_is_lost_is_found_as_the_one_new_row_that_matches(table):
    opened = unknown(table, PAY)
    reference = table.venue.pay(PAID, table.now)
    table.run(SECOND)
    assert table.outcome(opened) == "executed"
    assert table.of(Settled)[-1].closed.venue_ref == reference
    assert table.sound()


def test_a_payment_that_an_earlier_one_looks_like_is_not_taken_for_it(table):
    first = table.propose(PAY)
    table.answer(first, Executed(outgoing=paid(PAID, table.venue.pay(PAID, table.now))))
    table.run(SECOND)
    second = unknown(table, PAY)
    table.run(SEND_TIMEOUT + QUIET + 10 * SECOND)
    assert (table.outcome(second), table.bucket(Bucket.AVAILABLE)) == ("void", "98.50")


def test_a_payment_of_another_amount_is_booked_as_what_it_is(table):
    opened = unknown(table, PAY)
    table.venue.pay(PAID + 10_000, table.now)
    table.run(SEND_TIMEOUT + QUIET + 10 * SECOND)
    assert table.outcome(opened) == "void"
    assert [credit.amount_micro for credit in table.of(CreditBooked)] == [-PAID - 10_000]


def test_with_two_rows_that_match_only_a_person_can_tell(table):
    opened = unknown(table, PAY)
    table.venue.pay(PAID, table.now)
    table.venue.pay(PAID, table.now)
    table.run(SECOND)
    assert (table.outcome(opened), table.lane(), table.incidents()) == ("open", "ERROR", ["undecided"])


def test_a_payment_is_void_only_after_its_quiet_period(table):
    opened = unknown(table, PAY)
    table.run(SEND_TIMEOUT + QUIET - SECOND)
    assert table.outcome(opened) == "open"
    table.run(10 * SECOND)
    assert table.outcome(opened) == "void"


def test_a_payment_that_took_its_money_and_left_no_row_waits_for_a_person(table):
    opened = unknown(table, PAY)
    table.venue.balance -= PAID
    table.run(SEND_TIMEOUT + QUIET + 10 * SECOND)
    assert (table.outcome(opened), table.lane()) == ("open", "ERROR")


def test_a_payment_that_was_made_is_found_over_a_crash(table):
    opened = table.propose(PAY)
    table.venue.pay(PAID, table.now)
    table.crash()
    table.run(SECOND)
    assert (table.outcome(opened), table.sound()) == ("executed", True)


def test_a_withdrawal_whose_answer_is_lost_is_found_in_the_list(table):
    opened = unknown(table, WITHDRAW)
    row = table.venue.withdraw(10_000_000, ADDRESS, table.now)
    table.run(SECOND)
    assert table.of(Settled)[-1].closed.venue_ref == row.withdrawal_id
    assert (table.outcome(opened), table.sound()) == ("executed", True)


def test_a_withdrawal_to_another_address_is_not_ours(table):
    opened = unknown(table, WITHDRAW)
    table.venue.withdraw(10_000_000, "0x" + "00" * 20, table.now)
    table.run(SECOND)
    assert table.outcome(opened) == "open"


def test_a_withdrawal_may_still_arrive_for_ten_minutes(table):
    opened = unknown(table, WITHDRAW)
    table.run(SEND_TIMEOUT + SLOW_QUIET - 2 * SECOND, beat=SECOND)
    assert table.outcome(opened) == "open"
    table.run(15 * SECOND, beat=SECOND)
    assert table.outcome(opened) == "void"


def test_another_run_gives_a_withdrawal_its_ten_minutes_too(table):
    opened = unknown(table, WITHDRAW)
    table.crash()
    table.run(QUIET + 2 * SEND_TIMEOUT, beat=SECOND)
    assert table.outcome(opened) == "open"


def test_a_withdrawal_that_failed_is_void_and_its_refund_is_booked(table):
    opened = unknown(table, WITHDRAW)
    table.venue.withdraw(10_000_000, ADDRESS, table.now, "failed")
    table.run(SECOND)
    assert (table.outcome(opened), table.bucket(Bucket.AVAILABLE), table.sound()) == ("void", "100.00", True)


@pytest.mark.parametrize("status", ["pending", "reviewing"])
@pytest.mark.parametrize("end", ["completed", "failed"])
def test_a_withdrawal_that_is_under_way_is_watched_until_its_end(table, status, end):
    opened = unknown(table, WITHDRAW)
    row = table.venue.withdraw(10_000_000, ADDRESS, table.now, status)
    table.run(SECOND)
    assert (table.outcome(opened), list(table.state.withdrawals)) == ("executed", [row.withdrawal_id])
    table.crash()
    table.run(SECOND)
    table.venue.end_withdrawal(row.withdrawal_id, end, table.now)
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert [moved.status for moved in table.of(WithdrawalMoved)] == [status, end]
    assert (table.state.withdrawals, table.sound()) == ({}, True)
    assert table.bucket(Bucket.AVAILABLE) == ("89.50" if end == "completed" else "100.00")


@pytest.mark.parametrize("bets", [1, 60])  # the ledger's window shows the withdrawal, or bets alone
def test_a_review_that_ends_after_many_bets_is_booked_once(table, bets):
    opened = table.propose(WITHDRAW)
    row = table.venue.withdraw(10_000_000, ADDRESS, table.now, "reviewing")
    table.answer(opened, Executed(outgoing=withdrawn(row)))
    table.run(5 * SECOND)
    for _ in range(bets):
        table.now += 2 * SECOND
        table.play(won=True)
    table.venue.end_withdrawal(row.withdrawal_id, "completed", table.now)
    for _ in range(2):
        table.tell(Reconcile())
        table.run(5 * SECOND)
        table.venue.credit(1_000_000, table.now)  # so that the next reading reads all
    table.tell(Reconcile())
    assert table.run(5 * SECOND).sound()
    assert table.of(StopSet) == []


def test_a_review_that_never_took_the_money_stops_the_account_with_the_numbers(table):
    opened = table.propose(WITHDRAW)
    row = Withdrawal("wd_1", "reviewing", 10_000_000, 500_000, ADDRESS, table.now // SECOND)
    table.answer(opened, Executed(outgoing=withdrawn(row)))
    table.run(10 * SECOND)
    stop = table.of(StopSet)[-1]
    assert (stop.rule, "differ by 10.500000" in stop.value) == ("mismatch", True)


@pytest.mark.parametrize("wager", [PAY, WITHDRAW])
def test_what_turns_up_after_it_was_void_is_booked_with_an_incident(table, wager):
    opened = unknown(table, wager)
    table.run(SEND_TIMEOUT + SLOW_QUIET + 10 * SECOND, beat=SECOND)
    assert table.outcome(opened) == "void"
    if wager is PAY:
        table.venue.pay(PAID, table.now)
    else:
        table.venue.withdraw(10_000_000, ADDRESS, table.now)
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert (table.incidents(), table.sound()) == (["resurrected"], True)
    assert table.state.account("casino").session_start_micro == table.venue.balance  # money that went is no loss


def test_a_crash_before_the_account_was_read_again_books_a_payment_once(table):
    opened = table.propose(PAY)
    table.answer(opened, Executed(outgoing=paid(PAID, table.venue.pay(PAID, table.now))))
    table.venue.credit(250_000, table.now)
    table.crash()
    table.run(5 * SECOND)
    assert [credit.amount_micro for credit in table.of(CreditBooked)] == [250_000]
    assert table.sound()


@pytest.mark.parametrize(("verdict", "available"), [("executed", "97.00"), ("void", "97.00")])
def test_an_operator_says_which_of_two_payments_was_ours_and_both_are_booked(table, verdict, available):
    opened = unknown(table, PAY)
    table.venue.pay(PAID, table.now)
    table.venue.pay(PAID, table.now)
    table.run(SECOND)
    step, _ = table.desk.resolve(Resolve(opened.intent, verdict, 0, "seen on the page"), table.now)
    table.carry_out(step)
    table.run(5 * SECOND)
    assert (table.bucket(Bucket.AVAILABLE), table.lane(), table.sound()) == (available, "IDLE", True)


def test_what_an_operator_says_was_executed_is_not_booked_again_when_its_review_ends(table):
    opened = unknown(table, WITHDRAW)
    row = table.venue.withdraw(10_000_000, ADDRESS, table.now, "reviewing")
    table.venue.withdraw(10_000_000, ADDRESS, table.now)
    table.run(SECOND)
    step, _ = table.desk.resolve(Resolve(opened.intent, "executed", 0, "the support says so"), table.now)
    table.carry_out(step)
    table.run(5 * SECOND)
    assert (list(table.state.withdrawals), table.sound()) == ([row.withdrawal_id], True)
    table.venue.end_withdrawal(row.withdrawal_id, "completed", table.now)
    table.tell(Reconcile())
    assert table.run(5 * SECOND).sound()
    assert (table.state.withdrawals, table.bucket(Bucket.AVAILABLE), table.of(StopSet)) == ({}, "79.00", [])


def test_a_review_that_ends_beside_an_unknown_bet_is_booked_once(table):
    opened = table.propose(WITHDRAW)
    row = table.venue.withdraw(10_000_000, ADDRESS, table.now, "reviewing")
    table.answer(opened, Executed(outgoing=withdrawn(row)))
    table.run(5 * SECOND)
    lost = unknown(table, bet())
    table.venue.end_withdrawal(row.withdrawal_id, "completed", table.now)
    table.run(SEND_TIMEOUT + QUIET + 10 * SECOND)
    assert (table.outcome(lost), table.sound(), table.of(StopSet)) == ("void", True, [])


def test_a_review_explains_no_withdrawal_of_another_user_of_the_key(table):
    opened = table.propose(WITHDRAW)
    row = table.venue.withdraw(10_000_000, ADDRESS, table.now, "reviewing")
    table.answer(opened, Executed(outgoing=withdrawn(row)))
    table.run(5 * SECOND)
    table.venue.withdraw(10_000_000, ADDRESS, table.now)
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert (table.sound(), table.of(StopSet)) == (True, [])
    table.venue.end_withdrawal(row.withdrawal_id, "completed", table.now)
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert (table.sound(), table.of(StopSet)) == (True, [])


def test_without_the_memory_of_its_row_a_payment_would_be_booked_twice(table, monkeypatch):
    monkeypatch.setattr("actors.money.history.row_key", lambda reason, change: "nothing")
    opened = table.propose(PAY)
    table.answer(opened, Executed(outgoing=paid(PAID, table.venue.pay(PAID, table.now))))
    table.run(5 * SECOND)
    assert "mismatch" in [stop.rule for stop in table.of(StopSet)]
