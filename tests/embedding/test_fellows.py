"""Two agents in one process do not see each other, and neither sees the host's own actors."""

import json
import threading

import pykka
import pytest

from actors import Agent, RefusesToTrade
from actors.journal import Reader
from tests.embedding.kit import OWN_VENUE, config, goes_on, playing


class CasinoActor(pykka.ThreadingActor):
    """The host's own, of the same name as one of ours."""

    def on_receive(self, message):
        return f"the host's {message}"


@pytest.fixture
def fellows(tmp_path):
    with playing(tmp_path / "a", agent="alice") as alice, playing(tmp_path / "b", agent="bob") as bob:
        yield alice, bob


def opened(agent):
    """Return the tag of each intent."""
    with Reader.open(agent.config.journal_path) as journal:
        return {row.intent: json.loads(row.payload)["tag"] for row in journal.rows() if row.kind == "intent_opened"}


def log_of(agent):
    return [json.loads(line) for line in agent.config.log_path.read_text().splitlines()]


def test_each_has_its_own_account_journal_and_log(fellows):
    alice, bob = fellows
    assert alice.site.urls == bob.site.urls
    assert alice.site.fingerprint != bob.site.fingerprint
    for agent, name in ((alice, "alice"), (bob, "bob")):
        assert {tag.split("-")[1] for tag in opened(agent).values()} == {name}
    assert {line["agent_id"] for line in log_of(alice)} == {"alice"}
    assert {line["agent_id"] for line in log_of(bob)} == {"bob"}


def test_each_may_have_a_venue_of_its_own(tmp_path):
    with playing(tmp_path / "a", **OWN_VENUE) as alice, playing(tmp_path / "b", **OWN_VENUE) as bob:
        assert alice.site.urls != bob.site.urls
        assert alice.reconcile()["ok"]
        assert bob.reconcile()["ok"]


def test_each_observer_hears_of_its_own_agent(tmp_path):
    heard = {"alice": [], "bob": []}
    with (
        playing(tmp_path / "a", agent="alice", observer=heard["alice"].append) as alice,
        playing(tmp_path / "b", agent="bob", observer=heard["bob"].append) as bob,
    ):
        assert goes_on(alice)
        assert goes_on(bob)
    for name, agent in (("alice", alice), ("bob", bob)):
        told = [notice.intent for notice in heard[name] if notice.outcome == "opened"]
        assert sorted(told) == sorted(opened(agent))  # each once: of the other's they would hear a second time


def test_stopping_one_leaves_the_other(fellows):
    alice, bob = fellows
    alice.stop("the test ends it")
    assert goes_on(bob)
    assert bob.reconcile()["ok"]


def test_crashing_one_leaves_the_other(fellows):
    alice, bob = fellows
    alice.crash("journal")
    assert goes_on(alice)
    assert alice.summary().crashes == 1
    assert bob.summary().crashes == bob.summary().restarts == 0


def test_a_request_to_stop_reaches_one(fellows):
    alice, bob = fellows
    alice.request_stop()
    assert alice.wait() == "requested"
    assert goes_on(bob)


def test_the_second_on_the_same_data_is_refused(tmp_path):
    with playing(tmp_path, agent="alice") as alice:
        with pytest.raises(RefusesToTrade, match="held by process"):
            Agent(config(tmp_path, "bob")).start()
        assert goes_on(alice)


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_a_killed_actor_takes_no_actor_of_the_host_along(tmp_path, error):
    host = CasinoActor.start()
    try:
        with playing(tmp_path) as agent:
            for path in ("core/services/casino", "core/bankroll", "ops/reporter"):
                agent._system.handle(path).kill(error)
            assert host.ask("word", timeout=2) == "the host's word"
            assert pykka.ActorRegistry.get_by_class_name("CasinoActor") == [host]
            assert goes_on(agent)
        assert agent.summary().crashes >= 3
        assert host.ask("word", timeout=2) == "the host's word"
    finally:
        host.stop()


def test_the_host_stops_its_actors_and_not_ours(tmp_path):
    CasinoActor.start()
    with playing(tmp_path) as agent:
        assert pykka.ActorRegistry.stop_all(timeout=2) == [True]
        assert goes_on(agent)
        assert agent.summary().crashes == 0


def test_both_run_at_the_same_time(tmp_path):
    together = threading.Barrier(2, timeout=20)

    def host(name):
        with playing(tmp_path / name, agent=name) as agent:
            together.wait()
            assert goes_on(agent)
            together.wait()
        ended[name] = agent.summary()

    ended = {}
    threads = [threading.Thread(target=host, args=(name,)) for name in ("alice", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: summary.difference for name, summary in ended.items()} == {"alice": 0, "bob": 0}
