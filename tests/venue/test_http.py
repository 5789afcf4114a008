"""The one send of money, byte by byte, and the reads."""

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from actors.money.wagers import Request
from actors.venue import http as ours
from actors.venue.errors import NoAnswer, NothingSent, VenueDown
from actors.venue.http import Reader, send_once, signature
from tests.venue import raw
from tests.venue.conftest import KEY
from tests.venue.raw import RawServer, answers, drip, http, reset

BET = Request("casino", "/games/coin-flip", '{"amount":0.45}')


def send(url, timeout_s=5.0):
    return send_once(url, BET, key=KEY, agent_id="ag_1", timeout_s=timeout_s)


def reader(url, timeout_s=5.0):
    return Reader(url, key=KEY, agent_id="ag_1", timeout_s=timeout_s)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_sends_exactly_the_bytes_of_the_request():
    """Mission 5.7."""
    with RawServer(http(200, b"{}")) as venue:
        answer = send(venue.url + "/api/v1/")
        (sent,) = venue.requests
    assert sent.startswith(b"POST /api/v1/games/coin-flip HTTP/1.1\r\n")
    assert sent.endswith(b'\r\n\r\n{"amount":0.45}')
    assert b"Authorization: Bearer " + KEY.get_secret_value().encode() in sent
    assert b"X-Agent-ID: ag_1" in sent
    assert (answer.status, answer.body, answer.headers["connection"]) == (200, b"{}", "close")


def test_head_and_body_leave_together(monkeypatch):
    # A venue that answers to the head alone, and closes, would cut its answer off when the body comes.
    monkeypatch.setattr(raw, "_read", lambda line: line.recv(65536))
    with RawServer(http(200, b"{}")) as venue:
        assert send(venue.url).status == 200
    assert venue.requests[0].endswith(b'\r\n\r\n{"amount":0.45}')


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid", "http://", "http://127.0.0.1:0"])
def test_no_connection_is_proof_that_nothing_was_sent(url):
    with pytest.raises(NothingSent):
        send(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.1:1", "nobody listens"), ("http://nowhere.invalid", "is there a")],
)
def test_an_error_says_what_to_look_at(url, words):
    with pytest.raises(NothingSent, match=words):
        send(url)
    with pytest.raises(VenueDown, match="cannot read /x: "):
        reader(url).ask("GET", "/x")


def test_a_failed_tls_handshake_is_proof_that_nothing_was_sent():
    with RawServer(http(200, b"{}")) as plain, pytest.raises(NothingSent):
        send(plain.url.replace("http:", "https:"), timeout_s=0.2)
    assert all(b"amount" not in request for request in plain.requests)


