"""What an account can read of its positions and trades."""

from actors.sandbox.books import DAY_S, Row
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import InjectedFaultError
from actors.sandbox.exchange.valuation import MICRO, Account, Position
from actors.sandbox.figures import cents
from actors.sandbox.trading.orders import row_pnl
from actors.sandbox.trading.prices import V1

PAGE, MAX_PAGE = 50, 200
DAYS, MAX_DAYS = 30, 365
ROWS = """
SELECT * FROM trading_positions WHERE agent_id = ? AND (? OR status = 'open')
ORDER BY opened_at DESC, row LIMIT ?"""
TRADES = "SELECT * FROM trading_trades WHERE agent_id = ? ORDER BY created_at DESC, row DESC LIMIT ?"


def _positions(venue: Venue, call: Call) -> Body:
    rows = venue.books.all(ROWS, call.agent_id, call.query.get("status") == "all", PAGE)
    account = None if call.query.get("status") == "all" else _exchange_account(venue, call)
    if account is None:
        told, source = [_row_json(venue, row, call.path) for row in rows], "database"
    elif venue.faults.strikes("empty", call.path):
        told, source = [], "hyperliquid"  # the exchange answered with an error object, read as: nothing there
    else:
        told, source = [_held_json(venue, account, held, rows) for held in account.positions], "hyperliquid"
    return {"positions": told, "count": len(told), "source": source}


def _exchange_account(venue: Venue, call: Call) -> Account | None:
    if venue.prices.cut_off(call.path):
        return None
    return venue.exchange.account(call.agent["address"])


def _held_json(venue: Venue, account: Account, held: Position, rows: list[Row]) -> Body:
    side = "long" if held.size > 0 else "short"
    liquidation_px = account.liquidation_px(held)
    return {
        "position_id": next((row["id"] for row in rows if (row["coin"], row["side"]) == (held.coin, side)), None),
        "coin": held.coin,
        "ticker": venue.market.listings[held.coin].ticker,
        "side": side,
        "size": float(abs(held.size)),
        "size_usd": cents(abs(held.value_micro) / MICRO),
        "entry_price": float(held.entry_px),
        "current_price": float(held.px),
        "leverage": held.leverage,
        "margin_used": cents(held.margin_micro / MICRO),
        "liquidation_price": float(liquidation_px) if liquidation_px else None,
        "unrealized_pnl": cents(held.pnl_micro / MICRO),
        "return_on_equity": cents(held.pnl_micro * held.leverage / abs(held.cost_micro) * 100),
        "source": "hyperliquid",
    }


def _row_json(venue: Venue, row: Row, path: str) -> Body:
    try:
        price: float | None = float(venue.prices.of(row["coin"], path))
    except InjectedFaultError:
        price = None
    return {
        "id": row["id"],
        "agentId": row["agent_id"],
        "coin": row["coin"],
        "side": row["side"],
        "sizeUsd": row["size_usd"],
        "entryPrice": row["entry_price"],
        "leverage": row["leverage"],
        "marginUsed": row["margin_used"],
        "liquidationPrice": row["liquidation_price"],
        "unrealizedPnl": 0,
        "status": row["status"],
        "hlOrderId": row["hl_order_id"],
        "openedAt": row["opened_at"],
        "closedAt": row["closed_at"],
        "ticker": venue.market.listings[row["coin"]].ticker,
        "current_price": price,
        "unrealized_pnl": None if price is None else cents(row_pnl(row, price)),
    }


def _history(venue: Venue, call: Call) -> Body:
    text = call.query.get("limit", "")
    trades = venue.books.all(TRADES, call.agent_id, min(int(text), MAX_PAGE) if text.isdecimal() else PAGE)
    return {
        "trades": [
            {
                "id": row["id"],
                "agentId": row["agent_id"],
                "orderId": row["order_id"],
                "coin": row["coin"],
                "side": row["side"],
                "sizeUsd": row["size_usd"],
                "price": row["price"],
                "fee": row["fee"],
                "realizedPnl": row["realized_pnl"],
                "createdAt": row["created_at"],
            }
            for row in trades
        ],
        "count": len(trades),
    }


def _portfolio(venue: Venue, call: Call) -> Body:
    rows = venue.books.all(ROWS, call.agent_id, False, PAGE)
    told = [_row_json(venue, row, call.path) for row in rows]
    unrealized = cents(sum(row["unrealized_pnl"] or 0 for row in told))
    return {
        "open_positions": len(told),
        "total_exposure_usd": cents(sum(row["size_usd"] for row in rows)),
        "total_margin_used": cents(sum(row["margin_used"] for row in rows)),
        "unrealized_pnl": unrealized,
        "realized_pnl": cents(call.agent["pnl"]),
        "total_volume": cents(call.agent["volume"]),
        "total_fees_paid": cents(call.agent["fees"]),
        "positions": told,
    }


def _pnl_history(venue: Venue, call: Call) -> Body:
    text = call.query.get("days", "")
    days = max(1, min(int(text), MAX_DAYS)) if text.isdecimal() else DAYS
    rows = venue.books.all(
        "SELECT date(created_at, 'unixepoch') AS day, count(*) AS trades, total(realized_pnl) AS pnl,"
        " total(fee) AS fees FROM trading_trades WHERE agent_id = ? AND created_at >= ? GROUP BY day ORDER BY day",
        *(call.agent_id, venue.books.second() - days * DAY_S),
    )
    return {
        "days": days,
        "history": [
            {"date": row["day"], "realized_pnl": cents(row["pnl"]), "fees": cents(row["fees"]), "trades": row["trades"]}
            for row in rows
        ],
        "total_realized_pnl": cents(sum(row["pnl"] for row in rows)),
    }


DOORS = [
    Door("GET", f"{V1}/trade/positions", _positions, auth="trading"),
    Door("GET", f"{V1}/trade/history", _history, auth="trading"),
    Door("GET", f"{V1}/trade/portfolio", _portfolio, auth="trading"),
    Door("GET", f"{V1}/trade/pnl-history", _pnl_history, auth="trading"),
]
