"""What the answer to a ticket proves. Only our own bet and a listed refusal are proof; everything else is Unknown."""

import json
from decimal import Decimal

import pytest

from actors.money.evidence import BetRow, Executed, NotSent, Refused, Unknown
from actors.money.wagers import CheckedAct, EscrowCreate, Request, checked_escrow
from actors.ticket import TicketSpent
from actors.venue.budget import Budget
from actors.venue.casino import bet_request
from actors.venue.endpoints import ENDPOINTS
from actors.venue.escrow import Escrow, act_request, create_request
from tests.venue.conftest import NOW, TAG, a_bet, bet_ticket, make_casino, make_line, ticket, wall
from tests.venue.raw import RawServer, answers, http, reset

OURS = {
    "bet_id": "bet_1",
    "game": "coin_flip",
    "amount_bet": 0.45,
    "result": {"roll": 12.34},
    "won": True,
    "payout_multiplier": 1.99,
    "amount_won": 0.9,
    "new_balance": 100.45,
    "proof": {"server_seed_hash": "ab", "client_seed": TAG, "nonce": 7, "result_hash": "cd"},
}
LOST = {**OURS, "won": False, "amount_won": 0}


def place(act, **changes):
    with RawServer(act) as venue:
        answer = make_casino(venue.url, **changes).place(bet_ticket())
        assert len(venue.requests) <= 1
        return answer


def says(status, body):
    return http(status, json.dumps(body).encode())


def proof(**changes):
    return {**OURS, "proof": {**OURS["proof"], **changes}}


def without(name):
    return {k: v for k, v in OURS.items() if k != name}


def test_our_bet_in_a_complete_answer_is_executed():
    row = BetRow("bet_1", "coin_flip", 450_000, 900_000, "1.99", True, TAG, 7, "ab", "cd")
    assert place(says(200, OURS)) == Executed(bet=row)


def test_a_lost_bet_is_executed_too():
    assert place(says(200, LOST)).bet.won is False


@pytest.mark.parametrize("extra", [{"_info": {}}, {"kelly": None}, {"bonus": [1, {"x": 2}]}])
def test_unknown_fields_do_not_matter(extra):
    assert isinstance(place(says(200, OURS | extra)), Executed)


NOT_OURS = {
    "another tag": proof(client_seed="sk1-agent-2-ff"),
    "an empty tag": proof(client_seed=""),
    "a tag that is no text": proof(client_seed=None),
    "another amount": OURS | {"amount_bet": 0.46},
    "an amount as text": OURS | {"amount_bet": "0.45"},
    "no bet id": without("bet_id"),
    "an empty bet id": OURS | {"bet_id": ""},
    "no proof": without("proof"),
    "won as a number": OURS | {"won": 1},
    "won and nothing paid": OURS | {"amount_won": 0},
    "won too much": OURS | {"amount_won": 0.91},
    "lost and paid": OURS | {"won": False},
    "a nonce that is none": proof(nonce=-1),
    "an error in a 200": {"error": "insufficient_balance"},
    "null": None,
    "a list": [OURS],
}


