"""A host's own strategies in an agent that plays: what they do wrong stays in their lane."""

import threading
from decimal import Decimal
from time import monotonic

import pytest

from actors import Agent, Bet, ConfigError, Strategy
from tests.embedding.kit import config, goes_on, playing

TOLD_S = 10.0
STOPS_S = 3.0


class Coin(Strategy):
    """Plays the boosted coin, at once again."""

    every = 0.01

    def decide(self, view):
        return Bet("boosted_coin", {"side": "heads"}, probability="0.5", odds="2.10")


class Wrong(Strategy):
    """Does or wants what it is told."""

    def __init__(self, wrong):
        self.wrong = wrong

    def decide(self, view):
        return self.wrong()


def raises():
    raise ZeroDivisionError("a bug of the user's")


def leaves():
    raise SystemExit(1)


def bet(**changes):
    said = {"game": "boosted_coin", "params": {"side": "heads"}, "probability": "0.5", "odds": "2.10", **changes}
    return lambda: Bet(**said)


WRONGS = {
    "raises": (raises, "raised ZeroDivisionError"),
    "exits": (leaves, "raised SystemExit"),
    "wants what is no wager": (lambda: "heads", "is no wager"),
    "not a number": (bet(probability=float("nan")), "probability must be a finite number"),
    "below zero": (bet(stake=-1), "stake must be a multiple of 0.01 USD above zero"),
    "unknown game": (bet(game="poker"), "not on the list of sound games"),
    "wrong odds": (bet(odds="2.50"), "odds is stated as 2.5"),
    "unknown parameter": (bet(params={"edge": 1}), "takes side"),
}


def test_wrong_ones_are_told_why_and_the_others_play_on(tmp_path):
    heard = []
    wrongs = [Wrong(wrong) for wrong, _ in WRONGS.values()]
    with playing(tmp_path, strategies=[*wrongs, Coin()], observer=heard.append, strategy=[]) as agent:
        assert goes_on(agent)
        assert [lane["intent"] for lane in agent.status()["lanes"] if lane["lane"] != "Coin"] == [None] * len(wrongs)
    told = [notice.text for notice in heard if notice.level == "WARNING" and str(notice.lane).startswith("Wrong")]
    assert [name for name, (_, sentence) in WRONGS.items() if not any(sentence in text for text in told)] == [], told
    assert agent.summary().crashes == agent.summary().difference == 0


def test_a_key_that_a_strategy_tells_comes_neither_to_the_observer_nor_into_the_log_or_the_tree(tmp_path):
    heard, told = [], threading.Event()

    def tells():
        raise RuntimeError(f"401 for {agent.site.credential('casino').key.get_secret_value()}")

    def observer(notice):
        heard.append(notice)
        if "401 for [a key]" in notice.text:
            told.set()

    agent = Agent(config(tmp_path, strategy=[]), strategies=[Wrong(tells)], observer=observer)
    with agent:
        key = agent.site.credential("casino").key.get_secret_value()
        assert told.wait(TOLD_S)
        assert key not in agent.tree()
    assert key not in agent.config.log_path.read_text() + str(heard)


def test_a_stake_above_the_balance_is_denied_with_its_rule(tmp_path):
    told = threading.Event()

    def observer(notice):
        if notice.outcome == "denied" and "balance: limit 100.00 USD available, at 1000.00 USD wanted" in notice.text:
            told.set()

    rich = Wrong(bet(stake=Decimal(1000)))
    with Agent(config(tmp_path, strategy=[]), strategies=[rich], observer=observer) as agent:
        assert told.wait(TOLD_S)
    assert agent.summary().sent == 0


def test_one_that_never_returns_holds_up_neither_the_others_nor_the_end(tmp_path):
    release = threading.Event()
    try:
        with playing(tmp_path, strategies=[Wrong(release.wait), Coin()], strategy=[]) as agent:
            assert goes_on(agent)
            began = monotonic()
        assert monotonic() - began < STOPS_S
        assert agent.summary().difference == 0
        with playing(tmp_path) as another:
            assert another.summary().bets == 1
    finally:
        release.set()


def test_two_of_a_kind_get_lanes_of_their_own(tmp_path):
    with playing(tmp_path, strategies=[Coin(), Coin()], strategy=[]) as agent:
        assert [lane["lane"] for lane in agent.status()["lanes"]] == ["Coin", "Coin#2"]


def test_they_play_beside_the_configured_ones(tmp_path):
    with playing(tmp_path, strategies=[Coin()]) as agent:
        assert [lane["lane"] for lane in agent.status()["lanes"]] == ["boosted_coin", "Coin"]


def test_a_class_is_no_instance(tmp_path):
    with pytest.raises(ConfigError, match=r"takes instances of actors\.Strategy, not <class"):
        Agent(config(tmp_path), strategies=[Coin]).start()
    assert not list(tmp_path.iterdir())
