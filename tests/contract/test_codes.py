"""The list of codes, the cards and the agent's own table of proofs say the same."""

import pytest

from actors.venue.endpoints import ENDPOINTS, NO_KEY, covers
from tests.contract.card import HARMS, NUMBER, Card, iso, mismatches
from tests.contract.codes import DOCUMENTED, REASONS
from tests.contract.test_cards import CARDS


def endpoint_of(card):
    return next((known for known in DOCUMENTED if covers(known, card.endpoint)), card.endpoint)


def asked(row):
    """An endpoint of the agent's as the cards name it: what it calls referral is the casino's."""
    return f"{row.service.replace('referral', 'casino')} {row.method} {row.prefix}"


PLAYED = {(endpoint_of(card), card.status, card.error) for card in CARDS if card.error}
LISTED = {(endpoint, *code) for endpoint, codes in DOCUMENTED.items() for code in codes}


def test_every_documented_code_has_a_card_or_a_reason():
    assert REASONS.keys() == LISTED - PLAYED


def test_no_card_expects_a_code_that_is_not_documented():
    aside = {row for row in PLAYED if row[0] not in DOCUMENTED}
    assert PLAYED - LISTED == aside == set()


def test_every_endpoint_of_the_agent_that_is_sent_to_is_on_the_list():
    sent = {asked(row) for row in ENDPOINTS if not row.why}
    known = {endpoint for one in sent for endpoint in DOCUMENTED if covers(endpoint, one)}
    assert len(known) == len({one if "/games/" not in one else "/games/" for one in sent})


@pytest.mark.parametrize(
    "row", [row for row in ENDPOINTS if not row.why], ids=lambda row: f"{row.service} {row.prefix}"
)
def test_the_agent_takes_only_documented_codes_for_proof(row):
    documented = next(codes for known, codes in DOCUMENTED.items() if covers(known, asked(row)))
    assert row.refusals - documented <= NO_KEY | {(429, "rate_limited")}


def test_a_card_does_harm_only_for_a_known_reason():
    assert {card.harm for card in CARDS} == {"", *HARMS}


def test_no_two_cards_are_the_same():
    names = [(card.endpoint, card.name) for card in CARDS]
    assert len(names) == len(set(names))


ASKED = Card("casino", "GET /x", "a card", says={"rows": [{"id": str, "amount": NUMBER, "at": iso}]})


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"rows": {}},
        {"rows": [{"id": "a", "amount": 1}]},
        {"rows": [{"id": 1, "amount": 1, "at": "2026-11-22T06:47:22.000Z"}]},
        {"rows": [{"id": "a", "amount": True, "at": "2026-11-22T06:47:22.000Z"}]},
        {"rows": [{"id": "a", "amount": "1", "at": "2026-11-22T06:47:22.000Z"}]},
        {"rows": [{"id": "a", "amount": 1, "at": "yesterday"}]},
    ],
)
def test_the_comparison_sees_what_is_missing_or_of_another_type(answer):
    good = {"rows": [{"id": "a", "amount": 1.5, "at": "2026-11-22T06:47:22.000Z", "more": None}]}
    assert ASKED.flaws(200, good) == []
    assert ASKED.flaws(404, good)
    assert ASKED.flaws(200, answer)


def test_the_comparison_sees_another_code():
    refusal = Card("casino", "GET /x", "a card", 404, "not_found")
    assert refusal.flaws(404, {"error": "not_found", "message": "no"}) == []
    assert refusal.flaws(404, {"error": "forbidden"})
    assert list(mismatches({"error": "x"}, "x"))
