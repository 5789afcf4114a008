"""The contract, card by card, at the built-in venue or at the servers of `--venue-config`."""

import pytest

from tests.contract import cards_casino, cards_escrow, cards_trading, cards_wallet

CARDS = (*cards_casino.CARDS, *cards_escrow.CARDS, *cards_trading.CARDS, *cards_wallet.CARDS)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: f"{card.endpoint}: {card.name}")
def test_the_venue_answers_as_the_card_says(card, target):
    assert card.flaws(*target.play(card)) == []
