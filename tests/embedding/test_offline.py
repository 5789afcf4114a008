"""Real money without a network: it says so, keeps trying within bounds, and ends when it is told to."""

import socket
import threading
from contextlib import suppress
from itertools import count
from time import monotonic

import pytest

from actors import Agent, AgentConfig

STARTS_S = 3.0
SAYS_SO_S = 10.0
STOPS_S = 5.0
MANY, MANY_TAKE_S = 12, 0.5
"""Casino, prices, faucet and referral each ask by themselves; so many attempts of all four take at least so long."""
KEY = "pk_live_of_a_test"


class Ear:
    """An observer that keeps the warnings, and tells when casino and price feed have both been heard of."""

    def __init__(self):
        self.warnings = {"casino": "", "price_feed": ""}
        self.complete = threading.Event()

    def __call__(self, notice):
        if notice.level == "WARNING" and notice.service in self.warnings:
            self.warnings[notice.service] += f"{notice.text}\n"
            if all(self.warnings.values()):
                self.complete.set()


class ShutDoor:
    """A listener that hangs up on everybody at once, and notes how long many of them took."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.many, self.reached_after_s = threading.Event(), 0.0
        self.thread = threading.Thread(target=self._hang_up)
        self.thread.start()

    def _hang_up(self):
        began = None
        with suppress(OSError):
            for tries in count(1):
                self.listener.accept()[0].close()
                began = began or monotonic()
                if tries == MANY:
                    self.reached_after_s = monotonic() - began
                    self.many.set()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


@pytest.fixture
def nowhere():
    """A port of this machine on which nobody listens, held so that nobody will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def door():
    made = ShutDoor()
    yield made
    made.close()


@pytest.fixture
def live_at(tmp_path, monkeypatch):
    monkeypatch.setenv("STAKEKEEPER_CASINO_KEY", KEY)

    def load(port):
        addresses = {f"venue.{name}": f"http://127.0.0.1:{port}" for name in ("escrow", "faucet")}
        addresses |= {
            "venue.casino": f"http://127.0.0.1:{port}/api/v1",
            "venue.price_feed": f"ws://127.0.0.1:{port}/ws",
        }
        strategy = {"strategy": [{"name": "fair_games"}]}
        return AgentConfig.load(live=True, data=tmp_path, overrides=addresses | strategy)

    return load


def test_it_says_so_and_goes_on_and_ends(live_at, nowhere):
    ear, began = Ear(), monotonic()
    with Agent(live_at(nowhere), observer=ear) as agent:
        assert monotonic() - began < STARTS_S
        assert ear.complete.wait(SAYS_SO_S)
        assert agent.status()["phase"] == "RECOVERING"
        ended = monotonic()
    assert monotonic() - ended < STOPS_S
    assert "casino cannot be read" in ear.warnings["casino"]
    assert "asking again" in ear.warnings["casino"]
    assert "refused" in ear.warnings["price_feed"]
    assert agent.summary().sent == agent.summary().crashes == 0
    assert agent.failure() is None


def test_it_tries_on_within_bounds(live_at, door):
    with Agent(live_at(door.listener.getsockname()[1])):
        assert door.many.wait(SAYS_SO_S)
        assert door.reached_after_s > MANY_TAKE_S


def test_it_ends_before_it_has_said_anything(live_at, nowhere):
    agent = Agent(live_at(nowhere))
    agent.start()
    began = monotonic()
    agent.stop("the host changed its mind")
    assert monotonic() - began < STOPS_S


def test_the_key_is_in_nothing_it_writes(live_at, nowhere):
    ear, config = Ear(), live_at(nowhere)
    with Agent(config, observer=ear):
        assert ear.complete.wait(SAYS_SO_S)
    written = [path for path in config.data.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if KEY.encode() in path.read_bytes()]
