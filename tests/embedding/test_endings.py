"""How a run ends, and what the host application is told."""

import json
import signal
import sqlite3
import threading

import pytest

from actors import Agent, ConfigError, RefusesToTrade, StakekeeperError, world
from actors.journal import Reader
from actors.journal.codec import decode
from actors.money.events import AgentStopped
from tests.embedding.kit import config, descriptors, differences, imprint, playing, settled

SLOW_S = 0.3
"""How long a slow observer takes, in seconds: longer than the end of all others."""


class HostError(Exception):
    pass


def last_event(agent):
    with Reader.open(agent.config.journal_path) as journal:
        return decode(list(journal.rows())[-1])


def raise_host_error(*_):
    raise HostError


def test_an_exception_in_the_block_ends_it_in_order_and_is_raised(tmp_path):
    with pytest.raises(HostError), playing(tmp_path) as agent:
        raise_host_error()
    assert agent.failure() is None
    assert agent.summary().difference == 0
    assert isinstance(last_event(agent), AgentStopped)


def test_a_signal_handler_of_the_host_may_raise_in_the_block(tmp_path):
    before = signal.signal(signal.SIGUSR2, raise_host_error)
    try:
        with pytest.raises(HostError), playing(tmp_path) as agent:  # noqa: PT012
            agent.wait(bets=2, seconds=10)
            signal.raise_signal(signal.SIGUSR2)
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert isinstance(last_event(agent), AgentStopped)


def test_a_signal_handler_may_ask_for_the_end(tmp_path):
    with playing(tmp_path) as agent:
        before = signal.signal(signal.SIGUSR2, lambda *_: agent.request_stop())
        try:
            signal.raise_signal(signal.SIGUSR2)
            assert agent.wait() == "requested"
        finally:
            signal.signal(signal.SIGUSR2, before)


def test_a_host_that_gives_up_during_the_start_is_left_with_nothing(tmp_path):
    with playing(tmp_path):
        pass
    before, open_before = imprint(), descriptors()
    once = iter([signal.SIGUSR2])
    agent = Agent(config(tmp_path), observer=lambda _: signal.raise_signal(next(once)))
    handler = signal.signal(signal.SIGUSR2, raise_host_error)
    try:
        with pytest.raises(HostError), agent:
            pytest.fail("the block was entered")
    finally:
        signal.signal(signal.SIGUSR2, handler)
    assert not differences(before, settled(before))
    assert len(descriptors()) <= len(open_before)


@pytest.fixture(params=["the file is deleted", "another owner takes over"])
def loses_its_journal(request):
    """What happens to the journal of an agent that plays."""

    def lose(agent):
        path = agent.config.journal_path
        if request.param == "the file is deleted":
            path.unlink()
            return
        with sqlite3.connect(path, timeout=5) as other:
            other.execute("UPDATE owner SET epoch = epoch + 1")
        other.close()

    return lose


def test_a_lost_journal_ends_the_tree_and_is_raised_to_the_host(tmp_path, loses_its_journal):
    with pytest.raises(RefusesToTrade, match=r"stakekeeper\.sqlite was"), playing(tmp_path) as agent:  # noqa: PT012
        loses_its_journal(agent)
        assert agent.wait(seconds=10) == "failed"
        assert isinstance(agent.failure(), RefusesToTrade)
        with pytest.raises(StakekeeperError, match="has ended"):
            agent.status()
    assert agent.summary().state == "FAILED"


def test_a_lost_journal_does_not_hide_the_hosts_own_error(tmp_path, loses_its_journal):
    with pytest.raises(HostError), playing(tmp_path) as agent:  # noqa: PT012
        loses_its_journal(agent)
        assert agent.wait(seconds=10) == "failed"
        raise_host_error()


def test_a_lost_journal_leaves_nothing_behind(tmp_path, loses_its_journal):
    before = imprint()
    agent = Agent(config(tmp_path))
    agent.start()
    loses_its_journal(agent)
    assert agent.wait(seconds=10) == "failed"
    agent.stop("the test ends")
    assert not differences(before, settled(before))


def test_a_tree_that_gives_up_is_raised_to_the_host(tmp_path):
    def wreck(agent):
        while agent._system.wait(0.01) is None:
            agent._system.handle("core/bankroll").kill(RuntimeError("a bug that stays"))

    with pytest.raises(StakekeeperError, match="gave up"), playing(tmp_path) as agent:  # noqa: PT012
        wreck(agent)
        assert agent.wait(seconds=10) == "failed"
    assert not isinstance(agent.failure(), RefusesToTrade)


def test_bets_that_would_never_come_are_not_waited_for_and_the_agent_runs_on(tmp_path):
    with Agent(config(tmp_path, **{"services.casino": False})) as agent:
        with pytest.raises(ConfigError, match=r"No bet would ever come: the casino is off"):
            agent.wait(bets=1)
        assert agent.wait(seconds=0) == "seconds"


