"""What the trading server pushes: every fill of a wallet, to the accounts that trade through it."""

from actors.sandbox.books import Books, Row
from actors.sandbox.door import Body
from actors.sandbox.exchange.wire import fill_json
from actors.sandbox.webhooks import happened


def push(books: Books, fill: Row) -> None:
    """Queue the event of a fill; the trading server's own rows may be written after it, or never."""
    told = fill_json(fill)
    data: Body = {name: told[name] for name in ("coin", "side", "px", "sz", "dir", "closedPnl", "fee", "oid", "time")}
    for agent in books.all("SELECT id FROM trading_agents WHERE address = ?", fill["address"]):
        happened(books, agent["id"], _name(fill), data)


def _name(fill: Row) -> str:
    if fill["liquidation"]:
        return "position.liquidated"
    return "position.closed" if fill["dir"].startswith("Close") else "position.opened"
