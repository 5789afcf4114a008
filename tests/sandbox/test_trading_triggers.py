"""Orders that wait for a price in the trading server, and the doors that falsify its books."""

from decimal import Decimal

import pytest

from tests.sandbox.trader import V1, Trader, settle


@pytest.fixture
def trader(house):
    settle(house, "ETH", 3000)
    return Trader.register(house)


@pytest.fixture
def unbooked(house):
    """The monitor's orders are executed and never stored."""
    house.post("/sandbox/faults", {"faults": f"unbooked@{V1}/order-monitor=1"})
    yield
    house.post("/sandbox/faults", {"faults": ""})


def wait_for(trader, price, side="long", size_usd=300):
    return trader.post("/trade/limit", coin="eth", side=side, size_usd=size_usd, limit_price=price, leverage=3)


def cancel(trader, order_id):
    return trader.house.call("DELETE", f"{V1}/trade/limit-orders/{order_id}", None, trader.key)


def orders(trader, status):
    return trader.get("/trade/limit-orders").body[status]


@pytest.mark.parametrize(("side", "limit", "there"), [("long", 2900, 2900), ("short", 3100, 3100)])
def test_a_limit_order_fires_when_the_price_is_there(trader, house, side, limit, there):
    assert wait_for(trader, limit, side).status == 201
    settle(house, "ETH", 3000)
    assert trader.fills() == []
    settle(house, "ETH", there)
    (fill,) = trader.fills()
    assert Decimal(fill["px"]) == there
    assert (len(orders(trader, "pending")), len(orders(trader, "filled"))) == (0, 1)


def test_it_fires_as_a_market_order_so_the_price_may_be_beyond_its_limit(trader, house):
    wait_for(trader, 2900)
    settle(house, "ETH", 2500)
    assert trader.fills()[0]["px"] == "2500.0"


def test_the_position_of_a_limit_order_does_not_name_its_order(trader, house):
    wait_for(trader, 2900)
    settle(house, "ETH", 2900)
    assert [row["hlOrderId"] for row in trader.positions("?status=all")] == [None]
    assert trader.positions()[0]["position_id"] == trader.positions("?status=all")[0]["id"]


def test_an_order_that_the_exchange_refuses_is_tried_again(trader, house):
    wait_for(trader, 2900, size_usd=9000)  # more than the margin allows
    settle(house, "ETH", 2900)
    assert len(orders(trader, "pending")) == 1
    house.post("/sandbox/grant", {"agent_id": trader.agent_id, "amount": 9000})
    house.advance(30)
    assert len(orders(trader, "filled")) == 1


def test_an_order_that_is_executed_and_not_stored_is_executed_again(trader, house, unbooked):
    wait_for(trader, 2900)
    settle(house, "ETH", 2900)
    house.advance(30)
    assert len(trader.fills()) == 2
    assert trader.positions("?status=all") == []
    assert cancel(trader, orders(trader, "pending")[0]["order_id"]).status == 200


def test_a_cancelled_order_never_fires(trader, house):
    order_id = wait_for(trader, 2900).body["order_id"]
    assert cancel(trader, order_id).status == 200
    for name, status, error in ((order_id, 400, "not_pending"), ("ord_0", 404, "not_found")):
        refused = cancel(trader, name)
        assert (refused.status, refused.error) == (status, error)
    settle(house, "ETH", 2900)
    assert trader.fills() == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"coin": None}, "invalid_request"),
        ({"side": "buy"}, "invalid_side"),
        ({"size_usd": "x"}, "invalid_size"),
        ({"limit_price": -1}, "invalid_price"),
        ({"size_usd": 10_001}, "too_large"),
        ({"coin": "NONE"}, "unknown_coin"),
    ],
)
def test_a_limit_order_that_cannot_be_is_refused(trader, change, error):
    body = {"coin": "ETH", "side": "long", "size_usd": 100, "limit_price": 2900, **change}
    refused = trader.post("/trade/limit", **body)
    assert (refused.status, refused.error) == (400, error)


def test_ten_limit_orders_may_wait(trader):
    assert [wait_for(trader, 1).status for _ in range(11)] == [201] * 10 + [400]
    assert wait_for(trader, 1).error == "limit_reached"


