"""The price feed as a WebSocket client sees it."""

import json
import random
import signal
import socket
import struct
from contextlib import closing
from decimal import Decimal

import pytest
from websocket import WebSocketConnectionClosedException, WebSocketTimeoutException, create_connection

from actors.sandbox.market import Market, price_text

SUBSCRIBE = {"method": "subscribe", "subscription": {"type": "allMids"}}


@pytest.fixture
def wire(house):
    with closing(connect(house)) as wire:
        yield wire


def connect(house, timeout=3):
    wire = create_connection(f"ws://127.0.0.1:{house.port}/ws", timeout=timeout)
    assert wire.recv() == "Websocket connection established."
    return wire


def say(wire, message):
    wire.send(message if isinstance(message, str) else json.dumps(message))
    return json.loads(wire.recv())


def mids(wire):
    message = json.loads(wire.recv())
    assert message["channel"] == "allMids"
    return message["data"]["mids"]


def test_a_subscription_is_acknowledged_and_brings_275_markets(wire):
    assert say(wire, SUBSCRIBE) == {"channel": "subscriptionResponse", "data": SUBSCRIBE}
    prices = mids(wire)
    assert len(prices) == 275
    assert all(Decimal(price) > 0 for price in prices.values())


def test_prices_move_with_every_tick(wire):
    say(wire, SUBSCRIBE)
    first, second, third = (mids(wire)["BTC"] for _ in range(3))
    assert first != second != third


def test_a_ping_gets_a_pong(wire):
    assert say(wire, {"method": "ping"}) == {"channel": "pong"}


@pytest.mark.parametrize(
    "message", ["no json", "[]", '{"method":"dance"}', '{"method":"subscribe","subscription":{"type":"trades"}}']
)
def test_what_it_does_not_understand_it_says_on_the_error_channel(wire, message):
    assert say(wire, message)["channel"] == "error"
    assert say(wire, {"method": "ping"}) == {"channel": "pong"}


def test_after_unsubscribing_nothing_comes(wire):
    say(wire, SUBSCRIBE)
    mids(wire)
    wire.send(json.dumps({**SUBSCRIBE, "method": "unsubscribe"}))
    while json.loads(wire.recv())["channel"] == "allMids":
        pass
    wire.settimeout(0.4)
    with pytest.raises(WebSocketTimeoutException):
        wire.recv()


def test_listeners_that_vanish_leave_no_traceback(build):
    house = build()
    for _ in range(10):
        gone = connect(house)
        say(gone, SUBSCRIBE)
        gone.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # its end is a reset
        gone.shutdown()
    house.kill(signal.SIGTERM)
    assert "Traceback" not in (house.data / "logs" / "sandbox.log").read_text()


def test_a_drop_breaks_the_connection(build):
    house = build(faults="ws-drop=0.3")

    def listen():
        while True:
            with closing(connect(house)) as wire:
                say(wire, SUBSCRIBE)
                for _ in range(10):
                    mids(wire)

    with pytest.raises((ConnectionResetError, WebSocketConnectionClosedException)):
        listen()


def test_silence_keeps_the_connection_and_its_pong(build):
    house = build(faults="ws-silence=1:30")
    with closing(connect(house)) as wire:
        say(wire, SUBSCRIBE)
        mids(wire)
        wire.settimeout(0.4)
        with pytest.raises(WebSocketTimeoutException):
            wire.recv()
        wire.settimeout(3)
        assert say(wire, {"method": "ping"}) == {"channel": "pong"}


def test_equal_seeds_walk_the_same_way():
    def walk(seed):
        market = Market(random.Random(seed), lambda: 0.0)
        market.move()
        return market.mids()

    assert walk(1) == walk(1)
    assert walk(1) != walk(2)


@pytest.mark.parametrize(
    ("price", "text"), [(96_123.456, "96123.5"), (3_300.123, "3300.1"), (1.23456, "1.2346"), (0.00123, "0.001230")]
)
def test_prices_are_decimal_strings(price, text):
    assert price_text(price) == text
