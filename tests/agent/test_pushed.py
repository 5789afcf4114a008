"""A running agent takes pushed events in on a port of its own; each makes it look, none makes it richer."""

import http.client
import json
import re
import socket
import time

import pytest

from actors.errors import ConfigError
from actors.money.events import HintTaken, Reconciled
from actors.venue.webhook import SIGNATURE, TIMESTAMP, signed
from tests.agent.kit import Endless

SECRET = "whsec_0123456789abcdef"
PATH = "/webhooks/purpleflea"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def push(port, event_id="evt_1", kind="payment.confirmed", secret=SECRET):
    """Push an event; return status and what was said, or None if nobody listens."""
    body = json.dumps({"id": event_id, "event": kind}).encode()
    now = str(int(time.time()))
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("POST", PATH, body, {SIGNATURE: signed(secret.encode(), now, body), TIMESTAMP: now})
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())
    except OSError:
        return None
    finally:
        line.close()


@pytest.fixture
def port(stage, monkeypatch):
    monkeypatch.setenv("STAKEKEEPER_WEBHOOK_SECRET", SECRET)
    port = free_port()
    stage.terms["webhook.port"] = port
    return port


def taken(stage, port, *how):
    """Push until the agent is ready to take an event in."""
    return stage.seen.reach(lambda: (said := push(port, *how)) and said[0] == 200 and said[1]["detail"], "a 200")


def test_an_event_is_journaled_once_and_makes_the_agent_compare_itself_with_the_venue(stage, port):
    stage.play(Endless())
    stage.seen.until(action="bet", outcome="opened", times=2)
    assert taken(stage, port) == "taken"
    assert taken(stage, port) == "known already"
    stage.seen.until(action="reconcile", outcome="ok", times=2)
    stage.end()
    books = stage.books().check()
    assert [(hint.event_id, hint.type) for hint in books.of(HintTaken)] == [("evt_1", "payment.confirmed")]
    assert len(books.of(Reconciled)) >= 2


def test_a_forged_event_leaves_no_trace_but_a_warning(stage, port):
    stage.play(Endless())
    assert push(port, secret="whsec_of_another") == (401, {"error": "the signature does not fit"})
    stage.seen.until(service="webhook", level="WARNING")
    stage.end()
    assert not stage.books().check().of(HintTaken)


@pytest.mark.parametrize("who", ["webhook", "poller", "feeds", "bankroll"])
def test_whoever_dies_the_port_is_bound_again_and_an_event_still_counts_once(stage, port, who):
    stage.play(Endless())
    assert taken(stage, port) == "taken"
    stage.agent.crash(who)
    stage.seen.until(outcome="restarted")
    assert taken(stage, port) == "known already"
    assert taken(stage, port, "evt_2") in ("taken", "known already")
    stage.end()
    assert [hint.event_id for hint in stage.books().check().of(HintTaken)] == ["evt_1", "evt_2"]


def test_the_secret_is_in_no_log_and_no_tree(stage, port):
    stage.play(Endless())
    push(port, secret="whsec_of_another")
    assert SECRET not in stage.agent.tree()
    stage.end()
    assert SECRET not in (stage.data / "logs" / "agent.jsonl").read_text()


def test_a_port_without_a_secret_is_refused_before_anything_starts(stage):
    with pytest.raises(ConfigError, match="STAKEKEEPER_WEBHOOK_SECRET"):
        stage.play(Endless(), webhook__port=free_port())
    stage.agent = None  # it never ran


def test_a_port_that_is_taken_is_named(stage, port):
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ConfigError, match=r"webhook\.port"):
        stage.play(Endless())


def test_what_the_venue_pushes_is_taken_in_while_the_bets_it_tells_of_are_settled_once(stage, port):
    """Mission 1.2."""
    stage.play(Endless())
    taken(stage, port)
    order = {"url": f"http://127.0.0.1:{port}{PATH}", "events": ["*"], "secret": SECRET}
    assert stage.house.post("/webhooks/v1/webhooks", order, stage.player.key).status in (200, 201)
    stage.seen.reach(lambda: int(re.search(r"(\d+) taken", stage.agent.tree())[1]) > 4, "five events")
    stage.end()
    kinds = {hint.type for hint in stage.books().check().check_tags().of(HintTaken)}
    assert kinds & {"bet.won", "bet.lost"}
