"""Real money without a network: it says so, keeps trying within bounds, and ends when it is told to."""

import socket
import threading
from time import monotonic

import pytest

from actors import Agent, AgentConfig

STARTS_S = 3.0
SAYS_SO_S = 10.0
STOPS_S = 5.0
TRIES_A_SECOND = 5


class Ear:
    """An observer that keeps what it hears, and tells when it has heard of enough failures."""

    def __init__(self, enough):
        self.failures = {"casino": [], "price_feed": []}
        self.enough = threading.Event()
        self._least = enough

    def __call__(self, notice):
        if notice.level == "WARNING" and notice.service in self.failures:
            self.failures[notice.service].append(notice.text)
            if all(len(texts) >= self._least for texts in self.failures.values()):
                self.enough.set()


@pytest.fixture
def nowhere():
    """A port of this machine on which nobody listens, held so that nobody will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def live(tmp_path, nowhere, monkeypatch):
    monkeypatch.setenv("STAKEKEEPER_CASINO_KEY", "pk_live_of_a_test")
    addresses = {f"venue.{name}": f"http://{nowhere}" for name in ("escrow", "faucet")}
    addresses |= {"venue.casino": f"http://{nowhere}/api/v1", "venue.price_feed": f"ws://{nowhere}/ws"}
    return AgentConfig.load(
        live=True, data=tmp_path, env={}, overrides=addresses | {"strategy": [{"name": "momentum"}]}
    )


def test_without_a_network_it_says_so_and_tries_on_and_ends(live):
    ear, began = Ear(enough=2), monotonic()
    with Agent(live, observer=ear) as agent:
        assert monotonic() - began < STARTS_S
        assert ear.enough.wait(SAYS_SO_S)
        tried_s = monotonic() - began
        status = agent.status()
        ended = monotonic()
    assert monotonic() - ended < STOPS_S
    assert status["phase"] == "RECOVERING"
    assert "cannot be read" in ear.failures["casino"][0]
    assert "refused" in ear.failures["price_feed"][0]
    assert sum(map(len, ear.failures.values())) < TRIES_A_SECOND * (tried_s + 1)
    assert agent.summary().sent == agent.summary().crashes == 0
    assert agent.failure() is None


def test_it_ends_before_it_has_said_anything(live):
    agent = Agent(live)
    agent.start()
    began = monotonic()
    agent.stop("the host changed its mind")
    assert monotonic() - began < STOPS_S


def test_the_key_is_in_nothing_it_writes(live):
    ear = Ear(enough=1)
    with Agent(live, observer=ear):
        assert ear.enough.wait(SAYS_SO_S)
    written = [path for path in live.data.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if b"pk_live_of_a_test" in path.read_bytes()]
