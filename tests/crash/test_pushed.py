"""The process dies while an event that was pushed is taken in: sent again, the event counts once."""

import http.client
import json
import socket
import time

import pytest

from actors.money.events import HintTaken
from actors.venue.webhook import SIGNATURE, TIMESTAMP, signed
from tests.crash.kit import KILLED, POLL_S, POLLS, WEBHOOK_SECRET, Arena, abreast

PATH = "/webhooks/purpleflea"
HINTS = {
    "append/hint_taken": "taken",
    "insert/hint_taken": "taken",
    "commit/hint_taken": "known already",
    "acknowledged/hint_taken": "known already",
}
"""Where the first life dies, and what the second says to the same event."""


def push(port):
    """Push one event; return what was said, or None if nobody was there to say it."""
    body = json.dumps({"id": "evt_1", "event": "payment.confirmed"}).encode()
    now = str(int(time.time()))
    proof = {SIGNATURE: signed(WEBHOOK_SECRET.encode(), now, body), TIMESTAMP: now}
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request("POST", PATH, body, proof)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()


def until_said(port, life):
    """Push until somebody answers 200; a bankroll that still replays asks for another try."""
    for _ in range(POLLS):
        said = push(port)
        if said and said[0] == 200:
            return said[1]["detail"]
        assert life.wait(POLL_S) is None
    raise AssertionError("never taken in")


def die_and_push_again(arena, point):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (arena.data / "agent.toml").open("a") as config:
        config.write(f"\n[webhook]\nport = {port}\n")
    life = arena.start(crash_at=point)
    while life.wait(POLL_S) is None:
        assert push(port) in (None, (503, {"error": "it cannot be taken just now; send it again"}))
    again = arena.start()
    said = until_said(port, again), until_said(port, again)
    again.kill()
    return life.code, said, arena.settle()


@pytest.fixture(scope="module")
def deaths(healthy, zygotes, tmp_path_factory):
    def die(point, zygote):
        data = tmp_path_factory.mktemp("agent") / "data"
        return die_and_push_again(Arena(data, healthy, zygote).configure(), point)

    return dict(zip(HINTS, abreast(die, list(HINTS), zygotes), strict=True))


@pytest.mark.parametrize("point", HINTS)
def test_an_event_whose_taker_dies_counts_once_when_it_is_sent_again(point, deaths):
    if isinstance(deaths[point], AssertionError):
        raise deaths[point]
    code, said, after = deaths[point]
    assert code == KILLED
    assert said == (HINTS[point], "known already")
    assert len(after.check().of(HintTaken)) == 1
