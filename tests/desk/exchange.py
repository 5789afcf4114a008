"""A trading account in memory, played by hand: what the exchange did to it, and a desk that trades there."""

from dataclasses import dataclass, field
from decimal import Decimal

from msgspec.structs import replace

from actors.money.book import Bucket
from actors.money.evidence import WINDOW_MARGIN, Evidence, Executed, HistoryRow, Query
from actors.money.orders import Order
from actors.money.positions import Fill, Holdings, LimitView, Position, TradeDone, TradeRow, TradingView
from actors.money.risk import Limits
from tests.desk.kit import Table

FEE = Decimal("0.00055")
LEVERAGE = 5
STEP = Decimal("0.000001")
MICRO = 1_000_000


@dataclass
class Exchange:
    """Cash, positions and how they came about; beside them the venue's own records, which may lack anything."""

    cash: int = 100_000_000
    sizes: dict[str, Decimal] = field(default_factory=dict)
    entries: dict[str, Decimal] = field(default_factory=dict)
    prices: dict[str, Decimal] = field(default_factory=lambda: {"BTC": Decimal(50_000), "ETH": Decimal(2_500)})
    fills: list[Fill] = field(default_factory=list)
    history: list[tuple[int, HistoryRow]] = field(default_factory=list)
    trades: list[TradeRow] = field(default_factory=list)
    limits: list[LimitView] = field(default_factory=list)
    shows_nothing: bool = False

    @property
    def balance(self) -> int:
        return self.cash

    def trade(self, coin, usd, now, *, oid=None, record=True):
        """Fill an order (below zero: a sell) at the price; it opens, adds to, reduces or closes."""
        price, before = self.prices[coin], self.sizes.get(coin, Decimal(0))
        change = (Decimal(usd) / price).quantize(STEP)
        closing = min(abs(change), abs(before)) if before * change < 0 else Decimal(0)
        sign = 1 if before > 0 else -1
        pnl = int(closing * (price - self.entries.get(coin, price)) * sign * MICRO)
        fee = int(abs(change) * price * FEE * MICRO)
        number, oid = len(self.fills) + 1, oid or len(self.fills) + 100
        self.fills.append(Fill(f"fill:{number}", oid, coin, change > 0, abs(change), price, now))
        self._move(pnl - fee, "a fill", f"fill:{number}", now, earned=True, fee_micro=fee)
        after = before + change
        if after * before <= 0 or not before:
            self.entries[coin] = price
        elif not closing:
            self.entries[coin] = (self.entries[coin] * before + price * change) / after
        self.sizes[coin] = after
        if record and not before:
            self.trades.insert(0, TradeRow(f"pos_{number}", coin, "long" if after > 0 else "short", oid, is_open=True))
        return oid

    def close(self, coin, now):
        """Close a position, whoever wants it."""
        self.trade(coin, -self.sizes[coin] * self.prices[coin], now)
        self.trades = [replace(row, is_open=row.is_open and row.coin != coin) for row in self.trades]

    def fund(self, micro, now):
        """Pay or take funding."""
        self._move(micro, "funding BTC", f"funding:{now}:{len(self.history)}", now, earned=True)

    def deposit(self, micro, now):
        """Move money in."""
        self._move(micro, "deposit", f"deposit:{now}:{len(self.history)}", now)

    def wait_for(self, opened, now, status="pending"):
        """Take a limit order on, as the venue's server does."""
        params = opened.params
        order = LimitView(
            f"ord_{len(self.limits) + 1}", params["coin"], params["side"], int(params["size_micro"]),
            Decimal(params["limit_price"]), int(params["leverage"]), status, now // MICRO,
        )  # fmt: skip
        self.limits.insert(0, order)
        return order

    def mark(self, order_id, status):
        """Give a limit order another status."""
        self.limits = [replace(one, status=status) if one.order_id == order_id else one for one in self.limits]

    def unrealized(self):
        """What closing everything now would bring, before fees, in micro-USD."""
        return int(sum(s * (self.prices[c] - self.entries[c]) * MICRO for c, s in self.sizes.items()))

    def holdings(self):
        """What the account holds."""
        shown = {} if self.shows_nothing else self.sizes
        ids = {(row.coin, row.side): row.position_id for row in self.trades if row.is_open}
        positions = []
        for coin, size in shown.items():
            if size:
                margin = -int(-abs(size) * self.entries[coin] * MICRO // LEVERAGE)
                side = "long" if size > 0 else "short"
                positions.append(Position(coin, size, self.entries[coin], LEVERAGE, margin, ids.get((coin, side), "")))
        waiting = tuple(order for order in self.limits if order.status == "pending")
        return Holdings(tuple(positions), waiting, 10, 10_000 * MICRO)

    def evidence(self, query: Query, now: int, started: int | None = None) -> Evidence:
        """Read the account as the real client does."""
        since = (query.since or now - WINDOW_MARGIN) - 5 * MICRO
        return Evidence(
            account=query.account,
            started=now if started is None else started,
            rows=(),
            rows_complete=True,
            nonces=0,
            balance_micro=self.cash,
            detailed=True,
            history=tuple(row for at, row in self.history if at >= since),
            venue_at=now,
            trading=TradingView(
                self.holdings(),
                self.unrealized(),
                tuple(fill for fill in self.fills if fill.at >= since),
                tuple(self.trades),
                tuple(self.limits),
            ),
        )

    def _move(self, change, reason, ref, now, **more):
        self.cash += change
        self.history.append((now, HistoryRow(change, reason, f"{now:020d}", ref, **more)))


class TradingDesk(Table):
    """One agent with a trading account, and nothing else."""

    account, up = "trading", ("trading",)

    def __init__(self, *, limits=Limits(max_open=1, max_stake_fraction=1), **changes) -> None:  # noqa: B008
        super().__init__(services=frozenset({"trading"}), venue=Exchange, limits=limits, **changes)
        self.reconciled()

    def order(self, usd="10", side="long", coin="BTC", leverage=LEVERAGE, **how):
        """Propose an order; return its intent, or None."""
        return self.propose(Order(coin, side, usd, leverage), **how)

    def opened(self, usd="10", **how):
        """Open a position and let the desk know all about it; return its intent."""
        intent = self.order(usd, **how)
        self.fill(intent)
        position = self.venue.trades[0].position_id
        self.answer(intent, Executed(trade=TradeDone("open", position, intent.stake_micro)))
        self.reconciled()
        return intent

    def fill(self, intent, **how):
        """Let the exchange execute what was sent; nobody has told the desk yet."""
        sign = 1 if intent.params["side"] == "long" else -1
        self.venue.trade(intent.params["coin"], sign * Decimal(intent.params["size_micro"]) / MICRO, self.now, **how)

    @property
    def held(self):
        return self.state.holdings["trading"]

    def micro(self, bucket: Bucket) -> int:
        return self.state.book.balance("trading", bucket)

    def sound(self) -> bool:
        """Whether the book is sound, says what the exchange has, and sets aside what it ties up."""
        book = self.state.book
        ours = (book.at_venue("trading"), self.micro(Bucket.MARGIN), self.held)
        holdings = self.venue.holdings()
        return not book.violations() and ours == (self.venue.cash, holdings.margin_micro, holdings)
