"""What happens by itself: orders that wait for a price, looked at every 30 s; funding; liquidation."""

from dataclasses import dataclass

from actors.sandbox.books import Row
from actors.sandbox.door import Body, Venue
from actors.sandbox.errors import InjectedFaultError
from actors.sandbox.trading.execution import TradeError, Wish, check_stored, enter, leave, record_entry
from actors.sandbox.trading.orders import close_row
from actors.sandbox.trading.prices import V1

PERIOD_S = 30.0
PATH = f"{V1}/order-monitor"  # faults ordered for this path strike the monitor's own orders
PENDING_LIMITS = "SELECT * FROM trading_limits WHERE status = 'pending' ORDER BY row"
PENDING_EXITS = "SELECT * FROM trading_exits WHERE status = 'pending' ORDER BY row"


@dataclass(slots=True)
class Monitor:
    """Counters of the passes; all in memory, as on the venue."""

    checked_at: float = 0.0
    checks: int = 0
    limits_filled: int = 0
    exits_filled: int = 0


def keep_time(venue: Venue) -> Body:
    """Do all that the venue's clock and the prices of this moment demand of exchange and trading server.

    Returns:
        How many fundings were paid, accounts liquidated, and waiting orders executed.
    """
    funded, liquidated = venue.exchange.fund(), venue.exchange.liquidate()
    monitor = venue.monitor
    before = monitor.limits_filled + monitor.exits_filled
    if venue.books.now() - monitor.checked_at >= PERIOD_S:
        monitor.checked_at = venue.books.now()
        monitor.checks += 1
        _look(venue)
    triggered = monitor.limits_filled + monitor.exits_filled - before
    return {"funded": funded, "liquidated": liquidated, "triggered": triggered}


def limit_is_met(venue: Venue, limit: Row, path: str) -> bool:
    """Whether the price is where a limit order waits for it."""
    price = float(venue.prices.of(limit["coin"], path))
    wanted: float = limit["limit_price"]
    return price <= wanted if limit["side"] == "long" else price >= wanted


def exit_is_met(venue: Venue, leaving: Row, position: Row, path: str) -> bool:
    """Whether the price is where a stop-loss or a take-profit waits for it."""
    price = float(venue.prices.of(position["coin"], path))
    falls = (leaving["kind"] == "stop_loss") == (position["side"] == "long")
    wanted: float = leaving["trigger_price"]
    return price <= wanted if falls else price >= wanted


def mark_limit(venue: Venue, limit: Row, status: str) -> None:
    """Give a limit order its last status."""
    filled_at = venue.books.second() if status == "filled" else None
    venue.books.run("UPDATE trading_limits SET status = ?, filled_at = ? WHERE id = ?", status, filled_at, limit["id"])


def mark_exit(venue: Venue, leaving: Row, status: str) -> None:
    """Give a stop-loss or take-profit its last status."""
    venue.books.run("UPDATE trading_exits SET status = ? WHERE id = ?", status, leaving["id"])


def position_of(venue: Venue, leaving: Row) -> Row:
    """The position that a stop-loss or take-profit belongs to."""
    return venue.books.only("SELECT * FROM trading_positions WHERE id = ?", leaving["position_id"])


def agent_of(venue: Venue, row: Row) -> Row:
    """The account that a row belongs to."""
    return venue.books.only("SELECT * FROM trading_agents WHERE id = ?", row["agent_id"])


def _look(venue: Venue) -> None:
    # An order that fails stays pending and is tried again with every pass: one that was executed and could not be
    # stored is executed once more.
    for limit in venue.books.all(PENDING_LIMITS):
        try:
            if limit_is_met(venue, limit, PATH):
                _enter(venue, limit)
                venue.monitor.limits_filled += 1
        except (TradeError, InjectedFaultError):
            continue
    for leaving in venue.books.all(PENDING_EXITS):
        position = position_of(venue, leaving)
        try:
            if position["status"] != "open":
                mark_exit(venue, leaving, "cancelled")
            elif exit_is_met(venue, leaving, position, PATH):
                _leave(venue, leaving, position)
                venue.monitor.exits_filled += 1
        except (TradeError, InjectedFaultError):
            continue


def _enter(venue: Venue, limit: Row) -> None:
    agent = agent_of(venue, limit)
    wish = Wish(limit["coin"], limit["side"], limit["size_usd"], limit["leverage"])
    _listing, fill, leverage = enter(venue, agent, wish, PATH)
    check_stored(venue, PATH)
    record_entry(venue, agent, limit["side"], leverage, fill, known=False)
    mark_limit(venue, limit, "filled")


def _leave(venue: Venue, leaving: Row, position: Row) -> None:
    leave(venue, agent_of(venue, position), position["coin"], PATH)
    check_stored(venue, PATH)
    close_row(venue, position)  # no row of a trade: the daily loss limit does not see it
    mark_exit(venue, leaving, "filled")
