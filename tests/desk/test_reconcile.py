"""Reconciling: the account is adopted once, then every movement at the venue is explained or stops the agent."""

from fractions import Fraction

import pytest

from actors.desk import Desk
from actors.messages import Drain, Found, LookUpFailed, Poll, Reconcile, Resume
from actors.money.book import Bucket
from actors.money.events import (
    AccountAdopted,
    CreditBooked,
    DifferenceAccepted,
    Reconciled,
    SessionStarted,
    StopLifted,
    StopSet,
    StrayBooked,
)
from actors.money.evidence import BetRow, Unknown
from actors.money.risk import Limits
from tests.desk.kit import ACCOUNT, GAP, SECOND, Table

EVERY = 10 * SECOND


def open_table(**how):
    """Return a table that compares with the venue every ten seconds."""
    return Table(reconcile_every=EVERY, **how).reconciled()


def test_an_account_with_a_past_is_adopted_as_it_is():
    table = Table()
    table.venue.bet("human", 2_000_000, table.now - 3_600 * SECOND)
    table.venue.credit(500_000, table.now)
    table.reconciled()
    (adopted,) = table.of(AccountAdopted)
    assert (adopted.balance_micro, adopted.nonces) == (98_500_000, 1)
    assert table.bucket(Bucket.EXTERNAL) == "-98.50"
    table.run(3_700 * SECOND, beat=60 * SECOND)
    assert not table.of(CreditBooked)
    assert not table.of(StrayBooked)


def test_an_empty_account_is_adopted_without_a_posting():
    table = Table(balance=0).reconciled()
    assert table.of(AccountAdopted)[0].postings == ()
    assert table.propose() is None
    assert table.sound()


def test_a_credit_is_booked_once_however_often_it_is_seen():
    table = open_table()
    table.venue.credit(1_000_000, table.now)
    table.run(100 * SECOND)
    table.venue.credit(1_000_000, table.now)
    table.run(100 * SECOND)
    assert [credit.amount_micro for credit in table.of(CreditBooked)] == [1_000_000, 1_000_000]
    assert table.sound()


def test_equal_credits_within_a_second_are_told_apart():
    table = open_table()
    table.venue.credit(1_000_000, table.now)
    table.run(EVERY)
    table.venue.credit(1_000_000, table.now)
    table.venue.credit(1_000_000, table.now)
    table.run(2 * EVERY)
    assert len({credit.venue_ref for credit in table.of(CreditBooked)}) == 3
    assert table.sound()


def test_credits_survive_a_crash_without_doubling():
    table = open_table()
    table.venue.credit(1_000_000, table.now)
    table.run(2 * EVERY)
    table.crash()
    table.run(2 * EVERY)
    assert len(table.of(CreditBooked)) == 1
    assert table.sound()


@pytest.mark.parametrize("won", [True, False])
def test_a_bet_of_another_user_of_the_key_is_foreign_money(won):
    table = open_table()
    table.venue.bet("human", 2_000_000, table.now, won=won)
    table.run(2 * EVERY)
    assert [stray.kind for stray in table.of(StrayBooked)] == ["foreign"]
    assert table.bucket(Bucket.PROFIT) == "0.00"
    assert not table.incidents()
    assert table.sound()


def test_a_bet_with_a_tag_of_ours_that_the_journal_does_not_know_is_an_incident():
    table = open_table()
    table.venue.bet(f"sk1-{table.terms.agent}-1-{'f' * 32}", 450_000, table.now)
    table.run(2 * EVERY)
    assert (table.incidents(), table.sound()) == (["orphan"], True)


def test_an_account_that_is_emptied_to_the_last_of_its_rounding_is_booked():
    table = open_table()
    table.venue.balance += 1
    table.venue.pay(table.venue.balance, table.now)
    table.run(2 * EVERY)
    assert table.bucket(Bucket.AVAILABLE) == "0.00"
    assert table.sound()


def test_a_bet_of_another_user_that_the_listing_rounds_is_booked_by_the_ledger():
    table = open_table()
    table.venue.nonces += 2
    table.venue._move(-1_005_000, "reservation", "bet_h", table.now)
    table.venue._move(1_378_286, "reservation_release", "bet_h", table.now)
    row = BetRow("bet_h", "hilo", 1_010_000, 1_380_000, "1.3714", True, "auto_1", 5, "seed", "result")
    table.venue.rows.append((table.now, table.now, row))
    table.run(2 * EVERY)
    assert not table.of(StopSet)
    assert [(stray.stake_micro, stray.payout_micro) for stray in table.of(StrayBooked)] == [(1_005_000, 1_378_286)]
    assert table.sound()


