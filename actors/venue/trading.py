"""The trading service: orders that are sent once, and the evidence of what became of them, from the exchange itself."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from urllib.parse import quote

from actors.money.evidence import WINDOW_MARGIN, Answer, Evidence, Executed, NotSent, Query
from actors.money.orders import CheckedCancel, CheckedClose, CheckedExit, CheckedLimit, CheckedOrder, CheckedTrade
from actors.money.positions import Holdings, Position, TradeDone, TradeRow, TradingView
from actors.money.wagers import Request
from actors.ticket import Ticket
from actors.venue.answers import read_answer
from actors.venue.bodies import body, dollars
from actors.venue.errors import BadAnswer, VenueDown, VenueError
from actors.venue.exchange import Exchange
from actors.venue.line import READINGS, Line, ServiceClient
from actors.venue.trading_shapes import (
    AccountAnswer,
    CloseAnswer,
    ExitAnswer,
    LimitAnswer,
    LimitsAnswer,
    OpenAnswer,
    PositionsAnswer,
    RecordsAnswer,
    StateAnswer,
)

SERVICE = "trading"

SLACK = 5_000_000
"""By how much the window opens early (microseconds): clocks tell whole seconds, and answers take their time."""


def trade_request(trade: CheckedTrade) -> Request:
    """Return the one request of a trade."""
    match trade:
        case CheckedOrder() | CheckedLimit():
            terms: dict[str, str | int | Decimal] = {"coin": trade.coin, "side": trade.side}
            terms |= {"size_usd": dollars(trade.size_micro), "leverage": trade.leverage}
            if isinstance(trade, CheckedOrder):
                return Request(SERVICE, "/trade/open", body(terms))
            return Request(SERVICE, "/trade/limit", body(terms | {"limit_price": trade.limit_price}))
        case CheckedClose():
            return Request(SERVICE, "/trade/close", body({"position_id": trade.position_id}))
        case CheckedCancel():
            return Request(SERVICE, f"/trade/limit-orders/{quote(trade.order_id, safe='')}", "")
        case CheckedExit():
            path = f"/trade/{trade.exit.replace('_', '-')}"
            return Request(
                SERVICE, path, body({"position_id": trade.position_id, "trigger_price": trade.trigger_price})
            )


class Trading(ServiceClient):
    """The trading service for one account. Blocks its caller; usable by several threads.

    Args:
        line: to the service.
        exchange: where its orders are executed.
    """

    def __init__(self, line: Line, exchange: Exchange) -> None:
        super().__init__(line)
        self._exchange = exchange

    def place(self, ticket: Ticket) -> Answer:
        """Send a trade's ticket, once; see Line.send.

        The service takes a name such as TSLA for a market elsewhere, on an account that nobody looks at: an order goes
        only to a market that the exchange has under this very name.

        Raises:
            TicketSpent: it was consumed before.
        """
        coin = json.loads(ticket.request.body or "{}").get("coin")
        try:
            if coin is not None and coin not in self._exchange.markets():
                return NotSent(f"the exchange has no market of its own that is called {coin}")
        except VenueError as error:
            return NotSent(f"whether there is a market {coin} is not known: {error}")
        return self._line.send(ticket, partial(_DONE[ticket.kind], ticket))

    def evidence(self, query: Query) -> Evidence:
        """Read an account, all or nothing: until nothing moved from the beginning of a reading to its end.

        Raises:
            VenueError: a part could not be read, the account did not come to rest within `READINGS`, or its cash is
                below zero.
        """
        terms = read_answer(AccountAnswer, self._line.get("/auth/account"))
        user = terms.hl_wallet.address
        before = self._exchange.state(user)
        for _ in range(READINGS):
            seen, after = self._reading(query, terms, before)
            if (before.cash_micro, before.sizes) == (after.cash_micro, after.sizes):
                if seen.balance_micro < 0:
                    raise VenueDown(f"the account {query.account} owes the exchange cash; deposit, or close positions")
                return seen
            before = after
        raise VenueDown(f"the account {query.account} moved during each of {READINGS} readings")

    def close(self) -> None:
        """Close the connections kept for reading."""
        super().close()
        self._exchange.close()

    def _reading(self, query: Query, terms: AccountAnswer, before: StateAnswer) -> tuple[Evidence, StateAnswer]:
        started = self._line.wall()
        venue_at = started - self._exchange.lag_s() * 1_000_000
        user = terms.hl_wallet.address
        moved = self._exchange.movements(user, (query.since or venue_at - WINDOW_MARGIN) - SLACK)
        limits = read_answer(LimitsAnswer, self._line.get("/trade/limit-orders")).views
        records = read_answer(RecordsAnswer, self._line.get("/trade/positions", status="all"))
        listed = read_answer(PositionsAnswer, self._line.get("/trade/positions"))
        after = self._exchange.state(user)
        trades = tuple(record.row for record in records.positions)
        holdings = Holdings(
            positions=_positions(after, trades, listed),
            orders=tuple(order for order in limits if order.status == "pending"),
            max_leverage=terms.max_leverage,
            max_position_micro=terms.max_position_usd,
        )
        evidence = Evidence(
            account=query.account,
            started=started,
            rows=(),
            rows_complete=moved.complete,
            nonces=0,
            balance_micro=before.cash_micro,
            detailed=True,
            history=moved.rows,
            venue_at=venue_at,
            trading=TradingView(holdings, after.unrealized_micro, moved.fills, trades, limits),
        )
        return evidence, after


def _positions(state: StateAnswer, trades: tuple[TradeRow, ...], listed: PositionsAnswer) -> tuple[Position, ...]:
    # What there is, the exchange says. The service only knows ids, and either list of its may be empty or old.
    ids = {(row.coin, row.side): row.position_id for row in reversed(trades) if row.is_open}
    ids |= {(row.coin, row.side): row.position_id or row.id or "" for row in listed.positions if row.status == "open"}
    positions = []
    for held in state.assetPositions:
        one, price = held.position, held.position.entryPx
        if not one.szi:
            continue
        if price is None:
            raise BadAnswer("entryPx", "a position was entered at no price")
        leverage = one.leverage.value
        margin = -int(-abs(one.szi) * price * 1_000_000 // leverage)
        position_id = ids.get((one.coin, "long" if one.szi > 0 else "short"), "")
        positions.append(Position(one.coin, one.szi, price, leverage, margin, position_id))
    return tuple(positions)


def _opened(ticket: Ticket, content: bytes) -> Executed:
    answer, sent = read_answer(OpenAnswer, content), json.loads(ticket.request.body)
    if (answer.coin, answer.side) != (sent["coin"], sent["side"]):
        raise BadAnswer("coin", "it is not our order")
    return Executed(trade=TradeDone("open", answer.position_id, answer.margin_used))


def _closed(ticket: Ticket, content: bytes) -> Executed:
    if read_answer(CloseAnswer, content).position_id != json.loads(ticket.request.body)["position_id"]:
        raise BadAnswer("position_id", "it is not our position")
    return Executed(trade=TradeDone("closed"))


def _limited(ticket: Ticket, content: bytes) -> Executed:
    return Executed(trade=TradeDone("pending", read_answer(LimitAnswer, content).order_id, ticket.stake_micro))


def _cancelled(ticket: Ticket, content: bytes) -> Executed:  # noqa: ARG001  the 200 is all it says
    return Executed(trade=TradeDone("cancelled"))


def _exit_set(ticket: Ticket, content: bytes) -> Executed:
    answer = read_answer(ExitAnswer, content)
    if answer.position_id != json.loads(ticket.request.body)["position_id"]:
        raise BadAnswer("position_id", "it is not our position")
    return Executed(trade=TradeDone("set", answer.order_id))


_DONE: dict[str, Callable[[Ticket, bytes], Executed]] = {
    "order": _opened,
    "close_order": _closed,
    "limit_order": _limited,
    "cancel_order": _cancelled,
    "exit_order": _exit_set,
}
