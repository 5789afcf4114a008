"""Wagers without a tag of ours (class K3): alone on their account from the opening to the outcome."""

import pytest

from actors.desk import gate
from actors.messages import LaneOpened
from actors.money.evidence import Unknown
from actors.money.wagers import Pay, RegisterDomain
from tests.desk.kit import SECOND, Table

PAY = Pay("ag_friend", "1.50", "for the work")


@pytest.fixture
def table():
    return Table(lanes=("a", "b", "c")).reconciled()


def test_a_payment_opens_only_while_nothing_else_is_open_on_its_account(table):
    table.propose(lane="a")
    assert table.propose(PAY, lane="b") is None
    assert table.denial() == "account"


def test_while_a_payment_is_open_its_account_opens_nothing_else(table):
    assert table.propose(PAY, lane="a")
    assert table.propose(lane="b") is None


def test_a_payment_of_unknown_fate_keeps_its_account_to_itself_over_a_restart(table):
    table.answer(table.propose(PAY, lane="a"), Unknown("silence"))
    table.crash()
    assert table.propose(lane="b") is None


def test_without_the_rule_a_bet_would_open_beside_a_payment(table, monkeypatch):
    monkeypatch.setattr(gate, "ALONE", frozenset())
    assert table.propose(PAY, lane="a")
    assert table.propose(lane="b")


def test_a_payment_that_was_denied_has_the_next_turn(table):
    first = table.propose(lane="a")
    table.propose(PAY, lane="b")
    assert table.propose(lane="c") is None
    table.answer(first, Unknown("silence"))
    table.execute(first)
    table.now += SECOND
    table.tick()
    table.look()
    table.run(SECOND)
    assert table.propose(lane="c") is None
    assert table.propose(PAY, lane="b")


def test_a_turn_that_nobody_takes_is_over_soon(table):
    table.play(lane="a")
    table.propose(lane="a")
    table.propose(PAY, lane="b")
    table.now += gate.TURN
    assert table.propose(lane="c")


def test_a_wager_is_denied_on_a_lane_of_another_account(table):
    assert table.propose(RegisterDomain("example.com", 20)) is None
    assert table.denial() == "wager"


def test_every_lane_keeps_its_name_for_the_turn(table):
    table.tell(LaneOpened("d", "casino"))
    table.propose(lane="a")
    table.propose(PAY, lane="d")
    assert table.desk.status(table.now).lanes
    assert table.propose(lane="b") is None