@pytest.mark.parametrize("won", [True, False])
def test_a_parlay_of_another_user_of_the_key_is_booked_once(won):
    table = open_table()
    table.venue.parlay(1_000_000, 3_560_000 if won else 0, table.now)
    table.run(2 * EVERY)
    assert not table.of(StopSet)
    assert table.sound()


def test_what_adds_money_is_booked_before_what_takes_it():
    table = open_table(balance=1_000_000)
    table.venue.credit(10_000_000, table.now)
    table.venue.bet("human", 5_000_000, table.now)
    table.run(2 * EVERY)
    assert table.sound()


def test_a_difference_must_be_read_twice():
    table = open_table()
    table.venue.balance += 7
    table.run(EVERY - SECOND)
    assert not table.of(StopSet)
    table.run(SECOND + SECOND // 2)
    assert not table.of(StopSet)  # read once
    table.run(GAP)
    assert [stop.rule for stop in table.of(StopSet)] == ["mismatch"]


def test_a_credit_that_lands_between_two_readings_is_no_mismatch():
    table = open_table()
    table.venue.balance += 7
    table.run(EVERY + SECOND // 10)
    table.venue.balance -= 7
    table.run(EVERY)
    assert not table.of(StopSet)


def test_a_difference_within_the_tolerance_is_none():
    table = open_table()
    table.venue.balance += 1
    table.run(3 * EVERY)
    assert not table.of(StopSet)


def mismatched():
    """Return a table that is 7 micro-USD off."""
    table = open_table()
    table.venue.balance += 7
    table.run(2 * EVERY)
    return table


def test_a_mismatch_stops_the_agent_and_says_by_how_much():
    table = mismatched()
    assert (table.lane(), table.desk.status(table.now).mismatch_micro) == ("STOPPED", 7)
    assert "differ by 0.000007" in table.of(StopSet)[0].value
    assert table.propose() is None


def test_a_mismatch_is_not_lifted_by_resume():
    table = mismatched()
    table.tell(Resume("me"))
    table.run(EVERY)
    assert table.lane() == "STOPPED"


def test_a_mismatch_outlives_a_crash():
    table = mismatched()
    table.crash()
    assert table.lane() == "STOPPED"


def test_an_accepted_difference_is_booked_and_is_no_gain():
    table = mismatched()
    table.tell(Reconcile("the support says so"))
    table.run(SECOND)
    (accepted,) = table.of(DifferenceAccepted)
    assert (accepted.amount_micro, accepted.because) == (7, "the support says so")
    assert table.state.accounts["casino"].session_start_micro == table.state.book.equity("casino")
    assert (table.lane(), table.sound()) == ("IDLE", True)


def test_an_accepted_difference_lifts_no_stop_but_its_own():
    table = open_table(limits=Limits(stop_loss=Fraction(45, 10_000)))
    table.play()
    table.venue.balance -= 10_000
    table.run(2 * EVERY)
    table.tell(Reconcile("one cent"))
    table.run(SECOND)
    assert [stop.rule for stop in table.of(StopSet)] == ["stop loss", "mismatch", "stop loss"]
    assert (table.lane(), table.sound()) == ("STOPPED", True)


def test_a_difference_that_an_earlier_process_told_is_accepted():
    table = mismatched().crash()
    table.tell(Reconcile("the support says so"))
    table.run(SECOND)
    assert [one.amount_micro for one in table.of(DifferenceAccepted)] == [7]


def test_an_acceptance_is_for_the_difference_that_was_told():
    table = mismatched()
    table.tell(Reconcile("7 millionths: let them go"))
    table.venue.balance -= 60_000_000
    table.run(2 * EVERY)
    assert not table.of(DifferenceAccepted)
    assert (table.lane(), table.desk.status(table.now).mismatch_micro) == ("STOPPED", 7 - 60_000_000)


@pytest.mark.parametrize("crash", [False, True])
def test_nothing_is_accepted_before_it_was_told(crash):
    table = mismatched() if crash else open_table()
    if crash:
        table.crash()
    table.tell(Reconcile("just in case"))
    table.venue.balance -= 30_000_000
    table.run(2 * EVERY)
    assert not table.of(DifferenceAccepted)
    assert table.lane() == "STOPPED"


def test_missing_money_that_is_accepted_lies_in_suspense_until_it_comes_back():
    table = open_table()
    table.venue.balance -= 700_000
    table.run(2 * EVERY)
    table.tell(Reconcile("we will ask"))
    table.run(SECOND)
    assert (table.bucket(Bucket.SUSPENSE), table.sound()) == ("0.70", True)
    table.venue.balance += 700_000
    table.run(2 * EVERY)
    table.tell(Reconcile("it came back"))
    table.run(SECOND)
    assert (table.bucket(Bucket.SUSPENSE), table.sound()) == ("0.00", True)


def test_money_that_an_incomplete_bet_holds_in_suspense_is_not_accepted_away():
    table = open_table()
    opened = table.propose()
    table.venue.half_a_bet(opened.stake_micro, table.now)
    table.answer(opened, Unknown("reset"))
    table.run(40 * SECOND)
    table.venue.balance += opened.stake_micro
    table.run(2 * EVERY)
    table.tell(Reconcile("whatever"))
    table.run(SECOND)
    assert (table.outcome(opened), table.bucket(Bucket.SUSPENSE)) == ("incomplete", "0.45")
    assert table.sound()


def test_a_mismatch_that_the_venue_explains_later_is_lifted_without_a_new_session():
    table = mismatched()
    table.venue.balance -= 7
    table.run(2 * EVERY)
    assert [lifted.rule for lifted in table.of(StopLifted)] == ["mismatch"]
    assert not table.of(SessionStarted)
    assert table.lane() == "IDLE"


def test_draws_that_no_bet_explains_are_noted():
    table = open_table()
    table.venue.nonces += 3
    table.run(2 * EVERY)
    assert table.incidents() == ["nonce_gap"]
    table.run(5 * EVERY)
    assert table.incidents() == ["nonce_gap"]


def test_strays_explain_their_draws():
    table = open_table()
    table.venue.bet("human", 450_000, table.now)
    table.run(5 * EVERY)
    assert not table.incidents()


def test_the_account_is_compared_every_period_and_only_when_nothing_is_open():
    table = open_table()
    opened = table.propose()
    before = len(table.of(Reconciled))
    table.run(EVERY - 2 * SECOND)
    assert len(table.of(Reconciled)) == before
    table.answer(opened, Unknown("reset"))
    table.execute(opened)
    table.run(2 * EVERY)
    assert len(table.of(Reconciled)) > before


def test_a_venue_that_cannot_be_read_is_asked_ever_more_rarely():
    table = Table()
    asked = 0
    for _ in range(600):
        table.now += SECOND
        table.tick()
        if table.asked:
            asked += 1
            number, table.asked = table.asked.number, None
            table.tell(LookUpFailed(number, ACCOUNT, "down"))
    assert 20 <= asked <= 26  # 1, 2, 5, 10 and then every 30 seconds
    assert sum("cannot be read" in text for text in table.notices()) == 1


def test_a_lost_look_up_is_asked_again():
    table = Table()
    table.tick()
    first, table.asked = table.asked, None
    table.now += 61 * SECOND
    table.tick()
    assert table.asked.number > first.number


def test_an_answer_to_an_older_look_up_is_ignored():
    table = open_table()
    table.run(EVERY - SECOND // 2)
    table.venue.balance -= 7
    table.tell(LookUpFailed(1, ACCOUNT, "an old one"))
    assert not any("cannot be read" in text for text in table.notices())


def test_sums_that_lack_an_account_are_not_compared():
    table = Table(desk=lambda *how: Desk(*how[:-1], {"casino": "casino", "domains": "domains"})).reconciled()
    status = table.desk.status(table.now)
    assert (status.venue_micro, status.difference_micro) == (None, None)


@pytest.mark.parametrize("wish", [Reconcile(), Poll("bankroll", "accounts"), Drain("the end")])
def test_what_is_wanted_while_the_account_is_being_read_is_read_for_afterwards(wish):
    table = Table().reconciled()
    table.tell(Reconcile())
    table.tick()
    first = Found(table.asked.number, table.venue.evidence(table.asked.query, table.now))
    table.venue.credit(1_000_000, table.now)
    table.tell(wish)
    table.tell(first)
    table.tick()
    assert table.asked.number > first.number
    table.look()
    assert table.sound()


def test_control_with_what_was_wanted_meanwhile_forgotten_a_credit_waits_for_the_next_period(monkeypatch):
    monkeypatch.setattr("actors.desk.watch.Watch.taken", lambda self, _: self.give_up())
    with pytest.raises(AssertionError):
        test_what_is_wanted_while_the_account_is_being_read_is_read_for_afterwards(Reconcile())
