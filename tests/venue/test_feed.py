"""The price feed stays connected, forgets all but the latest, and ends at once."""

import json
import queue
import random
import socket
import struct
import threading
import time
from decimal import Decimal

import pytest
from msgspec.structs import replace
from websocket import WebSocketProtocolException
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from actors.venue import feed as room
from actors.venue.feed import PriceSocket, Timing
from actors.venue.frames import BoundedSocket
from actors.venue.retries import Retry

SOON = 5
FAST = Timing(connect=1, ping=0.05, stale=0.1, silent=0.3, deliver=0.05, poll=0.01)


def mids(**prices) -> str:
    return json.dumps({"channel": "allMids", "data": {"mids": prices}})


def hold(line) -> None:
    """Read what comes until the other side goes."""
    for _ in line:
        pass


class Feed:
    """A server whose handler is the test's, and a PriceSocket on it."""

    def __init__(self, handler, timing=FAST):
        self.prices, self.states, self.heard = queue.SimpleQueue(), queue.SimpleQueue(), queue.SimpleQueue()
        self.connections = 0
        self._handler = handler
        self._server = serve(self._serve, "127.0.0.1", 0, close_timeout=0.1)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        host, port = self._server.socket.getsockname()
        self.socket = PriceSocket(
            f"ws://{host}:{port}/ws",
            on_prices=lambda prices: self.prices.put(dict(prices)),
            on_state=lambda state, reason: self.states.put(state),
            rng=random.Random(1),
            timing=timing,
        )

    def _serve(self, line):
        self.connections += 1
        line.send("Websocket connection established.")
        self.heard.put(json.loads(line.recv(SOON)))
        try:
            self._handler(self, line)
        except ConnectionClosed:
            return

    def __enter__(self):
        self.socket.start()
        return self

    def __exit__(self, *_):
        self.socket.close()
        self._server.shutdown()

    def state(self, wanted):
        seen = []
        while not seen or seen[-1] != wanted:
            seen.append(self.states.get(timeout=SOON))
        return seen


@pytest.fixture(autouse=True)
def _quick_reconnects(monkeypatch):
    monkeypatch.setitem(room.RETRIES, "price feed", Retry("price feed", None, 0.01, 0.02, ""))


def one_price(feed, line):
    line.send(mids(BTC="96000.5"))
    hold(line)


def test_subscribes_to_all_prices_and_delivers_them_as_decimals():
    with Feed(one_price) as feed:
        assert feed.heard.get(timeout=SOON) == {"method": "subscribe", "subscription": {"type": "allMids"}}
        assert feed.prices.get(timeout=SOON) == {"BTC": Decimal("96000.5")}
        assert feed.state("live") == ["connecting", "live"]


def test_it_subscribes_to_each_exchange_and_merges_what_they_send():
    def both(feed, line):
        feed.heard.put(json.loads(line.recv(SOON)))
        line.send(mids(BTC="1"))
        line.send('{"channel":"allMids","data":{"dex":"xyz","mids":{"xyz:TSLA":"400.5"}}}')
        hold(line)

    with Feed(both, Timing(deliver=0.2)) as feed:
        subscribed = [feed.heard.get(timeout=SOON)["subscription"] for _ in range(2)]
        assert subscribed == [{"type": "allMids"}, {"type": "allMids", "dex": "xyz"}]
        got = feed.prices.get(timeout=SOON)
        got |= feed.prices.get(timeout=SOON) if len(got) < 2 else {}
    assert got == {"BTC": 1, "xyz:TSLA": Decimal("400.5")}


def test_a_complaint_of_the_venue_is_told_and_the_connection_stays():
    def complaining(feed, line):
        line.send('{"channel":"error","data":"Invalid subscription"}')
        line.send(mids(OK="1"))
        hold(line)

    with Feed(complaining) as feed:
        assert feed.state("refused") == ["connecting", "refused"]
        assert feed.prices.get(timeout=SOON) == {"OK": Decimal(1)}
        assert feed.connections == 1


def test_many_frames_become_few_deliveries_with_the_latest_of_each_market():
    def flood(feed, line):
        for n in range(1, 500):
            line.send(mids(BTC=str(n), **({"ETH": "7"} if n == 250 else {})))
        hold(line)

    with Feed(flood, Timing(deliver=0.2)) as feed:
        got = [feed.prices.get(timeout=SOON), feed.prices.get(timeout=SOON)]
    assert got[-1]["BTC"] == Decimal(499)
    assert Decimal(7) in {prices.get("ETH") for prices in got}
    assert feed.prices.empty()


@pytest.mark.parametrize(
    "frame",
    [
        "Websocket connection established.",
        '{"channel":"pong"}',
        '{"channel":"subscriptionResponse","data":{"method":"subscribe"}}',
        '{"channel":"allMids","data":{"mids":[1]}}',
        '{"channel":"allMids"}',
        "[1]",
        b"\xff\xfe",
        mids(BTC="NaN", ETH="-1", SOL="Infinity", X="1e", Y="9" * 99),
        '{"channel":"allMids","data":{"mids":{"BTC":5}}}',
    ],
)
def test_frames_without_a_sound_price_are_passed_over(frame):
    def strange(feed, line):
        line.send(frame)
        line.send(mids(OK="1"))
        hold(line)

    with Feed(strange) as feed:
        assert feed.prices.get(timeout=SOON) == {"OK": Decimal(1)}
        assert feed.connections == 1


def test_markets_are_bounded(monkeypatch):
    monkeypatch.setattr(room, "MARKETS", 3)

    def many(feed, line):
        line.send(mids(**{f"M{n}": "1" for n in range(10)}))
        hold(line)

    with Feed(many) as feed:
        assert list(feed.prices.get(timeout=SOON)) == ["M0", "M1", "M2"]


