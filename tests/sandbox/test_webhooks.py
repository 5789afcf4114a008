"""Pushed events: subscriptions, envelopes, signatures, redelivery, and what is ordered to go wrong on the way."""

import hashlib
import hmac
import json
import queue
import socket
import sqlite3
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from actors.sandbox.books import Books
from actors.sandbox.webhooks import happened
from tests.sandbox.trader import Trader, hold, settle

SECRET = "whsec_test"
WAIT_S = 5


@dataclass
class Push:
    body: dict
    signature: str
    timestamp: int
    raw: bytes

    @property
    def genuine(self):
        text = f"{self.timestamp}.".encode() + self.raw
        return self.signature.removeprefix("sha256=") == hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()


class Subscriber:
    """A receiver on loopback that keeps what it gets; `statuses` are its next answers, then 200."""

    def __init__(self):
        self.pushes, self.statuses = queue.Queue(), queue.Queue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                signature, timestamp = self.headers["X-PurpleFlea-Signature"], self.headers["X-PurpleFlea-Timestamp"]
                outer.pushes.put(Push(json.loads(raw), signature, int(timestamp), raw))
                self.send_response(200 if outer.statuses.empty() else outer.statuses.get())
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def subscribe(self, house, key, events=("*",), **more):
        order = {"url": self.url, "events": list(events), "secret": SECRET, **more}
        answer = house.post("/webhooks/v1/webhooks", order, key)
        if answer.status == 201:
            assert self.next().body["event"] == "ping"
        return answer

    def next(self):
        return self.pushes.get(timeout=WAIT_S)


@pytest.fixture
def subscriber():
    subscriber = Subscriber()
    yield subscriber
    subscriber.server.shutdown()
    subscriber.server.server_close()


def test_a_bet_is_pushed_signed_over_its_raw_body(house, player, subscriber):
    subscriber.subscribe(house, player.key)
    bet = house.flip(player).body
    push = subscriber.next()
    assert push.genuine
    assert push.signature.startswith("sha256=")
    assert push.body["event"] == ("bet.won" if bet["won"] else "bet.lost")
    assert push.body["data"]["bet_id"] == bet["bet_id"]
    assert set(push.body) == {"event", "id", "timestamp", "api_version", "data"}


@pytest.mark.parametrize(
    ("version", "name", "fields"),
    [
        (
            "2026-01",
            ("type", "casino_result"),
            {"id", "type", "api_version", "created", "timestamp", "agent_id", "data"},
        ),
        ("2026-03", ("event", "casino.bet_settled"), {"id", "event", "api_version", "created_at", "livemode", "data"}),
    ],
)
def test_a_subscription_chooses_its_envelope(house, player, subscriber, version, name, fields):
    subscriber.subscribe(house, player.key, api_version=version)
    house.flip(player)
    push = subscriber.next()
    assert push.genuine
    assert not push.signature.startswith("sha256=")
    assert (push.body[name[0]], set(push.body)) == (name[1], fields)


def test_only_what_is_wanted_is_pushed(house, player, subscriber):
    subscriber.subscribe(house, player.key, ["payment.received"])
    house.flip(player)
    house.post("/api/v1/stats/pay", {"to_agent_id": player.agent_id, "amount": 1}, house.register().key)
    assert subscriber.next().body["event"] == "payment.received"


def test_an_escrow_is_pushed_to_both_parties_step_by_step(house, player, subscriber):
    other = house.register()
    subscriber.subscribe(house, other.key)
    terms = {"amount_usd": 1, "description": "work", "counterparty_agent_id": other.agent_id}
    escrow_id = house.post("/escrow/create", terms, player.key).body["escrow_id"]
    house.post(f"/escrow/release/{escrow_id}", {}, player.key)
    assert [subscriber.next().body["event"] for _ in range(2)] == ["escrow.funded", "escrow.released"]


def test_a_domain_and_a_commission_are_pushed_to_their_accounts(house, player, subscriber):
    buyer = house.post("/domains/v1/auth/register").body["api_key"]
    subscriber.subscribe(house, buyer)
    house.post("/sandbox/domains", {"domain": "pushed.com", "free": True})
    house.post("/domains/v1/domains/register", {"domain": "pushed.com"}, buyer)
    assert subscriber.next().body["data"]["domain"] == "pushed.com"
    subscriber.subscribe(house, player.key)
    loser = house.register(player.code)
    while house.flip(loser).body["won"]:
        pass
    assert subscriber.next().body["event"] == "referral.earned"


def test_an_address_that_does_not_answer_200_is_refused(house, player, subscriber):
    subscriber.statuses.put(204)
    assert subscriber.subscribe(house, player.key).error == "url_unreachable"
    assert house.get("/webhooks/v1/webhooks", player.key).body["total"] == 0


@pytest.mark.parametrize(
    "url", ["https://example.com/hook", "http://example.com", "http://10.0.0.1", "ftp://localhost", 7]
)
def test_nothing_is_pushed_beyond_loopback(house, player, url):
    answer = house.post("/webhooks/v1/webhooks", {"url": url, "events": ["*"], "secret": SECRET}, player.key)
    assert (answer.status, answer.error) == (400, "invalid_url")


def test_a_subscription_can_be_seen_and_ended_by_its_owner_only(house, player, subscriber):
    hook = subscriber.subscribe(house, player.key).body
    path = f"/webhooks/v1/webhooks/{hook['id']}"
    assert house.get(path, house.register().key).status == 404
    assert house.get(path, player.key).body["events"] == ["*"]
    assert house.call("DELETE", path, None, player.key).body["deleted"]
    assert house.get(path, player.key).status == 404


