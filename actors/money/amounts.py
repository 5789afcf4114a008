"""Amounts of money: integers of micro-USD inside, decimal text at the edges.

One micro-USD is a millionth of a dollar. Every stake is a multiple of a cent and every multiplier of a sound
game has at most four decimals, so each product is a whole number of micros and nothing is ever rounded away.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction

MICRO_PER_USD = 1_000_000
MICRO_PER_CENT = 10_000

EXACT = Context(prec=40, Emax=40, Emin=-40, traps=[InvalidOperation, Inexact, Overflow])
"""Decimal arithmetic that raises where it would round; no sum of money has 40 digits."""

TOLERANCE_MICRO = 1
"""How far the venue's balance, an IEEE double, may lie from the book: one micro-USD (contract: about 1e-6)."""


def parse_usd(text: str | int | Decimal) -> int:
    """Read an amount that a person or a configuration wrote.

    Args:
        text: dollars as decimal text ("0.45"), a whole number or a Decimal.

    Returns:
        The amount in micro-USD.

    Raises:
        ValueError: not a finite number, or finer than a micro-USD.
    """
    try:
        micro = EXACT.multiply(Decimal(text), Decimal(MICRO_PER_USD))
    except (ArithmeticError, TypeError, ValueError):
        raise ValueError(f"{text!r} is not an amount in USD") from None
    if not micro.is_finite() or micro != micro.to_integral_value():
        raise ValueError(f"{text!r} is not a whole number of micro-USD")
    return int(micro)


def from_venue(number: Decimal) -> int:
    """Turn a number of the venue, an IEEE double with its dust, into the nearest micro-USD.

    Raises:
        ValueError: the number is not finite, or no sum of money.
    """
    if not number.is_finite() or number.adjusted() > EXACT.prec:
        raise ValueError(f"the venue sent {number} where an amount belongs")
    return int((number * MICRO_PER_USD).to_integral_value(ROUND_HALF_EVEN))


def usd(micro: int, places: int = 2) -> str:
    """Write an amount as dollars with `places` decimals (2 on screen, 6 where figures must match).

    What lies behind the last place is cut off, not rounded, so that a win and its gain add up on screen.
    """
    whole, rest = divmod(abs(micro), MICRO_PER_USD)
    return f"{'-' if micro < 0 else ''}{whole}.{rest // 10 ** (6 - places):0{places}}"


def signed_usd(micro: int) -> str:
    """Write a gain or a loss with its sign: +0.49, -0.45."""
    return usd(micro) if micro < 0 else f"+{usd(micro)}"


def floor_to_cents(micro: int) -> int:
    """Round an amount down to a whole cent; stakes are multiples of one."""
    return micro - micro % MICRO_PER_CENT


def times(micro: int, factor: Fraction) -> int:
    """Multiply an amount, rounding down to a whole micro-USD (exact for every sound game)."""
    return micro * factor.numerator // factor.denominator