@pytest.mark.parametrize("body", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_a_200_that_is_not_our_bet_is_unknown(body):
    answer = place(says(200, body))
    assert isinstance(answer, Unknown)
    assert "wrong in" in answer.reason


NO_BODY = {
    "HTML": http(200, b"<html>Just a moment...</html>"),
    "nothing": http(200, b""),
    "half of ours, framed as whole": http(200, json.dumps(OURS).encode()[:80]),
    "NaN": http(200, json.dumps(OURS | {"amount_won": float("nan")}).encode()),
    "infinity": http(200, json.dumps(OURS).replace("1.99", "1e999").encode()),
    "ten thousand digits": http(200, json.dumps(OURS).replace("0.45", "0." + "4" * 10_000).encode()),
    "wrong encoding": http(200, json.dumps(OURS | {"game": "ä"}, ensure_ascii=False).encode("latin-1")),
    "deep nesting": http(200, b"[" * 100_000),
    "reset": reset,
    "closed": answers(),
    "moved": http(307, b"", b"Location: /elsewhere"),
    "accepted": says(202, OURS),
    "created": says(201, OURS),
}


@pytest.mark.parametrize("act", NO_BODY.values(), ids=NO_BODY.keys())
def test_whatever_cannot_be_read_as_ours_is_unknown(act):
    assert isinstance(place(act), Unknown)


REFUSALS = [(e, status, code) for e in ENDPOINTS for status, code in sorted(e.refusals)]


@pytest.mark.parametrize(("status", "code"), [(s, c) for e, s, c in REFUSALS if e.prefix == "/games/dice" and s != 429])
def test_a_listed_refusal_is_refused(status, code):
    assert place(says(status, {"error": code, "message": "no"})) == Refused(code)


UNLISTED = [
    (400, {"error": "invalid_json"}),
    (400, {"error": "unheard_of"}),
    (400, {"error": "kelly_limit_exceeded", "bet_id": "bet_1"}),
    (400, {"message": "no code"}),
    (401, {"error": "kelly_limit_exceeded"}),
    (403, {"error": "forbidden"}),
    (404, {}),
    (429, {}),
    (429, {"error": ["rate_limited"]}),
    (500, {"error": "internal_error"}),
    (500, {"error": "rate_limited"}),
    (502, {"error": "unauthorized"}),
    (503, None),
]


@pytest.mark.parametrize(("status", "body"), UNLISTED)
def test_any_other_no_is_unknown(status, body):
    assert isinstance(place(says(status, body)), Unknown)


def test_no_list_holds_what_may_follow_an_effect():
    assert not [r for r in REFUSALS if r[1] >= 500 or r[2] in ("invalid_json", "trade_failed", "internal_error")]


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": "rate_limited"}, 60),
        ({"error": "rate_limit_exceeded", "reset_at": "2026-11-22T06:46:52.500Z"}, 12.5),
        ({"error": "rate_limit_exceeded", "reset_at": "2999-01-01T00:00:00.000Z"}, 60),
        ({"error": "rate_limit_exceeded", "reset_at": "1999-01-01T00:00:00.000Z"}, 0),
        ({"error": "rate_limit_exceeded", "reset_at": "soon"}, 60),
    ],
)
def test_a_rate_limit_is_temporary_and_says_until_when(body, seconds):
    with RawServer(says(429, body)) as venue:
        casino = make_casino(venue.url, wall=lambda: NOW)
        bet = ticket("bet", bet_request(a_bet(), 450_000, TAG), 450_000, TAG)
        bet.send_by = NOW + 1_000_000
        answer = casino.place(bet)
    assert answer == Refused(body["error"], temporary=True, retry_at=NOW + int(seconds * 1_000_000))


def test_a_ticket_is_good_for_one_send():
    with RawServer(says(200, OURS)) as venue:
        casino, bet = make_casino(venue.url), bet_ticket()
        assert isinstance(casino.place(bet), Executed)
        with pytest.raises(TicketSpent):
            casino.place(bet)
        assert len(venue.requests) == 1


def test_a_ticket_too_old_sends_nothing_and_is_spent():
    with RawServer(says(200, OURS)) as venue:
        casino, bet = make_casino(venue.url), bet_ticket(seconds=0)
        assert isinstance(casino.place(bet), NotSent)
        with pytest.raises(TicketSpent):
            casino.place(bet)
        assert venue.requests == []


def test_an_endpoint_nobody_knows_is_never_sent_to():
    with RawServer(says(200, OURS)) as venue:
        answer = make_casino(venue.url).place(ticket("bet", Request("casino", "/bets/batch", "{}"), 1, TAG))
        assert isinstance(answer, NotSent)
        assert venue.requests == []


def test_no_connection_is_not_sent():
    with RawServer(reset) as venue:
        url = venue.url
    assert isinstance(make_casino(url).place(bet_ticket()), NotSent)


def test_five_failures_open_the_breaker_and_the_next_ticket_is_not_sent():
    """Mission 3.4."""
    with RawServer(says(500, {"error": "internal_error"})) as venue:
        casino = make_casino(venue.url)
        assert {type(casino.place(bet_ticket())) for _ in range(5)} == {Unknown}
        assert isinstance(casino.place(bet_ticket()), NotSent)
        assert len(venue.requests) == 5


def test_refusals_do_not_open_the_breaker():
    with RawServer(says(400, {"error": "kelly_limit_exceeded"})) as venue:
        casino = make_casino(venue.url)
        assert {casino.place(bet_ticket()).code for _ in range(8)} == {"kelly_limit_exceeded"}


def test_with_a_spent_budget_nothing_is_sent_until_its_window_ends():
    budget = Budget(clock=lambda: 0.0, wall=wall)
    with RawServer(says(400, {"error": "minimum_bet"})) as venue:
        casino = make_casino(venue.url, budget=budget)
        for _ in range(60):
            budget.spend("casino", "/games/dice")
        answer = casino.place(bet_ticket())
        assert isinstance(answer, NotSent)
        assert wall() < answer.retry_at <= wall() + 61_000_000
        assert venue.requests == []