def test_a_push_that_fails_comes_again_after_one_and_ten_minutes_with_the_same_id(build, subscriber):
    house = build()
    player = house.register()
    hook = subscriber.subscribe(house, player.key).body
    for status in (500, 500, 500):
        subscriber.statuses.put(status)
    house.post("/webhooks/v1/webhooks/test", {"webhook_id": hook["id"], "event_type": "bet.won"}, player.key)
    seen = [subscriber.next()]
    for pause in (60, 540):
        house.advance(pause)
        seen.append(subscriber.next())
    assert len({push.body["id"] for push in seen}) == 1
    assert [round(push.timestamp - seen[0].timestamp, -1) for push in seen] == [0, 60, 600]
    assert all(push.genuine and push.body["test"] for push in seen)
    told = counted(house, player, hook)
    assert (told["total_deliveries"], told["failed_deliveries"]) == (0, 1)


def counted(house, player, hook):
    """The subscription when its last push was noted."""
    while True:
        told = house.get(f"/webhooks/v1/webhooks/{hook['id']}", player.key).body
        if told["last_delivery_at"]:
            return told


HELD = "SELECT held FROM pushes JOIN webhooks ON webhooks.id = webhook_id WHERE agent_id = ?"
BACKLOG = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO pushes (webhook_id, body, due_at) SELECT id, '{}', i FROM webhooks, n WHERE agent_id = ?"""


def test_a_slow_subscriber_slows_neither_bets_nor_others(build, subscriber):
    house = build()
    player, other = house.register(), house.register()
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # accepts, and never answers
        deaf_url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        subscriber.subscribe(house, player.key)
        subscriber.subscribe(house, other.key)
        with sqlite3.connect(house.data / "sandbox.sqlite") as books:
            books.execute("UPDATE webhooks SET url = ? WHERE agent_id = ?", (deaf_url, player.agent_id))
            books.execute(BACKLOG, (player.agent_id,))
        begun = time.monotonic()
        assert [house.flip(player, 0.1).status for _ in range(20)] == [200] * 20
        house.flip(other)
        assert subscriber.next().body["event"].startswith("bet.")
        assert time.monotonic() - begun < 2


def test_pushes_outlive_a_kill(build, subscriber):
    house = build()
    player = house.register()
    hook = subscriber.subscribe(house, player.key).body
    subscriber.statuses.put(503)
    house.post("/webhooks/v1/webhooks/test", {"webhook_id": hook["id"]}, player.key)
    first = subscriber.next()
    house.kill()
    house.start()
    house.advance(60)
    assert subscriber.next().body["id"] == first.body["id"]


@pytest.fixture
def pushed_under(house, player, subscriber, faults):
    """Orders a fault, then makes bets that are pushed; returns their ids."""

    def push(spec, bets=1):
        subscriber.subscribe(house, player.key)
        faults(spec)
        return [house.flip(player, 0.1).body["bet_id"] for _ in range(bets)]

    return push


def test_fault_duplicate_pushes_an_event_twice_under_one_id(pushed_under, subscriber):
    pushed_under("hook-duplicate=1")
    first, second = subscriber.next(), subscriber.next()
    assert first.body["id"] == second.body["id"]
    assert first.genuine
    assert second.genuine


def test_fault_forged_pushes_a_lie_with_a_wrong_signature_before_the_truth(pushed_under, subscriber):
    pushed_under("hook-forged=1")
    assert [subscriber.next().genuine for _ in range(2)] == [False, True]


def test_fault_stale_signs_a_time_an_hour_ago(house, pushed_under, subscriber):
    pushed_under("hook-stale=1")
    now = parsedate_to_datetime(house.get("/ping").headers["date"]).timestamp()
    push = subscriber.next()
    assert push.genuine
    assert 3595 < now - push.timestamp < 3605


def test_fault_delay_holds_an_event_back(house, player, pushed_under, subscriber):
    pushed_under("hook-delay=1:3600")
    with sqlite3.connect(house.data / "sandbox.sqlite") as books:
        while not books.execute(HELD, (player.agent_id,)).fetchone()[0]:
            pass
    assert subscriber.pushes.empty()
    house.advance(3600)
    assert subscriber.next().genuine


def test_fault_reorder_lets_later_events_overtake(pushed_under, subscriber):
    placed = pushed_under("hook-reorder=0.5:0.1", bets=8)
    arrived = [subscriber.next().body["data"]["bet_id"] for _ in placed]
    assert arrived != placed
    assert sorted(arrived) == sorted(placed)


def test_fills_and_liquidations_are_pushed(house, subscriber):
    settle(house, "ETH", 3000)
    trader = Trader.register(house)
    subscriber.subscribe(house, trader.key)
    position_id = trader.open().body["position_id"]
    trader.close(position_id)
    trader.open(size_usd=9000, leverage=10)
    hold(house, "ETH", 2000)
    events = [subscriber.next().body for _ in range(4)]
    names = ["position.opened", "position.closed", "position.opened", "position.liquidated"]
    assert [event["event"] for event in events] == names
    assert [event["data"]["oid"] for event in events] == [fill["oid"] for fill in trader.fills()]


def test_an_account_has_ten_subscriptions_at_most(house, player, subscriber):
    assert [subscriber.subscribe(house, player.key).status for _ in range(11)] == [201] * 10 + [400]


def test_the_queue_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("actors.sandbox.webhooks.MAX_WAITING", 3)
    books = Books(tmp_path / "books.sqlite")
    books.run(
        "INSERT INTO webhooks (id, agent_id, url, events, secret, api_version, created_at)"
        " VALUES ('wh_1', 'ag_1', '', '[\"*\"]', '', '2025-11', 0)"
    )
    for _ in range(5):
        happened(books, "ag_1", "bet.won", {})
    assert books.only("SELECT count(*) AS n FROM pushes")["n"] == 3
    books.close()
