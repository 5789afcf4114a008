"""What a strategy may want: a bet, an escrow or an act on one, a payment, a withdrawal, a domain, or nothing for now.

These are the words of a strategy's author, so numbers may be written as text, whole numbers, Decimals, Fractions or
floats; `checked` turns them into exact values or refuses them with a reason. No float passes.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Literal, get_args

from msgspec import Struct

from actors.money.amounts import usd
from actors.money.fields import Nonsense, Number, Sound, amount_of, exact_of, text_of
from actors.money.games import SOUND_GAMES, Odds, Param, UnsoundBet, odds
from actors.money.orders import CheckedTrade, OrderKind, OrderWager, checked_order

CLAIM_TOLERANCE = Fraction(1, 10_000)
"""How far a strategy's stated probability or odds may lie from the game's own: one roll of 10,000."""

ESCROW_MIN_MICRO = 100_000
ESCROW_MAX_HOURS = 720
DESCRIPTION_CHARS = (3, 400)
ID_CHARS = (4, 100)
REASON_CHARS = (0, 400)
WITHDRAW_MICRO = (1_000_000, 100_000_000_000)
WITHDRAW_FEE_MICRO = 500_000
"""What the venue takes on top of every withdrawal."""

Kind = Literal["bet", "escrow_create", "escrow_act", "pay", "withdraw", "register_domain"] | OrderKind
"""What an intent does at the venue."""

ALONE: frozenset[Kind] = frozenset({"pay", "withdraw", "register_domain", *get_args(OrderKind)})
"""Kinds that carry no tag of ours (class K3): what became of one is told by what is new on its account, so nothing else
may be open there beside it. A registration is found by its name, but two at once overwrite each other's balance at the
venue."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{4,253}}\Z){_LABEL}(?:\.{_LABEL})+")

EscrowActKind = Literal["complete", "release", "dispute"]
ESCROW_ACTS: tuple[EscrowActKind, ...] = ("complete", "release", "dispute")


class Bet(Struct, frozen=True):
    """A bet on a game of the casino. Kelly sizes it; `stake` (USD) is a wish for games without an edge."""

    game: str
    params: Mapping[str, Param]
    probability: Number
    odds: Number
    stake: Number | None = None


class EscrowCreate(Struct, frozen=True):
    """Lock an amount (USD) for a counterparty's work; at the deadline the venue refunds it, less 1 percent."""

    amount: Number
    counterparty: str
    description: str
    timeout_hours: int = 24


class EscrowAct(Struct, frozen=True):
    """Complete (as counterparty), release (as creator) or dispute an escrow. No stake; sent once."""

    escrow_id: str
    act: EscrowActKind
    reason: str = ""


class Pay(Struct, frozen=True):
    """Pay an amount (USD) to another agent of the casino, at once and for good. The memo is not kept by the venue."""

    to_agent: str
    amount: Number
    memo: str = ""


class Withdraw(Struct, frozen=True):
    """Send an amount (USD, 1.00 or more) as USDC to an address on Base; the venue takes 0.50 on top."""

    amount: Number
    address: str


class RegisterDomain(Struct, frozen=True):
    """Register a domain for a year, if it costs no more than `max_price_usd`."""

    domain: str
    max_price_usd: Number


class Idle(Struct, frozen=True):
    """The strategy wants nothing now, and says why."""

    reason: str


Wager = Bet | EscrowCreate | EscrowAct | Pay | Withdraw | RegisterDomain | OrderWager


class OpenEscrow(Struct, frozen=True):
    """A contract that is watched: what a strategy needs to complete or release it in time (UTC seconds)."""

    escrow_id: str
    role: Literal["creator", "counterparty"]
    status: str
    amount_micro: int
    auto_release_at: int


