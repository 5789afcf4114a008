"""Stop rules: durable, over the end of a run and over a crash, until an operator begins a new session."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from actors import agent as running
from actors.money.events import SessionStarted, StopSet
from actors.money.wagers import Bet
from actors.world import RealWorld
from tests.agent.kit import MICRO, Endless, Script, Stage, stop_venue
from tests.sandbox.house import House

pytestmark = pytest.mark.timeout(20)

LOSING = Bet("multiplier", {"target_multiplier": 1000}, probability="0.001", odds="1000", stake="0.02")
"""The most the venue takes at such odds."""

LIMIT = "0.0005"
"""Five cents of 100 USD: broken by the third loss."""


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("stops"))
    yield house
    stop_venue(house)


@pytest.fixture
def loser(venue, tmp_path, monkeypatch):
    """An agent whose bets lose: a long shot, and tags from a seed so that a run is the same every time."""
    chance = random.Random(11)
    monkeypatch.setattr(RealWorld, "entropy", lambda _: chance.randbytes(16).hex())
    made = Stage(venue, tmp_path / "agent")
    yield made
    made.end()


def test_a_days_loss_stops_the_account_durably_until_an_operator_resumes(loser):
    loser.terms["risk.daily_loss"] = LIMIT
    assert loser.play(Endless(LOSING)).wait(bets=10) == "stopped:daily loss"
    loser.seen.until("at 99.94 USD", action="stop")
    agent = loser.play(Endless(LOSING))
    assert agent.wait(bets=10) == "stopped:daily loss"
    stopped = loser.status()
    assert (stopped["phase"], stopped["sent"]) == ("STOPPED", 0)
    assert "limit 99.95 USD" in stopped["stop_reason"]
    agent.resume("the operator")
    assert agent.wait(bets=2) == "bets"
    loser.end()
    books = loser.books().check()
    assert books.of(SessionStarted)[-1].equity_micro == 99_940_000
    assert books.of(StopSet)[0].until % (24 * 3600 * MICRO) == 0


def test_a_stop_loss_counts_from_the_session_not_from_the_crash(loser):
    loser.terms["risk.stop_loss"] = LIMIT
    loser.play(Endless(LOSING)).wait(bets=2)
    loser.vanish()
    assert loser.play(Endless(LOSING)).wait(bets=10) == "stopped:stop loss"
    assert loser.status()["bets"] == 1
    loser.vanish()
    assert loser.play(Endless(LOSING)).wait(bets=10) == "stopped:stop loss"
    assert loser.status()["sent"] == 0


def test_a_stop_loss_counts_anew_after_a_run_that_ended_in_order(loser):
    # The negative control: here a new session is right.
    loser.terms["risk.stop_loss"] = LIMIT
    loser.play(Endless(LOSING)).wait(bets=2)
    loser.end()
    assert loser.play(Endless(LOSING)).wait(bets=2) == "bets"


def test_a_drawdown_is_measured_from_the_peak_of_all_runs(loser):
    loser.terms["risk.max_drawdown"] = LIMIT
    loser.play(Endless(LOSING)).wait(bets=2)
    loser.end()
    assert loser.play(Endless(LOSING)).wait(bets=10) == "stopped:drawdown"
    assert loser.status()["bets"] == 1


def test_a_streak_of_losses_stops(loser):
    loser.terms["risk.loss_streak"] = 3
    assert loser.play(Endless(LOSING)).wait(bets=10) == "stopped:loss streak"
    assert loser.status()["bets"] == 3


def test_a_stop_by_one_lane_stops_the_other(loser):
    loser.terms["risk.stop_loss"] = "0.0001"
    loser.play(Script(LOSING), Endless(LOSING)).wait(bets=100)
    loser.seen.reach(lambda: {lane["state"] for lane in loser.status()["lanes"]} == {"STOPPED"}, "both lanes stopped")


def test_the_configuration_can_resume_a_stopped_account(loser, monkeypatch):
    monkeypatch.setattr(running, "POLL_S", 0)  # to look before the resume can be on disk
    loser.terms["risk.stop_loss"] = "0.0001"
    assert loser.play(Endless(LOSING)).wait(bets=10) == "stopped:stop loss"
    assert loser.play(Endless(LOSING), resume=True).wait(bets=10) == "stopped:stop loss"
    loser.seen.until("resumed by --resume", action="resume")
    assert loser.status()["bets"] == 1


def test_a_pause_from_before_ends_a_bounded_run_until_an_operator_resumes(loser, monkeypatch):
    agent = loser.play(Endless(LOSING))
    assert agent.wait(bets=1) == "bets"
    agent.pause("lunch")
    loser.until(phase="PAUSED")
    agent = loser.play(Endless(LOSING))
    assert (agent.wait(bets=1), agent.wait(seconds=60)) == ("stopped:pause", "stopped:pause")
    monkeypatch.setattr(running, "POLL_S", 0)  # to look before the resume can be on disk
    agent.resume("the operator")
    assert agent.wait(bets=1) == "bets"


def test_a_pause_that_comes_meanwhile_is_waited_for(loser):
    looks, agent = [], loser.play(Endless(LOSING))
    agent._status = lambda look=agent._status: looks.append(look()) or looks[-1]
    with ThreadPoolExecutor() as beside:
        ended = beside.submit(agent.wait, bets=1_000)
        loser.seen.reach(lambda: looks, "a first look")
        agent.pause("tea")
        loser.seen.reach(lambda: [look.phase for look in looks[-2:]] == ["PAUSED"] * 2, "two looks at a pause")
        agent.request_stop()
        assert ended.result() == "requested"


def test_a_pause_from_before_ends_a_run_when_what_was_open_is_closed(loser):
    agent = loser.play(Endless(LOSING))
    agent.pause("lunch")
    loser.until(phase="PAUSED")
    agent = loser.play(Endless(LOSING))
    paused = agent._await(lambda status: status.stop_rule == "pause", 10.0)
    looks = iter([replace(paused, open_intents=("i1",))] * 2)
    agent._status = lambda: next(looks, paused)
    assert agent.wait(bets=1) == "stopped:pause"


def test_a_run_ends_in_time_though_the_bankroll_does_not_answer(loser):
    agent = loser.play(Endless(LOSING))
    agent._status = lambda: None
    assert agent.wait(seconds=0.01) == "seconds"


def test_the_rate_of_bets_is_kept(loser):
    loser.terms["risk.bets_per_minute"] = 5
    agent = loser.play(Endless(LOSING))
    loser.seen.reach(lambda: "IDLE: rate: limit 5" in agent.tree(), "the lane's line in the tree")
    assert loser.status()["sent"] == 5


def test_the_venues_own_limit_is_never_overrun(tmp_path):
    house = House(tmp_path / "venue", limits="contract")
    stage = Stage(house, tmp_path / "agent")
    stage.play(Endless())
    stage.seen.until("too many calls within a minute", action="bet", outcome="not_sent")
    assert stage.status()["sent"] == 60
    stage.end()
    stop_venue(house)
    assert stage.seen.all("rate_limit_exceeded") == []
    assert len(stage.seen.all(action="bet", outcome="won") + stage.seen.all(action="bet", outcome="lost")) == 60
