"""What comes again and again must not keep the house from its turn, nor the book from the venue's rows."""

import pytest

from actors.messages import Poll
from actors.money import state
from actors.money.events import Reconciled, StopSet, StrayBooked
from actors.money.evidence import Executed, Unknown
from actors.money.orders import LimitOrder
from actors.money.positions import TradeDone, TradeRow
from actors.money.risk import Limits
from tests.desk.exchange import TradingDesk
from tests.desk.kit import SECOND, Table, bet

DAY = 86_400 * SECOND


@pytest.fixture(autouse=True)
def no_slow_quiet(monkeypatch):
    monkeypatch.setattr("actors.desk.opening.SLOW_QUIET", 0)


def seconds_to_the_close(desk, poll_s, reading_s):
    """Poll so often, with readings that take so long; return when the house closes its position, or None."""
    began = None
    for second in range(600):
        desk.now += SECOND
        if second % poll_s == 0:
            desk.tell(Poll("trading", "positions"))
        desk.tick()
        began = second if desk.asked and began is None else began
        if desk.asked and second - began >= reading_s:
            desk.look()
            began = second if desk.asked else None
        if any(opened.kind == "close_order" for opened in desk.state.open.values()):
            return second
    return None


@pytest.mark.parametrize(("poll_s", "reading_s"), [(30, 3), (5, 6), (30, 35)])
def test_polls_in_the_midst_of_every_reading_do_not_keep_a_stop_loss_from_closing(poll_s, reading_s):
    desk = TradingDesk()
    desk.opened("400")
    desk.venue.prices["BTC"] -= 4_000
    assert seconds_to_the_close(desk, poll_s, reading_s) is not None


@pytest.mark.parametrize("reading_s", [31, 45])
def test_hints_in_the_midst_of_every_reading_do_not_close_an_account_for_ever(reading_s):
    table, began = Table().reconciled(), None
    for second in range(600):
        table.now += SECOND
        if second % 30 == 0:
            table.tell(Poll("bankroll", "accounts"))
        table.tick()
        if table.asked and began is None:
            began = second
        elif table.asked and second - began >= reading_s:
            table.look()
            began = second if table.asked else None
        if opened := table.propose():
            table.answer(opened, Executed(bet=table.execute(opened, won=True)))
    assert len(table.sent) > 50
    assert len(table.of(Reconciled)) > 5


def test_an_account_is_compared_before_its_bets_are_forgotten(monkeypatch):
    monkeypatch.setattr(state, "RECENT_REFS", 200)
    monkeypatch.setattr("actors.desk.resolver.RECENT_REFS", 200)
    table = Table(reconcile_every=600 * SECOND, limits=Limits(bets_per_minute=60_000)).reconciled()
    for number in range(400):
        if table.propose(bet("0.01")) is not None:
            opened = list(table.sent.values())[-1]
            table.answer(opened, Executed(bet=table.execute(opened, won=number % 2 == 0)))
        table.run(SECOND, beat=SECOND)
    assert not table.of(StopSet)
    assert not table.of(StrayBooked)


def void_order(desk, order):
    """Let an order be lost and proven absent."""
    opened = desk.propose(order) if order else desk.order()
    desk.answer(opened, Unknown("lost"))
    desk.run(60 * SECOND)
    assert desk.outcome(opened) == "void"


def limit(desk, order):
    """Place a limit order that is answered; return the venue's order."""
    opened = desk.propose(order)
    placed = desk.venue.wait_for(opened, desk.now)
    desk.answer(opened, Executed(trade=TradeDone("pending", placed.order_id, opened.stake_micro)))
    return placed


def test_an_old_void_order_is_no_more_looked_for(monkeypatch):
    monkeypatch.setattr(state, "RECENT_REFS", 100)
    desk = TradingDesk(lanes=("a",))
    like = LimitOrder("BTC", "long", "10", "40000", 5)
    void_order(desk, like)
    placed = limit(desk, like)
    desk.reconciled()
    desk.venue.mark(placed.order_id, "cancelled")
    desk.run(10 * DAY, beat=DAY)
    for number in range(120):  # they push the second order out of memory, and the venue still lists it
        desk.now += SECOND
        desk.venue.deposit(1000 + number, desk.now)
        if number % 20 == 0:
            desk.tell(Poll("trading", "positions"))
            desk.run(2 * SECOND)
    desk.tell(Poll("trading", "positions"))
    desk.run(5 * SECOND)
    assert not desk.of(StrayBooked)


def test_a_limit_order_that_fills_at_once_is_not_taken_for_a_void_order():
    desk = TradingDesk(lanes=("a",))
    void_order(desk, None)
    placed = limit(desk, LimitOrder("BTC", "long", "10", "50000", 5))
    desk.venue.mark(placed.order_id, "filled")
    desk.venue.trade("BTC", 10, desk.now, record=False)
    desk.venue.trades.insert(0, TradeRow("pos_9", "BTC", "long", 0, is_open=True))
    desk.reconciled()
    assert "resurrected" not in desk.incidents()
