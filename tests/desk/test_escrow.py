"""Escrows: an intent locks the amount, the contract holds it, acts on it are intents without a stake."""

import pytest

from actors.messages import EscrowsSeen, LaneView, Settled, WatchEscrows
from actors.money.book import Bucket
from actors.money.events import EscrowClosed, EscrowMoved, EscrowOpened, IntentOpened, StrayBooked
from actors.money.evidence import EscrowView, Executed, Refused, Unknown
from actors.money.wagers import EscrowAct, EscrowCreate
from tests.desk.kit import ACCOUNT, SECOND, Table

WORK = EscrowCreate("10", "ag_other", "a picture of a cat")
HELD = (Bucket.AVAILABLE, Bucket.ESCROW_HELD, Bucket.EXTERNAL, Bucket.FEES)


def funded(**how):
    """Return a table with a contract of 10 USD, and its view."""
    table = Table(reconcile_every=10 * SECOND, **how).reconciled()
    opened = table.propose(WORK)
    view = table.venue.lock(opened.tag, opened.stake_micro, table.now)
    table.answer(opened, Executed(escrow=view))
    return table, view


def buckets(table):
    """Return available, held, external and fees in dollars."""
    return [table.bucket(bucket) for bucket in HELD]


def acted(table, view, act, status, answer=None):
    """Send an act; the venue does it and answers."""
    opened = table.propose(EscrowAct(view.escrow_id, act))
    if status:
        view = table.venue.turn(view.escrow_id, status)
    table.answer(opened, answer or Executed(escrow=EscrowView(view.escrow_id, status, 0, 0, 0, "", "", "", 0)))
    return opened


def test_a_funded_contract_is_held_and_watched():
    table, view = funded()
    assert (table.lane(), buckets(table)) == ("IDLE", ["90.00", "10.00", "-100.00", "0.00"])
    assert view.escrow_id in table.state.contracts
    assert view.escrow_id in table.of(WatchEscrows)[-1].escrow_ids
    assert table.state.book.equity(ACCOUNT) == 100_000_000
    table.run(30 * SECOND)
    assert table.sound()


def test_a_strategy_that_hears_of_its_outcome_sees_its_contract_as_it_is_now():
    table, view = funded()
    assert [one.status for one in table.of(Settled)[-1].bankroll.contracts] == ["funded"]
    acted(table, view, "release", "released")
    assert table.of(Settled)[-1].bankroll.contracts == ()


def test_a_contract_whose_answer_was_lost_is_found_by_its_tag():
    """Mission 4.2."""
    table = Table().reconciled()
    opened = table.propose(WORK)
    table.venue.lock(opened.tag, opened.stake_micro, table.now)
    table.answer(opened, Unknown("reset"))
    table.run(5 * SECOND)
    assert table.outcome(opened) == "executed"
    assert table.bucket(Bucket.ESCROW_HELD) == "10.00"
    table.run(30 * SECOND)
    assert table.sound()


def test_a_contract_that_never_was_is_void():
    table = Table().reconciled()
    opened = table.propose(WORK)
    table.answer(opened, Unknown("reset"))
    table.run(60 * SECOND)
    assert table.outcome(opened) == "void"
    assert buckets(table) == ["100.00", "0.00", "-100.00", "0.00"]


def test_a_contract_that_turns_up_after_its_void_is_held_and_watched():
    table = Table(reconcile_every=10 * SECOND).reconciled()
    opened = table.propose(WORK)
    table.answer(opened, Unknown("reset"))
    table.run(60 * SECOND)
    view = table.venue.lock(opened.tag, opened.stake_micro, table.now)
    table.run(20 * SECOND)
    assert [stray.kind for stray in table.of(StrayBooked)] == ["resurrected"]
    assert view.escrow_id in table.state.contracts
    assert table.incidents() == ["resurrected"]
    assert table.sound()


def test_a_contract_of_another_amount_is_a_contradiction():
    table = Table().reconciled()
    opened = table.propose(WORK)
    table.venue.lock(opened.tag, 11_000_000, table.now)
    table.answer(opened, Unknown("reset"))
    table.run(30 * SECOND)
    assert table.lane() == "ERROR"
    assert table.incidents()[0] == "contradiction"
    assert table.bucket(Bucket.ESCROW_HELD) == "11.00"
    assert table.sound()


