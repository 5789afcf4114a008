"""Sizing: Kelly where there is an edge, the entertainment budget where there is none, and never past a rule."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.money.risk import STAKE_RULES, Denial, Limits, Proposal, first_denial
from actors.money.sizing import Sized, size
from actors.money.wagers import Bet, EscrowAct, EscrowCreate, checked
from tests.money.test_risk import CALM

LIMITS = Limits()


def coin(stake=None):
    return checked(Bet("boosted_coin", {"side": "heads"}, 0.5, 2.1, stake), builtin_venue=True)


def fair(stake=None):
    return checked(Bet("coin_flip", {"side": "heads"}, 0.5, 1.99, stake), builtin_venue=False)


def test_an_edge_is_sized_by_kelly():
    assert size(coin(), LIMITS, CALM) == Sized(1_130_000)


@pytest.mark.parametrize(("wish", "stake"), [("0.45", 450_000), ("1.13", 1_130_000), ("5.00", 1_130_000)])
def test_a_wish_lowers_what_kelly_allows_and_never_raises_it(wish, stake):
    assert size(coin(wish), LIMITS, CALM).stake_micro == stake


def test_a_bet_without_an_edge_needs_a_budget():
    assert size(fair(), LIMITS, CALM).rule == "no edge"
    budget = Limits(entertainment_micro=1_000_000)
    assert size(fair(), budget, CALM) == Sized(10_000, fun=True)
    assert size(fair("1.00"), budget, CALM) == Sized(1_000_000, fun=True)
    assert size(fair("1.01"), budget, CALM).rule == "entertainment budget"


def test_a_stake_too_small_for_the_minimum_is_denied():
    assert size(coin(), LIMITS, replace(CALM, available_micro=500_000)).rule == "minimum stake"


def test_an_act_stakes_nothing_and_an_escrow_its_amount():
    act = checked(EscrowAct("esc_12345678", "release"), builtin_venue=True)
    escrow = checked(EscrowCreate("10", "ag_other", "a cat"), builtin_venue=True)
    assert size(act, LIMITS, replace(CALM, available_micro=0)) == Sized(0)
    assert size(escrow, LIMITS, CALM) == Sized(10_000_000)
    assert size(escrow, LIMITS, replace(CALM, available_micro=9_999_999)).rule == "balance"


MICROS = some.integers(0, 10**10)
WISHES = some.none() | some.integers(1, 10**5).map(lambda cents: Fraction(cents, 100))


@given(some.sampled_from([coin, fair]), WISHES, MICROS, MICROS, MICROS, MICROS)
def test_whatever_is_sized_passes_every_rule(wager, wish, available, held, budget, spent):
    limits = Limits(entertainment_micro=budget)
    equity = available + held
    at = replace(CALM, available_micro=available, open_micro=held, equity_micro=equity, fun_today_micro=spent)
    sized = size(wager(wish), limits, at)
    if isinstance(sized, Denial):
        return
    assert sized.stake_micro > 0
    assert sized.stake_micro % 10_000 == 0
    assert sized.fun == (wager is fair)
    assert first_denial(STAKE_RULES, limits, at, Proposal(sized.stake_micro, fun=sized.fun)) is None
