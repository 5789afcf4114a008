"""Unknown outcomes: only evidence moves them, absence needs a quiet period, a barrier and two negative readings."""

import pytest
from msgspec.structs import replace

from actors.messages import LookUpFailed, Resolve
from actors.money.book import Bucket
from actors.money.events import IncidentNoted, LookedUp, StrayBooked
from actors.money.evidence import Executed, Refused, Unknown
from actors.money.risk import Limits
from actors.money.wagers import Bet
from tests.desk.kit import ACCOUNT, GAP, SECOND, Table, bet


def unknown(table, lane="a", wager=None):
    """Send a bet whose answer is lost."""
    opened = table.propose(wager, lane)
    table.answer(opened, Unknown("connection reset"))
    return opened


def just_before_the_quiet_period_ends(**how):
    """Return a table with an unknown bet that the venue never saw, and the last moment in which that proves nothing."""
    table = Table(**how).reconciled()
    opened = unknown(table)
    table.run(opened.quiet_until - 1 - table.now)
    return table, opened


def read(table, started=None):
    """Let the desk ask, and answer with a reading that started at a moment."""
    table.tick()
    if table.asked:
        table.look(started)


def test_a_bet_that_is_found_is_settled_at_once():
    table = Table().reconciled()
    opened = unknown(table)
    table.execute(opened, won=True)
    table.run(SECOND)
    assert table.outcome(opened) == "executed"
    assert table.lane() == "IDLE"
    assert table.sound()


def test_a_bet_that_arrives_in_the_last_moment_of_the_quiet_period_is_found():
    table, opened = just_before_the_quiet_period_ends()
    table.execute(opened)
    table.run(10 * SECOND)
    assert table.outcome(opened) == "executed"
    assert not table.of(StrayBooked)


def test_absence_is_void_after_the_quiet_period_and_two_readings():
    table, opened = just_before_the_quiet_period_ends()
    assert (table.outcome(opened), table.of(LookedUp)) == ("open", [])
    table.run(1 + GAP + SECOND)
    assert table.outcome(opened) == "void"
    assert len(table.of(LookedUp)) == 2
    assert table.bucket(Bucket.AVAILABLE) == "100.00"


def test_a_reading_that_started_a_microsecond_early_does_not_count():
    table, opened = just_before_the_quiet_period_ends()
    table.now += 1
    read(table, started=opened.quiet_until - 1)
    assert not table.of(LookedUp)
    read(table, started=opened.quiet_until)
    assert len(table.of(LookedUp)) == 1


def test_one_negative_reading_proves_nothing():
    table, opened = just_before_the_quiet_period_ends()
    table.now += 1
    read(table)
    assert len(table.of(LookedUp)) == 1
    assert table.outcome(opened) == "open"


def test_two_negative_readings_too_close_together_are_one():
    table, opened = just_before_the_quiet_period_ends()
    table.now += 1
    first = table.now
    read(table)
    table.now += GAP
    read(table, started=first + GAP - 1)
    assert table.outcome(opened) == "open"
    table.now += GAP
    read(table)
    assert table.outcome(opened) == "void"


def test_a_row_that_shows_up_late_is_found_by_the_second_reading():
    table, opened = just_before_the_quiet_period_ends()
    table.execute(opened, lag=GAP)
    table.run(10 * SECOND)
    assert (table.outcome(opened), table.incidents()) == ("executed", ["late"])


def test_an_incomplete_reading_proves_nothing(monkeypatch):
    table, opened = just_before_the_quiet_period_ends()
    whole = table.venue.evidence
    monkeypatch.setattr(table.venue, "evidence", lambda *args: replace(whole(*args), rows_complete=False))
    table.run(60 * SECOND)
    assert table.outcome(opened) == "open"


def test_a_venue_that_cannot_be_read_proves_nothing():
    table, opened = just_before_the_quiet_period_ends()
    for _ in range(100):
        table.now += 30 * SECOND
        table.tick()
        if table.asked:
            asked, table.asked = table.asked, None
            table.tell(LookUpFailed(asked.number, ACCOUNT, "the venue is down"))
    assert table.outcome(opened) == "open"
    assert table.bucket(Bucket.RESERVED) == "0.45"


def test_other_lanes_may_bet_while_the_quiet_period_lasts():
    table = Table(lanes=("a", "b")).reconciled()
    unknown(table, "a")
    assert table.play(lane="b")


def test_the_barrier_holds_other_lanes_while_absence_is_proven():
    table, opened = just_before_the_quiet_period_ends(lanes=("a", "b"))
    assert table.propose(lane="b")  # sent before the barrier
    table, opened = just_before_the_quiet_period_ends(lanes=("a", "b"))
    table.now += 1
    assert table.propose(lane="b") is None
    assert table.denial() == "account"
    table.run(5 * SECOND)
    assert table.outcome(opened) == "void"
    assert table.play(lane="b")


