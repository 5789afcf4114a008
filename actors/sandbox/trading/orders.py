"""Opening and closing positions."""

import math

from actors.sandbox.books import DAY_S, Row, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_field
from actors.sandbox.trading.execution import (
    Fees,
    TradeError,
    Wish,
    check_stored,
    enter,
    leave,
    notional,
    record_entry,
    record_trade,
)
from actors.sandbox.trading.markets import MAIN
from actors.sandbox.trading.prices import V1

ORDERS_PER_MINUTE = 30
DEFAULT_LEVERAGE = 5.0
EXAMPLES = {
    "stock": {"coin": "TSLA", "side": "long", "size_usd": 1000, "leverage": 5},
    "commodity": {"coin": "GOLD", "side": "short", "size_usd": 500, "leverage": 10},
    "crypto": {"coin": "BTC", "side": "long", "size_usd": 5000, "leverage": 3},
}


def open_row(venue: Venue, agent_id: str, position_id: str) -> Row | None:
    """An account's position by its id, if it is open."""
    wanted = "SELECT * FROM trading_positions WHERE id = ? AND agent_id = ? AND status = 'open'"
    return venue.books.one(wanted, position_id, agent_id)


def close_row(venue: Venue, position: Row) -> None:
    """Mark a position closed."""
    venue.books.run(
        "UPDATE trading_positions SET status = 'closed', closed_at = ? WHERE id = ?",
        *(venue.books.second(), position["id"]),
    )


def row_pnl(position: Row, price: float) -> float:
    """What a row's position is worth at a price, before fees, by the row's own size."""
    sign = 1 if position["side"] == "long" else -1
    return float(sign * position["size_usd"] * (price - position["entry_price"]) / position["entry_price"])


def _open(venue: Venue, call: Call) -> Body:
    agent, wish = call.agent, _wish(call)
    if wish.size_usd > agent["max_position_usd"]:
        raise refuse(
            400,
            "position_too_large",
            "The size is above this account's limit.",
            max_position_usd=agent["max_position_usd"],
        )
    _check_daily_loss(venue, agent)
    _check_wallet(agent)
    try:
        listing, fill, leverage = enter(venue, agent, wish, call.path)
        check_stored(venue, call.path)
    except TradeError as error:
        raise refuse(400, "trade_failed", str(error)) from error
    position, order_id = record_entry(venue, agent, wish.side, leverage, fill, known=True)
    fees = Fees.of(notional(fill))
    return {
        "position_id": position["id"],
        "order_id": order_id,
        "coin": listing.coin,
        "ticker": listing.ticker,
        "category": listing.category,
        "dex": listing.dex or MAIN,
        "side": wish.side,
        "size_usd": position["size_usd"],
        "entry_price": position["entry_price"],
        "leverage": leverage,
        "max_leverage": listing.max_leverage,
        "margin_used": position["margin_used"],
        "liquidation_price": position["liquidation_price"],
        "fee": fees.total,
        "fee_breakdown": {"hyperliquid": fees.hyperliquid, "purple_flea_builder": fees.builder},
        "hl_order_id": fill["oid"],
        "execution": "real",
        "status": "open",
    }


def _wish(call: Call) -> Wish:
    body = call.body
    if not all(body.get(name) for name in ("coin", "side", "size_usd")) or not isinstance(body["coin"], str):
        raise refuse(400, "invalid_request", "Say coin, side and size_usd.", examples=EXAMPLES)
    size, leverage = number_field(body, "size_usd"), DEFAULT_LEVERAGE
    if not (math.isfinite(size) and size > 0):
        raise refuse(400, "invalid_size", "size_usd is a number of USD above zero.")
    if body["side"] not in ("long", "short"):
        raise refuse(400, "invalid_side", "side is long or short.")
    if body.get("leverage") is not None:
        leverage = number_field(body, "leverage")
    if not (math.isfinite(leverage) and leverage >= 1):
        raise refuse(400, "invalid_leverage", "leverage is a number from 1.")
    return Wish(body["coin"], body["side"], size, leverage)


def _check_daily_loss(venue: Venue, agent: Row) -> None:
    today = venue.books.second() // DAY_S * DAY_S
    lost = -venue.books.only(
        "SELECT total(realized_pnl) AS pnl FROM trading_trades WHERE agent_id = ? AND created_at >= ?",
        *(agent["id"], today),
    )["pnl"]
    if agent["max_daily_loss_usd"] is not None and lost >= agent["max_daily_loss_usd"]:
        raise refuse(403, "daily_loss_limit_reached", "No more today.", resets_at=iso(today + DAY_S))


def _check_wallet(agent: Row) -> None:
    if not agent["signs"]:
        raise refuse(400, "wallet_not_configured", "There is no signing key for this wallet.")


def _close(venue: Venue, call: Call) -> Body:
    agent, position_id = call.agent, call.body.get("position_id")
    if not isinstance(position_id, str) or not position_id:
        raise refuse(400, "provide position_id")
    _check_wallet(agent)
    position = open_row(venue, call.agent_id, position_id)
    if position is None:
        raise refuse(404, "position_not_found", "This account has no such open position.")
    try:
        fill = leave(venue, agent, position["coin"], call.path)
        check_stored(venue, call.path)
    except TradeError as error:
        raise refuse(400, "close_failed", str(error)) from error
    exit_price = float(fill["px"])
    pnl = cents(row_pnl(position, exit_price))
    close_row(venue, position)
    record_trade(venue, agent, fill, pnl)
    return {
        "position_id": position["id"],
        "coin": position["coin"],
        "ticker": venue.market.listings[position["coin"]].ticker,
        "side": position["side"],
        "entry_price": position["entry_price"],
        "exit_price": exit_price,
        "size_usd": position["size_usd"],
        "leverage": position["leverage"],
        "pnl": pnl,
        "pnl_percent": cents(pnl / position["margin_used"] * 100),
        "fee": Fees.of(notional(fill)).total,
        "hl_order_id": fill["oid"],
        "execution": "real",
        "status": "closed",
    }


def _close_all(venue: Venue, call: Call) -> Body:
    # As on the venue: rows are marked, and nothing is closed at the exchange.
    rows = venue.books.all("SELECT * FROM trading_positions WHERE agent_id = ? AND status = 'open'", call.agent_id)
    for row in rows:
        close_row(venue, row)
    return {"closed": len(rows), "positions": [row["id"] for row in rows], "total_pnl": 0}


DOORS = [
    Door("POST", f"{V1}/trade/open", _open, auth="trading", per_minute=ORDERS_PER_MINUTE, reads="strict"),
    Door("POST", f"{V1}/trade/close", _close, auth="trading", per_minute=ORDERS_PER_MINUTE, reads="strict"),
    Door("POST", f"{V1}/trade/close-all", _close_all, auth="trading"),
]
