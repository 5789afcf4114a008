"""The webhook: what is believed of a pushed event, how the server treats strangers, and that an event counts once."""

import contextlib
import http.client
import json
import queue
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from actors import webhook_server as room
from actors.venue import webhook as envelope
from actors.venue.webhook import NotAnEvent, NotGenuine, Pushed, opened, signed
from actors.webhook_server import WebhookServer

SECRET = SecretStr("whsec_0123456789abcdef")
KEY = SECRET.get_secret_value().encode()
NOW_S = 1_795_330_000
PATH = "/webhooks/purpleflea"

DOCUMENTED = {
    "i": {"event": "bet.won", "id": "evt_1", "timestamp": "2026-11-22T10:00:00.000Z", "api_version": "2025-11",
          "data": {}},
    "i, by the page's Node sample": {"type": "bet.won", "id": "evt_1", "data": {}},
    "i, a test delivery": {"event": "bet.won", "id": "evt_1", "test": True, "data": {}},
    "ii": {"id": "evt_1", "type": "escrow_funded", "api_version": "2026-01", "created": NOW_S,
           "timestamp": "2026-11-22T10:00:00Z", "agent_id": "ag_1", "data": {}},
    "iii": {"id": "wh_1", "event": "escrow.released", "api_version": "2026-03", "created_at": "2026-11-22T10:00:00Z",
            "livemode": True},
    "iv": {"id": "evt_1", "type": "trading.position.closed"},
}  # fmt: skip


def body(**content) -> bytes:
    return json.dumps({"id": "evt_1", "event": "bet.won"} | content).encode()


def headers(content: bytes, *, at=NOW_S, secret=KEY, prefix="sha256="):
    return {envelope.SIGNATURE: prefix + signed(secret, str(at), content), envelope.TIMESTAMP: str(at)}


def open_(content: bytes, **how) -> Pushed:
    proof = headers(content, **how)
    return opened(content, proof[envelope.SIGNATURE], proof[envelope.TIMESTAMP], KEY, NOW_S)


@pytest.mark.parametrize("variant", DOCUMENTED)
def test_each_documented_envelope_is_read(variant):
    content = DOCUMENTED[variant]
    assert open_(json.dumps(content).encode()) == Pushed(content["id"], content.get("event") or content["type"])


@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_the_signature_may_have_a_prefix(prefix):
    assert open_(body(), prefix=prefix).event_id == "evt_1"


def test_the_signature_is_over_the_timestamp_a_dot_and_the_raw_body():
    by_openssl = "393e47fb659e5226ad211c1cd723123b576a68d58ac3578b6281af9089c6a457"
    assert signed(b"whsec_test", "1795330000", b'{"id":"evt_1"}') == by_openssl


@pytest.mark.parametrize("at", [NOW_S - 301, NOW_S + 301, 0, 10**12])
def test_a_timestamp_outside_the_window_is_refused_although_it_is_signed(at):
    with pytest.raises(NotGenuine, match="300 s"):
        open_(body(), at=at)


@pytest.mark.parametrize("at", ["", "-1", "1e9", "\u0661", "1795330000.0", " 1795330000", "é"])
def test_a_timestamp_that_is_no_number_is_refused(at):
    with pytest.raises(NotGenuine):
        open_(body(), at=at)


@given(st.binary(max_size=200), st.text(max_size=80), st.text(max_size=20))
def test_nobody_without_the_secret_is_believed(content, signature, timestamp):
    with pytest.raises(NotGenuine):
        opened(content, signature, timestamp, KEY, NOW_S)


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_the_venue_signs_is_an_event_or_a_clear_no(content):
    with pytest.raises(NotAnEvent):
        open_(content)


@pytest.mark.parametrize("wrong", [{"id": ""}, {"id": 7}, {"id": "a b"}, {"id": "x" * 129}, {"id": "\ud800"},
    {"event": ""}, {"event": None}, {"event": "a" * 65}, {"event": "a\nb"}, {"event": ["bet.won"]}])  # fmt: skip
def test_an_event_without_a_sound_id_and_type_is_none(wrong):
    with pytest.raises(NotAnEvent):
        open_(body(**wrong))


def test_a_body_nested_without_end_is_no_event():
    with pytest.raises(NotAnEvent):
        open_(b"[" * 60_000)


# the server


class Door:
    """A server on a free port that takes every event in, and what it took."""

    def __init__(self, take=None):
        self.taken = queue.SimpleQueue()
        self.server = WebhookServer("127.0.0.1", 0, PATH, SECRET, lambda: NOW_S * 1_000_000, take or self._take)

    def _take(self, pushed, answer):
        self.taken.put(pushed)
        answer("taken")

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.close()

    def call(self, method="POST", path=PATH, content=b"", proof=None):
        """Return status, the JSON said, and the headers."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
        line.request(method, path, content, headers(content) if proof is None else proof)
        answer = line.getresponse()
        said = json.loads(answer.read())
        line.close()
        return answer.status, said, dict(answer.headers)

    def raw(self, data: bytes) -> bytes:
        """Send bytes, say no more, and return all that comes back."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as line:
            try:
                line.sendall(data)
                line.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: line.recv(65536), b""))
            except TimeoutError:
                raise
            except OSError:  # reset, or gone before we could say that we are done
                return b""


@pytest.fixture(scope="module")
def door():
    with Door() as open_door:
        yield open_door


def test_a_genuine_event_is_taken_in_and_answered_200(door):
    status, said, _ = door.call(content=body())
    assert (status, said) == (200, {"status": "ok", "detail": "taken"})
    assert door.taken.get(timeout=1) == Pushed("evt_1", "bet.won")


