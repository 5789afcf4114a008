"""What evidence cannot decide: it waits in ERROR with its money reserved, for evidence or for an operator."""

import pytest

from actors.desk.operator import NotInError
from actors.messages import Reconcile, Resolve
from actors.money.book import Bucket
from actors.money.events import IncidentNoted, LaneFailed
from actors.money.evidence import Unknown
from actors.money.risk import Limits
from actors.money.wagers import EscrowCreate
from tests.desk.kit import QUIET, SECOND, SEND_TIMEOUT, Table
from tests.desk.test_unknown import unknown

KEPT = "if the venue has not given 0.45 USD back, the next reconcile stops the account"


@pytest.mark.parametrize(("covered", "outcome"), [(True, "void"), (False, "open")])
def test_a_draw_without_a_debit_is_harmless_only_if_the_ledger_reaches_back(covered, outcome):
    table = Table().reconciled()
    if covered:
        table.venue.credit(10_000, table.now - 60 * SECOND)
        table.run(SECOND)
    opened = unknown(table)
    table.venue.nonces += 1
    table.run(SEND_TIMEOUT + QUIET + 5 * SECOND)
    assert table.outcome(opened) == outcome


def undecided(**how):
    """Return a table whose unknown bet cannot be decided: 7 micro-USD moved, and nothing says why."""
    table = Table(**how).reconciled()
    opened = unknown(table)
    table.venue.balance -= 7
    table.run(30 * SECOND)
    return table, opened


def test_what_evidence_cannot_decide_waits_in_error_with_its_money_reserved():
    table, opened = undecided(lanes=("a", "b"))
    assert (table.outcome(opened), table.lane()) == ("open", "ERROR")
    assert table.bucket(Bucket.RESERVED) == "0.45"
    assert table.incidents() == ["undecided"]
    assert table.propose(lane="b") is None  # the barrier stands


def test_evidence_that_comes_after_all_decides():
    table, opened = undecided()
    table.venue.balance += 7
    table.run(120 * SECOND)
    assert table.outcome(opened) == "void"
    assert table.lane() == "ERROR"  # a person still must look


@pytest.mark.parametrize(
    ("verdict", "payout", "available"),
    [("void", 0, "100.00"), ("executed", 0, "99.55"), ("executed", 945_000, "100.49")],
)
def test_an_operator_decides_what_evidence_cannot(verdict, payout, available):
    table, opened = undecided()
    word = Resolve(opened.intent.lstrip("0"), verdict, payout, "the support says so")
    step, told = table.desk.resolve(word, table.now)
    table.carry_out(step)
    assert (KEPT in told) == (verdict == "void")
    assert table.outcome(opened) == ("void" if verdict == "void" else "executed")
    assert table.lane() == "IDLE"
    assert table.bucket(Bucket.AVAILABLE) == available


def test_a_contract_is_not_made_by_an_operators_word_but_found_when_the_venue_shows_it():
    table = Table(limits=Limits(max_open=1, max_stake_fraction=1)).reconciled()
    opened = table.propose(EscrowCreate("5", "ag_other", "work"))
    table.answer(opened, Unknown("silence"))
    table.venue.balance -= 5_000_000
    table.run(30 * SECOND)
    with pytest.raises(NotInError):
        table.desk.resolve(Resolve(opened.intent, "executed", 0, "the support says so"), table.now)
    step, _ = table.desk.resolve(Resolve(opened.intent, "void", 0, "then so"), table.now)
    table.carry_out(step)
    table.venue.balance += 5_000_000
    shown = table.venue.lock(opened.tag, 5_000_000, table.now)
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert list(table.state.contracts) == [shown.escrow_id]
    assert (table.bucket(Bucket.ESCROW_HELD), table.sound()) == ("5.00", True)


@pytest.mark.parametrize(
    ("verdict", "suspense", "available"), [("void", "0.00", "100.00"), ("executed", "0.00", "99.55")]
)
def test_an_operator_decides_about_money_in_suspense(verdict, suspense, available):
    table = Table().reconciled()
    opened = unknown(table)
    table.venue.half_a_bet(450_000, table.now)
    table.run(30 * SECOND)
    step, told = table.desk.resolve(Resolve(opened.intent, verdict, 0, "the support says so"), table.now)
    table.carry_out(step)
    assert table.lane() == "IDLE"
    assert (KEPT in told) == (verdict == "void")
    assert (table.bucket(Bucket.SUSPENSE), table.bucket(Bucket.AVAILABLE)) == (suspense, available)


def test_an_operator_cannot_decide_what_evidence_still_may():
    table = Table().reconciled()
    opened = unknown(table)
    with pytest.raises(ValueError, match="evidence decides"):
        table.desk.resolve(Resolve(opened.intent, "void", 0, "impatience"), table.now)
    assert table.outcome(opened) == "open"


def test_an_operator_clears_one_lane_and_no_other():
    table = Table(lanes=("a", "b")).reconciled()
    opened = unknown(table, "a")
    table.venue.half_a_bet(450_000, table.now)
    table.run(30 * SECOND)
    other = unknown(table, "b")
    table.venue.balance -= 7
    table.run(30 * SECOND)
    step, _ = table.desk.resolve(Resolve(opened.intent, "executed", 0, "so be it"), table.now)
    table.carry_out(step)
    assert (table.lane("a"), table.lane("b"), table.outcome(other)) == ("IDLE", "ERROR", "open")


def test_an_incident_names_its_intent():
    table, opened = undecided()
    (incident,) = table.of(IncidentNoted)
    assert incident.intent == opened.intent


def test_what_cannot_be_decided_is_an_incident_once_and_a_notice_at_every_later_start():
    table, opened = undecided()
    for _ in range(2):
        table.crash().run(120 * SECOND)
        assert sum(f"still waits for `resolve {opened.intent}`" in text for text in table.notices()) == 1
    assert (table.incidents(), len(table.of(LaneFailed)), table.lane()) == (["undecided"], 1, "ERROR")
