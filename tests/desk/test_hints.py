"""Pushed events: each is journaled once and makes somebody look; none of them moves money."""

from itertools import permutations

import pytest

from actors.desk import Desk
from actors.messages import Drain, Hint, Hinted, HintHeard, LookUp, Poll
from actors.money.events import HintTaken, OutcomeUnknown, Reconciled
from actors.money.evidence import Executed, Unknown
from tests.desk.kit import SECOND, Table

WON = Hint("evt_1", "bet.won")


def heard(table):
    return [message.outcome for message in table.of(HintHeard)]


def open_table():
    return Table().reconciled()


def test_an_event_is_on_disk_before_anybody_hears_of_it():
    table = open_table()
    table.prompt = False
    table.tell(WON)
    assert not table.of(HintHeard)
    assert not table.of(Hinted)
    table.commit()
    assert heard(table) == ["taken"]
    assert table.of(Hinted) == [Hinted("bet.won")]


def test_an_event_that_comes_again_is_known_and_has_no_effect():
    table = open_table()
    for _ in range(3):
        table.tell(WON)
    assert heard(table) == ["taken", "duplicate", "duplicate"]
    assert len(table.of(Hinted)) == len(table.of(HintTaken)) == 1


def test_a_copy_that_comes_while_the_first_is_being_written_is_not_answered_before_it():
    table = open_table()
    table.prompt = False
    table.tell(WON)
    table.tell(WON)
    assert not table.of(HintHeard)
    table.commit()
    table.commit()
    assert heard(table) == ["taken", "duplicate"]


def test_an_event_is_known_after_a_crash():
    table = open_table()
    table.tell(WON)
    table.crash().tell(WON)
    assert heard(table) == ["duplicate"]
    assert len(table.of(HintTaken)) == 1


def test_an_event_that_a_crash_kept_from_the_disk_is_taken_when_it_comes_again():
    table = open_table()
    table.prompt = False
    table.tell(WON)
    table.prompt = True
    table.crash().tell(WON)
    assert heard(table) == ["taken"]


def test_an_event_that_the_journal_refused_may_come_again():
    table = open_table()
    table.prompt = False
    table.tell(WON)
    (refused,) = table.undurable.pop().events
    assert table.desk.hint_refused(refused).outcome == "refused"
    table.prompt = True
    table.tell(WON)
    assert heard(table) == ["taken"]


def test_ids_are_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr("actors.money.state.HINTS_KEPT", 10)
    table = open_table()
    for number in range(50):
        table.tell(Hint(f"evt_{number}", "bet.won"))
    assert len(table.state.hints) == 10


@pytest.mark.parametrize(
    "kind", ["bet.won", "bet.lost", "payment.confirmed", "trade_filled", "escrow.released", "no.such"]
)
def test_no_event_moves_money_or_a_lane(kind):
    table = open_table()
    opened = table.propose()
    book, lanes = dict(table.state.book.balances), table.lane()
    table.tell(Hint("evt_1", kind))
    table.tell(Hint(opened.tag, kind))
    table.tell(Hint(opened.intent, kind))
    assert (dict(table.state.book.balances), table.lane()) == (book, lanes)
    table.answer(opened, Executed(bet=table.execute(opened)))
    assert table.sound()


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_events_in_any_order_early_late_or_twice_leave_the_same_book(order):
    table = open_table()
    steps = {}
    opened = table.propose()
    row = table.execute(opened, won=True)
    steps[0] = lambda: table.tell(WON)
    steps[1] = lambda: table.answer(opened, Executed(bet=row))
    steps[2] = lambda: table.tell(WON)
    steps[3] = lambda: table.tell(Hint("evt_0", "bet.lost"))
    for step in order:
        steps[step]()
        table.tell(Poll("bankroll", "accounts"))
        table.run(SECOND)
    assert (table.outcome(opened), table.state.tally.won, table.sound()) == ("executed", 1, True)


@pytest.mark.parametrize(("hinted", "outcome"), [(True, "executed"), (False, "open")])
def test_an_event_makes_us_look_at_once_for_a_bet_whose_outcome_is_unknown(hinted, outcome):
    table = open_table()
    opened = table.propose()
    table.answer(opened, Unknown("reset"))
    table.run(8 * SECOND)  # by now it is looked for every 5 s
    table.execute(opened, won=True)
    if hinted:
        table.tell(Poll("bankroll", "outcomes"))
    table.run(SECOND // 10)
    assert table.outcome(opened) == outcome


def test_an_event_about_the_account_is_followed_by_one_reconcile():
    table = open_table()
    before = len(table.of(Reconciled))
    table.venue.credit(1_000_000, table.now)
    for _ in range(5):
        table.tell(Poll("bankroll", "accounts"))
    table.run(3 * SECOND)
    assert len(table.of(Reconciled)) == before + 1
    assert table.sound()


def test_polling_for_outcomes_holds_no_bet_up():
    table = open_table()
    table.tell(Poll("bankroll", "outcomes"))
    assert table.propose()
    assert not table.of(OutcomeUnknown)


def test_a_hint_at_the_end_of_a_run_does_not_put_the_end_off():
    table = open_table()
    table.tell(Drain("the test is over"))
    table.run(SECOND)
    asked = len(table.of(LookUp))
    table.tell(WON)
    table.tell(Poll("bankroll", "accounts"))
    table.run(5 * SECOND)
    assert (heard(table), len(table.of(LookUp))) == (["taken"], asked)


# negative controls


class Forgetful(Desk):
    """Takes every event for a new one."""

    def hint(self, message, now):
        self.state.hints.clear()
        return super().hint(message, now)


def test_control_without_the_memory_the_journal_still_refuses_the_copy():
    table = Table(desk=Forgetful).reconciled()
    table.tell(WON)
    with pytest.raises(AssertionError, match="event:evt_1"):
        table.tell(WON)
