"""An exchange in memory and the trading server before it: prices walk, fills cost, orders wait for a price.

One account. Every movement of its cash is a row with an exact amount, as at the real exchange.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from random import Random
from typing import Any

from actors.money.amounts import from_venue, usd

Json = dict[str, Any]
Said = tuple[int, Any]
"""Status and body of an answer."""

USER = f"0x{'ab' * 20}"
COINS = {"BTC": (96_000.0, 5), "ETH": (3_300.0, 4), "SOL": (190.0, 2)}
"""Where each market begins, and the decimals of its sizes."""

FEE = Decimal("0.00055")
STEP = 0.0015
"""Standard deviation of a second's relative move: so wild that triggers are met within minutes."""

LISTED = 50
NO_POSITION: Said = 404, {"error": "position_not_found"}


@dataclass(slots=True)
class Held:
    """A position at the exchange; below zero it is short."""

    size: Decimal
    entry: Decimal
    leverage: int

    def worth(self, price: Decimal) -> int:
        """Return what closing it at a price would bring, in micro-USD before fees."""
        return from_venue((price - self.entry) * self.size)

    @property
    def margin_micro(self) -> int:
        """What it ties up."""
        return -int(-abs(self.size) * self.entry * 1_000_000 // self.leverage)


@dataclass(slots=True)
class Market:
    """The truth about prices and the account. Times are true UTC microseconds."""

    rng: Random
    cash: int = 500_000_000
    walk: dict[str, float] = field(default_factory=lambda: {coin: begin for coin, (begin, _) in COINS.items()})
    held: dict[str, Held] = field(default_factory=dict)
    moved_at: dict[str, int] = field(default_factory=dict)
    fills: list[Json] = field(default_factory=list)
    fundings: list[Json] = field(default_factory=list)
    records: list[Json] = field(default_factory=list)
    orders: list[Json] = field(default_factory=list)
    exits: list[Json] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def prices(self) -> dict[str, Decimal]:
        """The mid prices of this moment."""
        return {coin: Decimal(f"{price:.3f}") for coin, price in self.walk.items()}

    @property
    def margin_micro(self) -> int:
        """All that is tied up, by positions and by orders that wait."""
        waits = (one for one in self.orders if _pends(one))
        waiting: int = sum(-(-from_venue(Decimal(one["size_usd"])) // one["leverage"]) for one in waits)
        return waiting + sum(held.margin_micro for held in self.held.values())

    def move(self) -> None:
        """Let all prices take a step."""
        for coin in self.walk:
            self.walk[coin] *= 1 + self.rng.gauss(0, STEP)

    def fund(self, at: int) -> None:
        """Pay or take funding for all positions."""
        for coin, held in self.held.items():
            usdc = from_venue(held.size * self.prices[coin] * Decimal(self.rng.randint(-9, 9)) / 100_000)
            self.cash += usdc
            delta = {"type": "funding", "coin": coin, "usdc": usd(usdc, 6)}
            self.fundings.append({"time": at // 1000, "hash": "0x0", "delta": delta})

    def monitor(self, at: int) -> None:
        """Fill and close whatever has met its price, as the trading server does twice a minute."""
        for order in filter(_pends, list(self.orders)):
            price, limit, long = self.prices[order["coin"]], order["limit_price"], order["side"] == "long"
            if price <= limit if long else price >= limit:
                self._open(order, at)
                order["status"] = "filled"
        for leave in list(self.exits):
            record, price = leave["record"], self.prices[leave["record"]["coin"]]
            falls = (leave["path"] == "/trade/stop-loss") == (record["side"] == "long")
            if record["status"] != "open" or record["coin"] not in self.held:
                self.exits.remove(leave)
            elif price <= leave["trigger_price"] if falls else price >= leave["trigger_price"]:
                self.exits.remove(leave)
                self._close(record, at)

    def close_by_hand(self, at: int) -> None:
        """Let a person close at the exchange what the trading server has no record of."""
        known = {(record["coin"], record["side"]) for record in self.records if record["status"] == "open"}
        for coin, held in list(self.held.items()):
            if (coin, _side(held.size)) not in known:
                self._fill(coin, -held.size, held.leverage, at)

    def do(self, path: str, asked: Json, at: int, *, unbooked: bool) -> Said:
        """Carry out a request of the trading server; `unbooked`: what the exchange did is not written down."""
        match path:
            case "/trade/open":
                return self._ordered(asked, at, unbooked=unbooked)
            case "/trade/close":
                return self._left(asked, at, unbooked=unbooked)
            case "/trade/limit":
                order = {**asked, "order_id": self._id("ord"), "status": "pending", "created_at": at // 1_000_000}
                self.orders.insert(0, order)
                return 201, {"order_id": order["order_id"], "status": "pending"}
            case "/trade/stop-loss" | "/trade/take-profit":
                record = self._record(asked)
                if record is None:
                    return NO_POSITION
                self.exits.append({**asked, "path": path, "record": record})
                return 200, {"order_id": self._id("ord"), "position_id": record["id"]}
            case _:
                return self._cancelled(path.rpartition("/")[2])

    def read(self, path: str, asked: Json) -> Said:
        """Answer a question to the trading server."""
        match path:
            case "/auth/account":
                return 200, {"max_leverage": 20, "max_position_usd": 200, "hl_wallet": {"address": USER}}
            case "/trade/limit-orders":
                states = ("pending", "filled", "cancelled")
                return 200, {state: [one for one in self.orders if one["status"] == state][:LISTED] for state in states}
            case _ if asked.get("status") == "all":
                return 200, {"positions": self.records[:LISTED]}
            case _:
                listed = [one for one in self.records if one["status"] == "open" and one["coin"] in self.held]
                return 200, {"source": "hyperliquid", "positions": listed}

    def info(self, asked: Json, *, empty: bool) -> Said:
        """Answer a question to the exchange; `empty`: it has forgotten the positions for a while."""
        since = asked.get("startTime", 0)
        match asked["type"]:
            case "clearinghouseState":
                prices, held = self.prices, {} if empty else self.held
                value = self.cash + sum(one.worth(prices[coin]) for coin, one in held.items())
                positions = [{"position": _shown(coin, one, prices[coin])} for coin, one in held.items()]
                return 200, {"marginSummary": {"accountValue": usd(value, 6)}, "assetPositions": positions}
            case "meta":
                return 200, {"universe": [{"name": coin} for coin in COINS]}
            case "userFillsByTime":
                return 200, [row for row in self.fills if row["time"] >= since]
            case "userFunding":
                return 200, [row for row in self.fundings if row["time"] >= since]
            case _:
                return 200, []

    def _ordered(self, asked: Json, at: int, *, unbooked: bool) -> Said:
        size, price = self._size(asked), self.prices[asked["coin"]]
        if size * price < 10:
            return 400, {"error": "trade_failed", "message": "Position size too small"}
        if size * price / asked["leverage"] > Decimal(self.cash - self.margin_micro) / 1_000_000:
            return 400, {"error": "trade_failed", "message": "Order error: insufficient margin"}
        record = self._open(asked, at, booked=not unbooked)
        if unbooked:
            return 400, {"error": "trade_failed", "message": "fetch failed"}
        margin = round(float(size * price / asked["leverage"]), 2)
        done = {"coin": asked["coin"], "side": asked["side"], "margin_used": margin}
        return 200, done | {"position_id": record["id"], "execution": "real", "status": "open"}

    def _left(self, asked: Json, at: int, *, unbooked: bool) -> Said:
        record = self._record(asked)
        if record is None:
            return NO_POSITION
        self._close(record, at, booked=not unbooked)
        if unbooked:
            return 400, {"error": "close_failed", "message": "fetch failed"}
        return 200, {"position_id": record["id"], "execution": "real", "status": "closed"}

    def _cancelled(self, order_id: str) -> Said:
        order = next((one for one in self.orders if one["order_id"] == order_id), None)
        if order is None or not _pends(order):
            return (404, {"error": "not_found"}) if order is None else (400, {"error": "not_pending"})
        order["status"] = "cancelled"
        return 200, {"status": "cancelled"}

    def _size(self, asked: Json) -> Decimal:
        exact = Decimal(str(asked["size_usd"])) / self.prices[asked["coin"]]
        return exact.quantize(Decimal(1).scaleb(-COINS[asked["coin"]][1]), ROUND_HALF_UP)

    def _open(self, asked: Json, at: int, *, booked: bool = True) -> Json:
        size = self._size(asked) * (1 if asked["side"] == "long" else -1)
        oid = self._fill(asked["coin"], size, asked["leverage"], at)
        known = None if "order_id" in asked else oid  # of a limit order's fill the server keeps no number
        record = {"id": self._id("pos"), "coin": asked["coin"], "side": asked["side"], "hlOrderId": known}
        if booked:
            self.records.insert(0, record | {"status": "open"})
        return record

    def _close(self, record: Json, at: int, *, booked: bool = True) -> None:
        if held := self.held.get(record["coin"]):
            self._fill(record["coin"], -held.size, held.leverage, at)
        if booked:
            record["status"] = "closed"

    def _fill(self, coin: str, change: Decimal, leverage: int, at: int) -> int:
        price, held, oid = self.prices[coin], self.held.get(coin), next(self._numbers)
        fee = from_venue(abs(change) * price * FEE)
        earned = held.worth(price) if held and held.size == -change else 0
        if held and held.size == -change:
            del self.held[coin]
        elif held:
            size = held.size + change
            entry = (held.size * held.entry + change * price) / size
            self.held[coin] = Held(size, entry.quantize(Decimal("0.000001")), leverage)
        else:
            self.held[coin] = Held(change, price, leverage)
        self.cash += earned - fee
        self.moved_at[coin] = at
        row: Json = {"coin": coin, "px": f"{price}", "sz": f"{abs(change)}", "side": "B" if change > 0 else "A"}
        row |= {"time": at // 1000, "dir": f"{'Close' if earned else 'Open'} {_side(change)}", "oid": oid, "tid": oid}
        self.fills.append(row | {"closedPnl": usd(earned, 6), "fee": usd(fee, 6)})
        return oid

    def _record(self, asked: Json) -> Json | None:
        found = (one for one in self.records if one["id"] == asked["position_id"])
        return next((one for one in found if one["status"] == "open"), None)

    def _id(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers)}"


def _pends(order: Json) -> bool:
    return bool(order["status"] == "pending")


def _side(size: Decimal) -> str:
    return "long" if size > 0 else "short"


def _shown(coin: str, held: Held, price: Decimal) -> Json:
    shown = {"coin": coin, "szi": f"{held.size}", "entryPx": f"{held.entry}", "leverage": {"value": held.leverage}}
    return shown | {"unrealizedPnl": usd(held.worth(price), 6)}
