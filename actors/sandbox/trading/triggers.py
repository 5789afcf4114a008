"""Orders that wait for a price in the trading server: limit, stop-loss, take-profit; and the doors that falsify."""

import functools
import math
import secrets

from actors.sandbox.books import iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import InjectedFaultError, refuse
from actors.sandbox.figures import number_field
from actors.sandbox.trading import monitor
from actors.sandbox.trading.execution import TradeError, Wish, enter, leave, record_entry
from actors.sandbox.trading.orders import DEFAULT_LEVERAGE, close_row, open_row
from actors.sandbox.trading.prices import V1

MAX_PENDING = 10
PAGE = 50
LISTED = "SELECT * FROM trading_limits WHERE agent_id = ? ORDER BY created_at DESC, row DESC LIMIT ?"
MY_LIMITS = "SELECT * FROM trading_limits WHERE status = 'pending' AND agent_id = ? ORDER BY row"
MY_EXITS = """
SELECT exits.* FROM trading_exits AS exits JOIN trading_positions AS held ON held.id = exits.position_id
WHERE exits.status = 'pending' AND held.status = 'open' AND held.agent_id = ? ORDER BY exits.row"""


def _new_order_id() -> str:
    return f"ord_{secrets.token_hex(8)}"


def _limit(venue: Venue, call: Call) -> Body:
    body = call.body
    if not all(body.get(name) for name in ("coin", "side", "size_usd", "limit_price")):
        raise refuse(400, "invalid_request", "Say coin, side, size_usd and limit_price.")
    if body["side"] not in ("long", "short"):
        raise refuse(400, "invalid_side", "side is long or short.")
    size, price = number_field(body, "size_usd"), number_field(body, "limit_price")
    leverage = number_field(body, "leverage") if body.get("leverage") is not None else DEFAULT_LEVERAGE
    if not (math.isfinite(size) and size > 0):
        raise refuse(400, "invalid_size", "size_usd is a number of USD above zero.")
    if not (math.isfinite(price) and price > 0):
        raise refuse(400, "invalid_price", "limit_price is a number of USD above zero.")
    if size > call.agent["max_position_usd"]:
        raise refuse(400, "too_large", "The size is above this account's limit.")
    listing = venue.market.find(str(body["coin"]))
    if listing is None:
        raise refuse(400, "unknown_coin", "There is no such market.")
    if len(venue.books.all(MY_LIMITS, call.agent_id)) >= MAX_PENDING:
        raise refuse(400, "limit_reached", f"At most {MAX_PENDING} limit orders wait at a time.")
    leverage = min(leverage if leverage >= 1 else 1.0, call.agent["max_leverage"])
    order_id = _new_order_id()
    venue.books.run(
        "INSERT INTO trading_limits (id, agent_id, coin, side, size_usd, leverage, limit_price, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(order_id, call.agent_id, listing.coin, body["side"], size, leverage, price, venue.books.second()),
    )
    return {
        "order_id": order_id,
        "coin": listing.coin,
        "side": body["side"],
        "size_usd": size,
        "leverage": leverage,
        "limit_price": price,
        "status": "pending",
        "message": "It is sent as a market order when the price is there.",
    }


def _limits(venue: Venue, call: Call) -> Body:
    by_status: dict[str, list[Body]] = {"pending": [], "filled": [], "cancelled": []}
    for row in venue.books.all(LISTED, call.agent_id, PAGE):
        told = {name: row[name] for name in ("coin", "side", "size_usd", "leverage", "limit_price", "created_at")}
        by_status[row["status"]].append({"order_id": row["id"], **told})
    return {**by_status, "pending_count": len(by_status["pending"])}


def _cancel(venue: Venue, call: Call) -> Body:
    wanted = "SELECT * FROM trading_limits WHERE id = ? AND agent_id = ?"
    row = venue.books.one(wanted, call.names["order_id"], call.agent_id)
    if row is None:
        raise refuse(404, "not_found", "This account has no such limit order.")
    if row["status"] != "pending":
        raise refuse(400, "not_pending", f"It is {row['status']}.")
    monitor.mark_limit(venue, row, "cancelled")
    return {"order_id": row["id"], "status": "cancelled"}