def test_a_read_from_whoever_speaks_no_tls_says_what_to_look_at():
    def speak(listener):
        line, _ = listener.accept()
        with line:
            line.sendall(b"220 mail.example ESMTP\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        speaker = threading.Thread(target=speak, args=(listener,))
        speaker.start()
        with pytest.raises(VenueDown, match="no secure connection"):
            reader(f"https://127.0.0.1:{listener.getsockname()[1]}").ask("GET", "/x")
        speaker.join(5)


def test_without_time_left_nothing_is_sent():
    with RawServer(http(200, b"{}")) as venue, pytest.raises(NothingSent):
        send(venue.url, timeout_s=-1)
    assert venue.requests == []


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 50

PROVES_NOTHING = {
    "closed without an answer": answers(),
    "reset after the request": reset,
    "cut in the status line": answers(b"HTTP/1.1 20"),
    "cut in the headers": answers(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "cut in the body": answers(HALF),
    "cut in a chunk": answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{}"),
    "cut between chunks": answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
    "length unknown": answers(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"),
    "length too long": http(200, b"{}", length=3),
    "not HTTP": answers(b"220 mail.example ESMTP\r\n"),
    "continue, then closed": answers(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a header line without end": answers(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000),
    "a body beyond the bound": http(200, b" " * (ours.SEND_BODY_BYTES + 1)),
}


@pytest.mark.parametrize("act", PROVES_NOTHING.values(), ids=PROVES_NOTHING.keys())
def test_anything_after_the_first_byte_is_no_answer_and_is_sent_once(act):
    with RawServer(act) as venue:
        with pytest.raises(NoAnswer):
            send(venue.url)
        assert len(venue.requests) == 1


DRIPS = {
    "status line": lambda: drip(b"", b"H"),
    "headers": lambda: drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "one header": lambda: drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "interim answers": lambda: drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": lambda: drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
    "chunks": lambda: drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("kind", DRIPS)
@pytest.mark.parametrize("ask", ["send", "read"])
def test_the_deadline_is_for_the_whole_exchange_however_it_drips(kind, ask):
    with RawServer(DRIPS[kind]()) as venue:
        began = time.monotonic()
        with pytest.raises((NoAnswer, VenueDown)):
            send(venue.url, 0.1) if ask == "send" else reader(venue.url, 0.1).ask("GET", "/x")
        assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed_by_a_send(status):
    with (
        RawServer(http(200, b"{}")) as elsewhere,
        RawServer(http(status, b"", b"Location: " + elsewhere.url.encode())) as venue,
    ):
        assert send(venue.url).status == status
        assert (len(venue.requests), elsewhere.requests) == (1, [])


def test_redirects_are_not_followed_by_a_read():
    with RawServer(http(200, b"{}")) as elsewhere:
        with RawServer(http(302, b"", b"Location: " + elsewhere.url.encode())) as venue:
            assert reader(venue.url).ask("GET", "/x").status == 302
        assert elsewhere.requests == []


def test_environment_neither_proxies_nor_replaces_the_key(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with RawServer(http(200, b"{}")) as venue:
        assert send(venue.url).status == 200
        assert reader(venue.url).ask("GET", "/x").status == 200
        assert all(b"Bearer" in request and b"Basic" not in request for request in venue.requests)


def test_after_our_death_the_kernel_delivers_nothing_more():
    with RawServer(http(200, b"{}")) as venue, ours._connect(urlsplit(venue.url), ours.now() + 5) as line:
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == b"\x01\0\0\0\0\0\0\0"
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert 0 < line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 5_000


def test_a_key_that_is_none_is_refused_without_being_shown():
    with pytest.raises(ValueError, match="bad copy") as refused:
        signature(SecretStr("sk_live_secret\n"), "ag_1")
    assert "secret" not in str(refused.value)


NO_READ = {
    "cut": answers(HALF),
    "reset": reset,
    "length unknown": answers(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbet_id,game\r\n"),
    "not HTTP": answers(b"220 mail.example ESMTP\r\n"),
}


@pytest.mark.parametrize("act", NO_READ.values(), ids=NO_READ.keys())
def test_a_read_that_may_lack_its_end_is_none(act):
    with RawServer(act) as venue, pytest.raises(VenueDown) as down:
        reader(venue.url).ask("GET", "/bets/export.csv")
    assert not down.value.definite


def test_a_read_beyond_the_bound_is_none():
    with RawServer(http(200, b" " * 1_001)) as venue, pytest.raises(VenueDown, match="too long"):
        reader(venue.url).ask("GET", "/x", longest=1_000)


def many(line):
    """Answer for as long as there is somebody who asks."""
    while True:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        if not line.recv(65536):
            return


def test_reads_share_a_connection_and_each_send_has_its_own():
    """Mission 5.9."""
    with RawServer(many) as venue:
        asks = reader(venue.url)
        asks.ask("GET", "/x")
        asks.ask("GET", "/x")
        asks.close()
        assert len(venue.requests) == 1
        send(venue.url)
        send(venue.url)
        assert len(venue.requests) == 3


def test_cookies_are_not_kept():
    with RawServer(http(200, b"{}", b"Set-Cookie: a=b")) as venue:
        asks = reader(venue.url)
        asks.ask("GET", "/x")
        asks.ask("GET", "/x")
        assert b"Cookie" not in venue.requests[1]
