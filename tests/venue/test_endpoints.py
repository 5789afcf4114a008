"""The table of endpoints: every service's, each with its class, its proofs and its reasons."""

import re
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

import actors
from actors.money.evidence import NotSent, Refused, Unknown
from actors.money.orders import CheckedCancel, CheckedClose, CheckedExit, CheckedLimit, CheckedOrder
from actors.money.wagers import (
    ALONE,
    CheckedAct,
    CheckedDomain,
    CheckedPay,
    CheckedWithdraw,
    EscrowCreate,
    Kind,
    Request,
    checked_escrow,
)
from actors.venue.casino import bet_request
from actors.venue.domains import domain_request
from actors.venue.endpoints import ENDPOINTS, Capability, covers, endpoint
from actors.venue.errors import RateLimited, VenueDown, VenueRefused
from actors.venue.escrow import act_request, create_request
from actors.venue.trading import trade_request
from actors.venue.transfers import transfer_request
from tests.venue.conftest import TAG, a_bet, make_line, ticket
from tests.venue.raw import RawServer, answers, http, reset

K1, K2, K3, K4 = Capability
NEVER = [e for e in ENDPOINTS if e.capability is K4]
DANGERS = {
    ("trading", "/trade/close-all"), ("trading", "/trade/check-exits"), ("trading", "/trade/check-limits"),
    ("casino", "/tournaments/1/join"), ("casino", "/challenges/create"), ("casino", "/bets/batch"),
    ("escrow", "/mcp"), ("faucet", "/mcp"), ("wallet", "/wallet/send"), ("wallet", "/wallet/create"),
    ("wallet", "/wallet/export"), ("domains", "/domains/dom_1/transfer"), ("casino", "/games/keno"),
}  # fmt: skip


def send(line, path):
    request = Request(line.service, path, "{}")
    return line.send(ticket("bet", request, 1, TAG), lambda _: pytest.fail("nothing was done"))


@pytest.mark.parametrize(("service", "path"), sorted(DANGERS))
def test_no_client_can_send_to_a_dangerous_endpoint(service, path):
    with RawServer(http(200, b"{}")) as venue:
        line = make_line(venue.url, service)
        answer = send(line, path)
        assert isinstance(answer, NotSent)
        assert "never called" in answer.reason
        with pytest.raises(ValueError, match="never called"):
            line.act(path, "{}")
        assert venue.requests == []


@pytest.mark.parametrize("row", NEVER, ids=lambda row: f"{row.service} {row.prefix}")
def test_what_is_never_called_has_a_reason_and_is_not_read_either(row):
    assert row.why
    with RawServer(http(200, b"{}")) as venue:
        with pytest.raises(ValueError, match="not for reading"):
            make_line(venue.url, row.service).get(row.prefix)
        assert venue.requests == []


def test_no_code_names_a_dangerous_path_outside_the_table_and_the_other_party():
    words = re.compile(r"close-all|check-exits|check-limits|/mcp|/tournaments|/challenges|multi-send|wallet/export")
    room = Path(actors.__file__).parent
    named = {path.relative_to(room).as_posix() for path in room.rglob("*.py") if words.search(path.read_text())}
    assert {name for name in named if not name.startswith("sandbox/")} == {"venue/endpoints.py"}


@pytest.mark.parametrize(
    ("service", "path", "capability"),
    [
        ("casino", "/games/coin-flip", K2), ("casino", "/stats/pay", K3), ("casino", "/auth/withdraw", K3),
        ("referral", "/daily/claim", K1), ("casino", "/fairness/rotate", K1), ("casino", "/kelly/config", K1),
        ("escrow", "/escrow/create", K2), ("escrow", "/escrow/release/esc_1", K2), ("faucet", "/faucet/claim", K1),
        ("trading", "/trade/open", K3), ("trading", "/trade/close", K3), ("trading", "/trade/limit", K3),
        ("trading", "/trade/limit-orders/ord_1", K2), ("trading", "/trade/stop-loss", K1),
        ("trading", "/trade/take-profit", K1), ("domains", "/domains/register", K2), ("wallet", "/wallet/send", K4),
        ("trading", "/escrow/create", K4), ("nobody", "/games/dice", K4),
    ],
)  # fmt: skip
def test_each_endpoint_declares_its_class(service, path, capability):
    assert endpoint(service, path).capability is capability


REQUESTS = {
    "bet": bet_request(a_bet(), 450_000, TAG),
    "escrow_create": create_request(checked_escrow(EscrowCreate("2.00", "ag_2", "work")), TAG),
    "escrow_act": act_request(CheckedAct("esc_1", "release", "")),
    "pay": transfer_request(CheckedPay("ag_2", 1_000_000, "")),
    "withdraw": transfer_request(CheckedWithdraw(1_000_000, "0x1")),
    "register_domain": domain_request(CheckedDomain("a.com", 20_000_000)),
    "order": trade_request(CheckedOrder("BTC", "long", 12_000_000, 2)),
    "close_order": trade_request(CheckedClose("pos_1")),
    "limit_order": trade_request(CheckedLimit("BTC", "long", 12_000_000, Decimal(1), 2)),
    "cancel_order": trade_request(CheckedCancel("ord_1")),
    "exit_order": trade_request(CheckedExit("pos_1", "stop_loss", Decimal(1))),
}
"""The request of each kind of wager."""


