"""The price feed's actor: what lanes get of it, what they do not get, and what it shows to others. In virtual time."""

from decimal import Decimal

import pytest

from actors import price_feed as room
from actors.messages import Notice, Prices, PricesTaken
from actors.price_feed import PriceFeedActor
from actors.redis_state import StoreDown
from supervision import ChildSpec, Supervisor, System, Worker
from supervision.simulation import Simulation

SECOND = 1_000_000


class Ear(Worker):
    """Hears everything; as a lane it takes prices when the test says so."""

    def __init__(self, heard):
        super().__init__()
        self._heard = heard

    def receive(self, message):
        self._heard.append(message)


class Socket:
    """A source without a network: the test calls its callbacks."""

    def __init__(self, on_prices, on_state):
        self.prices, self.state = on_prices, on_state
        self.open = False

    def start(self):
        self.open = True

    def close(self):
        self.open = False

    def is_alive(self):
        return self.open


class Port:
    """Runs a job at once, as a port's thread would a little later."""

    def submit(self, job, done):
        try:
            done(job())
        except StoreDown as error:
            done(error)
        return True

    def close(self, _):
        return True


class Store:
    """Keeps what it is given, or is down."""

    def __init__(self):
        self.down, self.kept = False, []

    def put(self, name, text, ttl_s):
        if self.down:
            raise StoreDown("ConnectionError: refused")
        self.kept.append((name, text, ttl_s))


class Rig:
    def __init__(self, *lanes):
        self.sim, self.store = Simulation(1), Store()
        self.sockets, self.notices, self.heard = [], [], {lane: [] for lane in lanes}
        ears = [ChildSpec(lane, lambda heard=heard: Ear(heard)) for lane, heard in self.heard.items()]
        children = [*ears, ChildSpec("reporter", lambda: Ear(self.notices)), ChildSpec("feed", self._feed)]
        self.system = System(Supervisor.spec("top", children), runtime=self.sim)
        self.system.start()

    def _feed(self):
        lanes = {lane: self.system.handle(lane) for lane in self.heard}
        return PriceFeedActor(
            self._socket, lanes, self.system.handle("reporter"), lambda: int(self.sim.now * SECOND), Port(), self.store
        )

    def _socket(self, on_prices, on_state):
        self.sockets.append(Socket(on_prices, on_state))
        return self.sockets[-1]

    def run(self, seconds=0.1):
        self.sim.run(seconds)

    def prices(self, **mids):
        self.sockets[-1].prices({name: Decimal(price) for name, price in mids.items()})
        self.run()

    def state(self, state, reason=""):
        self.sockets[-1].state(state, reason)
        self.run()

    def took(self, lane):
        self.system.handle("feed").tell(PricesTaken(lane))
        self.run()

    def note(self):
        return next(node.note for node in self.system.tree().walk() if node.path == "feed")


def test_a_lane_gets_the_whole_picture_although_frames_have_parts_of_it():
    rig = Rig("lane")
    rig.prices(BTC=1, ETH=2)
    rig.took("lane")
    rig.prices(BTC=3)
    assert [message.mids for message in rig.heard["lane"]] == [{"BTC": 1, "ETH": 2}, {"BTC": 3, "ETH": 2}]


def test_a_lane_that_is_busy_has_one_message_waiting_and_then_gets_the_newest():
    rig = Rig("slow", "quick")
    for price in range(1, 101):
        rig.prices(BTC=price)
        rig.took("quick")
    assert [len(rig.heard[lane]) for lane in ("slow", "quick")] == [1, 100]
    rig.took("slow")
    assert rig.heard["slow"][-1].mids == {"BTC": 100}


def test_nothing_new_is_not_sent_again():
    rig = Rig("lane")
    rig.prices(BTC=1)
    rig.took("lane")
    rig.took("lane")
    assert len(rig.heard["lane"]) == 1


@pytest.mark.parametrize("down", ["stale", "lost"])
def test_lanes_and_tree_are_told_that_prices_are_stale_and_get_none_until_there_are_new_ones(down):
    rig = Rig("lane")
    rig.state("live")
    rig.prices(BTC=1, ETH=2)
    rig.took("lane")
    rig.state(down, "no price for 5 s")
    rig.took("lane")
    rig.prices(ETH=3)
    fresh, gone, again = rig.heard["lane"]
    assert (fresh.fresh, gone.fresh, again.fresh) == (True, False, True)
    assert (gone.mids, again.mids) == ({}, {"ETH": 3})
    assert any(notice.outcome == down and notice.level == "WARNING" for notice in rig.notices)
    assert down in rig.note()


