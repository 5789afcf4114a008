"""After a void: its bet may still turn up, and then it is booked at once; until then its stake is not staked again."""

from fractions import Fraction

import pytest

from actors.messages import LookUp, LookUpFailed
from actors.money import state
from actors.money.audit import turned_up, vanished
from actors.money.events import IncidentNoted, Reconciled, StrayBooked
from actors.money.evidence import Executed, NotSent, Query, Refused, Unknown
from actors.money.risk import Limits
from actors.money.wagers import EscrowCreate
from tests.desk.kit import ACCOUNT, GAP, QUIET, SECOND, Table, bet

MINUTE = 60 * SECOND


def void(table, lane="a", stake="0.45"):
    """Send a bet that is lost on the way, and wait until that is proven."""
    opened = table.propose(bet(stake), lane)
    table.answer(opened, Unknown("reset"))
    table.run(opened.quiet_until + 2 * GAP + SECOND - table.now)
    assert table.outcome(opened) == "void"
    return opened


def shortly_before_a_sweep(table):
    """Let time pass until shortly before the next sweep, and let another lane send a bet that is slow."""
    table.run(table.desk._resolver.watches[ACCOUNT].sweep_at - 2 * SECOND - table.now)
    return table.propose(lane="b")


def sweeps(table):
    return [asked for asked in table.of(LookUp) if asked.query.sweep]


def test_a_bet_that_turns_up_is_booked_by_the_next_sweep_while_another_lane_bets():
    table = Table(lanes=("a", "b")).reconciled()
    late = void(table)
    other = shortly_before_a_sweep(table)
    table.execute(late, won=True)
    table.run(4 * SECOND)
    assert table.outcome(other) == "open"  # there was no barrier
    (stray,) = table.of(StrayBooked)
    assert (stray.kind, stray.intent) == ("resurrected", late.intent)
    assert "resurrected" in table.incidents()
    table.answer(other, Executed(bet=table.execute(other)))
    table.run(SECOND)
    assert table.sound()


def test_a_bet_that_turns_up_doubles_the_quiet_period_of_the_session():
    table = Table().reconciled()
    late = void(table)
    table.execute(late)
    table.run(2 * MINUTE)
    opened = table.propose()
    table.answer(opened, Unknown("reset"))
    table.run(opened.quiet_until + QUIET - 1 - table.now)
    assert table.outcome(opened) == "open"
    table.run(2 * GAP + SECOND)
    assert table.outcome(opened) == "void"


def test_the_doubled_period_outlives_a_crash():
    table = Table().reconciled()
    late = void(table)
    table.execute(late)
    table.run(2 * MINUTE)
    assert table.journal.replayed().account(ACCOUNT).late == 1


@pytest.mark.parametrize("answer", [Refused("rate_limit_exceeded"), NotSent("refused")])
def test_whatever_was_closed_as_not_executed_is_swept_for(answer):
    table = Table().reconciled()
    opened = table.propose()
    table.answer(opened, answer)
    table.run(MINUTE)
    table.execute(opened)
    table.run(MINUTE + SECOND)
    assert [stray.kind for stray in table.of(StrayBooked)] == ["resurrected"]


def test_without_a_void_there_is_no_sweep():
    table = Table().reconciled()
    table.play()
    table.run(5 * MINUTE, beat=SECOND)
    assert not sweeps(table)


def test_a_sweep_a_minute_for_a_day():
    table = Table(reconcile_every=10**15).reconciled()
    void(table)
    table.run(10 * MINUTE, beat=SECOND)
    assert 9 <= len(sweeps(table)) <= 11
    table.now += 24 * 60 * MINUTE
    table.run(SECOND)
    seen = len(sweeps(table))
    table.run(10 * MINUTE, beat=SECOND)
    assert len(sweeps(table)) <= seen + 1


def test_a_sweep_that_fails_disturbs_nothing():
    table = Table().reconciled()
    void(table)
    table.now += MINUTE
    table.tick()
    asked, table.asked = table.asked, None
    assert asked.query.sweep
    table.tell(LookUpFailed(asked.number, ACCOUNT, "timeout"))
    assert table.propose()


def test_a_second_copy_that_a_sweep_shows_is_booked_behind_the_barrier():
    table = Table(lanes=("a", "b")).reconciled()
    void(table)
    opened = table.play()
    other = shortly_before_a_sweep(table)
    table.execute(opened)
    table.run(4 * SECOND)
    assert not table.of(StrayBooked)
    table.answer(other, Executed(bet=table.execute(other)))
    table.run(SECOND)
    assert [stray.kind for stray in table.of(StrayBooked)] == ["duplicate"]
    assert table.sound()


