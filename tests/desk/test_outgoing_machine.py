"""Outgoing money under any mix of fates, crashes, bets and foreign credits: each is booked once, or not at all."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from actors.desk import gate
from actors.desk.opening import SLOW_QUIET
from actors.messages import Reconcile
from actors.money.book import Bucket
from actors.money.events import IntentClosed
from actors.money.evidence import Executed, NotSent, Refused, Unknown
from actors.money.outgoing import paid, withdrawn
from actors.money.wagers import Pay, Withdraw
from tests.desk.kit import SECOND, Table

ADDRESS = "0x" + "ab" * 20
FATES = ("answered", "lost", "never", "refused", "not sent")
EVENTS = ("pay", "withdraw", "bet", "credit", "crash", "wait")
STEPS = some.lists(some.tuples(some.sampled_from(EVENTS), some.sampled_from(FATES), some.integers(0, 1)), max_size=10)


def send(table, wager, fate):
    """Propose, and let the venue do it or not; return whether it did."""
    opened = table.propose(wager)
    if opened is None:
        return False
    if fate in ("refused", "not sent", "never"):
        answers = {"refused": Refused("insufficient_balance"), "not sent": NotSent("no"), "never": Unknown("silence")}
        table.answer(opened, answers[fate])
        return False
    if isinstance(wager, Pay):
        outgoing = paid(opened.stake_micro, table.venue.pay(opened.stake_micro, table.now))
    else:
        outgoing = withdrawn(table.venue.withdraw(opened.stake_micro - 500_000, ADDRESS, table.now))
    table.answer(opened, Executed(outgoing=outgoing) if fate == "answered" else Unknown("reset"))
    return True


def play(steps):
    """Play the steps and let everything come to rest; return the table and how much the venue sent out."""
    table, done = Table(lanes=("a", "b"), reconcile_every=30 * SECOND).reconciled(), 0
    for event, fate, which in steps:
        match event:
            case "pay":
                done += send(table, Pay("ag_friend", ("1.50", "2.00")[which]), fate)
            case "withdraw":
                done += send(table, Withdraw((1, 2)[which], ADDRESS), fate)
            case "bet" if opened := table.propose(lane="b"):
                table.answer(opened, Executed(bet=table.execute(opened)) if fate == "answered" else Unknown("reset"))
            case "credit":
                table.venue.credit(10_000, table.now)
            case "crash":
                table.crash()
            case _:
                table.run(10 * SECOND, beat=SECOND)
    table.run(SLOW_QUIET + 60 * SECOND, beat=5 * SECOND)
    table.tell(Reconcile())
    table.run(10 * SECOND, beat=SECOND)
    return table, done


def check(table, done):
    closed = [one for one in table.of(IntentClosed) if one.shown]
    assert (len(closed), table.state.open, table.incidents()) == (done, {}, [])
    assert table.sound()
    assert table.bucket(Bucket.SUSPENSE) == "0.00"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_each_is_booked_once_or_not_at_all(steps):
    check(*play(steps))


def test_without_the_exclusive_account_a_payment_would_take_anothers_row_for_its_own(monkeypatch):
    monkeypatch.setattr(gate, "ALONE", frozenset())
    table = Table(lanes=("a", "b")).reconciled()
    first, second = (table.propose(Pay("ag_friend", "1.50"), lane=lane) for lane in "ab")
    reference = table.venue.pay(1_500_000, table.now)
    table.answer(second, Unknown("reset"))
    table.run(SECOND)
    with pytest.raises(AssertionError, match="the journal refuses a second"):
        table.answer(first, Executed(outgoing=paid(1_500_000, reference)))