def test_a_release_pays_the_counterparty_and_the_venue():
    table, view = funded()
    opened = acted(table, view, "release", "released")
    assert table.outcome(opened) == "executed"
    assert buckets(table) == ["90.00", "0.00", "-90.10", "0.10"]
    assert view.escrow_id not in table.state.contracts
    table.run(30 * SECOND)
    assert table.sound()


def test_a_release_that_was_sent_without_an_answer_is_never_sent_again():
    table, view = funded()
    opened = acted(table, view, "release", None, Unknown("500"))
    table.run(60 * SECOND)
    assert table.outcome(opened) == "void"
    assert table.propose(EscrowAct(view.escrow_id, "release")) is None
    assert table.denial() == "escrow"
    table.crash().reconciled()
    assert table.propose(EscrowAct(view.escrow_id, "release")) is None
    assert table.propose(EscrowAct(view.escrow_id, "dispute"))


def test_a_release_that_was_refused_may_be_sent_again():
    table, view = funded()
    acted(table, view, "release", None, Refused("rate_limit_exceeded"))
    assert table.propose(EscrowAct(view.escrow_id, "release"))


def test_a_release_whose_answer_was_lost_is_known_by_its_status():
    table, view = funded()
    opened = acted(table, view, "release", "released", Unknown("reset"))
    table.run(5 * SECOND)
    assert table.outcome(opened) == "executed"
    assert buckets(table) == ["90.00", "0.00", "-90.10", "0.10"]


def test_only_the_creator_of_an_open_contract_releases_it():
    table = Table().reconciled()
    assert table.propose(EscrowAct("esc_unknown", "release")) is None
    assert table.denial() == "escrow"


def test_one_act_at_a_time():
    table, view = funded(lanes=("a", "b"))
    table.propose(EscrowAct(view.escrow_id, "release"))
    assert table.propose(EscrowAct(view.escrow_id, "dispute"), lane="b") is None
    assert table.denial() == "escrow"


def test_a_dispute_moves_no_money():
    table, view = funded()
    acted(table, view, "dispute", "disputed")
    assert table.state.contracts[view.escrow_id].status == "disputed"
    assert buckets(table) == ["90.00", "10.00", "-100.00", "0.00"]


def test_a_completed_contract_is_still_ours_to_release():
    table, view = funded()
    table.tell(EscrowsSeen((table.venue.turn(view.escrow_id, "completed"),)))
    assert [moved.status for moved in table.of(EscrowMoved)] == ["completed"]
    table.run(SECOND)
    assert acted(table, view, "release", "released")


@pytest.mark.parametrize("seen_first", ["status", "ledger"])
def test_a_deadline_gives_the_amount_back_less_the_commission_once(seen_first):
    table, view = funded()
    refunded = table.venue.refund(view.escrow_id, table.now)
    if seen_first == "status":
        table.tell(EscrowsSeen((refunded,)))
    table.run(30 * SECOND)
    table.tell(EscrowsSeen((refunded,)))
    table.run(30 * SECOND)
    assert buckets(table) == ["99.90", "0.00", "-100.00", "0.10"]
    assert [closed.status for closed in table.of(EscrowClosed)] == ["refunded"]
    assert table.sound()


def test_a_release_that_the_deadline_overtook_is_void_and_the_refund_is_booked():
    table, view = funded()
    opened = table.propose(EscrowAct(view.escrow_id, "release"))
    table.venue.refund(view.escrow_id, table.now)
    table.answer(opened, Unknown("500"))
    table.run(60 * SECOND)
    assert table.outcome(opened) == "void"
    assert buckets(table) == ["99.90", "0.00", "-100.00", "0.10"]
    assert table.sound()