@pytest.mark.parametrize(
    ("status", "how"),
    [
        (401, {"content": body(), "proof": {}}),
        (401, {"content": body(), "proof": headers(body(), secret=b"another")}),
        (401, {"content": body(id="evt_2"), "proof": headers(body())}),
        (401, {"content": body(), "proof": headers(body(), at=NOW_S - 400)}),
        (400, {"content": b"no json"}),
        (400, {"content": b"[]"}),
        (404, {"content": body(), "path": "/"}),
        (404, {"content": body(), "path": PATH + "/more"}),
        (413, {"content": b"x" * (envelope.BODY_BYTES + 1)}),
        (405, {"method": "GET"}),
        (405, {"method": "PUT", "content": body()}),
        (405, {"method": "DELETE"}),
        (405, {"method": "BREW"}),
    ],
)
def test_anything_else_is_refused_with_its_status_and_one_sentence(door, status, how):
    got, said, told = door.call(**how)
    assert got == status
    assert list(said) == ["error"]
    assert (told.get("Allow") == "POST") is (status == 405)
    assert door.taken.empty()


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: -1",
        b"Content-Length: 1e3",
        b"Content-Length: \xd9\xa1",
        b"Content-Length: 50",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2",
        b"X: y",
    ],
)
def test_a_body_of_no_honest_length_is_refused(door, head):
    assert door.raw(b"POST %s HTTP/1.1\r\n%s\r\n\r\n{}" % (PATH.encode(), head)).startswith(b"HTTP/1.0 400 ")


STRANGE = st.binary(max_size=500) | st.binary(max_size=300).map(b"POST /webhooks/purpleflea HTTP/1.1\r\n".__add__)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STRANGE)
def test_no_bytes_of_a_stranger_are_taken_or_end_the_server(door, data):
    assert b" 200 " not in door.raw(data).split(b"\r\n")[0]
    assert door.server.is_serving()
    assert door.taken.empty()


def test_what_the_agent_answers_decides_the_status():
    for outcome, status in (("duplicate", 200), ("refused", 503), ("flood", 429)):
        with Door(lambda _, answer, outcome=outcome: answer(outcome)) as one:
            got, _, told = one.call(content=body())
            assert got == status
            assert ("Retry-After" in told) is (status != 200)


def test_who_drips_is_cut_off_when_his_time_is_over(monkeypatch):
    monkeypatch.setattr(room, "CONNECTION_S", 0.2)
    monkeypatch.setattr(room, "SWEEP_S", 0.05)
    with Door() as one, socket.create_connection(("127.0.0.1", one.server.port), timeout=5) as line:
        began = time.monotonic()
        line.sendall(b"POST ")
        line.settimeout(0.02)
        while time.monotonic() < began + 3:
            try:
                if not line.recv(100):
                    break
            except TimeoutError:
                line.sendall(b"x")
            except ConnectionError:
                break
        assert 0.15 < time.monotonic() - began < 1.5


def test_a_head_without_end_is_not_collected(door):
    assert b"200 taken" not in door.raw(b"POST / HTTP/1.1\r\n" + b"X: " + b"y" * (1 << 20))


def test_connections_are_bounded_and_one_more_is_told_so(monkeypatch):
    monkeypatch.setattr(room, "CONNECTIONS", 2)
    with Door() as one:
        lines = [socket.create_connection(("127.0.0.1", one.server.port), timeout=5) for _ in range(2)]
        for line in lines:
            line.sendall(b"POST ")
        with socket.create_connection(("127.0.0.1", one.server.port), timeout=5) as third:
            assert third.recv(100).startswith(b"HTTP/1.0 503")
        for line in lines:
            line.close()


def test_a_sender_that_nobody_answers_is_asked_to_come_again(monkeypatch):
    monkeypatch.setattr(room, "TAKE_S", 0.05)
    with Door(lambda _, answer: None) as one:
        assert one.call(content=body())[0] == 503


def test_closing_frees_the_port_at_once_and_cuts_off_who_is_connected():
    one = Door()
    one.server.start()
    with socket.create_connection(("127.0.0.1", one.server.port), timeout=5) as line:
        line.sendall(b"POST ")
        began = time.monotonic()
        one.server.close()
        assert time.monotonic() - began < 1
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(10) == b""
    again = WebhookServer("127.0.0.1", one.server.port, PATH, SECRET, time.time_ns, one._take)
    again.start()
    again.close()


def test_the_secret_is_in_no_text(door):
    door.call(content=body(), proof={})
    texts = [repr(door.server), str(vars(door.server._server)), door.server.complaint]
    assert not [text for text in texts if SECRET.get_secret_value() in text]


def test_many_senders_at_once_are_all_answered(door):
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda n: door.call(content=body(id=f"evt_{n}"))[0], range(40)))
    assert set(statuses) <= {200}
    assert len({door.taken.get(timeout=1).event_id for _ in range(40)}) == 40


# negative controls


def believing_anybody(monkeypatch):
    monkeypatch.setattr(envelope.hmac, "compare_digest", lambda *_: True)
    return test_an_unsigned_event_raises


def test_an_unsigned_event_raises():
    with pytest.raises(NotGenuine):
        opened(body(), "sha256=00", str(NOW_S), KEY, NOW_S)


def without_a_window(monkeypatch):
    monkeypatch.setattr(envelope, "WINDOW_S", 10**13)
    return lambda: test_a_timestamp_outside_the_window_is_refused_although_it_is_signed(NOW_S - 301)


@pytest.mark.parametrize("mutant", [believing_anybody, without_a_window])
def test_without_the_rule_its_test_fails(monkeypatch, mutant):
    scenario = mutant(monkeypatch)
    with pytest.raises(pytest.fail.Exception):
        scenario()
