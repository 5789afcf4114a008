"""What an account at the exchange is worth: positions at a price, margins, and how a fill changes a position.

Money is whole micro-USD, sizes and prices are Decimals; nothing here is a float and nothing touches the books.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MICRO = 1_000_000


def micro(amount: Decimal) -> int:
    """USD as whole micro-USD, half up."""
    return int((amount * MICRO).to_integral_value(ROUND_HALF_UP))


def usd_text(amount_micro: int) -> str:
    """Micro-USD as the exchange writes USD: exact, without needless zeros, at least one decimal."""
    return decimal_text(Decimal(amount_micro) / MICRO)


def decimal_text(value: Decimal) -> str:
    """A number as the exchange writes it: no exponent, no needless zeros, at least one decimal."""
    text = f"{value:f}"
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


@dataclass(frozen=True, slots=True)
class Position:
    """A position at a price.

    Attributes:
        size: signed; below zero is short.
        cost_micro: what it cost, with the sign of the size.
        leverage: of its margin.
        max_leverage: of its market.
        funding_micro: paid on it since it was opened.
        px: the price it is valued at.
    """

    coin: str
    size: Decimal
    cost_micro: int
    leverage: int
    max_leverage: int
    funding_micro: int
    px: Decimal

    @property
    def value_micro(self) -> int:
        """Signed value."""
        return micro(self.size * self.px)

    @property
    def pnl_micro(self) -> int:
        """What closing it at this price would bring, before fees."""
        return self.value_micro - self.cost_micro

    @property
    def margin_micro(self) -> int:
        """Held for it."""
        return abs(self.value_micro) // self.leverage

    @property
    def maintenance_micro(self) -> int:
        """Below the sum of these an account is liquidated."""
        return abs(self.value_micro) // (2 * self.max_leverage)

    @property
    def entry_px(self) -> Decimal:
        """The average price it was entered at, to ten decimals."""
        return (Decimal(self.cost_micro) / MICRO / self.size).quantize(Decimal("1e-10"), ROUND_HALF_UP).normalize()


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the exchange, cross margin.

    Attributes:
        cash_micro: deposits, realised results, fees and funding; its value without unrealised results.
    """

    cash_micro: int
    positions: tuple[Position, ...]

    @property
    def value_micro(self) -> int:
        """Cash and unrealised results."""
        return self.cash_micro + sum(position.pnl_micro for position in self.positions)

    @property
    def margin_micro(self) -> int:
        """Held for all positions."""
        return sum(position.margin_micro for position in self.positions)

    @property
    def maintenance_micro(self) -> int:
        """The value below which all positions are closed."""
        return sum(position.maintenance_micro for position in self.positions)

    def liquidation_px(self, position: Position) -> Decimal | None:
        """The price of this market at which the account is liquidated, others standing still; None where none is."""
        sign = 1 if position.size > 0 else -1
        kept = 1 - Decimal(sign) / (2 * position.max_leverage)
        room = Decimal(self.value_micro - self.maintenance_micro) / MICRO
        px = position.px - room / (position.size * kept)
        return px.quantize(Decimal("1e-6")) if px > 0 else None

    def of(self, coin: str) -> Position | None:
        """The position in a market."""
        return next((position for position in self.positions if position.coin == coin), None)


@dataclass(frozen=True, slots=True)
class Netted:
    """A position's size and cost after a fill, and what the part that it closed brought."""

    size: Decimal
    cost_micro: int
    closed_pnl_micro: int


def net(size: Decimal, cost_micro: int, change: Decimal, px: Decimal) -> Netted:
    """Add a fill to a position: what has the same sign adds to its cost, the rest closes at average cost."""
    if size * change >= 0:
        return Netted(size + change, cost_micro + micro(change * px), 0)
    closing = min(abs(change), abs(size)) * (1 if size > 0 else -1)
    part_micro = int((cost_micro * closing / size).to_integral_value(ROUND_HALF_UP))
    rest = size + change
    left_micro = cost_micro - part_micro if rest * size >= 0 else micro(rest * px)
    return Netted(rest, left_micro, micro(closing * px) - part_micro)


def direction(size: Decimal, change: Decimal) -> str:
    """What a fill did to a position, in the exchange's words."""
    if size * change >= 0:
        return "Open Long" if change > 0 else "Open Short"
    if (size + change) * size < 0:
        return "Long > Short" if size > 0 else "Short > Long"
    return "Close Long" if size > 0 else "Close Short"
