"""Stops: set once, durable, waiting for what is open; lifted by an operator, by midnight, or by a reconcile."""

from fractions import Fraction

import pytest

from actors.messages import LaneView, Pause, Resume
from actors.money.events import SessionStarted, StopLifted, StopSet
from actors.money.evidence import Executed, Refused, Unknown
from actors.money.risk import Limits, next_midnight
from actors.money.state import State
from actors.money.wagers import Bet
from tests.desk.exchange import TradingDesk
from tests.desk.kit import ACCOUNT, NOON, SECOND, Table, bet

WIDE = {"stop_loss": Fraction(1), "max_drawdown": Fraction(1), "daily_loss": Fraction(1)}
ONE_LOSS = Fraction(45, 10_000)  # 0.45 of 100
DAY = 86_400 * SECOND


def stopping_at_one_loss(rule, **how):
    """Return a table where a lost bet of 0.45 breaks one rule and no other."""
    limit = {"loss_streak": 1} if rule == "loss_streak" else {rule: ONE_LOSS}
    return Table(limits=Limits(**(WIDE | limit)), **how).reconciled()


RULES = {"stop_loss": "stop loss", "max_drawdown": "drawdown", "daily_loss": "daily loss", "loss_streak": "loss streak"}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_stops_the_account_once(rule):
    table = stopping_at_one_loss(rule)
    table.play()
    table.run(60 * SECOND)
    (stop,) = table.of(StopSet)
    assert stop.rule == RULES[rule]
    assert stop.until == (next_midnight(stop.at) if rule == "daily_loss" else 0)
    assert table.lane() == "STOPPED"
    assert table.propose() is None
    assert table.denial() == RULES[rule]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_not_quite_broken_stops_nothing(rule):
    table = stopping_at_one_loss(rule)
    table.play(wager=bet("0.44"), won=rule == "loss_streak")
    assert table.lane() == "IDLE"
    assert not table.of(StopSet)


@pytest.mark.parametrize("rule", RULES)
def test_a_stop_outlives_a_crash(rule):
    table = stopping_at_one_loss(rule)
    table.play()
    table.crash().reconciled()
    assert table.lane() == "STOPPED"
    assert table.propose() is None
    assert len(table.of(StopSet)) == 1


def test_a_crash_loop_cannot_reset_a_stop_loss():
    table = Table(limits=Limits(**(WIDE | {"stop_loss": 3 * ONE_LOSS}))).reconciled()
    for _ in range(3):
        assert table.lane() == "IDLE"
        table.play()
        table.crash().reconciled()
    assert [stop.rule for stop in table.of(StopSet)] == ["stop loss"]


def test_other_lanes_stop_when_their_intents_are_closed():
    table = stopping_at_one_loss("stop_loss", lanes=("a", "b", "c"))
    open_elsewhere = table.propose(lane="b")
    table.play(lane="a")
    assert [table.lane(lane) for lane in "abc"] == ["STOPPED", "PENDING", "STOPPED"]
    table.answer(open_elsewhere, Executed(bet=table.execute(open_elsewhere, won=True)))
    assert table.lane("b") == "STOPPED"


def test_an_unknown_outcome_is_resolved_while_stopped():
    table = stopping_at_one_loss("stop_loss", lanes=("a", "b"))
    opened = table.propose(lane="b")
    table.play(lane="a")
    table.answer(opened, Unknown("reset"))
    table.crash()
    table.execute(opened, won=True)
    table.run(5 * SECOND)
    assert (table.outcome(opened), table.lane("b")) == ("executed", "STOPPED")


def test_a_stop_is_told_to_the_lanes():
    table = stopping_at_one_loss("stop_loss", lanes=("a", "b"))
    table.play(lane="a")
    told = {view.lane: (view.state, view.reason) for view in table.of(LaneView)}
    assert told == {"a": ("STOPPED", "stop loss"), "b": ("STOPPED", "stop loss")}