@pytest.mark.parametrize(
    ("side", "kind", "trigger"),
    [
        ("long", "stop-loss", 2900),
        ("long", "take-profit", 3100),
        ("short", "stop-loss", 3100),
        ("short", "take-profit", 2900),
    ],
)
def test_an_exit_closes_the_position_at_its_price_and_not_before(trader, house, side, kind, trigger):
    position_id = trader.open(side=side).body["position_id"]
    told = trader.post(f"/trade/{kind}", position_id=position_id, trigger_price=trigger)
    assert (told.status, told.body["type"]) == (200, kind.replace("-", "_"))
    settle(house, "ETH", 6000 - trigger)  # as far on the other side
    assert trader.held() != 0
    settle(house, "ETH", trigger)
    assert trader.held() == 0
    assert [row["status"] for row in trader.positions("?status=all")] == ["closed"]


def test_a_position_closed_by_the_monitor_is_no_trade_and_no_loss_of_the_day(trader, house):
    trader.post("/trade/risk-settings", max_daily_loss_usd=1)
    position_id = trader.open().body["position_id"]
    trader.post("/trade/stop-loss", position_id=position_id, trigger_price=2900)
    settle(house, "ETH", 2500)
    assert len(trader.fills()) == 2
    assert trader.get("/trade/history").body["count"] == 1
    assert trader.open().status == 200


def test_a_second_exit_is_dropped_when_the_position_is_closed(trader, house):
    first = trader.open().body["position_id"]
    for kind in ("stop-loss", "stop-loss"):
        trader.post(f"/trade/{kind}", position_id=first, trigger_price=2900)
    settle(house, "ETH", 2900)
    trader.open()
    house.advance(60)
    assert trader.held() != 0


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"trigger_price": 1}, 400, "missing_position_id"),
        ({"position_id": "pos_0", "trigger_price": 0}, 400, "invalid_trigger_price"),
        ({"position_id": "pos_0", "trigger_price": 1}, 404, "position_not_found"),
    ],
)
def test_an_exit_that_cannot_be_is_refused(trader, body, status, error):
    refused = trader.post("/trade/stop-loss", **body)
    assert (refused.status, refused.error) == (status, error)


def test_a_closed_position_takes_no_exit(trader):
    position_id = trader.open().body["position_id"]
    trader.close(position_id)
    assert trader.post("/trade/stop-loss", position_id=position_id, trigger_price=1).error == "position_not_open"


def test_check_limits_marks_an_order_filled_that_never_was(trader, house):
    wait_for(trader, 2900, size_usd=9000)
    settle(house, "ETH", 2900)
    told = trader.post("/trade/check-limits").body
    assert told["filled"][0]["execution"] == "simulated"
    assert (len(orders(trader, "filled")), trader.fills()) == (1, [])


def test_check_exits_marks_a_position_closed_that_is_open(trader, house):
    position_id = trader.open().body["position_id"]
    house.post(
        "/sandbox/faults", {"faults": f"unbooked@{V1}/order-monitor=1,upstream@/trading/exchange/trade/check-exits=1"}
    )
    trader.post("/trade/stop-loss", position_id=position_id, trigger_price=3000)
    assert trader.post("/trade/check-exits").body["closed"][0]["execution"] == "simulated"
    house.post("/sandbox/faults", {"faults": ""})
    assert trader.positions("?status=all")[0]["status"] == "closed"
    assert trader.held() == Decimal("0.04")


def test_check_exits_trades_without_reduce_only(trader, house):
    position_id = trader.open(size_usd=300).body["position_id"]
    trader.open(side="short", size_usd=150)
    trader.post("/trade/stop-loss", position_id=position_id, trigger_price=3000)
    assert trader.post("/trade/check-exits").body["closed"][0]["execution"] == "real"
    assert trader.held() == Decimal("-0.05")


def test_waiting_orders_survive_a_restart(build):
    house = build()
    settle(house, "ETH", 3000)
    trader = Trader.register(house)
    wait_for(trader, 2900)
    house.kill()
    house.start()
    settle(house, "ETH", 2900)
    assert len(trader.fills()) == 1


def test_the_monitor_counts_its_passes(trader, house):
    before = house.get(f"{V1}/order-monitor").body
    wait_for(trader, 2900)
    settle(house, "ETH", 2900)
    after = house.get(f"{V1}/order-monitor").body
    assert (after["total_checks"] - before["total_checks"], after["limits_filled"] - before["limits_filled"]) == (1, 1)
