"""The model venue keeps the contract: its balance is its history, and it executes what is delivered."""

from collections import Counter
from random import Random

import pytest

from actors.money.wagers import Request
from actors.simulation.venue import SECOND, Flight, Venue

TAG = "sk1-a-1-0"


def a_bet(amount="0.45", how="whole"):
    return Flight(Request("casino", "/games/boosted-coin", f'{{"amount": {amount}, "client_seed": "{TAG}"}}'), TAG, how)


def after(*flights):
    """Return a venue at which these have arrived, one a second."""
    venue = Venue(Random(1))
    for second, flight in enumerate(flights):
        venue.post(flight, second * SECOND)
    venue.advance(len(flights) * SECOND)
    return venue


@pytest.mark.parametrize("seed", range(5))
def test_the_balance_is_what_the_history_says(seed):
    venue = Venue(Random(seed))
    for second in range(40):
        venue.post(a_bet(), second * SECOND)
        venue.disturb(second * SECOND)
    venue.advance(40 * SECOND)
    assert venue.balance == 100 * SECOND + sum(row.change_micro for row in venue.history)


def test_nothing_happens_before_it_arrives():
    venue = Venue(Random(1))
    venue.post(a_bet(), SECOND)
    venue.advance(SECOND - 1)
    assert (venue.executed[TAG], venue.flying[TAG]) == (0, 1)


def test_a_request_that_is_delivered_twice_is_executed_twice():
    assert after(a_bet(), a_bet()).executed == Counter({TAG: 2})


def test_half_a_bet_is_a_debit_and_a_draw_without_a_row():
    venue = after(a_bet(how="incomplete"))
    assert (venue.balance, venue.nonces, venue.rows) == (99_550_000, 1, [])


def test_another_stake_than_asked_is_recorded_under_our_tag():
    ((_, row),) = after(a_bet(how="garbled")).rows
    assert (row.tag, row.stake_micro) == (TAG, 460_000)


def test_more_than_there_is_is_refused():
    flight = a_bet("100.01")
    assert after(flight).rows == []
    assert flight.result == "insufficient_balance"
