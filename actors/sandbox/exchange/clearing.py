"""The clearing house: accounts, positions, orders that fill at once or not at all, funding and liquidation."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from actors.sandbox.books import Books, Row
from actors.sandbox.exchange.valuation import Account, Position, direction, micro, net
from actors.sandbox.market import Listing, Market

TAKER_RATE = Decimal("0.00035")
MIN_ORDER_MICRO = 10_000_000
HOUR_S = 3600
FIRST_OID, FIRST_TID = 1001, 1_000_000_000_001
FUNDING_SPAN = 141  # an hour's rate is -0.00002 to 0.00005 in steps of 0.0000005
FUNDING_STEP, FUNDING_LOWEST = Decimal("0.0000005"), Decimal("-0.00002")

Told = Callable[[Row], None]


class OrderError(Exception):
    """The exchange refuses an order; nothing of it was executed. The text is the exchange's."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order that fills at once or not at all.

    Attributes:
        size: above zero, with the market's decimals.
        leverage: for the position from now on; None leaves it.
        reduce_only: fills no more than closes the position.
        builder_rate: of the notional, to the builder who passed the order on.
    """

    address: str
    coin: str
    is_buy: bool
    size: Decimal
    limit_px: Decimal
    leverage: int | None = None
    reduce_only: bool = False
    builder_rate: Decimal = Decimal(0)


class Exchange:
    """All accounts at the exchange. Every call runs and commits in the server's event loop.

    Args:
        books: where everything is kept.
        market: the prices.
        seed: of the funding rates.
    """

    def __init__(self, books: Books, market: Market, seed: int) -> None:
        self._books = books
        self._market = market
        self._seed = seed
        self._told: set[Told] = set()
        market.restore(books.all("SELECT coin, price, held FROM market_prices"))

    def keep_prices(self) -> None:
        """Write the prices down, so that positions find them again after a restart."""
        with self._books.transaction():
            for coin, price, held in self._market.state():
                self._books.run("INSERT OR REPLACE INTO market_prices VALUES (?, ?, ?)", coin, price, held)

    def subscribe(self, told: Told) -> None:
        """Give every coming fill to `told`, which must not block."""
        self._told.add(told)

    def unsubscribe(self, told: Told) -> None:
        """Stop giving fills to `told`."""
        self._told.discard(told)

    def now_ms(self) -> int:
        """The exchange's clock, milliseconds since the epoch."""
        return int(self._books.now() * 1000)

    def knows(self, address: str) -> bool:
        """Whether the address ever had money here."""
        return self._books.one("SELECT 1 FROM exchange_accounts WHERE address = ?", address) is not None

    def deposit(self, address: str, amount_micro: int) -> None:
        """Credit an address; an amount below zero is a withdrawal."""
        with self._books.transaction():
            self._move_cash(address, amount_micro)
            self._note(address, "deposit" if amount_micro >= 0 else "withdraw", amount_micro)

    def account(self, address: str) -> Account:
        """An account at the prices of this moment; an unknown address has nothing."""
        cash = self._books.one("SELECT cash_micro FROM exchange_accounts WHERE address = ?", address)
        rows = self._books.all("SELECT * FROM exchange_positions WHERE address = ? ORDER BY coin", address)
        positions = (
            Position(
                *(row["coin"], Decimal(row["size"]), row["cost_micro"], row["leverage"]),
                *(self._market.listings[row["coin"]].max_leverage, row["funding_micro"]),
                self._market.price(row["coin"]),
            )
            for row in rows
        )
        return Account(cash["cash_micro"] if cash else 0, tuple(positions))

    def place(self, order: Order) -> Row:
        """Fill an order at the mid price, the whole of it.

        Returns:
            Its fill.

        Raises:
            OrderError: nothing was executed.
        """
        self.fund()  # so that movements are written in the order of their times
        listing = self._market.listings[order.coin]
        px = self._market.price(order.coin)
        if (px > order.limit_px) if order.is_buy else (px < order.limit_px):
            raise OrderError(f"Order could not immediately match against any resting orders. coin={order.coin}")
        with self._books.transaction():
            change = self._allowed(order, listing, px)
            fill = self._fill(order, change, px)
        self._tell(fill)
        return fill

    def fund(self) -> int:
        """Pay the funding of every full hour that has begun since the last time; returns how many payments."""
        now_hour = self._books.second() // HOUR_S
        last = self._books.one("SELECT value FROM meta WHERE name = 'funded_hour'")
        paid = 0
        if last and last["value"] == now_hour:
            return paid
        with self._books.transaction():
            for hour in range(int(last["value"]) + 1 if last else now_hour, now_hour + 1):
                positions = self._books.all("SELECT address, coin, size FROM exchange_positions")
                if not positions:
                    break
                for row in positions:
                    self._pay_funding(row, hour)
                paid += len(positions)
            self._books.run("INSERT OR REPLACE INTO meta VALUES ('funded_hour', ?)", now_hour)
        return paid

    def funding_rate(self, coin: str, hour: int) -> Decimal:
        """What a long pays of its value for an hour (since the epoch): drawn from the seed."""
        digest = hashlib.sha256(f"{self._seed}/{coin}/{hour}".encode()).digest()
        return FUNDING_LOWEST + FUNDING_STEP * (int.from_bytes(digest[:8]) % FUNDING_SPAN)

    def liquidate(self) -> int:
        """Close every position of each account that is worth less than its maintenance margin; how many accounts."""
        doomed = 0
        for row in self._books.all("SELECT DISTINCT address FROM exchange_positions"):
            account = self.account(row["address"])
            if account.value_micro >= account.maintenance_micro:
                continue
            doomed += 1
            # gains first, so that they pay for the losses
            for position in sorted(account.positions, key=lambda held: -held.pnl_micro):
                order = Order(row["address"], position.coin, position.size < 0, abs(position.size), position.px)
                with self._books.transaction():
                    fill = self._fill(order, -position.size, position.px, liquidation=True)
                self._tell(fill)
        return doomed

    def _allowed(self, order: Order, listing: Listing, px: Decimal) -> Decimal:
        """The signed size that an order fills."""
        account = self.account(order.address)
        held = account.of(order.coin)
        size, old_micro = (held.size, abs(held.value_micro)) if held else (Decimal(0), 0)
        change = order.size if order.is_buy else -order.size
        if order.reduce_only:
            if size * change >= 0:
                raise OrderError(f"Reduce only order would increase position. coin={order.coin}")
            return -size if abs(change) > abs(size) else change
        if abs(micro(change * px)) < MIN_ORDER_MICRO:
            raise OrderError(f"Order must have minimum value of $10. coin={order.coin}")
        leverage = order.leverage or (held.leverage if held else 1)
        if leverage > listing.max_leverage:
            raise OrderError(f"Invalid leverage value. coin={order.coin}")
        new_micro = abs(micro((size + change) * px))
        others_micro = account.margin_micro - (held.margin_micro if held else 0)
        left_micro = account.value_micro - sum(fees(order, abs(change) * px))
        if new_micro > old_micro and left_micro < others_micro + new_micro // leverage:
            raise OrderError(f"Insufficient margin to place order. coin={order.coin}")
        return change

    def _fill(self, order: Order, change: Decimal, px: Decimal, *, liquidation: bool = False) -> Row:
        books = self._books
        held = self.account(order.address).of(order.coin)
        size, cost_micro = (held.size, held.cost_micro) if held else (Decimal(0), 0)
        after = net(size, cost_micro, change, px)
        leverage = order.leverage or (held.leverage if held else 1)
        taker_micro, builder_micro = fees(order, abs(change) * px)
        fee_micro, closed_micro, told = taker_micro + builder_micro, after.closed_pnl_micro, direction(size, change)
        if liquidation:  # free of fees; a loss is taken only as far as there is cash, the rest is the exchange's
            fee_micro, closed_micro = 0, max(closed_micro, -self.account(order.address).cash_micro)
            told = f"Liquidated Cross {'Long' if size > 0 else 'Short'}"
        self._move_cash(order.address, closed_micro - fee_micro)
        if after.size:
            books.run(
                "INSERT INTO exchange_positions (address, coin, size, cost_micro, leverage) VALUES (?1, ?2, ?3, ?4, ?5)"
                " ON CONFLICT DO UPDATE SET size = ?3, cost_micro = ?4, leverage = ?5",
                *(order.address, order.coin, str(after.size), after.cost_micro, leverage),
            )
        else:
            books.run("DELETE FROM exchange_positions WHERE address = ? AND coin = ?", order.address, order.coin)
        last = books.only("SELECT max(tid) AS tid, max(oid) AS oid FROM exchange_fills")
        tid, oid = (last["tid"] or FIRST_TID - 1) + 1, (last["oid"] or FIRST_OID - 1) + 1
        books.run(
            f"INSERT INTO exchange_fills VALUES ({', '.join('?' * 15)})",  # noqa: S608 - question marks
            *(tid, oid, order.address, order.coin, "B" if change > 0 else "A", str(px), str(abs(change))),
            *(str(order.limit_px), self.now_ms(), str(size), told),
            *(closed_micro, fee_micro, builder_micro, liquidation),
        )
        return books.only("SELECT * FROM exchange_fills WHERE tid = ?", tid)

    def _pay_funding(self, row: Row, hour: int) -> None:
        size, rate = Decimal(row["size"]), self.funding_rate(row["coin"], hour)
        paid_micro = micro(size * self._market.price(row["coin"]) * rate)
        self._move_cash(row["address"], -paid_micro)
        self._books.run(
            "UPDATE exchange_positions SET funding_micro = funding_micro + ? WHERE address = ? AND coin = ?",
            *(paid_micro, row["address"], row["coin"]),
        )
        self._books.run(
            "INSERT INTO exchange_updates (address, time_ms, kind, usdc_micro, coin, size, rate)"
            " VALUES (?, ?, 'funding', ?, ?, ?, ?)",
            *(row["address"], hour * HOUR_S * 1000, -paid_micro, row["coin"], row["size"], f"{rate:f}"),
        )

    def _move_cash(self, address: str, amount_micro: int) -> None:
        self._books.run(
            "INSERT INTO exchange_accounts VALUES (?1, ?2) ON CONFLICT DO UPDATE SET cash_micro = cash_micro + ?2",
            *(address, amount_micro),
        )

    def _note(self, address: str, kind: str, amount_micro: int) -> None:
        self._books.run(
            "INSERT INTO exchange_updates (address, time_ms, kind, usdc_micro) VALUES (?, ?, ?, ?)",
            *(address, self.now_ms(), kind, amount_micro),
        )

    def _tell(self, fill: Row) -> None:
        for told in list(self._told):
            told(fill)


def fees(order: Order, notional: Decimal) -> tuple[int, int]:
    """The exchange's fee and the builder's of an order that fills for `notional` USD, each in micro-USD."""
    return micro(notional * TAKER_RATE), micro(notional * order.builder_rate)
