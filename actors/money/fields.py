"""Fields of a wager, as its author wrote them: turned into exact values, or refused with a reason. No float passes."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

from actors.money.amounts import EXACT, MICRO_PER_CENT, MICRO_PER_USD

Number = str | int | Decimal | Fraction | float

LARGEST = 10**15
"""No number of a wager is larger; a number is never expanded before it is known to be small."""


class Nonsense(ValueError):  # noqa: N818  a refusal, told to the strategy
    """A wager that means nothing: not a number, negative, unknown, out of range."""


class Sound:
    """A wager that makes sense, in exact terms; as text it is told to people."""

    __slots__ = ()
    service: ClassVar[str] = "casino"

    @property
    def account(self) -> str:
        """Whose money it is about: an escrow lives on the casino's account, every other service has its own."""
        return "casino" if self.service == "escrow" else self.service


def exact_of(name: str, number: object) -> Fraction:
    """Return a number exactly as it was written.

    Raises:
        Nonsense: it is none, or has more digits than any has.
    """
    if isinstance(number, bool) or not isinstance(number, Number):
        raise Nonsense(f"{name} must be a number, not {number!r}")
    try:
        exact = _parsed(str(number)) if isinstance(number, (str, Decimal, float)) else Fraction(number)
    except (ArithmeticError, ValueError):
        raise Nonsense(f"{name} must be a finite number of at most {EXACT.prec} digits, not {number!r}") from None
    if abs(exact.numerator) > LARGEST * exact.denominator:
        raise Nonsense(f"{name} must be a number of reasonable size")
    return exact


def amount_of(name: str, number: object) -> int:
    """Return an amount of whole cents in micro-USD.

    Raises:
        Nonsense: it is none.
    """
    exact = exact_of(name, number)
    micro, rest = divmod(exact.numerator * MICRO_PER_USD, exact.denominator)
    if rest or micro <= 0 or micro % MICRO_PER_CENT:
        raise Nonsense(f"{name} must be a multiple of 0.01 USD above zero, not {number!r}")
    return micro


def text_of(name: str, text: object, chars: tuple[int, int], begins: str = "") -> str:
    """Return a text without the blanks around it.

    Raises:
        Nonsense: it is too short or too long, does not begin as it must, or could be sent to no journal and no venue.
    """
    low, high = chars
    plain = text.strip() if isinstance(text, str) else ""
    if not isinstance(text, str) or not low <= len(plain) <= high or not plain.isprintable():
        raise Nonsense(f"{name} must have {low} to {high} printable characters, not {text!r:.60}")
    if not plain.startswith(begins):
        raise Nonsense(f"{name} must be an id ({begins}...), not {plain!r}")
    return plain


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Fraction:
    above, slash, below = text.partition("/")
    return _short(above) / _short(below) if slash else _short(above)


def _short(text: str) -> Fraction:
    return Fraction(EXACT.create_decimal(text))
