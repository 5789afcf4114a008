"""Rows of the matrix that have no better place."""

import json
import os
import resource
import socket
import time
from contextlib import nullcontext
from urllib.request import Request, urlopen

import pytest

from actors import clock
from actors.messages import Reconcile
from actors.money.events import StopSet, StrayBooked
from actors.money.evidence import NotSent, Unknown
from actors.money.risk import MISMATCH
from actors.money.wagers import Request as Bet
from actors.ticket import Ticket
from actors.venue import dialing, http
from actors.venue.endpoints import ENDPOINTS, Capability
from actors.venue.errors import NoAnswer, NothingSent, VenueDown
from tests.crash.kit import KILLED
from tests.desk.kit import SECOND, Table
from tests.venue.conftest import KEY, make_line

BET = Bet("casino", "/games/coin-flip", '{"amount":0.45}')
SOON_S = 0.2
HOUR_S = 3_600


def send(url):
    return http.send_once(url, BET, key=KEY, agent_id="ag_1", timeout_s=SOON_S)


def rotate(arena):
    key = json.loads((arena.data / "credentials.json").read_text())["casino"]["key"]
    address = arena.root + "/api/v1/fairness/rotate"
    with urlopen(Request(address, b"{}", {"Authorization": f"Bearer {key}"}), timeout=SOON_S * 10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(("point", "end"), [("connected", "void"), ("answered", "executed")])
def test_a_seed_that_is_rotated_while_an_outcome_is_unknown_hides_nothing(arena, point, end):
    arena.settle(bets=2)
    assert arena.die_at(point) == KILLED
    rotate(arena)
    after = arena.settle().check()
    assert after.ends(epoch=2)[0] == (end, "look-up")
    assert after.of(StrayBooked) == []


def test_a_venue_that_forgets_a_booked_bet_stops_the_agent():
    table = Table().reconciled()
    opened = table.play(won=False)
    table.venue.rows.clear()
    table.venue.balance += opened.stake_micro
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert [stop.rule for stop in table.of(StopSet)] == [MISMATCH]


def test_a_connection_that_is_never_made_is_proof_that_nothing_was_sent():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        with socket.create_connection(deaf.getsockname()), pytest.raises(NothingSent, match="out of time"):
            send(f"http://127.0.0.1:{deaf.getsockname()[1]}")


def test_without_file_descriptors_nothing_is_sent_and_nothing_read():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reader = http.Reader("http://127.0.0.1:1", key=KEY, agent_id="ag_1", timeout_s=SOON_S)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(NothingSent):
            send("http://127.0.0.1:1")
        with pytest.raises(VenueDown):
            reader.ask("GET", "/x")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_no_change_of_the_systems_time_moves_the_agents_clock(monkeypatch):
    wall = clock.steady_wall()
    before = wall()
    monkeypatch.setattr(time, "time_ns", lambda: 0)  # a machine that believes it is 1970
    assert 0 <= wall() - before < 60 * SECOND


@pytest.fixture
def sleep(monkeypatch):
    """Let the machine sleep, in seconds: the clock that counts it jumps, the others notice nothing."""
    clocks, slept = (time.clock_gettime, time.clock_gettime_ns), []
    for read, unit in zip(clocks, (1, 1_000_000_000), strict=True):

        def jumping(which, read=read, unit=unit):
            return read(which) + (sum(slept) * unit if which == time.CLOCK_BOOTTIME else 0)

        monkeypatch.setattr(time, read.__name__, jumping)
    return slept.append


@pytest.fixture
def venue():
    """A venue that listens and says nothing; `accept` raises if nobody has called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def sleeps_while_it_connects(monkeypatch, sleep):
    monkeypatch.setattr(http, "reached", lambda point: point == "connect" and sleep(8 * HOUR_S))


def url_of(venue):
    return "http://{}:{}".format(*venue.getsockname())


def test_a_request_whose_deadline_passed_while_the_machine_slept_is_not_sent(venue, monkeypatch, sleep):
    sleeps_while_it_connects(monkeypatch, sleep)
    with pytest.raises(NothingSent, match="out of time"):
        send(url_of(venue))
    with pytest.raises(BlockingIOError):
        venue.accept()


def test_control_by_a_clock_that_stands_still_asleep_the_request_would_leave(venue, monkeypatch, sleep):
    monkeypatch.setattr(dialing, "_CLOCK", time.CLOCK_MONOTONIC)
    sleeps_while_it_connects(monkeypatch, sleep)
    with pytest.raises(NoAnswer):
        send(url_of(venue))
    assert venue.accept()[0].recv(4) == b"POST"


@pytest.mark.parametrize("counted", [True, False], ids=["", "control: by a clock that stands still asleep"])
def test_a_ticket_that_the_machine_slept_over_is_not_sent(venue, monkeypatch, sleep, counted):
    if not counted:
        monkeypatch.setattr(clock, "_CLOCK", time.CLOCK_MONOTONIC)
    wall = clock.steady_wall()
    line = make_line(url_of(venue), wall=wall, timeout_s=SOON_S)
    ticket = Ticket(intent="i1", kind="bet", tag="t", stake_micro=1, request=BET, send_by=wall() + 60 * SECOND)
    sleep(8 * HOUR_S)
    assert isinstance(line.send(ticket, lambda body: body), NotSent if counted else Unknown)
    with nullcontext() if not counted else pytest.raises(BlockingIOError):
        venue.accept()


def test_no_sleep_of_the_machine_moves_its_boot_by_which_the_next_process_waits(sleep):
    wall = clock.steady_wall()
    before, began = wall(), clock.this_boot(wall)[1]
    sleep(8 * HOUR_S)
    assert wall() - before >= 8 * HOUR_S * SECOND
    assert abs(clock.this_boot(wall)[1] - began) < SECOND


def test_no_endpoint_honours_a_key_and_what_bears_a_repetition_takes_no_money():
    bears = {one.prefix for one in ENDPOINTS if one.capability is Capability.K1}
    asked = {"/daily/claim", "/faucet/claim", "/fairness/rotate", "/kelly/config"}
    assert bears == asked | {"/trade/stop-loss", "/trade/take-profit"}
