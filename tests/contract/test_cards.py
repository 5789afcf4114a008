"""The contract, card by card, at the built-in venue or at the servers of `--venue-config`."""

import pytest

from tests.contract import cards_casino, cards_escrow
from tests.contract.card import HARMS, Card, mismatches

CARDS = (*cards_casino.CARDS, *cards_escrow.CARDS)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: f"{card.endpoint}: {card.name}")
def test_the_venue_answers_as_the_card_says(card, target):
    assert card.flaws(*target.play(card)) == []
