"""From a wish in USD to an order at the exchange, and from its fill to the trading server's own rows.

The two are separate commits, as on the venue: what breaks between them leaves a fill without a row.
"""

import uuid
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from actors.sandbox import earnings
from actors.sandbox.books import Row
from actors.sandbox.door import Venue
from actors.sandbox.errors import InjectedFaultError
from actors.sandbox.exchange.clearing import Order, OrderError
from actors.sandbox.figures import cents
from actors.sandbox.market import Listing

BAND = Decimal("0.005")  # an order may fill so far from the cached price
BUILDER_RATE = Decimal("0.0002")  # of the free tier
HL_RATE = 0.00035
REFERRAL_SHARE = 0.2  # of the builder's fee
MAINTENANCE_GUESS = 0.005  # of the entry price, in the estimate of the liquidation price


class TradeError(Exception):
    """An order did not go through, or its result could not be kept; the text is the answer's message."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An order as the caller put it: `side` is "long" or "short", `size_usd` the notional."""

    coin: str
    side: str
    size_usd: float
    leverage: float


@dataclass(frozen=True, slots=True)
class Fees:
    """What an answer says of fees: estimates from the notional, rounded to cents."""

    total: float
    hyperliquid: float
    builder: float

    @classmethod
    def of(cls, notional: float) -> "Fees":
        """The fees of a fill."""
        hl, builder = notional * HL_RATE, notional * float(BUILDER_RATE)
        return cls(cents(hl + builder), cents(hl), cents(builder))


def enter(venue: Venue, agent: Row, wish: Wish, path: str) -> tuple[Listing, Row, float]:
    """Send a market order for a wish.

    Returns:
        Its market, its fill, and the leverage it got.

    Raises:
        TradeError: nothing was executed.
    """
    listing = venue.market.find(wish.coin)
    if listing is None:
        raise TradeError(f"Market not found: {wish.coin}")
    px = _price(venue, listing.coin, path)
    leverage = min(wish.leverage, agent["max_leverage"])
    if leverage > listing.max_leverage:
        raise TradeError(f"Max leverage for {listing.coin} is {listing.max_leverage}x")
    unit = Decimal(1).scaleb(-listing.size_decimals)
    size = (Decimal(str(wish.size_usd)) / px).quantize(unit, ROUND_HALF_UP)
    if not size:
        raise TradeError(f"Position size too small for {listing.coin}")
    is_buy = wish.side == "long"
    order = Order(
        *(agent["address"], listing.coin, is_buy, size, _limit_px(px, is_buy)),
        leverage=int(leverage),
        builder_rate=BUILDER_RATE,
    )
    return listing, _place(venue, order), leverage


def leave(venue: Venue, agent: Row, coin: str, path: str, *, size_usd: float | None = None) -> Row:
    """Close the whole position that the exchange has in a market; with `size_usd` trade against it, for so much.

    Raises:
        TradeError: nothing was executed.
    """
    held = venue.exchange.account(agent["address"]).of(coin)
    if held is None:
        raise TradeError(f"No open position for {coin}")
    px = _price(venue, coin, path)
    listing = venue.market.listings[coin]
    size = abs(held.size)
    if size_usd is not None:
        size = (Decimal(str(size_usd)) / px).quantize(Decimal(1).scaleb(-listing.size_decimals), ROUND_HALF_UP)
    is_buy = held.size < 0
    order = Order(
        *(agent["address"], coin, is_buy, size, _limit_px(px, is_buy)),
        reduce_only=size_usd is None,
        builder_rate=BUILDER_RATE,
    )
    return _place(venue, order)


def check_stored(venue: Venue, path: str) -> None:
    """Stand between a fill and its rows, where an ordered fault breaks the work off.

    Raises:
        TradeError: the order was executed.
    """
    if venue.faults.strikes("unbooked", path):
        raise TradeError("The order was executed and could not be stored.")


def _price(venue: Venue, coin: str, path: str) -> Decimal:
    try:
        return venue.prices.of(coin, path)
    except InjectedFaultError as fault:
        raise TradeError(f"No price for {coin}: {fault}") from fault


def _limit_px(px: Decimal, is_buy: bool) -> Decimal:
    return px * (1 + BAND if is_buy else 1 - BAND)


def _place(venue: Venue, order: Order) -> Row:
    try:
        return venue.exchange.place(order)
    except OrderError as error:
        raise TradeError(f"Order error: {error}") from error


def notional(fill: Row) -> float:
    """A fill's size in USD."""
    return float(Decimal(fill["px"]) * Decimal(fill["sz"]))


def liquidation_estimate(side: str, entry: float, leverage: float) -> float:
    """The trading server's guess, from this position alone."""
    sign = 1 if side == "long" else -1
    return entry * (1 - sign * (1 / leverage - MAINTENANCE_GUESS))


def record_entry(venue: Venue, agent: Row, side: str, leverage: float, fill: Row, *, known: bool) -> tuple[Row, str]:
    """Write the rows of an entry; a position whose order is not `known` has no hl_order_id.

    Returns:
        The row of the position, and the order's id.
    """
    books, now = venue.books, venue.books.second()
    position_id, entry, usd = f"pos_{uuid.uuid4()}", float(fill["px"]), cents(notional(fill))
    books.run(
        "INSERT INTO trading_positions (id, agent_id, coin, side, size_usd, entry_price, leverage, margin_used,"
        " liquidation_price, hl_order_id, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(position_id, agent["id"], fill["coin"], side, usd, entry, leverage, cents(usd / leverage)),
        *(liquidation_estimate(side, entry, leverage), str(fill["oid"]) if known else None, now),
    )
    order_id = record_trade(venue, agent, fill, 0.0)
    return books.only("SELECT * FROM trading_positions WHERE id = ?", position_id), order_id


def record_trade(venue: Venue, agent: Row, fill: Row, pnl: float) -> str:
    """Write the row of a trade and add it to the account's figures; returns the order's id."""
    books, usd, order_id = venue.books, notional(fill), f"ord_{uuid.uuid4()}"
    fees = Fees.of(usd)
    books.run(
        "INSERT INTO trading_trades (id, agent_id, order_id, coin, side, size_usd, price, fee,"
        " realized_pnl, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(f"trd_{uuid.uuid4()}", agent["id"], order_id, fill["coin"], "buy" if fill["side"] == "B" else "sell"),
        *(cents(usd), float(fill["px"]), fees.total, pnl, books.second()),
    )
    builder_fee = usd * float(BUILDER_RATE)
    earnings.book(books, agent, order_id, builder_fee, builder_fee * REFERRAL_SHARE)
    books.run(
        "UPDATE trading_agents SET volume = volume + ?, fees = fees + ?, pnl = pnl + ? WHERE id = ?",
        *(usd, fees.total, pnl, agent["id"]),
    )
    return order_id
