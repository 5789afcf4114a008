"""What a strategy may want on the trading account: to open and close positions, and orders that wait for a price.

A size is the position's whole value in USD; what is at stake, and counted by the risk rules, is its margin: the size
divided by the leverage. As in `wagers`, numbers may be written in any exact way, and each check refuses with a reason.
"""

import re
from decimal import Decimal
from typing import ClassVar, Literal

from msgspec import Struct

from actors.money.amounts import EXACT, usd
from actors.money.fields import Nonsense, Number, Sound, amount_of, exact_of, text_of

ORDER_MIN_MICRO = 10_000_000
"""The exchange takes no smaller order."""

LEVERAGE_MAX = 50
PRICE_DIGITS = 15
"""Digits of a price that survive the venue, which keeps doubles."""

ID_CHARS = (5, 100)
_COIN = re.compile(r"[A-Za-z0-9@:._-]{1,32}")

Side = Literal["long", "short"]
Exit = Literal["stop_loss", "take_profit"]
OrderKind = Literal["order", "close_order", "limit_order", "cancel_order", "exit_order"]


class Order(Struct, frozen=True):
    """Open a position now, at the market. It fills at once, in part or not at all; nothing of it rests."""

    coin: str
    side: Side
    size_usd: Number
    leverage: int


class CloseOrder(Struct, frozen=True):
    """Close a whole position now, at the market."""

    position_id: str


class LimitOrder(Struct, frozen=True):
    """Open a position when the price is reached. The venue's server watches it; then it is an order at the market."""

    coin: str
    side: Side
    size_usd: Number
    limit_price: Number
    leverage: int


class CancelOrder(Struct, frozen=True):
    """Take back a limit order that still waits."""

    order_id: str


class ExitOrder(Struct, frozen=True):
    """Have the venue's server close a position when the price reaches `trigger_price`; `kind` says on which side."""

    position_id: str
    kind: Exit
    trigger_price: Number


class _Trade(Sound):
    __slots__ = ()
    service = "trading"


class CheckedOrder(_Trade, Struct, frozen=True):
    """An order that makes sense."""

    kind: ClassVar[OrderKind] = "order"

    coin: str
    side: Side
    size_micro: int
    leverage: int

    def __str__(self) -> str:
        return f"{self.side} {self.coin}  {usd(self.size_micro)} USD x{self.leverage}"


class CheckedClose(_Trade, Struct, frozen=True):
    """A close that makes sense."""

    kind: ClassVar[OrderKind] = "close_order"

    position_id: str

    def __str__(self) -> str:
        return f"close {self.position_id}"


class CheckedLimit(_Trade, Struct, frozen=True):
    """A limit order that makes sense."""

    kind: ClassVar[OrderKind] = "limit_order"

    coin: str
    side: Side
    size_micro: int
    limit_price: Decimal
    leverage: int

    def __str__(self) -> str:
        return f"{self.side} {self.coin} at {self.limit_price:f}  {usd(self.size_micro)} USD x{self.leverage}"


class CheckedCancel(_Trade, Struct, frozen=True):
    """A cancel that makes sense."""

    kind: ClassVar[OrderKind] = "cancel_order"

    order_id: str

    def __str__(self) -> str:
        return f"cancel {self.order_id}"


class CheckedExit(_Trade, Struct, frozen=True):
    """A stop-loss or take-profit that makes sense."""

    kind: ClassVar[OrderKind] = "exit_order"

    position_id: str
    exit: Exit
    trigger_price: Decimal

    def __str__(self) -> str:
        return f"{self.exit} of {self.position_id} at {self.trigger_price:f}"


OrderWager = Order | CloseOrder | LimitOrder | CancelOrder | ExitOrder
CheckedTrade = CheckedOrder | CheckedClose | CheckedLimit | CheckedCancel | CheckedExit
Opening = CheckedOrder | CheckedLimit
"""Those that need margin."""


def checked_order(wager: OrderWager) -> CheckedTrade:
    """Return the wager in exact terms.

    Raises:
        Nonsense: with the field, the value and what is allowed.
    """
    match wager:
        case Order():
            return CheckedOrder(_coin(wager.coin), _side(wager.side), _size(wager.size_usd), _leverage(wager.leverage))
        case CloseOrder():
            return CheckedClose(text_of("position_id", wager.position_id, ID_CHARS, "pos_"))
        case LimitOrder():
            price = _price("limit_price", wager.limit_price)
            coin, side, size_micro = _coin(wager.coin), _side(wager.side), _size(wager.size_usd)
            return CheckedLimit(coin, side, size_micro, price, _leverage(wager.leverage))
        case CancelOrder():
            return CheckedCancel(text_of("order_id", wager.order_id, ID_CHARS, "ord_"))
        case ExitOrder():
            if wager.kind not in ("stop_loss", "take_profit"):
                raise Nonsense(f"kind must be stop_loss or take_profit, not {wager.kind!r}")
            position_id = text_of("position_id", wager.position_id, ID_CHARS, "pos_")
            return CheckedExit(position_id, wager.kind, _price("trigger_price", wager.trigger_price))


def margin_micro(size_micro: int, leverage: int) -> int:
    """Return what a position of this size ties up, rounded up to a whole micro-USD."""
    return -(-size_micro // leverage)


def _coin(coin: object) -> str:
    if not isinstance(coin, str) or not _COIN.fullmatch(coin):
        raise Nonsense(f"coin must be a market's name such as BTC, not {coin!r:.60}")
    return coin


def _side(side: Side) -> Side:
    if side not in ("long", "short"):
        raise Nonsense(f"side must be long or short, not {side!r}")
    return side


def _size(size_usd: object) -> int:
    size = amount_of("size_usd", size_usd)
    if size < ORDER_MIN_MICRO:
        raise Nonsense(f"size_usd must be at least {usd(ORDER_MIN_MICRO)} USD, not {usd(size)}")
    return size


def _leverage(leverage: object) -> int:
    if isinstance(leverage, bool) or not isinstance(leverage, int) or not 1 <= leverage <= LEVERAGE_MAX:
        raise Nonsense(f"leverage must be whole, 1 to {LEVERAGE_MAX}, not {leverage!r}")
    return leverage


def _price(name: str, number: object) -> Decimal:
    exact = exact_of(name, number)
    try:
        price = EXACT.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    except ArithmeticError:
        price = Decimal(0)
    if price <= 0 or len(price.normalize().as_tuple().digits) > PRICE_DIGITS:
        raise Nonsense(f"{name} must be above zero, of at most {PRICE_DIGITS} digits, not {number!r}")
    return price