def test_a_lane_that_was_busy_while_the_feed_was_lost_never_sees_the_old_prices():
    rig = Rig("lane")
    rig.prices(BTC=1)
    rig.prices(BTC=2)
    rig.state("lost", "reset")
    rig.took("lane")
    assert rig.heard["lane"][-1] == Prices(rig.heard["lane"][-1].at, {}, fresh=False)


def test_a_market_that_stopped_while_the_others_go_on_is_left_out():
    rig = Rig("lane")
    rig.prices(BTC=1, GONE=1)
    for _ in range(4):
        rig.run(10)
        rig.prices(BTC=2)
        rig.took("lane")
    assert rig.heard["lane"][-1].mids == {"BTC": 2}


def test_markets_are_bounded_whatever_the_venue_calls_them(monkeypatch):
    monkeypatch.setattr(room, "MARKETS", 10)
    rig = Rig("lane")
    for batch in range(20):
        rig.prices(**{f"M{batch}-{n}": 1 for n in range(5)})
        rig.took("lane")
    assert max(len(message.mids) for message in rig.heard["lane"]) == 10


def test_a_refused_subscription_is_told_and_changes_nothing():
    rig = Rig("lane")
    rig.state("live")
    rig.prices(BTC=1)
    rig.state("refused", "Invalid subscription")
    assert "Invalid subscription" in rig.notices[-1].text
    rig.run(2)
    assert rig.note().startswith("1 markets")


def test_complaints_do_not_flood_the_log():
    rig = Rig()
    for _ in range(100):
        rig.state("refused", "Invalid subscription")
    assert len(rig.notices) == 1


def test_a_source_that_ends_by_itself_is_a_bug_and_the_feed_begins_again():
    rig = Rig()
    rig.sockets[0].open = False
    rig.run(3)
    assert [socket.open for socket in rig.sockets] == [False, True]


def test_a_feed_that_crashes_is_made_again_and_lanes_hear_from_it():
    rig = Rig("lane")
    rig.prices(BTC=1)
    rig.system.handle("feed").kill(RuntimeError("told to fail"))
    rig.run(1)
    rig.prices(BTC=2)
    assert [socket.open for socket in rig.sockets] == [False, True]
    assert rig.heard["lane"][-1].mids == {"BTC": 2}


def test_its_state_is_shown_to_others_for_some_seconds_at_a_time():
    rig = Rig()
    rig.state("live")
    rig.prices(BTC=1)
    rig.run(2)
    name, text, ttl_s = rig.store.kept[-1]
    assert (name, ttl_s) == ("price_feed", room.STATE_TTL_S)
    assert '"state": "live"' in text
    assert '"markets": 1' in text


def test_a_store_that_is_down_costs_one_warning_and_is_said_to_be_back():
    rig = Rig("lane")
    rig.store.down = True
    rig.run(30)
    rig.prices(BTC=1)
    assert rig.heard["lane"]
    rig.store.down = False
    rig.run(3)
    told = [(notice.outcome, notice.level) for notice in rig.notices if isinstance(notice, Notice)]
    assert told == [("store", "WARNING"), ("store", "INFO")]


# negative controls


def keeping_old_prices(monkeypatch):
    monkeypatch.setattr(room, "DOWN", ())
    return lambda: test_lanes_and_tree_are_told_that_prices_are_stale_and_get_none_until_there_are_new_ones("stale")


def keeping_old_markets(monkeypatch):
    monkeypatch.setattr(room, "MARKET_STALE_US", 10**12)
    return test_a_market_that_stopped_while_the_others_go_on_is_left_out


def sending_whether_ready_or_not(monkeypatch):
    serve = PriceFeedActor._serve

    def eager(self):
        self._ready = set(self._lanes)
        serve(self)

    monkeypatch.setattr(PriceFeedActor, "_serve", eager)
    return test_a_lane_that_is_busy_has_one_message_waiting_and_then_gets_the_newest


@pytest.mark.parametrize("mutant", [keeping_old_prices, keeping_old_markets, sending_whether_ready_or_not])
def test_without_the_rule_its_test_fails(monkeypatch, mutant):
    scenario = mutant(monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        scenario()