def test_each_kind_of_wager_has_an_endpoint():
    assert REQUESTS.keys() == {kind for some in get_args(Kind) for kind in get_args(some)}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_wager_that_only_baselines_can_tell_of_is_alone_on_its_account(kind):
    capability = endpoint(REQUESTS[kind].service, REQUESTS[kind].path).capability
    assert capability in (K1, K2, K3)
    assert kind in ALONE or capability is not K3


def test_a_path_has_at_most_one_row():
    for row in ENDPOINTS:
        same = [e for e in ENDPOINTS if e.service == row.service and covers(e.prefix, row.prefix)]
        assert same == [row]


def test_a_row_of_a_path_does_not_cover_what_begins_like_it():
    assert covers("/trade/close", "/trade/close")
    assert not covers("/trade/close", "/trade/close-all")
    assert not covers("/trade/limit", "/trade/limit-orders/ord_1")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/trade/limit-orders/ord_1"), ("POST", "/trade/limit"), ("POST", "/trade/open")]
)
def test_the_table_says_by_which_method_a_ticket_is_sent(method, path):
    with RawServer(http(404, b"{}")) as venue:
        assert isinstance(send(make_line(venue.url, "trading"), path), Unknown)
        assert venue.requests[0].startswith(f"{method} {path} ".encode())


@pytest.mark.parametrize("words", endpoint("trading", "/trade/open").early)
def test_a_failed_trade_is_refused_only_by_words_that_precede_the_order(words):
    def said(message):
        with RawServer(http(400, b'{"error":"trade_failed","message":"%b"}' % message.encode())) as venue:
            return send(make_line(venue.url, "trading"), "/trade/open")

    assert said(f"{words}: BTC") == Refused(f"trade_failed: {words}")
    assert isinstance(said(f"Filled, then {words}"), Unknown)
    assert isinstance(said("SQLITE_BUSY: database is locked"), Unknown)


@pytest.mark.parametrize(
    "body", [b'{"error":"trade_failed"}', b'{"error":"trade_failed","message":["No price"]}', b"[]"]
)
def test_a_failed_trade_without_words_is_unknown(body):
    with RawServer(http(400, body)) as venue:
        assert isinstance(send(make_line(venue.url, "trading"), "/trade/open"), Unknown)


def test_the_words_prove_nothing_at_another_endpoint():
    with RawServer(http(400, b'{"error":"trade_failed","message":"No price for BTC"}')) as venue:
        assert isinstance(send(make_line(venue.url, "trading"), "/trade/close"), Unknown)


@pytest.mark.parametrize("made", ["position_id", "order_id", "tx_id", "withdrawal_id", "domain_id"])
def test_a_refusal_that_names_something_made_is_none(made):
    with RawServer(http(401, b'{"error":"invalid_key","%b":"x"}' % made.encode())) as venue:
        assert isinstance(send(make_line(venue.url, "domains"), "/domains/register"), Unknown)


DAILY = "/daily/claim"


def claims(act):
    with RawServer(act) as venue:
        try:
            return make_line(venue.url, "referral").act(DAILY, "{}")
        finally:
            assert len(venue.requests) == 1


def test_a_harmless_change_is_asked_for_once_without_a_ticket():
    assert claims(http(200, b'{"claimed":true}')) == b'{"claimed":true}'
    with pytest.raises(VenueRefused, match="already_claimed"):
        claims(http(400, b'{"error":"already_claimed"}'))
    with pytest.raises(RateLimited):
        claims(http(429, b'{"error":"rate_limited"}'))


@pytest.mark.parametrize("act", [reset, answers(b"junk"), http(500, b"{}"), http(400, b'{"error":"invalid_json"}')])
def test_of_a_harmless_change_without_an_answer_nothing_is_known(act):
    with pytest.raises(VenueDown):
        claims(act)


def test_what_spends_is_never_sent_without_a_ticket():
    with RawServer(http(200, b"{}")) as venue:
        for path in ("/games/dice", "/stats/pay", "/auth/withdraw"):
            with pytest.raises(ValueError, match="needs a ticket"):
                make_line(venue.url).act(path, "{}")
        assert venue.requests == []


def test_negative_control_a_row_that_allows_it_lets_a_dangerous_call_out(monkeypatch):
    allowed = tuple(replace(row, capability=K2) if row.prefix == "/trade/close-all" else row for row in ENDPOINTS)
    monkeypatch.setattr("actors.venue.endpoints.ENDPOINTS", allowed)
    with RawServer(http(500, b"{}")) as venue:
        send(make_line(venue.url, "trading"), "/trade/close-all")
        assert len(venue.requests) == 1
