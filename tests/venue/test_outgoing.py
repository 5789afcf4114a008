"""Payments, withdrawals and registrations on the wire: what is sent, and which answers prove that it was ours."""

import json

import pytest

from actors.crew import request_of
from actors.money.evidence import Executed, NotSent, Refused, Unknown
from actors.money.outgoing import paid, registered
from actors.money.wagers import ALONE, CheckedDomain, CheckedPay, CheckedWithdraw
from actors.venue.domains import Domains
from actors.venue.endpoints import Capability, endpoint
from tests.venue.conftest import make_casino, make_line, ticket
from tests.venue.raw import RawServer, http, reset

ADDRESS = "0x" + "ab" * 20
PAY = CheckedPay("ag_friend", 1_500_000, "thanks")
WITHDRAW = CheckedWithdraw(10_000_000, ADDRESS)
DOMAIN = CheckedDomain("example.com", 9_000_000)
WAGERS = {"pay": (PAY, 1_500_000), "withdraw": (WITHDRAW, 10_500_000), "register_domain": (DOMAIN, 9_000_000)}
PAID = {"tx_id": "pay_1", "from": "ag_me", "to": "ag_friend", "amount": 1.5, "memo": "", "sender_new_balance": 98.5}
SENT = {"status": "completed", "withdrawal_id": "w-1", "amount": 10, "fee": 0.5, "address": ADDRESS, "tx_hash": "0x1"}
OFFER = {"results": [{"domain": "example.com", "available": True, "price_eur": 3.6}]}
BOUGHT = {"domain": "example.com", "cost": {"total_charged_usd": 3.89}}


def body(content, status=200):
    return http(status, json.dumps(content).encode())


def spend(kind, *answers):
    """Send the wager of a kind to a venue that gives these answers; return ours, and the requests."""
    wager, stake = WAGERS[kind]
    spent = ticket(kind, request_of(wager, stake, "tag"), stake, "tag")
    with RawServer(*answers) as venue:
        client = Domains(make_line(venue.url, "domains")) if kind == "register_domain" else make_casino(venue.url)
        return client.place(spent), venue.requests


@pytest.mark.parametrize(("wager", "stake"), WAGERS.values(), ids=WAGERS)
def test_what_the_venue_gives_no_tag_for_is_alone_on_its_account(wager, stake):
    request = request_of(wager, stake, "tag")
    assert endpoint(request.service, request.path).capability is not Capability.K4
    assert endpoint(request.service, request.path).capability is not Capability.K3 or wager.kind in ALONE


def test_a_payment_is_proven_by_its_amount_and_its_recipient():
    assert spend("pay", body(PAID))[0] == Executed(outgoing=paid(1_500_000, "pay_1"))


def test_nobody_pays_himself():
    wager = CheckedPay("ag_0123456789ab", 1_500_000, "")
    with RawServer(body(PAID)) as venue:
        assert make_casino(venue.url).place(ticket("pay", request_of(wager, 0, ""), 0, "")) == Refused("same_agent")
        assert venue.requests == []


@pytest.mark.parametrize("lie", [{"to": "ag_else"}, {"amount": 1.51}, {"tx_id": None}])
def test_a_payment_that_is_not_ours_proves_nothing(lie):
    assert isinstance(spend("pay", body(PAID | lie))[0], Unknown)


@pytest.mark.parametrize(("status", "ours"), [("completed", "completed"), ("pending_review", "reviewing")])
def test_a_withdrawal_is_done_or_waits_for_a_person(status, ours):
    outgoing = spend("withdraw", body(SENT | {"status": status}))[0].outgoing
    assert (outgoing.status, outgoing.spent_micro, outgoing.reference) == (ours, 10_500_000, "w-1")


@pytest.mark.parametrize("lie", [{"address": "0x" + "00" * 20}, {"amount": 11}, {"fee": 0}, {"status": "failed"}])
def test_a_withdrawal_that_is_not_ours_proves_nothing(lie):
    assert isinstance(spend("withdraw", body(SENT | lie))[0], Unknown)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("pay", 404, "recipient_not_found"), ("pay", 400, "same_agent"), ("withdraw", 400, "invalid_address")],
)
def test_the_venues_noes_are_refusals(kind, status, code):
    assert spend(kind, body({"error": code}, status))[0] == Refused(code)


@pytest.mark.parametrize("kind", ["pay", "withdraw"])
def test_an_error_of_the_venue_proves_nothing(kind):
    answer = body({"error": "withdrawal_failed", "withdrawal_id": "w-1"}, 500)
    assert isinstance(spend(kind, answer)[0], Unknown)
    assert isinstance(spend(kind, reset)[0], Unknown)


# domains


def test_a_name_is_registered_after_its_price_was_read():
    answer, requests = spend("register_domain", body(OFFER), body(BOUGHT, 201))
    assert answer == Executed(outgoing=registered("example.com", 3_890_000))
    assert len(requests) == 2


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ({"available": False, "price_eur": None}, Refused("domain_unavailable")),
        ({"available": True, "price_eur": 8.34}, Refused("above_max_price")),
    ],
)
def test_a_name_that_is_taken_or_too_dear_is_not_asked_for(result, answer):
    told, requests = spend("register_domain", body({"results": [{"domain": "example.com", **result}]}))
    assert told == answer
    assert len(requests) == 1


@pytest.mark.parametrize("results", [[], [{"domain": "other.com", "available": True, "price_eur": 1}]])
def test_a_name_without_a_price_is_not_asked_for(results):
    told, requests = spend("register_domain", body({"results": results}))
    assert isinstance(told, NotSent)
    assert len(requests) == 1


def test_a_registration_of_another_name_proves_nothing():
    assert isinstance(spend("register_domain", body(OFFER), body(BOUGHT | {"domain": "b.com"}, 201))[0], Unknown)


@pytest.mark.parametrize("charged", [-1, 0, 1_000])
def test_a_registration_at_a_price_that_nobody_agreed_to_proves_nothing(charged):
    cost = {"cost": {"total_charged_usd": charged}}
    assert isinstance(spend("register_domain", body(OFFER), body(BOUGHT | cost, 201))[0], Unknown)