def test_work_for_another_is_watched_until_it_ends():
    table = Table().reconciled()
    view = EscrowView("esc_9999", "funded", 10_000_000, 9_900_000, 100_000, "", "ag_other", "ag_me", 2_000_000_000)
    table.venue.escrows[view.escrow_id] = view
    acted(table, view, "complete", "completed")
    assert [(one.role, one.amount_micro) for one in table.of(EscrowOpened)] == [("counterparty", 0)]
    assert table.state.contracts["esc_9999"].status == "completed"


def test_what_work_for_another_is_worth_and_when_it_is_due_is_kept_as_soon_as_it_is_seen():
    table = Table().reconciled()
    view = EscrowView("esc_9999", "funded", 10_000_000, 9_900_000, 100_000, "", "ag_other", "ag_me", 2_000_000_000)
    table.venue.escrows[view.escrow_id] = view
    acted(table, view, "complete", "completed")
    for _ in range(3):
        table.tell(EscrowsSeen((table.venue.escrows["esc_9999"],)))
    kept = [(one.amount_micro, one.auto_release_at) for one in table.of(EscrowOpened)]
    assert kept == [(0, 0), (9_900_000, 2_000_000_000)]
    assert table.crash().state.contracts["esc_9999"].status == "completed"


def test_a_strategy_sees_its_contracts_and_hears_when_one_may_be_released():
    table, view = funded()
    table.mail.clear()
    table.tell(EscrowsSeen((table.venue.turn(view.escrow_id, "completed"),)))
    seen = table.of(LaneView)[-1].bankroll.contracts
    assert [(one.role, one.status, one.auto_release_at) for one in seen] == [
        ("creator", "completed", view.auto_release_at)
    ]


@pytest.mark.parametrize("end", ["released", "refunded"])
@pytest.mark.parametrize("by", ["watching", "look-up"])
def test_work_for_another_ends_as_the_venue_says(end, by):
    table = Table().reconciled()
    view = EscrowView("esc_9999", "funded", 10_000_000, 9_900_000, 100_000, "", "ag_other", "ag_me", 2_000_000_000)
    table.venue.escrows[view.escrow_id] = view
    if by == "watching":
        acted(table, view, "complete", "completed")
        table.tell(EscrowsSeen((table.venue.turn("esc_9999", end),)))
    else:
        acted(table, view, "complete", end, Unknown("reset"))
        table.run(5 * SECOND)
    assert [closed.status for closed in table.of(EscrowClosed)] == [end]
    assert not table.state.contracts
    assert buckets(table)[0] == "100.00"


def test_pay_for_work_is_booked_from_the_ledger():
    table = Table(reconcile_every=10 * SECOND).reconciled()
    table.venue.credit(9_900_000, table.now, "escrow_release: esc_9999")
    table.run(20 * SECOND)
    assert table.bucket(Bucket.AVAILABLE) == "109.90"
    assert table.sound()


def test_an_escrow_counts_as_exposure():
    table = Table().reconciled()
    assert table.propose(EscrowCreate("20.01", "ag_other", "too much at once")) is None
    assert table.denial() == "open exposure"
    assert not table.of(IntentOpened)


def test_a_stake_that_went_without_its_contract_waits_in_suspense_for_a_person():
    table = Table(reconcile_every=10 * SECOND).reconciled()
    opened = table.propose(EscrowCreate("5", "ag_other", "work"))
    view = table.venue.lock(opened.tag, opened.stake_micro, table.now)
    del table.venue.escrows[view.escrow_id]
    table.answer(opened, Unknown("reset"))
    table.run(60 * SECOND)
    assert (table.outcome(opened), table.bucket(Bucket.SUSPENSE)) == ("incomplete", "5.00")
    assert (table.incidents(), table.lane(), table.sound()) == (["venue_incomplete"], "ERROR", True)


def test_money_for_a_contract_that_the_venue_does_not_show_is_booked_with_an_incident():
    table = Table(reconcile_every=10 * SECOND).reconciled()
    view = table.venue.lock("a stranger's", 1_000_000, table.now)
    del table.venue.escrows[view.escrow_id]
    table.run(11 * SECOND)
    assert table.bucket(Bucket.AVAILABLE) == "99.00"
    assert table.incidents() == ["escrow_unseen"]
    assert table.sound()