class CheckedBet(Sound, Struct, frozen=True):
    """A bet that makes sense: exact parameters, the game's own odds, the wish in micro-USD."""

    kind: ClassVar[Kind] = "bet"

    game: str
    params: tuple[tuple[str, Param], ...]
    odds: Odds
    wish_micro: int | None = None

    def __str__(self) -> str:
        return " ".join([self.game, *(str(value) for _, value in self.params)])


class CheckedEscrow(Sound, Struct, frozen=True):
    """An escrow that makes sense."""

    kind: ClassVar[Kind] = "escrow_create"
    service: ClassVar[str] = "escrow"

    amount_micro: int
    counterparty: str
    description: str
    timeout_hours: int

    def __str__(self) -> str:
        return f"escrow of {usd(self.amount_micro)} for {self.counterparty}, {self.timeout_hours} h"


class CheckedAct(Sound, Struct, frozen=True):
    """An act on an escrow that makes sense."""

    kind: ClassVar[Kind] = "escrow_act"
    service: ClassVar[str] = "escrow"

    escrow_id: str
    act: EscrowActKind
    reason: str

    def __str__(self) -> str:
        return f"{self.act} {self.escrow_id}"


class CheckedPay(Sound, Struct, frozen=True):
    """A payment that makes sense."""

    kind: ClassVar[Kind] = "pay"

    to_agent: str
    amount_micro: int
    memo: str

    def __str__(self) -> str:
        return f"payment of {usd(self.amount_micro)} to {self.to_agent}"


class CheckedWithdraw(Sound, Struct, frozen=True):
    """A withdrawal that makes sense; the address in lower case, as the same address may be written in many ways."""

    kind: ClassVar[Kind] = "withdraw"

    amount_micro: int
    address: str

    def __str__(self) -> str:
        return f"withdrawal of {usd(self.amount_micro)} and the fee to {self.address}"


class CheckedDomain(Sound, Struct, frozen=True):
    """A registration that makes sense."""

    kind: ClassVar[Kind] = "register_domain"
    service: ClassVar[str] = "domains"

    domain: str
    max_micro: int

    def __str__(self) -> str:
        return f"registration of {self.domain} for at most {usd(self.max_micro)}"


Checked = CheckedBet | CheckedEscrow | CheckedAct | CheckedPay | CheckedWithdraw | CheckedDomain | CheckedTrade


# Each returns its wager in exact terms, or raises Nonsense with the field, the value and what is allowed.


def _bet(bet: Bet, *, builtin_venue: bool) -> CheckedBet:
    if not isinstance(bet.game, str):
        raise Nonsense(f"game must be text, not {bet.game!r}")
    if not isinstance(bet.params, Mapping) or not all(isinstance(name, str) for name in bet.params):
        raise Nonsense(f"params must be a mapping of names, not {bet.params!r}")
    params: dict[str, Param] = {}
    for name, value in bet.params.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise Nonsense(f"{name} must be text or a number, not {value!r}")
        if not isinstance(value, str):
            exact_of(name, value)
        params[name] = Decimal(str(value)) if isinstance(value, float) else value
    try:
        own = odds(bet.game, params)
    except UnsoundBet as error:
        raise Nonsense(str(error)) from None
    if SOUND_GAMES[bet.game].builtin_only and not builtin_venue:
        raise Nonsense(f"{bet.game} exists only at the built-in venue")
    claims = (
        ("probability", exact_of("probability", bet.probability), own.probability),
        ("odds", exact_of("odds", bet.odds), own.multiplier),
    )
    for name, stated, true in claims:
        if stated != true and abs(stated - true) > CLAIM_TOLERANCE:
            raise Nonsense(f"{name} is stated as {float(stated):g}, by {bet.game}'s own rules it is {float(true):g}")
    wish = None if bet.stake is None else amount_of("stake", bet.stake)
    return CheckedBet(bet.game, tuple(sorted(params.items())), own, wish)