def _exit(venue: Venue, call: Call, *, kind: str) -> Body:
    position_id, price = call.body.get("position_id"), number_field(call.body, "trigger_price")
    if not isinstance(position_id, str) or not position_id:
        raise refuse(400, "missing_position_id", "Say position_id.")
    if not (math.isfinite(price) and price > 0):
        raise refuse(400, "invalid_trigger_price", "trigger_price is a number of USD above zero.")
    wanted = "SELECT * FROM trading_positions WHERE id = ? AND agent_id = ?"
    if venue.books.one(wanted, position_id, call.agent_id) is None:
        raise refuse(404, "position_not_found", "This account has no such position.")
    position = open_row(venue, call.agent_id, position_id)
    if position is None:
        raise refuse(400, "position_not_open", "The position is closed.")
    order_id = _new_order_id()
    venue.books.run(
        "INSERT INTO trading_exits (id, position_id, kind, trigger_price, created_at) VALUES (?, ?, ?, ?, ?)",
        *(order_id, position_id, kind, price, venue.books.second()),
    )
    return {
        "order_id": order_id,
        "type": kind,
        "position_id": position_id,
        "coin": position["coin"],
        "side": position["side"],
        "trigger_price": price,
        "status": "pending",
    }


def _order_monitor(venue: Venue, _call: Call) -> Body:
    state = venue.monitor
    return {
        "running": True,
        "interval_seconds": monitor.PERIOD_S,
        "total_checks": state.checks,
        "limits_filled": state.limits_filled,
        "exits_filled": state.exits_filled,
        "last_check": iso(state.checked_at) if state.checks else None,
    }


def _check_limits(venue: Venue, call: Call) -> Body:
    # As on the venue: whatever goes wrong, the order is marked filled, with no fill behind it.
    filled = []
    for limit in venue.books.all(MY_LIMITS, call.agent_id):
        try:
            if not monitor.limit_is_met(venue, limit, call.path):
                continue
            wish = Wish(limit["coin"], limit["side"], limit["size_usd"], limit["leverage"])
            _listing, fill, leverage = enter(venue, call.agent, wish, call.path)
            record_entry(venue, call.agent, limit["side"], leverage, fill, known=False)
            execution = "real"
        except (TradeError, InjectedFaultError):
            execution = "simulated"
        monitor.mark_limit(venue, limit, "filled")
        filled.append({"order_id": limit["id"], "coin": limit["coin"], "execution": execution})
    return {"filled": filled, "count": len(filled)}


def _check_exits(venue: Venue, call: Call) -> Body:
    # As on the venue: the order is not reduce-only, and whatever goes wrong the row is marked closed.
    closed = []
    for leaving in venue.books.all(MY_EXITS, call.agent_id):
        position = monitor.position_of(venue, leaving)
        try:
            if not monitor.exit_is_met(venue, leaving, position, call.path):
                continue
            leave(venue, call.agent, position["coin"], call.path, size_usd=position["size_usd"])
            execution = "real"
        except (TradeError, InjectedFaultError):
            execution = "simulated"
        close_row(venue, position)
        monitor.mark_exit(venue, leaving, "filled")
        closed.append({"position_id": position["id"], "coin": position["coin"], "execution": execution})
    return {"closed": closed, "count": len(closed)}


DOORS = [
    Door("POST", f"{V1}/trade/limit", _limit, status=201, auth="trading", reads="strict"),
    Door("GET", f"{V1}/trade/limit-orders", _limits, auth="trading"),
    Door("DELETE", f"{V1}/trade/limit-orders/{{order_id}}", _cancel, auth="trading"),
    *(
        Door(
            "POST",
            f"{V1}/trade/{kind.replace('_', '-')}",
            functools.partial(_exit, kind=kind),
            auth="trading",
            reads="strict",
        )
        for kind in ("stop_loss", "take_profit")
    ),
    Door("GET", f"{V1}/order-monitor", _order_monitor),
    Door("POST", f"{V1}/trade/check-limits", _check_limits, auth="trading"),
    Door("POST", f"{V1}/trade/check-exits", _check_exits, auth="trading"),
]