def test_a_bet_by_hand_is_no_business_of_a_sweep():
    table = Table().reconciled()
    void(table)
    table.venue.bet("human", 450_000, table.now)
    evidence = table.venue.evidence(Query(ACCOUNT, 0, 0, 0), table.now)
    assert turned_up(table.state, evidence, table.now) == []


def forgetful(table, opened):
    """Let the venue forget a bet, as one that is restored from a backup does; its money stays moved."""
    table.venue.rows = [row for row in table.venue.rows if row[2].tag != opened.tag]


def test_a_booked_bet_that_is_no_longer_listed_is_a_contradiction_and_is_not_booked_again():
    table = Table().reconciled()
    void(table)
    opened = table.play()
    forgetful(table, opened)
    table.run(2 * MINUTE)
    (incident,) = [one for one in table.of(IncidentNoted) if one.name == "contradiction"]
    assert incident.intent == opened.intent
    assert table.outcome(opened) == "executed"
    assert not table.of(StrayBooked)


def test_a_bet_that_may_not_be_listed_yet_is_not_missed():
    table = Table().reconciled()
    opened = table.play()
    forgetful(table, opened)
    evidence = table.venue.evidence(Query(ACCOUNT, 0, 0, 0), table.now)
    assert vanished(table.state, evidence, table.now - QUIET) == []
    assert [one.intent for one in vanished(table.state, evidence, table.now)] == [opened.intent]


def available(table):
    return table.state.exposure(ACCOUNT, table.now).available_micro


def test_the_stake_of_what_is_void_is_not_staked_again_for_ten_minutes():
    table = Table().reconciled()
    before = available(table)
    void(table)
    assert available(table) == before - 450_000
    table.now += 10 * MINUTE
    assert available(table) == before


def test_what_is_void_is_not_forgotten_for_what_was_refused_since(monkeypatch):
    monkeypatch.setattr(state, "WATCHED_VOIDS", 2)
    table = Table().reconciled()
    opened = void(table)
    held = available(table)
    for _ in range(3):
        table.answer(table.propose(), Refused("rate_limited", temporary=True))
    assert (available(table), len(table.state.watched), len(table.state.voids)) == (held, 2, 2)
    table.execute(opened)
    table.run(MINUTE + SECOND)
    assert table.incidents() == ["resurrected"]


def test_a_bet_that_turns_up_breaks_no_limit_of_what_may_be_open():
    limits = Limits(max_open=Fraction(1, 100))
    table = Table(lanes=("a", "b"), limits=limits).reconciled()
    void(table, stake="0.60")
    assert table.propose(EscrowCreate("0.50", "ag_other", "work"), "b") is None
    assert table.denial() == "open exposure"


def test_a_stake_that_was_refused_is_free_at_once():
    table = Table().reconciled()
    before = available(table)
    table.answer(table.propose(), Refused("minimum_bet"))
    assert available(table) == before


@pytest.mark.parametrize("jump", [-3_600, 3_600])
def test_no_set_of_the_clock_between_two_processes_shortens_the_hold(jump):
    table = Table().reconciled()
    before = available(table)
    void(table)
    table.now += jump * SECOND
    table.crash().reconciled()
    table.now += 10 * MINUTE - 10 * SECOND
    assert available(table) == before - 450_000


def without_sweeps(patch):
    patch.setattr(state.State, "watching", lambda *_: False)
    return test_a_bet_that_turns_up_is_booked_by_the_next_sweep_while_another_lane_bets


def without_a_hold(patch):
    patch.setattr(state, "HOLD", 0)
    return test_a_bet_that_turns_up_breaks_no_limit_of_what_may_be_open


def without_doubling(patch):
    patch.setattr("actors.desk.till.QUIET_DOUBLINGS", 0)
    return test_a_bet_that_turns_up_doubles_the_quiet_period_of_the_session


def without_looking_for_what_vanished(patch):
    patch.setattr("actors.desk.reconciler.vanished", lambda *_: [])
    return test_a_booked_bet_that_is_no_longer_listed_is_a_contradiction_and_is_not_booked_again


MUTANTS = (without_sweeps, without_a_hold, without_doubling, without_looking_for_what_vanished)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_desk_is_found_out(mutant, monkeypatch):
    scenario = mutant(monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        scenario()


def test_sweeps_do_not_move_the_agreement():
    table = Table(reconcile_every=10**15).reconciled()
    void(table)
    table.run(SECOND)
    before = len(table.of(Reconciled))
    table.run(3 * MINUTE, beat=SECOND)
    assert len(table.of(Reconciled)) == before
