"""The control server and its client."""

import json
import os
import threading

import pytest
import requests

from actors.control import NoAgent, RemoteAgent, Unsteered
from actors.errors import ConfigError, RefusesToTrade
from actors.gateway import GatewayActor, Publish
from supervision import ChildSpec, Supervisor, System

PATIENCE_S = 5.0


class Steered:
    """An agent that remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def status(self):
        return {"phase": "ready"}

    def tree(self):
        return "root\n`- leaf"

    def pause(self, reason):
        self.asked.append(("pause", reason))

    def resume(self, by):
        raise RefusesToTrade("The journal is broken.")

    def request_stop(self):
        self.asked.append("stop")

    def crash(self, actor):
        raise ConfigError(f"There is no actor {actor}.")

    def reconcile(self, because):
        raise ZeroDivisionError("bug")

    def resolve(self, intent, verdict, payout_micro, because):
        return f"{intent} {verdict} {payout_micro} {because}"


@pytest.fixture
def steered():
    return Steered()


@pytest.fixture
def remote(steered, tmp_path):
    spec = ChildSpec("gateway", lambda: GatewayActor(steered, tmp_path / "control.json"))
    with System(Supervisor.spec("host", [spec])) as system:
        system.handle("gateway").ask(Publish())
        yield RemoteAgent.find(tmp_path)


def test_another_agents_file_stays_until_the_directory_is_ours(steered, tmp_path):
    place = tmp_path / "control.json"
    place.write_text("another agent's")
    with System(Supervisor.spec("host", [ChildSpec("gateway", lambda: GatewayActor(steered, place))])):
        assert place.read_text() == "another agent's"
    assert place.read_text() == "another agent's"


def test_status_tree_and_orders_reach_the_agent(remote, steered):
    assert remote.status() == {"phase": "ready"}
    assert remote.tree() == "root\n`- leaf"
    remote.pause("lunch")
    remote.request_stop()
    assert steered.asked == [("pause", "lunch"), "stop"]
    assert remote.resolve("b7f2", "executed", 940_000, "seen") == "b7f2 executed 940000 seen"


def test_a_wrong_token_is_refused_and_nothing_happens(remote, steered):
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
        answer = requests.post(f"http://127.0.0.1:{remote.port}/stop", headers=headers, timeout=5)
        assert answer.status_code == 401
    assert steered.asked == []


def test_the_token_is_in_a_private_file_and_in_no_repr(remote):
    place = remote.data / "control.json"
    assert place.stat().st_mode & 0o777 == 0o600
    assert json.loads(place.read_text())["token"] not in repr(remote)


@pytest.mark.parametrize(
    ("order", "sentence", "exit_code"),
    [
        (lambda agent: agent.crash("x"), "There is no actor x.", 2),
        (lambda agent: agent.resume("me"), "The journal is broken.", 3),
        (lambda agent: agent.reconcile(None), "The agent failed to answer: ZeroDivisionError: bug.", 70),
        (lambda agent: agent.pause(""), "reason: String should have at least 1 character.", 2),
    ],
)
def test_an_error_comes_back_as_its_sentence_and_exit_code(remote, order, sentence, exit_code):
    with pytest.raises(Unsteered) as caught:
        order(remote)
    assert (str(caught.value), caught.value.exit_code) == (sentence, exit_code)


def test_nothing_is_left_after_the_end(steered, tmp_path):
    before = set(threading.enumerate())
    spec = ChildSpec("gateway", lambda: GatewayActor(steered, tmp_path / "control.json"))
    with System(Supervisor.spec("host", [spec])) as system:
        system.handle("gateway").ask(Publish())
        agent = RemoteAgent.find(tmp_path)
        agent.status()
    assert not (tmp_path / "control.json").exists()
    left = set(threading.enumerate()) - before
    for thread in left:  # the server's helpers were told to end, and nobody waits for them
        thread.join(PATIENCE_S)
    assert [thread for thread in left if thread.is_alive()] == []
    with pytest.raises(NoAgent, match="nothing listens"):
        agent.status()


def test_without_an_agent_the_sentence_names_the_data_directory(tmp_path):
    with pytest.raises(NoAgent, match=r"No agent runs here \(data .*\); start one"):
        RemoteAgent.find(tmp_path)


def test_a_file_left_by_a_dead_process_is_found_out(tmp_path):
    dead = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(dead, 0)
    (tmp_path / "control.json").write_text(json.dumps({"port": 1, "pid": dead, "token": "t"}))
    with pytest.raises(NoAgent, match=f"process {dead} ended without tidying up"):
        RemoteAgent.find(tmp_path)


def test_a_damaged_file_is_a_sentence(tmp_path):
    (tmp_path / "control.json").write_text("{")
    with pytest.raises(NoAgent, match="cannot be read"):
        RemoteAgent.find(tmp_path)


@pytest.mark.parametrize(
    ("path", "order", "status"),
    [
        ("pause", {"why": "lunch"}, 400),
        ("pause", ["lunch"], 400),
        ("resolve", {"intent": "x", "verdict": "maybe", "payout_micro": 0, "because": "y"}, 400),
        ("resolve", {"intent": "x", "verdict": "void", "payout_micro": -1, "because": "y"}, 400),
        ("status", {"of": "x"}, 400),
        ("_endpoint", {}, 404),
    ],
)
def test_an_order_that_is_none_does_not_reach_the_agent(remote, steered, path, order, status):
    headers = {"Authorization": f"Bearer {remote.token.get_secret_value()}"}
    answer = requests.post(f"http://127.0.0.1:{remote.port}/{path}", json=order, headers=headers, timeout=5)
    assert (answer.status_code, steered.asked) == (status, [])
