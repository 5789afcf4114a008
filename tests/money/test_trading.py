"""Trading in pure terms: what a strategy may write, what ties margin up, and what fills make of positions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.money.evidence import Evidence
from actors.money.fields import Nonsense
from actors.money.orders import (
    CancelOrder,
    CheckedOrder,
    CloseOrder,
    ExitOrder,
    LimitOrder,
    Order,
    checked_order,
    margin_micro,
)
from actors.money.positions import Fill, Holdings, LimitView, Position, TradeRow, TradingView
from actors.money.trading import drift, taken, to_reduce
from actors.money.wagers import ALONE, checked

BTC = Position("BTC", Decimal("0.5"), Decimal(40_000), 5, 4_000_000_000, "pos_1")
WAITS = LimitView("ord_1", "ETH", "long", 10_000_001, Decimal(2_000), 5, "pending", 0)
ONE = Holdings((BTC,), (), 10, 10**10)

coins = some.sampled_from(["BTC", "ETH", "SOL"])
sizes = some.integers(-(10**6), 10**6).filter(bool).map(lambda n: Decimal(n) / 1000)
traded = some.lists(some.tuples(coins, sizes), max_size=12)


def view(holdings, fills=()):
    return TradingView(holdings, 0, tuple(fills), (), ())


def reading(holdings, cash=10**10):
    return Evidence("trading", 0, (), True, 0, cash, trading=view(holdings))


def fills_of(trades):
    return [Fill(f"fill:{n}", n, coin, size > 0, abs(size), Decimal(1), 0) for n, (coin, size) in enumerate(trades)]


def held(trades):
    """What trades make of an empty account."""
    total = {}
    for coin, size in trades:
        total[coin] = total.get(coin, Decimal(0)) + size
    return Holdings(tuple(Position(coin, size, Decimal(1), 1, 0, "") for coin, size in total.items() if size))


@pytest.mark.parametrize(
    ("wager", "field"),
    [
        (Order("", "long", 10, 5), "coin"),
        (Order("B C", "long", 10, 5), "coin"),
        (Order("BTC", "buy", 10, 5), "side must be long or short"),
        (Order("BTC", "long", "9.99", 5), "at least 10"),
        (Order("BTC", "long", "10.001", 5), "multiple of 0.01"),
        (Order("BTC", "long", -10, 5), "above zero"),
        (Order("BTC", "long", 10, 0), "leverage must be whole, 1 to 50"),
        (Order("BTC", "long", 10, 2.5), "leverage"),
        (Order("BTC", "long", 10, True), "leverage"),
        (LimitOrder("BTC", "long", 10, 0, 5), "limit_price must be above zero"),
        (LimitOrder("BTC", "long", 10, Fraction(1, 3), 5), "limit_price"),
        (LimitOrder("BTC", "long", 10, "1.0000000000000001", 5), "at most 15 digits"),
        (CloseOrder("ord_1"), "position_id must be an id"),
        (CancelOrder("pos_1"), "order_id must be an id"),
        (ExitOrder("pos_1", "trailing", 5), "stop_loss or take_profit"),
        (ExitOrder("pos_1", "stop_loss", -5), "trigger_price"),
    ],
)
def test_nonsense_is_refused_with_the_field(wager, field):
    with pytest.raises(Nonsense, match=field):
        checked(wager, builtin_venue=True)


@given(cents=some.integers(1_000, 10**9), leverage=some.integers(1, 50))
def test_an_order_is_exact_however_it_is_written(cents, leverage):
    texts = f"{Decimal(cents) / 100:f}", Decimal(cents) / 100, Fraction(cents, 100)
    orders = {checked_order(Order("BTC", "long", size, leverage)) for size in texts}
    assert orders == {CheckedOrder("BTC", "long", cents * 10_000, leverage)}


def test_every_trade_is_alone_on_its_account():
    wagers = (
        Order("BTC", "long", 10, 1),
        CloseOrder("pos_1"),
        CancelOrder("ord_1"),
        ExitOrder("pos_1", "stop_loss", 1),
    )
    assert {checked_order(wager).kind for wager in wagers} <= ALONE


@given(size=some.integers(1, 10**15), leverage=some.integers(1, 50))
def test_margin_is_never_too_little(size, leverage):
    assert 0 <= margin_micro(size, leverage) * leverage - size < leverage


def test_what_waits_ties_margin_up_as_what_is_held():
    assert replace(ONE, orders=(WAITS,)).margin_micro == 4_000_000_000 + 2_000_001


@given(before=traded, after=traded)
def test_positions_that_the_fills_made_are_believed(before, after):
    assert drift(held(before), view(held(before + after), fills_of(after)), ()) == ""


@given(before=traded, after=traded, coin=coins, more=sizes)
def test_positions_that_the_fills_did_not_make_are_not(before, after, coin, more):
    assert f" {coin} at the exchange" in drift(
        held(before), view(held([*before, *after, (coin, more)]), fills_of(after)), ()
    )


@given(before=traded, known=traded)
def test_a_fill_that_is_booked_counts_once(before, known):
    fills = fills_of(known)
    assert drift(held(before), view(held(before), fills), {fill.ref for fill in fills}) == ""


@pytest.mark.parametrize(("cash", "margin"), [(10**10, 4_000_000_000), (1_000, 1_000), (0, 0)])
def test_margin_is_at_most_the_cash_there_is(cash, margin):
    (event,) = taken("trading", Holdings(), reading(ONE, cash), 0, 5)
    assert (sum(p.amount_micro for p in event.postings), event.holdings) == (margin, ONE)


def test_what_is_held_already_is_no_event():
    assert taken("trading", ONE, reading(ONE), ONE.margin_micro, 5) == []


@pytest.mark.parametrize(("size", "known"), [(Decimal("0.5"), "pos_1"), (Decimal("-0.5"), "")])
def test_an_id_is_kept_while_the_position_is_the_same(size, known):
    shown = replace(ONE, positions=(replace(BTC, size=size, position_id=""),))
    (event,) = taken("trading", ONE, reading(shown), 0, 5)
    assert event.holdings.positions[0].position_id == known


@pytest.mark.parametrize(("close", "kinds"), [(False, ["cancel_order"]), (True, ["cancel_order", "close_order"])])
def test_risk_is_taken_off_by_cancels_and_then_by_closes(close, kinds):
    unknown = replace(BTC, coin="SOL", position_id="")
    found = to_reduce(Holdings((BTC, unknown), (WAITS,)), close=close)
    assert [trade.kind for trade in found] == kinds


def test_an_id_is_not_kept_when_the_venue_says_that_it_is_closed():
    gone = TradeRow("pos_1", "BTC", "long", 7, is_open=False)
    shown = replace(ONE, positions=(replace(BTC, position_id=""),))
    seen = replace(reading(shown), trading=replace(view(shown), trades=(gone,)))
    (event,) = taken("trading", ONE, seen, 0, 5)
    assert event.holdings.positions[0].position_id == ""
