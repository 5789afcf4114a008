"""Reaching a host takes no longer than it may: looking its name up counts, and so does each of its addresses."""

import socket
import threading
from urllib.parse import urlsplit

import pytest

from actors.venue import dialing
from actors.venue.errors import NothingSent, VenueDown
from tests.venue.raw import RawServer, http
from tests.venue.test_http import reader, send

SOON_S = 0.15
NOBODY = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))


@pytest.fixture
def resolver(monkeypatch):
    """A system's resolver that answers when the test lets it."""
    real, answers, let = socket.getaddrinfo, {}, threading.Event()

    def look_up(host, port, **options):
        if options.get("flags") or host not in answers:
            return real(host, port, **options)
        let.wait(10)
        return answers[host]

    monkeypatch.setattr(dialing.socket, "getaddrinfo", look_up)
    yield answers, let
    let.set()


def within(call):
    began = dialing.now()
    call()
    return dialing.now() - began < 10 * SOON_S


def test_a_name_that_is_not_found_in_time_is_proof_that_nothing_was_sent(resolver):
    resolver[0]["slow.example"] = [NOBODY]

    def call():
        with pytest.raises(NothingSent, match="out of time"):
            send("http://slow.example", SOON_S)

    assert within(call)


def test_a_read_does_not_wait_for_a_name_longer_than_for_its_answer(resolver):
    resolver[0]["slow.example"] = [NOBODY]

    def call():
        with pytest.raises(VenueDown, match="out of time"):
            reader("http://slow.example", SOON_S).ask("GET", "/x")

    assert within(call)


def test_look_ups_that_hang_are_bounded(resolver):
    resolver[0]["slow.example"] = [NOBODY]
    before = threading.active_count()
    for _ in range(dialing.LOOKUPS + 3):
        with pytest.raises(TimeoutError):
            dialing.dial("slow.example", 1, dialing.now() + 0.01)
    assert threading.active_count() - before <= dialing.LOOKUPS


@pytest.mark.parametrize("ask", [send, lambda url: reader(url).ask("GET", "/x")], ids=["send", "read"])
def test_the_next_address_of_a_name_is_tried(resolver, ask):
    answers, let = resolver
    let.set()
    with RawServer(http(200, b"{}")) as venue:
        port = urlsplit(venue.url).port
        answers["two.example"] = [NOBODY, (*NOBODY[:4], ("127.0.0.1", port))]
        assert ask(f"http://two.example:{port}").status == 200
        assert b"Host: two.example" in venue.requests[0]


def test_a_name_without_an_address_is_no_connection(resolver):
    resolver[0]["none.example"] = []
    resolver[1].set()
    with pytest.raises(NothingSent):
        send("http://none.example")
