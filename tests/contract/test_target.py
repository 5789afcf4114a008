"""What is played at a foreign venue, and what only after a word from whoever owns the money there."""

import json

import pytest

from tests.contract.card import HARMS, Card
from tests.contract.target import Target
from tests.contract.test_cards import CARDS

TABLE = '[{service}]\nurl = "{url}/"\nagent_id = "{agent_id}"\nkey = "{key}"\n'


@pytest.fixture
def foreign(target, tmp_path, monkeypatch):
    """The same servers, known only by a file: casino, escrow and domains."""
    us, other, domains = target.account("casino"), target.account("casino", "other"), target.account("domains")
    monkeypatch.setenv("OTHERS_KEY", other.key)
    text = TABLE.format(service="casino", url=target.urls["casino"], agent_id=us.agent_id, key=us.key)
    text += f'[casino.other]\nagent_id = "{other.agent_id}"\nkey_env = "OTHERS_KEY"\n'
    text += f'[escrow]\nurl = "{target.urls["escrow"]}"\n'
    text += TABLE.format(service="domains", url=target.urls["domains"], agent_id=domains.agent_id, key=domains.key)
    path = tmp_path / "venue.toml"
    path.write_text(text)
    return Target.configured(path)


def played(target, *, spend):
    return [card for card in CARDS if target.plays(card, spend=spend)]


def test_only_harmless_cards_of_services_that_are_there_are_played(foreign):
    cards = played(foreign, spend=False)
    assert {card.service for card in cards} == {"casino", "escrow", "domains"}
    assert {card.harm for card in cards} == {""}


def test_with_a_word_also_those_that_take_money_but_none_that_needs_an_operator(foreign):
    assert {card.harm for card in played(foreign, spend=True)} == {"", "spends", "registers"}


def test_every_card_is_played_at_the_built_in_venue(target):
    if target.builtin:
        assert played(target, spend=False) == list(CARDS)


@pytest.mark.parametrize("harm", ["", *HARMS])
def test_a_service_without_an_account_has_only_its_open_doors_asked(foreign, harm):
    del foreign.accounts["domains"]
    assert not foreign.plays(Card("domains", "GET /domains", "ours", harm=harm), spend=True)
    assert foreign.plays(Card("domains", "GET /docs", "open", who="nobody"), spend=False)


def test_the_same_cards_are_answered_alike(foreign):
    balance = next(card for card in CARDS if card.ask == "GET /auth/balance" and card.service == "casino")
    no_self = next(card for card in CARDS if card.error == "self_escrow")
    assert [card.flaws(*foreign.play(card)) for card in (balance, no_self)] == [[], []]


def test_keys_are_not_shown(foreign):
    assert foreign.account("casino").key not in repr(foreign) + json.dumps([str(card) for card in CARDS])
