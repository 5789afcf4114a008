"""What a strategy may want: a bet, an escrow, an act on an escrow, or nothing for now.

These are the words of a strategy's author, so numbers may be written as text, whole numbers, Decimals, Fractions or
floats; `checked_bet` and `checked_escrow` turn them into exact values or refuse them with a reason. No float passes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from actors.money.amounts import EXACT, MICRO_PER_CENT, usd
from actors.money.games import SOUND_GAMES, Odds, Param, UnsoundBet, odds

Number = str | int | Decimal | Fraction | float

CLAIM_TOLERANCE = Fraction(1, 10_000)
"""How far a strategy's stated probability or odds may lie from the game's own: one roll of 10,000."""

LARGEST = 10**15
"""No number of a wager is larger; a number is never expanded before it is known to be small."""

ESCROW_MIN_MICRO = 100_000
ESCROW_MAX_HOURS = 720
DESCRIPTION_CHARS = (3, 400)
ID_CHARS = (4, 100)
REASON_CHARS = (0, 400)

EscrowActKind = Literal["complete", "release", "dispute"]
ESCROW_ACTS: tuple[EscrowActKind, ...] = ("complete", "release", "dispute")


class Nonsense(ValueError):  # noqa: N818  a refusal, told to the strategy
    """A wager that means nothing: not a number, negative, unknown, out of range."""


@dataclass(frozen=True, slots=True)
class Bet:
    """A bet on a game of the casino. Kelly sizes it; `stake` (USD) is a wish for games without an edge."""

    game: str
    params: Mapping[str, Param]
    probability: Number
    odds: Number
    stake: Number | None = None


@dataclass(frozen=True, slots=True)
class EscrowCreate:
    """Lock an amount (USD) for a counterparty's work; at the deadline the venue refunds it, less 1 percent."""

    amount: Number
    counterparty: str
    description: str
    timeout_hours: int = 24


@dataclass(frozen=True, slots=True)
class EscrowAct:
    """Complete (as counterparty), release (as creator) or dispute an escrow. No stake; sent once."""

    escrow_id: str
    act: EscrowActKind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Idle:
    """The strategy wants nothing now, and says why."""

    reason: str


Wager = Bet | EscrowCreate | EscrowAct


@dataclass(frozen=True, slots=True)
class CheckedBet:
    """A bet that makes sense: exact parameters, the game's own odds, the wish in micro-USD."""

    game: str
    params: tuple[tuple[str, Param], ...]
    odds: Odds
    wish_micro: int | None = None


@dataclass(frozen=True, slots=True)
class CheckedEscrow:
    """An escrow that makes sense."""

    amount_micro: int
    counterparty: str
    description: str
    timeout_hours: int


@dataclass(frozen=True, slots=True)
class CheckedAct:
    """An act on an escrow that makes sense."""

    escrow_id: str
    act: EscrowActKind
    reason: str


Checked = CheckedBet | CheckedEscrow | CheckedAct


def _exact(name: str, number: object) -> Fraction:
    if isinstance(number, bool) or not isinstance(number, str | int | Decimal | Fraction | float):
        raise Nonsense(f"{name} must be a number, not {number!r}")
    try:
        if isinstance(number, int | Fraction):
            exact = Fraction(number)
        else:
            above, slash, below = str(number).partition("/")
            exact = _short(above) / _short(below) if slash else _short(above)
    except (ArithmeticError, ValueError):
        raise Nonsense(f"{name} must be a finite number of at most {EXACT.prec} digits, not {number!r}") from None
    if abs(exact) > LARGEST:
        raise Nonsense(f"{name} must be a number of reasonable size")
    return exact


@lru_cache(maxsize=1024)
def _short(text: str) -> Fraction:
    return Fraction(EXACT.create_decimal(text))


def _amount(name: str, number: object) -> int:
    exact = _exact(name, number) * 1_000_000
    if exact.denominator != 1 or exact <= 0 or int(exact) % MICRO_PER_CENT:
        raise Nonsense(f"{name} must be a multiple of 0.01 USD above zero, not {number!r}")
    return int(exact)


def _text(name: str, text: object, chars: tuple[int, int], begins: str = "") -> str:
    # Printable: what cannot be written as UTF-8 (half a surrogate pair) could be sent to no journal and no venue.
    low, high = chars
    plain = text.strip() if isinstance(text, str) else ""
    if not isinstance(text, str) or not low <= len(plain) <= high or not plain.isprintable():
        raise Nonsense(f"{name} must have {low} to {high} printable characters, not {text!r:.60}")
    if not plain.startswith(begins):
        raise Nonsense(f"{name} must be an id ({begins}...), not {plain!r}")
    return plain