def test_a_full_disk_is_said_and_waited_for(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(world, "has_room", lambda _: bool(said))

    def make_room(notice):
        if "make room, then it goes on" in notice.text and notice.level != "DEBUG":
            said.append(notice)

    with Agent(config(tmp_path), observer=make_room) as agent:
        assert agent.wait(bets=1, seconds=10) == "bets"
    assert said


def test_it_starts_once(tmp_path):
    with playing(tmp_path) as agent, pytest.raises(ConfigError, match="starts once"):
        agent.start()
    with pytest.raises(ConfigError, match="starts once"), agent:
        pytest.fail("the block was entered")


def test_it_ends_once(tmp_path):
    with playing(tmp_path) as agent:
        first = agent.stop("the host is done")
    assert agent.stop("again") is first is agent.summary()


def test_a_stop_that_was_cut_short_can_be_made_again(tmp_path):
    before = imprint()
    handler = signal.signal(signal.SIGUSR2, raise_host_error)
    agent = Agent(config(tmp_path), observer=lambda seen: seen.action == "stop" and signal.raise_signal(signal.SIGUSR2))
    agent.start()
    try:
        with pytest.raises(HostError):
            agent.stop("the host has no patience")
    finally:
        signal.signal(signal.SIGUSR2, handler)
    agent.stop("now it has")
    assert not differences(before, settled(before))


def test_an_observer_that_tries_to_stop_the_agent_leaves_the_end_to_the_host(tmp_path):
    before, tried = imprint(), []

    def observer(notice):
        if not tried:
            tried.append(notice)
            agent.stop("from inside")

    agent = Agent(config(tmp_path), observer=observer)
    with agent:
        assert agent.wait(seconds=0) == "seconds"
    assert tried
    assert not differences(before, settled(before))


def test_a_thread_that_waits_is_told_when_another_stops_the_agent(tmp_path):
    with playing(tmp_path) as agent:
        stopping = threading.Thread(target=agent.stop, args=("another thread ends it",))
        stopping.start()
        assert agent.wait() == "requested"
        stopping.join()
        with pytest.raises(StakekeeperError, match="has ended"):
            agent.status()


def test_before_the_start_there_is_nothing_to_stop(tmp_path):
    agent = Agent(config(tmp_path))
    assert agent.failure() is None
    for call in (agent.status, agent.tree, agent.wait, lambda: agent.stop("early"), lambda: agent.pause("early")):
        with pytest.raises(ConfigError, match="not started"):
            call()


def test_an_observer_that_raises_hurts_nobody(tmp_path):
    with playing(tmp_path, observer=raise_host_error) as agent:
        assert agent.wait(bets=2, seconds=10) == "bets"
    assert agent.summary().crashes == 0


def test_an_observer_that_is_slow_at_the_end_costs_the_log_no_line(tmp_path):
    ended = threading.Event()
    with playing(tmp_path, observer=lambda seen: seen.action == "drain" and ended.wait(SLOW_S)) as agent:
        pass
    lines = [json.loads(line) for line in agent.config.log_path.read_text().splitlines()]
    seen = [line["service"] for line in lines if line["action"] in ("stop", "child_ended")]
    assert (seen[0], seen[-1]) == ("agent", "core")


def test_it_runs_in_any_thread_of_the_host(tmp_path):
    found = {}

    def host():
        with playing(tmp_path) as agent:
            found["status"] = agent.status()
        found["summary"] = agent.summary()

    thread = threading.Thread(target=host)
    thread.start()
    thread.join()
    assert found["status"]["phase"] == "RUNNING"
    assert found["summary"].difference == 0


def test_one_thread_waits_and_another_steers(tmp_path):
    with playing(tmp_path) as agent:
        steering = threading.Thread(target=agent.request_stop)
        steering.start()
        assert agent.wait() == "requested"
        steering.join()


@pytest.mark.parametrize("reason", [None, 7, b"maintenance", "half of a pair: \ud83c"])
def test_a_reason_that_cannot_be_journaled_is_refused_to_its_author_and_the_agent_runs_on(tmp_path, reason):
    with playing(tmp_path) as agent:
        for order in (agent.pause, agent.resume, agent.stop, lambda why: agent.resolve("000001", "void", 0, why)):
            with pytest.raises(ConfigError, match="must be a text"):
                order(reason)
        if reason is not None:
            with pytest.raises(ConfigError, match="because must be a text"):
                agent.reconcile(reason)
        assert agent.reconcile()["ok"]
        assert (agent.status()["phase"], agent.summary().restarts) == ("RUNNING", 0)