def test_a_daily_loss_is_over_at_midnight():
    table = stopping_at_one_loss("daily_loss")
    table.play()
    table.now = next_midnight(table.now) - 1
    table.tick()
    assert table.lane() == "STOPPED"
    table.now += 1
    table.tick()
    assert table.lane() == "IDLE"
    assert table.state.exposure(ACCOUNT, table.now).day_start_micro == 99_550_000
    assert not table.of(SessionStarted)


def test_a_rule_that_hid_behind_the_daily_loss_stops_at_midnight():
    limits = Limits(**(WIDE | {"daily_loss": ONE_LOSS, "loss_streak": 1}))
    table = Table(limits=limits, reconcile_every=2 * DAY).reconciled()
    table.play()
    table.now = next_midnight(table.now)
    table.tick()
    assert table.propose() is None
    assert [stop.rule for stop in table.of(StopSet)] == ["daily loss", "loss streak"]


@pytest.mark.parametrize("rule", RULES)
def test_resume_begins_a_new_session(rule):
    table = stopping_at_one_loss(rule)
    table.play()
    table.tell(Resume("me"))
    (session,) = table.of(SessionStarted)
    assert (session.equity_micro, session.after_stop) == (99_550_000, True)
    assert table.lane() == "IDLE"
    account = table.state.account(ACCOUNT)
    assert (account.peak_micro, account.day_start_micro, account.loss_streak) == (99_550_000, 99_550_000, 0)
    assert table.propose(bet("0.44"))


def test_resume_without_a_stop_begins_nothing():
    table = Table().reconciled()
    table.tell(Resume("me"))
    assert not table.of(SessionStarted)


def test_a_pause_is_lifted_by_resume_and_continues_the_session():
    table = Table().reconciled()
    table.tell(Pause("lunch"))
    assert (table.lane(), table.propose()) == ("STOPPED", None)
    assert table.denial() == "pause"
    table.tell(Resume("me"))
    assert not table.of(SessionStarted)
    assert table.propose()


def test_a_pause_is_told_in_plain_words_by_the_account_and_by_the_lane():
    table = Table().reconciled()
    table.propose()
    table.tell(Pause("lunch"))
    status = table.desk.status(table.now)
    assert {status.stop_reason, *(lane.why for lane in status.lanes)} == {"paused until `resume`: lunch"}


def test_a_pause_outlives_a_crash():
    table = Table().reconciled()
    table.tell(Pause("lunch"))
    table.crash().reconciled()
    assert table.propose() is None


def test_a_pause_before_the_account_was_met_holds_when_it_is():
    table = Table()
    table.desk = table.make(State(), table.terms, 1, {ACCOUNT: "casino"})  # nothing has come in yet
    table.tell(Pause("lunch"))
    assert [stop.account for stop in table.of(StopSet)] == [ACCOUNT]


def test_an_account_that_is_met_during_a_pause_is_paused_too():
    table = Table().reconciled()
    table.tell(Pause("lunch"))
    later = TradingDesk()
    later.journal, later.now, later.lanes = table.journal, table.now, ("b",)
    later.crash().reconciled()
    assert later.order(lane="b") is None
    assert (later.lane("b"), later.denial()) == ("STOPPED", "pause")
    later.tell(Resume("me"))
    assert later.order(lane="b")


def test_a_pause_waits_for_what_is_open():
    table = Table().reconciled()
    opened = table.propose()
    table.tell(Pause("lunch"))
    assert table.lane() == "PENDING"
    table.answer(opened, Refused("minimum_bet"))
    assert table.lane() == "STOPPED"


def test_a_pause_outlives_the_stop_beside_it():
    table = stopping_at_one_loss("daily_loss")
    table.play()
    table.tell(Pause("lunch"))
    table.now = next_midnight(table.now)
    table.tick()
    assert [lifted.rule for lifted in table.of(StopLifted)] == ["daily loss"]
    assert table.lane() == "STOPPED"
    table.tell(Resume("me"))
    assert table.lane() == "IDLE"