def test_a_reading_with_a_send_under_way_does_not_count():
    table, _ = just_before_the_quiet_period_ends(lanes=("a", "b"))
    other = table.propose(lane="b")
    table.now += 1
    read(table)
    assert not table.of(LookedUp)
    table.answer(other, Refused("minimum_bet"))
    table.now += GAP
    read(table)
    assert len(table.of(LookedUp)) == 1


def test_a_bet_of_another_lane_is_no_stray_while_absence_is_proven():
    table, opened = just_before_the_quiet_period_ends(lanes=("a", "b"))
    table.run(1)
    table.now += GAP
    table.tick()  # the second reading begins
    other = table.propose(lane="b")
    row = table.execute(other) if other else None
    table.look()
    if other:
        table.answer(other, Executed(bet=row))
    assert table.outcome(opened) == "void"
    assert not table.of(StrayBooked)


def test_one_debit_without_a_bet_is_one_of_two_equal_unknowns():
    table = Table(lanes=("a", "b")).reconciled()
    first, second = unknown(table, "a"), unknown(table, "b")
    table.venue.half_a_bet(450_000, table.now)
    table.run(30 * SECOND)
    assert sorted([table.outcome(first), table.outcome(second)]) == ["incomplete", "void"]
    assert sorted([table.lane("a"), table.lane("b")]) == ["ERROR", "IDLE"]
    assert table.bucket(Bucket.SUSPENSE) == "0.45"
    assert table.sound()
    assert table.incidents() == ["venue_incomplete"]  # its draw is explained by it, once


def test_unequal_unknowns_are_told_apart_by_their_amount():
    table = Table(lanes=("a", "b")).reconciled()
    first, second = unknown(table, "a", bet("0.45")), unknown(table, "b", bet("0.60"))
    table.venue.half_a_bet(600_000, table.now)
    table.run(30 * SECOND)
    assert (table.outcome(first), table.outcome(second)) == ("void", "incomplete")


def test_a_row_that_is_not_what_was_sent_is_booked_as_the_venue_says_and_a_person_must_look():
    table = Table().reconciled()
    opened = unknown(table)
    table.venue.bet(opened.tag, 500_000, table.now)
    table.run(5 * SECOND)
    assert (table.outcome(opened), table.lane()) == ("void", "ERROR")
    assert [(stray.kind, stray.stake_micro) for stray in table.of(StrayBooked)] == [("resurrected", 500_000)]
    assert table.incidents() == ["contradiction", "resurrected"]
    assert table.sound()


@pytest.mark.parametrize("minutes", [4, 6])
def test_an_unknown_outcome_that_nobody_can_look_up_for_five_minutes_is_an_incident(minutes):
    table = Table().reconciled()
    opened = unknown(table)
    until = table.now + minutes * 60 * SECOND
    while table.now < until:
        table.tick()
        if asked := table.asked:
            table.asked = None
            table.tell(LookUpFailed(asked.number, ACCOUNT, "the venue answers 503"))
        table.now += SECOND
    assert table.incidents() == (["unreadable"] if minutes > 5 else [])
    assert (table.outcome(opened), table.bucket(Bucket.RESERVED)) == ("open", "0.45")


def test_a_copy_that_took_what_another_lane_has_reserved_is_booked_when_that_is_closed():
    wide = Limits(max_open=1, max_stake_fraction=1, entertainment_micro=10_000_000)
    table = Table(lanes=("a", "b"), balance=2_000_000, limits=wide).reconciled()
    doubled, never = (
        table.propose(Bet("coin_flip", {"side": "heads"}, "0.5", "1.99", stake=stake), lane)
        for lane, stake in (("a", "0.80"), ("b", "0.60"))
    )
    table.execute(doubled)
    table.execute(doubled)
    table.answer(doubled, Unknown("cut"))
    table.run(SECOND)
    table.crash().run(120 * SECOND)
    assert (table.outcome(doubled), table.outcome(never)) == ("executed", "void")
    assert [stray.kind for stray in table.of(StrayBooked)] == ["duplicate"]
    assert table.sound()


def test_a_request_that_a_middlebox_repeated_is_booked_as_often_as_it_was_executed():
    table = Table().reconciled()
    opened = unknown(table)
    table.execute(opened)
    table.execute(opened, won=True)
    table.run(5 * SECOND)
    assert table.outcome(opened) == "executed"
    assert [stray.kind for stray in table.of(StrayBooked)] == ["duplicate"]
    assert table.lane() == "ERROR"
    assert table.incidents() == ["duplicate"]
    assert table.sound()


