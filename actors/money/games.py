"""The arithmetic of the sound games: what a bet wins with, and what it then pays.

Source: the venue's own formulas (contract page C and section 1.3): a roll r is one of the 10,000 values 0.00 to 99.99,
each as likely as any other, so a probability is the number of winning rolls over 10,000 and is exact here. Games
whose odds are broken, unknown or not what they claim are not on the list and are refused.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

ROLLS = 10_000
HOUSE_FACTOR = 0.995
SIDES = ("heads", "tails")
HEADS_BELOW = 50
REDS = frozenset({1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36})

Param = str | int | Decimal
Params = Mapping[str, Param]


class UnsoundBet(ValueError):  # noqa: N818  a refusal, told to the strategy
    """The game is not on the list of sound ones, or its parameters make no sound bet."""


@dataclass(frozen=True, slots=True)
class Odds:
    """The game's own arithmetic for one bet: what it wins with, what it then pays, and on which rolls."""

    probability: Fraction
    multiplier: Fraction
    wins: Callable[[float], bool] = field(compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.probability.numerator, self.multiplier.numerator))  # a Fraction's own takes far longer


def _wins(multiplier: str, won: Callable[[float], bool]) -> Odds:
    winning = sum(1 for roll in range(ROLLS) if won(roll / 100))
    return Odds(Fraction(winning, ROLLS), Fraction(multiplier), won)


def _fair_payout(probability: float) -> str:
    # The venue rounds to four decimals, halves up, on doubles; so do we, or the odds would differ in the last place.
    return str(Decimal(math.floor(1 / probability * HOUSE_FACTOR * 10_000 + 0.5)) / 10_000)


def _whole(params: Params, name: str, low: int, high: int) -> int:
    value = params.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UnsoundBet(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return value


def _cents(params: Params, name: str, low: str, high: str) -> Decimal:
    try:
        value = Decimal(str(params.get(name)))
    except InvalidOperation:
        raise UnsoundBet(f"{name} must be a number, not {params.get(name)!r}") from None
    if not value.is_finite() or not Decimal(low) <= value <= Decimal(high) or value != round(value, 2):
        raise UnsoundBet(f"{name} must be from {low} to {high} with at most 2 decimals, not {value}")
    return value


def _toss(multiplier: str, params: Params) -> Odds:
    side = params.get("side")
    if side not in SIDES:
        raise UnsoundBet(f"side must be heads or tails, not {side!r}")
    return _wins(multiplier, lambda roll: side == SIDES[roll >= HEADS_BELOW])


def _coin(params: Params) -> Odds:
    return _toss("1.99", params)


def _boosted_coin(params: Params) -> Odds:
    return _toss("2.10", params)


def _dice(params: Params) -> Odds:
    if params.get("direction") != "over":
        raise UnsoundBet("dice is sound only with direction over (under pays for one face too few)")
    threshold = _whole(params, "threshold", 1, 99)
    return _wins(_fair_payout((100 - threshold) / 100), lambda roll: math.floor(roll) + 1 > threshold)


def _custom(params: Params) -> Odds:
    percent = _cents(params, "win_probability", "1", "99")
    return _wins(_fair_payout(float(percent) / 100), lambda roll: roll < float(percent))


def _curve(target: Decimal) -> Odds:
    def point(roll: float) -> float:
        return 10_000 if roll >= 99.99 else math.floor(HOUSE_FACTOR / (1 - roll / 100) * 100 + 0.5) / 100

    return _wins(str(target), lambda roll: point(roll) >= float(target))


def _multiplier(params: Params) -> Odds:
    return _curve(_cents(params, "target_multiplier", "1.01", "1000"))


def _crash(params: Params) -> Odds:
    return _curve(_cents(params, "cash_out_at", "1.01", "100"))


_OUTSIDE: dict[str, tuple[str, Callable[[int], bool]]] = {
    "red": ("1.99", lambda n: n in REDS),
    "black": ("1.99", lambda n: n > 0 and n not in REDS),
    "odd": ("1.99", lambda n: n % 2 == 1),
    "even": ("1.99", lambda n: n > 0 and n % 2 == 0),
    "high": ("1.99", lambda n: n >= 19),
    "low": ("1.99", lambda n: 1 <= n <= 18),
    "dozen_1": ("2.985", lambda n: 1 <= n <= 12),
    "dozen_2": ("2.985", lambda n: 13 <= n <= 24),
    "dozen_3": ("2.985", lambda n: n >= 25),
    "column_1": ("2.985", lambda n: n % 3 == 1),
    "column_2": ("2.985", lambda n: n % 3 == 2),
    "column_3": ("2.985", lambda n: n > 0 and n % 3 == 0),
}


def _roulette(params: Params) -> Odds:
    kind = params.get("bet_type")
    if kind == "number":
        number = _whole(params, "bet_value", 0, 36)
        return _wins("34.825", lambda roll: math.floor(roll * 37 / 100) == number)
    if kind not in _OUTSIDE:
        raise UnsoundBet(f"bet_type must be number, {', '.join(_OUTSIDE)}, not {kind!r}")
    payout, hit = _OUTSIDE[str(kind)]
    return _wins(payout, lambda roll: hit(math.floor(roll * 37 / 100)))


class Game(Struct, frozen=True):
    """A sound game: its name in the venue's records, its path, the parameters it takes."""

    name: str
    path: str
    params: frozenset[str]
    arithmetic: Callable[[Params], Odds]
    builtin_only: bool = False


SOUND_GAMES: dict[str, Game] = {
    game.name: game
    for game in (
        Game("coin_flip", "coin-flip", frozenset({"side"}), _coin),
        Game("dice", "dice", frozenset({"direction", "threshold"}), _dice),
        Game("multiplier", "multiplier", frozenset({"target_multiplier"}), _multiplier),
        Game("crash", "crash", frozenset({"cash_out_at"}), _crash),
        Game("roulette", "roulette", frozenset({"bet_type", "bet_value"}), _roulette),
        Game("custom", "custom", frozenset({"win_probability"}), _custom),
        Game("boosted_coin", "boosted-coin", frozenset({"side"}), _boosted_coin, builtin_only=True),
    )
}


@lru_cache(maxsize=1024, typed=True)  # 50 and Decimal(50) are equal, but not equally sound
def _odds(game: str, /, **params: Param) -> Odds:
    return SOUND_GAMES[game].arithmetic(params)


def odds(name: str, params: Params) -> Odds:
    """Return the probability and the multiplier of a bet, by the game's own rules.

    Raises:
        UnsoundBet: the game is not on the list, or a parameter is missing, unknown or out of range.
    """
    game = SOUND_GAMES.get(name)
    if game is None:
        raise UnsoundBet(f"{name!r} is not on the list of sound games: {', '.join(SOUND_GAMES)}")
    if unknown := set(params) - game.params:
        raise UnsoundBet(f"{name} takes {', '.join(sorted(game.params))}, not {', '.join(sorted(unknown))}")
    return _odds(name, **params)
