"""The fault plan, and each kind of fault as a client on a raw socket meets it."""

import asyncio
import json
import socket
import time

import pytest

from actors.sandbox.faults import KINDS, Fault, FaultPlan, FaultSpecError, parse
from actors.sandbox.proxy import Proxy
from tests.sandbox.house import bet_bytes

GAMES = "@/api/v1/games"


@pytest.fixture
def broken(build):
    """A venue with one fault on the games, and a player in it."""

    def make(kind, rate="1"):
        house = build(faults=f"{kind}{GAMES}={rate}")
        return house, house.register()

    return make


def bets(house, player):
    return house.get("/api/v1/bets/export.csv", player.key).body.split("\r\n")[1:]


def status(raw):
    return int(raw.split(b" ")[1])


def body(raw):
    return json.loads(raw.partition(b"\r\n\r\n")[2])


def lengths(raw):
    """Return how long a body is, and how long it says it is."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    return len(rest), int(next(ln[15:] for ln in head.lower().split(b"\r\n") if ln.startswith(b"content-length:")))


def test_a_spec_is_read_part_by_part():
    assert parse("latency@/escrow=0.5:2, cut=0.1") == (
        Fault("latency", "/escrow", 0.5, 2.0),
        Fault("cut", "/", 0.1, None),
    )
    assert [fault.amount for fault in parse("cut=1:20,cut=1:-1,blackhole=1:0.5")] == [20, -1, 0.5]
    assert parse("") == ()


def test_the_storm_leaves_out_what_cannot_be_booked_once():
    kinds = {fault.kind for fault in parse("storm")}
    assert kinds == set(KINDS) - {"500-debit", "unbooked", "duplicate"}
    assert {fault.kind for fault in parse("storm,duplicate=0.1")} == kinds | {"duplicate"}


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("rain=0.1", "unknown kind 'rain'"),
        ("cut", "give its rate"),
        ("cut=often", "rate must be a number from 0 to 1"),
        ("cut=1.5", "rate must be a number from 0 to 1"),
        ("cut=nan", "rate must be a number from 0 to 1"),
        ("429=0.5:3", "429 takes a rate and no other number"),
        ("cut=0.5:2.5", "bytes must be a whole number from -65536 to 65536"),
        ("cut=0.5:65537", "bytes must be a whole number"),
        ("late=0.5:soon", "seconds must be a number"),
        ("late=0.5:-1", "seconds must be a number from 0 to 3600"),
    ],
)
def test_a_spec_that_makes_no_sense_is_named(spec, says):
    with pytest.raises(FaultSpecError, match=says):
        parse(spec)


def test_equal_seeds_give_equal_faults_and_other_seeds_others():
    def struck(seed):
        plan = FaultPlan(parse("storm"), seed)
        return [plan.for_request("/api/v1/games/dice") for _ in range(200)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)


def test_the_operators_doors_are_never_struck():
    plan = FaultPlan(parse("reset-before=1"), 1)
    for path in ("/health", "/ping", "/sandbox", "/sandbox/grant"):
        assert plan.for_request(path) == (0.0, None)


def test_only_faults_on_the_wire_need_the_proxy():
    assert [FaultPlan(parse(spec), 1).needs_proxy for spec in ("", "500-debit=1,ws-silence=1", "cut=0")] == [
        False,
        False,
        True,
    ]


def test_a_prefix_leaves_other_paths_alone(broken):
    house, player = broken("reset-before")
    assert house.balance(player) == 100


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
def test_reset(broken, kind):
    house, player = broken(kind)
    with pytest.raises(ConnectionResetError):
        house.raw(bet_bytes(player))
    assert len(bets(house, player)) == (1 if kind == "reset-after" else 0)


@pytest.mark.parametrize(
    ("kind", "code", "error", "effects"),
    [
        ("429", 429, "rate_limited", 0),
        ("500-before", 500, "internal_error", 0),
        ("500-after", 500, "internal_error", 1),
        ("400-after", 400, "invalid_json", 1),
    ],
)
def test_false_answers(broken, kind, code, error, effects):
    house, player = broken(kind)
    raw = house.raw(bet_bytes(player))
    assert (status(raw), body(raw)["error"]) == (code, error)
    assert len(bets(house, player)) == effects


def test_a_500_after_the_debit_leaves_a_stake_without_a_bet(broken):
    house, player = broken("500-debit")
    raw = house.raw(bet_bytes(player))
    assert (status(raw), body(raw)["error"]) == (500, "internal_error")
    assert bets(house, player) == []
    row = next(row for row in house.ledger(player) if row["reason"] == "reservation")
    assert house.get(f"/api/v1/fairness/audit/{row['reference']}", player.key).status == 404
    assert house.balance(player) == 99


def test_silence_holds_the_line_after_the_effect(broken):
    house, player = broken("silence", "1:5")
    with pytest.raises(TimeoutError):
        house.raw(bet_bytes(player), timeout=0.2)
    assert len(bets(house, player)) == 1


def test_silence_ends_without_a_byte(broken):
    house, player = broken("silence", "1:0.1")
    assert house.raw(bet_bytes(player)) == b""


def test_latency_comes_before_a_true_answer(broken):
    house, player = broken("latency", "1:0.15")
    began = time.monotonic()
    assert body(house.raw(bet_bytes(player)))["proof"]["client_seed"] == "tag"
    assert time.monotonic() - began >= 0.15


def test_cut_promises_more_than_it_sends(broken):
    house, player = broken("cut")
    sent, promised = lengths(house.raw(bet_bytes(player)))
    assert 0 < sent < promised
    assert len(bets(house, player)) == 1


def test_cut_at_a_byte_leaves_so_many_bytes_of_the_answer_or_so_many_out(broken):
    house, player = broken("cut", "0")

    def said(amount):
        assert house.post("/sandbox/faults", {"faults": f"cut{GAMES}=1:{amount}"}).status == 200
        return house.raw(bet_bytes(player))

    assert (said(0), said(1), said(12), said(13)) == (b"", b"H", b"HTTP/1.1 200", b"HTTP/1.1 200 ")
    assert [promised - sent for sent, promised in (lengths(said(-1)), lengths(said(65536)))] == [1, 0]
    assert len(bets(house, player)) == 6


def test_a_blackhole_swallows_the_request_and_says_nothing(broken):
    house, player = broken("blackhole", "1:5")
    with pytest.raises(TimeoutError):
        house.raw(bet_bytes(player), timeout=0.2)
    assert bets(house, player) == []
    house.post("/sandbox/faults", {"faults": f"blackhole{GAMES}=1:0"})
    assert house.raw(bet_bytes(player)) == b""
    assert bets(house, player) == []


def test_half_close_gives_the_venue_half_a_request_and_its_end_and_passes_its_silence_on(broken):
    house, player = broken("half-close")
    assert house.raw(bet_bytes(player)) == b""
    assert bets(house, player) == []


def test_half_close_passes_on_what_is_said_to_half_a_request():
    heard = []

    async def says_no(reader, writer):
        heard.append(await reader.read())
        writer.write(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        writer.close()

    async def through(request):
        venue = await asyncio.start_server(says_no, "127.0.0.1", 0)
        listener = socket.create_server(("127.0.0.1", 0))
        proxy = Proxy(FaultPlan(parse("half-close=1"), 1))
        await proxy.open(listener, venue.sockets[0].getsockname()[1])
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(request)
        answer = await reader.read()
        for one in (writer, proxy, venue):
            one.close()
        return answer

    request = b"POST /x HTTP/1.1\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
    assert asyncio.run(through(request)).startswith(b"HTTP/1.1 408")
    assert heard == [request[: len(request) // 2]]


def test_malformed_is_a_200_that_tells_nothing_of_the_bet(broken):
    house, player = broken("malformed")
    raw = house.raw(bet_bytes(player))
    assert status(raw) == 200
    assert bets(house, player)[0].split(",")[0].encode() not in raw


def test_duplicate_bets_twice_and_answers_once(broken):
    house, player = broken("duplicate")
    answer = body(house.raw(bet_bytes(player)))
    found = bets(house, player)
    assert [row.split(",")[8:10] for row in found] == [["tag", "0"], ["tag", "1"]]
    assert answer["proof"]["nonce"] == 0


def test_late_delivers_after_the_client_saw_a_reset(broken):
    house, player = broken("late", "1:0.1")
    with pytest.raises(ConnectionResetError):
        house.raw(bet_bytes(player))
    assert bets(house, player) == []
    assert house.get("/sandbox/settled").body["late"] == 0
    assert len(bets(house, player)) == 1


def test_through_the_proxy_an_untouched_bet_is_the_same(broken):
    house, player = broken("cut", "0")
    raw = house.raw(bet_bytes(player))
    assert status(raw) == 200
    assert body(raw)["amount_bet"] == 1
    assert house.raw(b"nonsense\r\n\r\n") == b""


def test_a_storm_books_every_bet_at_most_once(build):
    house = build(faults="storm")
    player = house.patiently(house.register)
    for index in range(150):
        house.raw_or_nothing(bet_bytes(player, amount=0.1, client_seed=f"op-{index}"))
    found = house.patiently(lambda: bets_of(house, player))
    tags = [row.split(",")[8] for row in found]
    assert len(tags) == len(set(tags))
    assert 100 < len(tags) < 150
    curve = house.patiently(lambda: house.get("/api/v1/kelly/history", player.key).body["bankroll_curve"])
    assert sum(point["change"] for point in curve) == pytest.approx(curve[-1]["balance"], abs=1e-6)


def bets_of(house, player):
    answer = house.get("/api/v1/bets/export.csv", player.key)
    assert answer.status == 200 or answer.body["error"]
    if not answer.body.startswith("bet_id,"):
        raise ValueError
    return answer.body.split("\r\n")[1:]