@pytest.mark.parametrize("ending", ["void", "refused"])
def test_a_bet_that_turns_up_after_all_is_booked_at_once_with_an_incident(ending):
    table = Table(reconcile_every=10 * SECOND).reconciled()
    opened = unknown(table)
    if ending == "refused":
        table.answer(opened, Refused("rate_limit_exceeded"))
    table.run(30 * SECOND)
    assert table.outcome(opened) == ending
    table.execute(opened)
    table.run(30 * SECOND)
    assert [(stray.kind, stray.intent) for stray in table.of(StrayBooked)] == [("resurrected", opened.intent)]
    assert table.incidents() == ["resurrected"]
    assert table.sound()


def test_a_second_copy_found_by_a_reconcile_is_a_duplicate():
    table = Table(reconcile_every=10 * SECOND).reconciled()
    opened = table.play()
    table.execute(opened)
    table.run(30 * SECOND)
    assert [(stray.kind, stray.intent) for stray in table.of(StrayBooked)] == [("duplicate", opened.intent)]
    assert table.sound()


def test_a_duplicate_fails_every_lane_even_one_that_never_bet():
    table = Table(lanes=("a", "b"), reconcile_every=10 * SECOND).reconciled()
    opened = table.play(lane="a")
    table.execute(opened)
    table.run(30 * SECOND)
    assert [table.lane("a"), table.lane("b")] == ["ERROR", "ERROR"]
    table.crash()
    assert [table.lane("a"), table.lane("b")] == ["ERROR", "ERROR"]
    step, _ = table.desk.resolve(Resolve(opened.intent, "executed", 0, "the proxy is mended"), table.now)
    table.carry_out(step)
    assert [table.lane("a"), table.lane("b")] == ["IDLE", "IDLE"]


def test_a_mended_row_of_an_incomplete_bet_is_known():
    table = Table(reconcile_every=10 * SECOND).reconciled()
    opened = unknown(table)
    table.execute(opened)
    ((at, _, row),) = table.venue.rows
    table.venue.rows.clear()
    table.run(40 * SECOND)
    assert table.outcome(opened) == "incomplete"
    table.venue.rows.append((at, at, row))
    table.run(60 * SECOND)
    assert not table.of(StrayBooked)
    assert table.incidents() == ["venue_incomplete", "listed_late"]
    way_out = f"`resolve {opened.intent} --as executed --payout 0.000000` books it as listed"
    assert table.of(IncidentNoted)[-1].text.endswith(way_out)
    assert table.sound()


@pytest.mark.parametrize(("seconds", "told"), [(0, 0), (17, 0), (20, 1)])
def test_a_bet_executed_later_than_a_quarter_of_the_quiet_period_is_an_incident_although_it_was_found(seconds, told):
    table = Table(quiet_period=60 * SECOND).reconciled()
    opened = unknown(table)
    table.run(seconds * SECOND)
    table.execute(opened)
    table.run(10 * SECOND)
    assert table.outcome(opened) == "executed"
    assert table.incidents() == ["late"] * told


def test_of_late_bets_only_the_latest_is_told():
    table = Table(quiet_period=60 * SECOND).reconciled()
    for seconds in (30, 20, 40):
        opened = unknown(table)
        table.run(seconds * SECOND)
        table.execute(opened)
        table.run(10 * SECOND)
    told = [one.text.partition(" after")[0].rpartition("executed ")[2] for one in table.of(IncidentNoted)]
    assert told == ["28 s", "38 s"]


def test_how_late_a_bet_of_an_earlier_process_was_cannot_be_told():
    table = Table(quiet_period=60 * SECOND).reconciled()
    opened = unknown(table)
    table.crash().run(40 * SECOND)
    table.execute(opened)
    table.run(10 * SECOND)
    assert (table.outcome(opened), table.incidents()) == ("executed", [])


def test_foreign_bets_around_an_unknown_one_are_told_apart_from_it():
    table = Table().reconciled()
    table.run(20 * SECOND)
    table.venue.bet("human", 2_000_000, table.now)
    table.run(20 * SECOND)
    opened = unknown(table)
    table.venue.bet("human", 450_000, table.now)
    table.run(30 * SECOND)
    assert table.outcome(opened) == "void"
    assert [stray.kind for stray in table.of(StrayBooked)] == ["foreign", "foreign"]
    assert not table.incidents()
    assert table.sound()


def test_a_credit_beside_an_unknown_bet_is_booked_once():
    table = Table().reconciled()
    opened = unknown(table)
    table.venue.credit(1_000_000, table.now)
    table.run(30 * SECOND)
    table.venue.credit(1_000_000, table.now)
    table.run(3_600 * SECOND, beat=60 * SECOND)
    assert table.outcome(opened) == "void"
    assert table.bucket(Bucket.AVAILABLE) == "102.00"
    assert table.sound()


def test_a_void_stake_is_back_before_a_foreign_loss_is_booked():
    table = Table(balance=1_000_000).reconciled()
    opened = unknown(table, wager=bet("0.01"))
    table.venue.bet("human", 1_000_000, table.now)
    table.run(30 * SECOND)
    assert table.outcome(opened) == "void"
    assert table.sound()