def test_a_dropped_connection_is_made_again_and_subscribed_again():
    """Mission 4.3."""
    with Feed(lambda feed, line: line.send(mids(BTC="1"))) as feed:
        for _ in range(3):
            assert feed.heard.get(timeout=SOON)["method"] == "subscribe"
            assert feed.state("lost")[-2:] == ["live", "lost"]


def test_silence_is_told_and_then_the_connection_is_given_up():
    with Feed(one_price) as feed:
        assert feed.state("connecting") == ["connecting"]
        assert feed.state("connecting") == ["live", "stale", "lost", "connecting"]


def test_answers_without_prices_are_silence_too():
    def pongs(feed, line):
        for _ in line:
            line.send('{"channel":"pong"}')

    with Feed(pongs) as feed:
        assert feed.state("lost") == ["connecting", "lost"]


def test_prices_after_a_pause_are_live_again():
    def pausing(feed, line):
        line.send(mids(BTC="1"))
        line.recv(SOON)  # pings: the pause is longer than one
        line.recv(SOON)
        line.recv(SOON)
        line.send(mids(BTC="2"))
        hold(line)

    with Feed(pausing, replace(FAST, silent=SOON)) as feed:
        assert feed.state("stale")[-2:] == ["live", "stale"]
        assert feed.state("live") == ["live"]


def test_it_pings_before_the_venue_drops_it():
    def listening(feed, line):
        for message in line:
            feed.heard.put(json.loads(message))

    with Feed(listening) as feed:
        assert [feed.heard.get(timeout=SOON)["method"] for _ in range(4)] == ["subscribe", "subscribe", "ping", "ping"]
    assert Timing().ping < 50


def test_a_message_without_end_is_not_collected(monkeypatch):
    monkeypatch.setattr("actors.venue.frames.MESSAGE_BYTES", 1_000)

    def endless(feed, line):
        line.send("x" * 900 for _ in range(5))
        hold(line)

    def huge(feed, line):
        line.send("x" * 2_000)
        hold(line)

    for handler in (endless, huge):
        with Feed(handler, Timing(silent=60)) as feed:
            assert feed.state("lost") == ["connecting", "lost"]


def test_a_frame_that_claims_too_much_is_refused_at_its_head():
    here, there = socket.socketpair()
    line = BoundedSocket()
    line.sock, line.connected = here, True
    here.settimeout(0.1)
    with here, there:
        there.sendall(struct.pack("!BBQ", 0x81, 127, 1 << 30))
        with pytest.raises(WebSocketProtocolException):
            line.message()


@pytest.mark.parametrize("handler", [one_price, lambda feed, line: hold(line)])
def test_closing_takes_less_than_a_second_and_nothing_is_called_afterwards(handler):
    with Feed(handler, Timing(poll=30)) as feed:
        feed.heard.get(timeout=SOON)
        began = time.monotonic()
        feed.socket.close()
        assert time.monotonic() - began < 0.5
        assert not feed.socket._thread.is_alive()


def closes_soon(url, once=lambda: None):
    states = queue.SimpleQueue()
    feed = PriceSocket(url, on_prices=print, on_state=lambda state, _: states.put(state), rng=random.Random(1))
    feed.start()
    assert states.get(timeout=SOON) == "connecting"
    once()
    began = time.monotonic()
    feed.close()
    assert time.monotonic() - began < 1
    assert states.empty()


def test_closing_does_not_wait_for_a_connection_into_a_black_hole():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # nobody accepts them: what comes behind them is not answered
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        closes_soon(f"ws://127.0.0.1:{port}/ws")
        for one in waiting:
            one.close()


def test_closing_does_not_wait_for_a_handshake_that_is_never_answered():
    accepted = []

    def listen():
        accepted.append(mute.accept()[0])
        accepted[0].recv(10)

    with socket.create_server(("127.0.0.1", 0)) as mute:
        closes_soon(f"ws://127.0.0.1:{mute.getsockname()[1]}/ws", listen)
        accepted[0].close()


def test_the_surroundings_proxies_are_not_used(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Feed(one_price) as feed:
        assert feed.prices.get(timeout=SOON)


def test_closing_does_not_wait_for_a_reconnect(monkeypatch):
    monkeypatch.setitem(room.RETRIES, "price feed", Retry("price feed", None, 30, 30, ""))
    states = queue.SimpleQueue()
    lost = PriceSocket(
        "ws://127.0.0.1:1/ws",
        on_prices=print,
        on_state=lambda state, _: states.put(state),
        rng=random.Random(1),
    )
    lost.start()
    assert [states.get(timeout=SOON), states.get(timeout=SOON)] == ["connecting", "lost"]
    lost.close()
    assert not lost._thread.is_alive()


def test_a_receiver_that_raises_does_not_end_the_feed():
    def twice(feed, line):
        line.send(mids(BTC="1"))
        line.recv(SOON)
        line.send(mids(BTC="2"))
        hold(line)

    feed = Feed(twice)
    seen = queue.SimpleQueue()

    def deaf(prices):
        seen.put(prices)
        raise RuntimeError("the actor is dead")

    feed.socket._on_prices = deaf
    with feed:
        assert [seen.get(timeout=SOON)["BTC"] for _ in range(2)] == [1, 2]
        assert feed.connections == 1


def test_it_follows_the_built_in_venue(sandbox):
    """Mission 1.1."""
    prices = queue.SimpleQueue()
    feed = PriceSocket(
        sandbox.replace("http", "ws") + "/ws", on_prices=prices.put, on_state=lambda *_: None, rng=random.Random(1)
    )
    feed.start()
    assert len(prices.get(timeout=SOON)) == 275
    feed.close()