def checked_bet(bet: Bet, *, builtin_venue: bool) -> CheckedBet:
    """Return the bet in exact terms.

    Args:
        bet: as the strategy wrote it.
        builtin_venue: whether the venue announced itself as the built-in one, which alone has boosted_coin.

    Raises:
        Nonsense: with the field, the value and what is allowed.
    """
    if not isinstance(bet.game, str):
        raise Nonsense(f"game must be text, not {bet.game!r}")
    if not isinstance(bet.params, Mapping) or not all(isinstance(name, str) for name in bet.params):
        raise Nonsense(f"params must be a mapping of names, not {bet.params!r}")
    params: dict[str, Param] = {}
    for name, value in bet.params.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise Nonsense(f"{name} must be text or a number, not {value!r}")
        if not isinstance(value, str):
            _exact(name, value)
        params[name] = Decimal(str(value)) if isinstance(value, float) else value
    try:
        own = odds(bet.game, params)
    except UnsoundBet as error:
        raise Nonsense(str(error)) from None
    if SOUND_GAMES[bet.game].builtin_only and not builtin_venue:
        raise Nonsense(f"{bet.game} exists only at the built-in venue")
    claims = (
        ("probability", _exact("probability", bet.probability), own.probability),
        ("odds", _exact("odds", bet.odds), own.multiplier),
    )
    for name, stated, true in claims:
        if stated != true and abs(stated - true) > CLAIM_TOLERANCE:
            raise Nonsense(f"{name} is stated as {float(stated):g}, by {bet.game}'s own rules it is {float(true):g}")
    wish = None if bet.stake is None else _amount("stake", bet.stake)
    return CheckedBet(bet.game, tuple(sorted(params.items())), own, wish)


def checked_escrow(wager: EscrowCreate) -> CheckedEscrow:
    """Return the escrow in exact terms.

    Raises:
        Nonsense: with the field, the value and what is allowed.
    """
    amount_micro = _amount("amount", wager.amount)
    if amount_micro < ESCROW_MIN_MICRO:
        raise Nonsense(f"amount must be at least {usd(ESCROW_MIN_MICRO)} USD, not {usd(amount_micro)}")
    counterparty = _text("counterparty", wager.counterparty, ID_CHARS, "ag_")
    description = _text("description", wager.description, DESCRIPTION_CHARS)
    hours = _exact("timeout_hours", wager.timeout_hours)
    if not isinstance(wager.timeout_hours, int) or not 1 <= hours <= ESCROW_MAX_HOURS:
        raise Nonsense(f"timeout_hours must be whole, 1 to {ESCROW_MAX_HOURS}, not {wager.timeout_hours!r}")
    return CheckedEscrow(amount_micro, counterparty, description, wager.timeout_hours)


def checked_act(wager: EscrowAct) -> CheckedAct:
    """Return the act in exact terms.

    Raises:
        Nonsense: with the field, the value and what is allowed.
    """
    escrow_id = _text("escrow_id", wager.escrow_id, ID_CHARS, "esc_")
    if wager.act not in ESCROW_ACTS:
        raise Nonsense(f"act must be one of {', '.join(ESCROW_ACTS)}, not {wager.act!r}")
    return CheckedAct(escrow_id, wager.act, _text("reason", wager.reason, REASON_CHARS))


def checked(wager: object, *, builtin_venue: bool) -> Checked:
    """Return any wager in exact terms.

    Raises:
        Nonsense: it is none, or a field of it makes no sense.
    """
    try:
        match wager:
            case Bet():
                return checked_bet(wager, builtin_venue=builtin_venue)
            case EscrowCreate():
                return checked_escrow(wager)
            case EscrowAct():
                return checked_act(wager)
    except Nonsense:
        raise
    except Exception as error:  # noqa: BLE001  the fields are objects of the strategy: what they raise is its fault
        raise Nonsense(f"a field of the {type(wager).__name__} raises {type(error).__name__}: {error}") from None
    raise Nonsense(f"a strategy decides on a Bet, EscrowCreate, EscrowAct, Idle or None, not {type(wager).__name__}")


@dataclass(frozen=True, slots=True)
class Request:
    """The one HTTP request of an intent, fixed before the intent goes to disk."""

    service: str
    path: str
    body: str
