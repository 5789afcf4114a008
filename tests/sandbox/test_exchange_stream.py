"""The exchange's stream: books and trades of a market, fills and orders of an address."""

import json
from contextlib import closing

import pytest
from websocket import create_connection

from tests.sandbox.trader import Trader, settle


@pytest.fixture
def trader(house):
    settle(house, "ETH", 3000)
    return Trader.register(house)


@pytest.fixture
def wire(house):
    with closing(create_connection(f"ws://127.0.0.1:{house.port}/exchange/ws", timeout=3)) as wire:
        wire.recv()
        yield wire


def subscribe(wire, **subscription):
    wire.send(json.dumps({"method": "subscribe", "subscription": subscription}))
    assert json.loads(wire.recv())["channel"] == "subscriptionResponse"


def hear(wire, channel):
    message = json.loads(wire.recv())
    assert message["channel"] == channel
    return message["data"]


def test_fills_begin_with_a_snapshot_and_go_on(trader, wire):
    trader.open()
    subscribe(wire, type="userFills", user=trader.address.upper().replace("0X", "0x"))
    snapshot = hear(wire, "userFills")
    assert (snapshot["isSnapshot"], snapshot["fills"]) == (True, trader.fills())
    trader.open()
    following = hear(wire, "userFills")
    assert "isSnapshot" not in following
    assert following["fills"] == trader.fills()[1:]


def test_a_filled_order_is_an_order_update(trader, wire):
    subscribe(wire, type="orderUpdates", user=trader.address)
    oid = trader.open().body["hl_order_id"]
    (update,) = hear(wire, "orderUpdates")
    assert (update["order"]["oid"], update["status"]) == (oid, "filled")


def test_events_of_a_user_come_on_another_channel(trader, wire):
    subscribe(wire, type="userEvents", user=trader.address)
    trader.open()
    assert hear(wire, "user") == {"fills": trader.fills()}


def test_others_fills_are_not_told(trader, wire, house):
    subscribe(wire, type="userFills", user=trader.address)
    hear(wire, "userFills")
    Trader.register(house).open()
    trader.open()
    assert hear(wire, "userFills")["fills"] == trader.fills()


def test_everybody_sees_a_trade(trader, wire):
    subscribe(wire, type="trades", coin="ETH")
    trader.open(side="short")
    (trade,) = hear(wire, "trades")
    assert (trade["coin"], trade["side"], trade["px"], trade["users"][1]) == ("ETH", "A", "3000.0", trader.address)


def test_books_come_whole_at_once_and_with_every_tick(house, wire):
    settle(house, "ETH", 3000)
    subscribe(wire, type="l2Book", coin="ETH")
    for _ in range(2):
        bids, asks = hear(wire, "l2Book")["levels"]
        assert (bids[0]["px"], asks[0]["px"], len(bids), len(asks)) == ("2999.9", "3000.1", 20, 20)


def test_prices_of_another_part_are_a_subscription_of_their_own(wire):
    subscribe(wire, type="allMids", dex="xyz")
    for _ in range(2):
        assert all(coin.startswith("xyz:") for coin in hear(wire, "allMids")["mids"])


def test_the_best_of_both_sides(house, wire):
    settle(house, "ETH", 3000)
    subscribe(wire, type="bbo", coin="ETH")
    assert [level["px"] for level in hear(wire, "bbo")["bbo"]] == ["2999.9", "3000.1"]


@pytest.mark.parametrize("subscription", [{"type": "l2Book", "coin": "NONE"}, {"type": "userFills"}, {"type": "dance"}])
def test_a_subscription_that_cannot_be_is_an_error(wire, subscription):
    wire.send(json.dumps({"method": "subscribe", "subscription": subscription}))
    assert json.loads(wire.recv())["channel"] == "error"
