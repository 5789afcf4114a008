"""Kelly's criterion: how much of a bankroll an edge is worth.

Source: J. L. Kelly, "A New Interpretation of Information Rate" (1956). For a wager that is won with probability p
and then pays the stake times the multiplier m, the fraction that lets a bankroll grow fastest is
f* = (p m - 1) / (m - 1); without an edge (p m <= 1) it is zero. Practice stakes a part of it (a quarter, say).
"""

from fractions import Fraction
from functools import lru_cache

from actors.money.amounts import floor_to_cents, times
from actors.money.games import Odds


def edge(probability: Fraction, multiplier: Fraction) -> Fraction:
    """Return the expected gain per unit staked, p m - 1; negative when the house is ahead."""
    return probability * multiplier - 1


def kelly(probability: Fraction, multiplier: Fraction) -> Fraction:
    """Return the full Kelly fraction of the bankroll, between 0 and 1; 0 without an edge.

    Args:
        probability: of winning, 0 to 1.
        multiplier: what a won unit pays in total, the stake included (2.10 for "pays 2.10").
    """
    advantage = edge(probability, multiplier)
    if advantage <= 0:
        return Fraction(0)
    return min(Fraction(1), advantage / (multiplier - 1))


@lru_cache(maxsize=1024)
def full_kelly(odds: Odds) -> Fraction:
    """Return the full Kelly fraction of a bet by its game's own odds, on which lanes bet again and again."""
    return kelly(odds.probability, odds.multiplier)


def stake(
    bankroll_micro: int,
    full: Fraction,
    *,
    fraction: Fraction,
    cap_fraction: Fraction,
    min_stake_micro: int,
) -> int:
    """Size a stake by fractional Kelly, in whole cents of micro-USD.

    Args:
        bankroll_micro: what is available now. Stakes of other open intents are reserved and no longer part of it,
            so simultaneous wagers shrink each other instead of adding up to more than the bankroll.
        full: the full Kelly fraction.
        fraction: the part of full Kelly to stake (0.25 is a usual choice).
        cap_fraction: never more than this part of the bankroll.
        min_stake_micro: a stake below it is none.

    Returns:
        The stake in micro-USD, 0 without an edge or below the minimum.
    """
    bankroll_micro = max(bankroll_micro, 0)
    by_kelly = bankroll_micro * full.numerator * fraction.numerator // (full.denominator * fraction.denominator)
    sized = floor_to_cents(min(by_kelly, times(bankroll_micro, cap_fraction)))
    return sized if sized >= min_stake_micro else 0
