"""Trading, by evidence alone: what became of an order, and what the account holds. Pure; it never sends.

Orders carry no tag of ours, so what became of one is told by what is new: fills at the exchange, which is the truth,
and the venue's own records. Positions are kept as money is: a position is what it was before and what the fills since
then made of it. A list of positions that the fills do not explain (an empty one above all) is not believed.
"""

from collections.abc import Container, Mapping
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from actors.money.amounts import usd
from actors.money.book import Bucket, moved
from actors.money.events import HoldingsTaken, IntentOpened
from actors.money.evidence import Evidence
from actors.money.orders import CheckedCancel, CheckedClose, CheckedExit, CheckedLimit, CheckedTrade, Opening
from actors.money.outgoing import Ambiguous
from actors.money.positions import Fill, Holdings, TradeDone, TradingView
from actors.money.risk import Denial

SKEW = 3_000_000
"""How far the clocks of exchange and venue, which tell whole seconds, may seem to be behind ours (microseconds)."""

LIMITS_LISTED = 50
"""The venue lists so many limit orders, the newest: one that has left the list proves nothing by it."""

SIZE_TOLERANCE = Fraction(1, 10)
"""How far a whole fill may lie from the size that was sent: sizes are rounded to the market's steps, prices move."""


def find_trade(
    opened: IntentOpened, evidence: Evidence, known: Container[str], sent_at: int
) -> TradeDone | Ambiguous | None:
    """Look for what became of an intent of the trading account, on which nothing else was open.

    Args:
        opened: the intent.
        evidence: a reading that began after it was sent.
        known: references of fills and orders that the book has already.
        sent_at: UTC microseconds by the venue's clock before which it was not sent.

    Returns:
        What it came to; None if this reading does not show it.
    """
    view = evidence.trading
    if view is None:
        return None
    since = sent_at - SKEW
    match opened.kind:
        case "order":
            return _opened(opened, view, known, since)
        case "close_order":
            return _closed(opened, view, _new_fills(opened, view, known, 0))
        case "limit_order":
            return _listed(opened, view, known, since)
        case "cancel_order":
            return _cancelled(opened, view)
        case _:
            return None  # no endpoint lists a stop-loss or a take-profit


def _new_fills(opened: IntentOpened, view: TradingView, known: Container[str], since: int) -> list[Fill]:
    coin = opened.params["coin"]
    return [fill for fill in view.fills if fill.coin == coin and fill.at >= since and fill.ref not in known]


