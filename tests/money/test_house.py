"""The venue's cap on a bet: what passes ours never meets the venue's refusal."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.money.house import house_cap_micro
from actors.money.risk import Limits
from actors.money.sizing import Sized, size
from actors.money.wagers import Bet, checked
from actors.sandbox.kelly import max_bet
from tests.money.test_risk import CALM

QUARTER = Fraction(1, 4)
CAPS = [  # of 100 USD at the factor that an account begins with, by the contract's table
    ("coin_flip", {"side": "heads"}, "12.50"),
    ("dice", {"direction": "over", "threshold": 90}, "2.50"),
    ("custom", {"win_probability": 1}, "0.25"),
    ("multiplier", {"target_multiplier": 1000}, "0.02"),
    ("crash", {"cash_out_at": 2}, "12.43"),
    ("roulette", {"bet_type": "red"}, "12.16"),
    ("roulette", {"bet_type": "column_2"}, "8.10"),
    ("roulette", {"bet_type": "number", "bet_value": 7}, "0.67"),
]


@pytest.mark.parametrize(("game", "params", "cap"), CAPS)
def test_the_cap_of_each_game(game, params, cap):
    assert house_cap_micro(game, params, 100_000_000, QUARTER) == int(Fraction(cap) * 1_000_000)


@given(some.integers(0, 10**12), some.integers(1, 99), some.floats(0.1, 1))
def test_it_is_never_above_what_the_venue_takes(balance, percent, factor):
    ours = house_cap_micro("custom", {"win_probability": percent}, balance, Fraction(factor))
    assert ours / 1_000_000 <= max_bet(balance / 1_000_000, percent / 100, factor) + 1e-9


def number(stake):
    return checked(
        Bet("roulette", {"bet_type": "number", "bet_value": 7}, "0.027", "34.825", stake), builtin_venue=True
    )


def test_a_stake_is_cut_to_the_cap_before_it_is_sent():
    limits = Limits(entertainment_micro=10_000_000)
    assert size(number("1.90"), limits, CALM) == Sized(1_900_000, fun=True)
    assert size(number("1.90"), limits, replace(CALM, risk_factor=QUARTER)) == Sized(670_000, fun=True)


def test_below_a_cent_no_bet_is_possible():
    poor = replace(CALM, risk_factor=QUARTER, available_micro=1_000_000)
    assert size(number("0.01"), Limits(entertainment_micro=10_000_000), poor).rule == "minimum stake"