def checked_escrow(wager: EscrowCreate) -> CheckedEscrow:
    """Return the escrow in exact terms.

    Raises:
        Nonsense: with the field, the value and what is allowed.
    """
    amount_micro = amount_of("amount", wager.amount)
    if amount_micro < ESCROW_MIN_MICRO:
        raise Nonsense(f"amount must be at least {usd(ESCROW_MIN_MICRO)} USD, not {usd(amount_micro)}")
    counterparty = text_of("counterparty", wager.counterparty, ID_CHARS, "ag_")
    description = text_of("description", wager.description, DESCRIPTION_CHARS)
    hours = exact_of("timeout_hours", wager.timeout_hours)
    if not isinstance(wager.timeout_hours, int) or not 1 <= hours <= ESCROW_MAX_HOURS:
        raise Nonsense(f"timeout_hours must be whole, 1 to {ESCROW_MAX_HOURS}, not {wager.timeout_hours!r}")
    return CheckedEscrow(amount_micro, counterparty, description, wager.timeout_hours)


def _act(wager: EscrowAct) -> CheckedAct:
    escrow_id = text_of("escrow_id", wager.escrow_id, ID_CHARS, "esc_")
    if wager.act not in ESCROW_ACTS:
        raise Nonsense(f"act must be one of {', '.join(ESCROW_ACTS)}, not {wager.act!r}")
    return CheckedAct(escrow_id, wager.act, text_of("reason", wager.reason, REASON_CHARS))


def _pay(wager: Pay) -> CheckedPay:
    to_agent = text_of("to_agent", wager.to_agent, ID_CHARS, "ag_")
    return CheckedPay(to_agent, amount_of("amount", wager.amount), text_of("memo", wager.memo, REASON_CHARS))


def _withdraw(wager: Withdraw) -> CheckedWithdraw:
    amount_micro, (least, most) = amount_of("amount", wager.amount), WITHDRAW_MICRO
    if not least <= amount_micro <= most:
        raise Nonsense(f"amount must be {usd(least)} to {usd(most)} USD, not {usd(amount_micro)}")
    if not isinstance(wager.address, str) or not _ADDRESS.fullmatch(wager.address):
        raise Nonsense(f"address must be 0x and 40 hexadecimal digits, not {wager.address!r:.60}")
    return CheckedWithdraw(amount_micro, wager.address.lower())


def _domain(wager: RegisterDomain) -> CheckedDomain:
    domain = wager.domain.lower() if isinstance(wager.domain, str) else ""
    if not _DOMAIN.fullmatch(domain):
        raise Nonsense(f"domain must be a name such as example.com, not {wager.domain!r:.60}")
    return CheckedDomain(domain, amount_of("max_price_usd", wager.max_price_usd))


_CHECKS: Mapping[type, Callable[[Any], Checked]] = {
    EscrowCreate: checked_escrow,
    EscrowAct: _act,
    Pay: _pay,
    Withdraw: _withdraw,
    RegisterDomain: _domain,
    **dict.fromkeys(get_args(OrderWager), checked_order),
}


def checked(wager: object, *, builtin_venue: bool) -> Checked:
    """Return any wager in exact terms.

    Raises:
        Nonsense: it is none, or a field of it makes no sense.
    """
    try:
        if isinstance(wager, Bet):
            return _bet(wager, builtin_venue=builtin_venue)
        if check := next((check for kind, check in _CHECKS.items() if isinstance(wager, kind)), None):
            return check(wager)
    except Nonsense:
        raise
    except Exception as error:  # noqa: BLE001  the fields are objects of the strategy: what they raise is its fault
        raise Nonsense(f"a field of the {type(wager).__name__} raises {type(error).__name__}: {error}") from None
    names = ", ".join(kind.__name__ for kind in get_args(Wager))
    raise Nonsense(f"a strategy decides on one of {names}, Idle or None, not {type(wager).__name__}")


class Request(Struct, frozen=True):
    """The one HTTP request of an intent, fixed before the intent goes to disk."""

    service: str
    path: str
    body: str