@pytest.mark.parametrize(
    ("bet", "stake_micro", "body"),
    [
        (a_bet(), 450_000, {"amount": Decimal("0.45"), "client_seed": TAG, "side": "heads"}),
        (a_bet("dice", direction="over", threshold=50), 10_000, {"amount": Decimal("0.01"), "threshold": 50}),
        (a_bet("custom", win_probability="50"), 12_000_000, {"amount": 12, "win_probability": 50}),
        (a_bet("custom", win_probability=Decimal("5E+1")), 10_000, {"win_probability": 50}),
    ],
)
def test_a_bets_body_is_json_with_exact_numbers(bet, stake_micro, body):
    sent = json.loads(bet_request(bet, stake_micro, TAG).body, parse_float=Decimal)
    assert body.items() <= sent.items()
    assert all(isinstance(sent[name], type(value)) for name, value in body.items())


def test_a_bets_body_is_the_same_every_time():
    body = '{"amount":0.45,"client_seed":"t","side":"heads"}'
    assert {bet_request(a_bet(), 450_000, "t").body for _ in range(3)} == {body}


CONTRACT = {
    "escrow_id": "esc_1",
    "amount_usd": 2,
    "commission_usd": 0.02,
    "net_to_counterparty": 1.98,
    "description": f"work [{TAG}]",
    "creator_id": "ag_1",
    "counterparty_id": "ag_2",
    "status": "funded",
    "auto_release_at": "2026-11-23T06:47:22.000Z",
}


def escrow_ticket(act=None):
    if act:
        return ticket("escrow_act", act_request(CheckedAct("esc_1", act, "why")), 0, TAG)
    wager = checked_escrow(EscrowCreate("2.00", "ag_2", "work"))
    return ticket("escrow_create", create_request(wager, TAG), 2_000_000, TAG)


def place_escrow(act, of=None):
    with RawServer(act) as venue:
        return Escrow(make_line(venue.url, "escrow")).place(escrow_ticket(of)), venue.requests[0]


def test_our_contract_is_executed():
    answer, sent = place_escrow(says(201, CONTRACT))
    assert (answer.escrow.escrow_id, answer.escrow.net_micro) == ("esc_1", 1_980_000)
    assert answer.escrow.auto_release_at == 1_795_416_442
    assert b'"amount_usd":2,' in sent
    assert f'"description":"work [{TAG}]"'.encode() in sent


@pytest.mark.parametrize(
    "change",
    [
        {"description": "work"},
        {"amount_usd": 2.01},
        {"status": "released"},
        {"escrow_id": ""},
        {"auto_release_at": "soon"},
        {"auto_release_at": 5},
    ],
)
def test_a_201_that_is_not_our_contract_is_unknown(change):
    assert isinstance(place_escrow(says(201, CONTRACT | change))[0], Unknown)


@pytest.mark.parametrize(("status", "code"), [(402, "insufficient_balance"), (404, "counterparty_not_found")])
def test_a_create_is_refused(status, code):
    assert place_escrow(says(status, {"error": code}))[0] == Refused(code)


def test_debit_failed_is_unknown_as_every_500():
    assert isinstance(place_escrow(says(500, {"error": "debit_failed"}))[0], Unknown)


@pytest.mark.parametrize(
    ("act", "status"), [("complete", "completed"), ("release", "released"), ("dispute", "disputed")]
)
def test_an_act_is_executed_when_the_status_follows(act, status):
    answer, sent = place_escrow(says(200, {"escrow_id": "esc_1", "status": status}), act)
    assert (answer.escrow.escrow_id, answer.escrow.status) == ("esc_1", status)
    assert sent.startswith(f"POST /escrow/{act}/esc_1 ".encode())
    assert isinstance(place_escrow(says(200, {"escrow_id": "esc_1", "status": "funded"}), act)[0], Unknown)
    assert isinstance(place_escrow(says(200, {"escrow_id": "esc_2", "status": status}), act)[0], Unknown)
    assert place_escrow(says(409, {"error": "invalid_status"}), act)[0] == Refused("invalid_status")


def test_an_escrow_id_cannot_leave_its_place_in_the_path():
    assert act_request(CheckedAct("esc_1/../x?y", "release", "")).path == "/escrow/release/esc_1%2F..%2Fx%3Fy"


def test_negative_control_a_reader_that_trusts_any_200_takes_a_strangers_bet_for_ours(monkeypatch):
    monkeypatch.setattr("actors.venue.casino._won_or_lost", lambda *_: Executed())
    assert isinstance(place(says(200, NOT_OURS["another tag"])), Executed)
