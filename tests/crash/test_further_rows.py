"""Rows of the matrix that have no better place."""

import json
import os
import resource
import socket
import time
from urllib.request import Request, urlopen

import pytest

from actors import clock
from actors.messages import Reconcile
from actors.money.events import StopSet, StrayBooked
from actors.money.risk import MISMATCH
from actors.money.wagers import Request as Bet
from actors.venue import dialing, http
from actors.venue.endpoints import ENDPOINTS, Capability
from actors.venue.errors import NothingSent, VenueDown
from tests.crash.kit import KILLED
from tests.desk.kit import SECOND, Table
from tests.venue.conftest import KEY

BET = Bet("casino", "/games/coin-flip", '{"amount":0.45}')
SOON_S = 0.2


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


def test_the_deadline_of_a_send_counts_time_asleep():
    assert dialing._CLOCK == time.CLOCK_BOOTTIME


def test_no_endpoint_honours_a_key_and_what_bears_a_repetition_takes_no_money():
    bears = {one.prefix for one in ENDPOINTS if one.capability is Capability.K1}
    asked = {"/daily/claim", "/faucet/claim", "/fairness/rotate", "/kelly/config"}
    assert bears == asked | {"/trade/stop-loss", "/trade/take-profit"}
