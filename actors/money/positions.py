"""What an account holds at the exchange: positions, orders that wait, fills. Sizes and prices are exact decimals."""

from decimal import Decimal

from msgspec import Struct

from actors.money.orders import Side


class Position(Struct, frozen=True):
    """An open position, as the exchange has it.

    Attributes:
        coin: its market.
        size: in coins; below zero it is short.
        entry_price: the average that it was opened at.
        leverage: of its margin.
        margin_micro: its value at entry divided by the leverage, in micro-USD.
        position_id: by which the venue closes it; "" if the venue has no record of it.
    """

    coin: str
    size: Decimal
    entry_price: Decimal
    leverage: int
    margin_micro: int
    position_id: str

    @property
    def side(self) -> Side:
        """Whether it gains when the price rises (long) or falls (short)."""
        return "long" if self.size > 0 else "short"


class LimitView(Struct, frozen=True):
    """A limit order as the venue lists it; `status` is pending, filled or cancelled. `created_at` in UTC seconds."""

    order_id: str
    coin: str
    side: Side
    size_micro: int
    limit_price: Decimal
    leverage: int
    status: str
    created_at: int


class Fill(Struct, frozen=True):
    """A part of an order that the exchange executed, at `at` (UTC microseconds by its clock)."""

    ref: str
    oid: int
    coin: str
    is_buy: bool
    size: Decimal
    price: Decimal
    at: int

    @property
    def change(self) -> Decimal:
        """By how much it changes the position, in coins."""
        return self.size if self.is_buy else -self.size


class TradeRow(Struct, frozen=True):
    """A position as the venue's own records have it; `oid` is the exchange's order (0: opened by a limit order)."""

    position_id: str
    coin: str
    side: Side
    oid: int
    is_open: bool


class Holdings(Struct, frozen=True):
    """What the account holds, and within which limits of the venue. `orders` are those that wait."""

    positions: tuple[Position, ...] = ()
    orders: tuple[LimitView, ...] = ()
    max_leverage: int = 0
    max_position_micro: int = 0

    @property
    def margin_micro(self) -> int:
        """All that is tied up, by positions and by what may become one at any moment."""
        waiting = sum(-(-order.size_micro // order.leverage) for order in self.orders)
        return sum(position.margin_micro for position in self.positions) + waiting

    def size(self, coin: str) -> Decimal:
        """Return the position's size in a coin, 0 where there is none."""
        return next((position.size for position in self.positions if position.coin == coin), Decimal(0))

    def position(self, position_id: str) -> Position | None:
        """Return the position that the venue knows by this id."""
        return next((position for position in self.positions if position.position_id == position_id), None)


NOTHING = Holdings()
"""What an account holds that does not trade."""


class TradingView(Struct, frozen=True):
    """Everything that was read of a trading account besides cash and its movements.

    `unrealized_micro`: what closing all positions now would bring, before fees. `fills` are those of the window,
    `limits` all that the venue lists (the newest 50), `trades` its records of positions, newest first.
    """

    holdings: Holdings
    unrealized_micro: int
    fills: tuple[Fill, ...]
    trades: tuple[TradeRow, ...]
    limits: tuple[LimitView, ...]


class TradeDone(Struct, frozen=True):
    """What a request came to, by the venue's answer or by evidence.

    Attributes:
        status: open, closed, closed in part, pending, filled, cancelled, or set.
        reference: the venue's id of what it made; "" where it made nothing new.
        margin_micro: what it ties up from now on.
        recorded: false if the exchange executed it and the venue has no record of it, so cannot close it.
    """

    status: str
    reference: str = ""
    margin_micro: int = 0
    recorded: bool = True