def _opened(opened: IntentOpened, view: TradingView, known: Container[str], since: int) -> TradeDone | Ambiguous | None:
    orders: dict[int, list[Fill]] = {}
    others = {row.oid for row in view.trades if row.position_id in known}
    for fill in _new_fills(opened, view, known, since):
        ours = fill.oid not in others and f"oid:{fill.oid}" not in known
        if ours and fill.is_buy is (opened.params["side"] == "long"):
            orders.setdefault(fill.oid, []).append(fill)
    if not orders:
        return None
    if len(orders) > 1:
        return Ambiguous(f"{len(orders)} orders were filled that may be it: {', '.join(map(str, orders))}")
    ((oid, fills),) = orders.items()
    row = next((row for row in view.trades if row.oid == oid and row.coin == opened.params["coin"]), None)
    value_micro = sum(Fraction(fill.size) * Fraction(fill.price) for fill in fills) * 1_000_000
    sent_micro = int(opened.params["size_micro"])
    small, large = value_micro < sent_micro * (1 - SIZE_TOLERANCE), value_micro > sent_micro * (1 + SIZE_TOLERANCE)
    if large or (small and row is None):  # the venue's record of the order makes a small fill ours: one in part
        return Ambiguous(f"order {oid} was filled for {usd(int(value_micro))} USD, {usd(sent_micro)} were sent")
    margin_micro = -int(-value_micro // int(opened.params["leverage"]))
    return TradeDone("open", row.position_id if row else f"oid:{oid}", margin_micro, recorded=row is not None)


def _closed(opened: IntentOpened, view: TradingView, new: list[Fill]) -> TradeDone | None:
    # Whoever closed it, it is closed: by this request, by its stop-loss, by a liquidation. But fills must say so: a
    # position that is only missing from a list is still there.
    before, now = Decimal(opened.params["size"]), view.holdings.size(opened.params["coin"])
    if not new or before + sum(fill.change for fill in new) != now:
        return None
    return TradeDone("closed in part" if now else "closed")


def _listed(opened: IntentOpened, view: TradingView, known: Container[str], since: int) -> TradeDone | Ambiguous | None:
    terms = opened.params
    size_micro, price, leverage = int(terms["size_micro"]), Decimal(terms["limit_price"]), int(terms["leverage"])
    sent = terms["coin"], terms["side"], size_micro, price, leverage
    found = [
        order
        for order in view.limits
        if (order.coin, order.side, order.size_micro, order.limit_price, order.leverage) == sent
        and order.order_id not in known
        and (order.created_at >= since // 1_000_000 or not order.created_at)
    ]
    if len(found) > 1 or any(not order.created_at for order in found):
        return Ambiguous(f"{len(found)} limit orders may be it: {', '.join(order.order_id for order in found)}")
    if not found:
        # Alone on the account, it is newer than all that are known.
        back = any(order.order_id in known or 0 < order.created_at < since // 1_000_000 for order in view.limits)
        return None if back or len(view.limits) < LIMITS_LISTED else Ambiguous("the venue lists only newer orders")
    margin_micro = 0 if found[0].status == "cancelled" else opened.stake_micro
    return TradeDone(found[0].status, found[0].order_id, margin_micro)


def _cancelled(opened: IntentOpened, view: TradingView) -> TradeDone | Ambiguous | None:
    order = next((order for order in view.limits if order.order_id == opened.subject), None)
    if order:
        return TradeDone(order.status) if order.status != "pending" else None
    return None if len(view.limits) < LIMITS_LISTED else Ambiguous("the venue does not list the order any more")


def drift(before: Holdings, view: TradingView, known: Container[str]) -> str:
    """Return how the positions differ from what fills made of those before, as a sentence; "" if they do not."""
    fresh = [fill for fill in view.fills if fill.ref not in known]
    coins = {position.coin for position in (*before.positions, *view.holdings.positions)} | {f.coin for f in fresh}
    for coin in sorted(coins):
        expected = before.size(coin) + sum(fill.change for fill in fresh if fill.coin == coin)
        if expected != view.holdings.size(coin):
            return f"{view.holdings.size(coin)} {coin} at the exchange, its fills make it {expected}"
    return ""


def second_orders(view: TradingView, known: Mapping[str, str]) -> dict[str, str]:
    """Return orders, as references, that added to a position which an order of ours had opened, and that one's intent.

    We send one order a coin, so the venue executed it twice, or somebody else did this.
    """
    ours = {row.coin: row for row in view.trades if row.is_open and row.oid and known.get(row.position_id)}
    oids = {row.oid for row in view.trades if row.position_id in known}
    more: dict[str, str] = {}
    for fill in view.fills:
        row, order = ours.get(fill.coin), f"oid:{fill.oid}"
        new = fill.oid not in oids and not {fill.ref, order} & known.keys()
        if row and new and fill.is_buy is (row.side == "long"):
            more[order] = known[row.position_id]
    return more


def taken(
    account: str, before: Holdings | None, evidence: Evidence, margin_micro: int, now: int
) -> list[HoldingsTaken]:
    """Return the event by which the book holds what the account does, if it held anything else.

    Args:
        account: its name.
        before: what the book holds.
        evidence: the reading.
        margin_micro: what the book has set aside for it.
        now: for the event.
    """
    if evidence.trading is None:
        return []
    # The venue's lists come and go; an id that a position had, it keeps, unless the venue says that it is closed, and
    # an order that waited goes on waiting, unless the venue says what became of it.
    closed = {row.position_id for row in evidence.trading.trades if not row.is_open}
    held = (p for p in (before.positions if before else ()) if p.position_id not in closed)
    ids = {(p.coin, p.side): p.position_id for p in held}
    positions = tuple(
        replace(p, position_id=p.position_id or ids.get((p.coin, p.side), ""))
        for p in evidence.trading.holdings.positions
    )
    listed = {order.order_id for order in evidence.trading.limits}
    waiting = (order for order in (before.orders if before else ()) if order.order_id not in listed)
    orders = (*evidence.trading.holdings.orders, *waiting)
    holdings = replace(evidence.trading.holdings, positions=positions, orders=orders)
    change = min(holdings.margin_micro, evidence.balance_micro) - margin_micro
    if holdings == before and not change:
        return []
    return [HoldingsTaken(now, account, holdings, moved(account, Bucket.AVAILABLE, Bucket.MARGIN, change))]


def unfit(wager: CheckedTrade, held: Holdings, now: int) -> Denial | None:
    """Return what keeps a wager from being opened while the account holds this, or None."""
    match wager:
        case CheckedClose(position_id) | CheckedExit(position_id):
            if held.position(position_id) is None:
                return Denial("position", "an open position of ours", f"{position_id} is none")
        case CheckedCancel(order_id):
            if all(order.order_id != order_id for order in held.orders):
                return Denial("order", "a limit order that waits", f"{order_id} is none")
        case _:
            return _beyond(wager, held, now)
    return None


def _beyond(wager: Opening, held: Holdings, now: int) -> Denial | None:
    # Closing one of two positions of a coin closes both at the exchange, and the other's record stays open for ever.
    if held.size(wager.coin) or any(order.coin == wager.coin for order in held.orders):
        return Denial("position", "one position or waiting order a coin", f"{wager.coin} has one", now)
    if wager.leverage > held.max_leverage:
        return Denial("leverage", f"{held.max_leverage} on this account", f"{wager.leverage}")
    if wager.size_micro > held.max_position_micro:
        return Denial("position size", f"{usd(held.max_position_micro)} USD", f"{usd(wager.size_micro)} USD")
    return None


def to_reduce(held: Holdings, *, close: bool) -> list[CheckedTrade]:
    """Return what takes risk off an account: cancels of all that waits and, with `close`, closes of all positions."""
    cancels: list[CheckedTrade] = [CheckedCancel(order.order_id) for order in held.orders]
    closes = [CheckedClose(position.position_id) for position in held.positions if position.position_id and close]
    return [*cancels, *closes]


def terms_of(wager: CheckedTrade, held: Holdings) -> tuple[str, dict[str, str]]:
    """Return what an intent keeps of its wager: its subject, and all that evidence is compared with."""
    match wager:
        case CheckedClose(position_id) | CheckedExit(position_id):
            position = held.position(position_id)
            known = {"coin": position.coin, "side": position.side, "size": str(position.size)} if position else {}
            more = {} if isinstance(wager, CheckedClose) else {"exit": wager.exit, "price": str(wager.trigger_price)}
            return position_id, known | more
        case CheckedCancel(order_id):
            return order_id, {}
        case _:
            terms = {"coin": wager.coin, "side": wager.side, "size_micro": str(wager.size_micro)}
            terms["leverage"] = str(wager.leverage)
            if isinstance(wager, CheckedLimit):
                terms["limit_price"] = str(wager.limit_price)
            return wager.coin, terms
