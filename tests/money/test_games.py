"""The sound games: probabilities counted over all rolls by rules written again here, and every unsound bet refused."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from actors.money.games import SOUND_GAMES, UnsoundBet, odds

ROLLS = [number / 100 for number in range(10_000)]
RED = {1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36}


POINTS = [10_000.0 if roll >= 99.99 else int(0.995 / (1 - roll / 100) * 100 + 0.5) / 100 for roll in ROLLS]
"""Where multiplier and crash stop: 0.995 / (1 - roll), to cents, halves up; the last roll is the jackpot."""


def chance(won):
    return Fraction(sum(map(won, ROLLS)), 10_000)


def pocket(roll):
    return int(roll * 37 / 100)


def payout(probability):
    return Fraction(int(0.995 / probability * 10_000 + 0.5), 10_000)


@pytest.mark.parametrize("side", ["heads", "tails"])
@pytest.mark.parametrize(("game", "pays"), [("coin_flip", "1.99"), ("boosted_coin", "2.10")])
def test_coins(game, pays, side):
    assert odds(game, {"side": side}).probability == chance(lambda roll: (roll < 50) == (side == "heads"))
    assert odds(game, {"side": side}).multiplier == Fraction(pays)


@pytest.mark.parametrize("threshold", range(1, 100))
def test_dice_over(threshold):
    found = odds("dice", {"direction": "over", "threshold": threshold})
    assert found.probability == chance(lambda roll: int(roll) + 1 > threshold)
    assert abs(found.multiplier - payout((100 - threshold) / 100)) <= Fraction(1, 10_000)
    assert abs(found.probability * found.multiplier - Fraction("0.995")) < Fraction(1, 10_000)


@settings(max_examples=50)
@given(some.integers(100, 9_900))
def test_custom(hundredths):
    percent = Decimal(hundredths) / 100
    found = odds("custom", {"win_probability": percent})
    assert found.probability == chance(lambda roll: roll < float(percent)) == Fraction(hundredths, 10_000)
    assert abs(found.probability * found.multiplier - Fraction("0.995")) < Fraction(1, 10_000)


@settings(max_examples=50)
@given(some.integers(101, 100_000))
def test_multiplier(hundredths):
    target = Decimal(hundredths) / 100
    found = odds("multiplier", {"target_multiplier": target})
    assert found.probability == Fraction(sum(point >= float(target) for point in POINTS), 10_000)
    assert found.multiplier == Fraction(target)


@settings(max_examples=30)
@given(some.integers(101, 10_000))
def test_crash_is_the_same_curve(hundredths):
    target = Decimal(hundredths) / 100
    assert odds("crash", {"cash_out_at": target}) == odds("multiplier", {"target_multiplier": target})


OUTSIDE = {
    "red": ("1.99", lambda n: n in RED),
    "black": ("1.99", lambda n: n not in RED and n != 0),
    "odd": ("1.99", lambda n: n % 2),
    "even": ("1.99", lambda n: n and n % 2 == 0),
    "high": ("1.99", lambda n: n in range(19, 37)),
    "low": ("1.99", lambda n: n in range(1, 19)),
    "dozen_1": ("2.985", lambda n: n in range(1, 13)),
    "dozen_2": ("2.985", lambda n: n in range(13, 25)),
    "dozen_3": ("2.985", lambda n: n in range(25, 37)),
    "column_1": ("2.985", lambda n: n in range(1, 37, 3)),
    "column_2": ("2.985", lambda n: n in range(2, 37, 3)),
    "column_3": ("2.985", lambda n: n in range(3, 37, 3)),
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_roulette_outside(kind):
    pays, hit = OUTSIDE[kind]
    found = odds("roulette", {"bet_type": kind})
    assert found.probability == chance(lambda roll: bool(hit(pocket(roll))))
    assert found.multiplier == Fraction(pays)


@pytest.mark.parametrize("number", range(37))
def test_roulette_number(number):
    found = odds("roulette", {"bet_type": "number", "bet_value": number})
    assert found.probability == chance(lambda roll: pocket(roll) == number)
    assert found.multiplier == Fraction("34.825")


@pytest.mark.parametrize(("target", "returned"), [("1.01", ".9999"), ("2", ".9974"), ("10", ".995"), ("100", ".99"),
                                                   ("500", ".95"), ("1000", ".90")])  # fmt: skip
def test_the_curve_returns_what_was_measured(target, returned):
    found = odds("multiplier", {"target_multiplier": target})
    assert abs(found.probability * found.multiplier - Fraction(returned)) <= Fraction(5, 100_000)


def sound_bets():
    percent = some.integers(100, 9_900).map(lambda number: Decimal(number) / 100)
    return some.one_of(
        some.tuples(some.just("coin_flip"), some.fixed_dictionaries({"side": some.sampled_from(["heads", "tails"])})),
        some.tuples(some.just("dice"), some.fixed_dictionaries(
            {"direction": some.just("over"), "threshold": some.integers(1, 99)})),
        some.tuples(some.just("custom"), some.fixed_dictionaries({"win_probability": percent})),
        some.tuples(some.just("roulette"), some.fixed_dictionaries({"bet_type": some.sampled_from(list(OUTSIDE))})),
    )  # fmt: skip


@given(sound_bets())
def test_every_fair_game_of_the_real_casino_is_against_the_player(bet):
    found = odds(*bet)
    assert found.probability * found.multiplier < 1


@pytest.mark.parametrize(
    "game",
    ["blackjack", "plinko", "slots", "simple_dice", "hilo", "keno", "scratch_card", "wheel", "mines", "baccarat",
     "video_poker", "parlay", "", None],
)  # fmt: skip
def test_games_that_are_not_on_the_list_are_refused(game):
    with pytest.raises(UnsoundBet, match="not on the list"):
        odds(game, {})


BAD = [
    ("coin_flip", {}),
    ("coin_flip", {"side": "HEADS"}),
    ("coin_flip", {"side": "heads", "amount": 1}),
    ("dice", {"direction": "over"}),
    ("dice", {"direction": "under", "threshold": 50}),
    *[("dice", {"direction": "over", "threshold": t}) for t in (0, 100, -1, "50", True, None, Decimal(50), 10**3_000)],
    *[("custom", {"win_probability": p}) for p in ("0.99", "99.01", "50.001", "NaN", "inf", "x", None, "")],
    *[("multiplier", {"target_multiplier": m}) for m in ("1", "1.009", "1000.01", "2.001", "sNaN", None)],
    *[("crash", {"cash_out_at": m}) for m in ("1", "100.01", "-2", None)],
    *[("roulette", {"bet_type": "number", "bet_value": n}) for n in (-1, 37, "7", True, None)],
    ("roulette", {"bet_type": "number"}),
    ("roulette", {"bet_type": "green"}),
    ("roulette", {}),
]


@pytest.mark.parametrize(("game", "params"), BAD)
def test_bad_parameters_are_refused(game, params):
    with pytest.raises(UnsoundBet):
        odds(game, params)


def test_what_is_equal_is_not_always_equally_sound():
    assert odds("dice", {"direction": "over", "threshold": 50})
    for lookalike in (Decimal(50), Fraction(50), 50.0):
        with pytest.raises(UnsoundBet):
            odds("dice", {"direction": "over", "threshold": lookalike})


def test_only_the_lab_coin_belongs_to_the_built_in_venue():
    assert [game.name for game in SOUND_GAMES.values() if game.builtin_only] == ["boosted_coin"]