def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss():
    table = stopping_at_one_loss("stop_loss", reconcile_every=10 * SECOND)
    table.venue.credit(50_000_000, table.now)
    table.run(20 * SECOND)
    account = table.state.account(ACCOUNT)
    assert (account.session_start_micro, account.peak_micro, account.day_start_micro) == (150_000_000,) * 3
    table.venue.credit(-60_000_000, table.now)
    table.run(20 * SECOND)
    assert not table.of(StopSet)
    assert (account.session_start_micro, account.peak_micro, account.day_start_micro) == (90_000_000,) * 3


def test_an_incomplete_bet_counts_as_lost():
    table = stopping_at_one_loss("stop_loss")
    opened = table.propose()
    table.venue.half_a_bet(opened.stake_micro, table.now)
    table.answer(opened, Unknown("500"))
    table.run(30 * SECOND)
    assert [stop.rule for stop in table.of(StopSet)] == ["stop loss"]


def test_the_day_counts_from_midnight():
    table = Table(limits=Limits(**(WIDE | {"daily_loss": Fraction(8, 1_000)}))).reconciled()
    table.play()
    table.now = next_midnight(table.now)
    table.play()  # 0.90 in all, but 0.45 each day
    assert not table.of(StopSet)
    table.play()
    assert [stop.rule for stop in table.of(StopSet)] == ["daily loss"]


def test_the_entertainment_budget_is_a_days():
    fun = Bet("coin_flip", {"side": "heads"}, "0.5", "1.99", stake="0.30")
    table = Table(limits=Limits(**(WIDE | {"entertainment_micro": 500_000}))).reconciled()
    table.play(wager=fun)
    assert table.propose(fun) is None
    assert table.denial() == "entertainment budget"
    table.now = next_midnight(table.now)
    assert table.play(wager=fun)


def test_the_rate_holds_over_a_crash():
    table = Table(limits=Limits(**(WIDE | {"bets_per_minute": 2}))).reconciled()
    table.play()
    table.play()
    table.crash().reconciled()
    assert table.propose() is None
    assert table.denial() == "rate"
    table.now += 60 * SECOND
    assert table.propose()


@pytest.mark.parametrize("ahead", [0, DAY, 400 * DAY])
def test_a_clock_that_was_set_back_forgets_no_loss_of_the_day(ahead):
    table = stopping_at_one_loss("daily_loss", now=NOON + ahead)
    table.play(wager=bet("0.44"))
    table.now = NOON
    table.crash().reconciled()
    table.play(wager=bet("0.01"))
    assert [stop.rule for stop in table.of(StopSet)] == ["daily loss"]


def test_a_stop_of_a_day_ends_with_the_next_day_though_a_clock_of_a_far_future_set_it():
    table = stopping_at_one_loss("daily_loss", now=NOON + 400 * DAY)
    table.play()
    table.now = NOON
    table.crash().reconciled()
    assert table.lane() == "STOPPED"
    table.run(2 * DAY, beat=3_600 * SECOND)
    assert table.lane() == "IDLE"


def test_after_a_clock_of_a_far_future_days_begin_again():
    table = stopping_at_one_loss("daily_loss", now=NOON + 400 * DAY)
    table.play(wager=bet("0.44"))
    table.now = NOON
    table.crash().reconciled()
    table.run(2 * DAY, beat=3_600 * SECOND)
    table.play(wager=bet("0.44"))
    assert not table.of(StopSet)


def test_a_clock_that_was_set_back_bars_no_bet_for_longer_than_a_minute():
    table = Table(limits=Limits(bets_per_minute=2), now=NOON + DAY).reconciled()
    table.play()
    table.play()
    table.now = NOON
    table.crash().reconciled()
    assert (table.propose(), table.denial()) == (None, "rate")
    table.run(60 * SECOND, beat=SECOND)
    assert table.propose()
