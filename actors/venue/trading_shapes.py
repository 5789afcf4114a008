"""The shapes of the answers of the trading service and of the exchange behind it, which writes its numbers as text."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from actors.money.amounts import from_venue
from actors.money.orders import Side
from actors.money.positions import LimitView, TradeRow
from actors.venue.answers import NUMBER_DIGITS, Exact, Micro, Name, Shape, Whole


def _decimal(value: object) -> Decimal:
    if not isinstance(value, str) or len(value) > NUMBER_DIGITS:
        raise ValueError("not a number in text")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError("not a number in text") from None
    if not number.is_finite() or abs(number.adjusted()) > NUMBER_DIGITS:
        raise ValueError("not a finite number of reasonable size")
    return number


Text = Annotated[Decimal, BeforeValidator(_decimal)]
TextMicro = Annotated[int, BeforeValidator(lambda value: from_venue(_decimal(value)))]
"""USD to the micro. The exchange keeps six decimals; of more, only the nearest micro-USD counts."""


class _Leverage(Shape):
    value: Annotated[int, Field(ge=1, le=1000)]


class _Position(Shape):
    coin: Name
    szi: Text
    leverage: _Leverage
    entryPx: Text | None = None  # noqa: N815  the exchange's names
    unrealizedPnl: TextMicro  # noqa: N815


class _Held(Shape):
    position: _Position


class _Margin(Shape):
    accountValue: TextMicro  # noqa: N815


class StateAnswer(Shape):
    """clearinghouseState. An error in its place has none of these fields, so it is never an empty account."""

    marginSummary: _Margin  # noqa: N815
    assetPositions: list[_Held]  # noqa: N815

    @property
    def unrealized_micro(self) -> int:
        """What closing all positions now would bring, before fees."""
        return sum(held.position.unrealizedPnl for held in self.assetPositions)

    @property
    def cash_micro(self) -> int:
        """All that is not unrealised: what was deposited and what was won or lost."""
        return self.marginSummary.accountValue - self.unrealized_micro

    @property
    def sizes(self) -> dict[str, Decimal]:
        """The positions' sizes by coin, below zero for a short."""
        return {held.position.coin: held.position.szi for held in self.assetPositions}


class FillRow(Shape):
    """One row of userFillsByTime."""

    coin: Name
    px: Text
    sz: Text
    side: Literal["B", "A"]
    time: Whole
    dir: str
    closedPnl: Text  # noqa: N815
    fee: Text
    oid: Whole
    tid: Whole


class FillsAnswer(Shape):
    """userFillsByTime: from a time on, the oldest first."""

    rows: list[FillRow]


class _Delta(Shape):
    type: Name
    usdc: Text | None = None
    coin: str = ""
    fee: Text | None = None
    toPerp: bool | None = None  # noqa: N815
    user: str = ""
    destination: str = ""


class UpdateRow(Shape):
    """One row of userFunding or userNonFundingLedgerUpdates."""

    time: Whole
    hash: str
    delta: _Delta


class UpdatesAnswer(Shape):
    """Such rows, the oldest first."""

    rows: list[UpdateRow]


class _Coin(Shape):
    name: Name


class MetaAnswer(Shape):
    """meta: the markets of the exchange's own."""

    universe: list[_Coin]


class _Wallet(Shape):
    address: Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]


class AccountAnswer(Shape):
    """200 to /auth/account."""

    max_leverage: Annotated[int, Field(ge=1, le=1000)]
    max_position_usd: Micro
    hl_wallet: _Wallet


class _Listed(Shape):
    coin: Name
    side: Side
    position_id: Name | None = None
    id: Name | None = None
    status: str = "open"


class PositionsAnswer(Shape):
    """200 to /trade/positions: by the exchange's account, or by the venue's own records when that cannot be read."""

    source: str
    positions: list[_Listed]


class _Record(Shape):
    id: Name
    coin: Name
    side: Side
    status: str
    hlOrderId: Whole | str | None = None  # noqa: N815

    @property
    def row(self) -> TradeRow:
        """As the book takes it."""
        text = str(self.hlOrderId)
        oid = int(text) if text.isdecimal() else 0
        return TradeRow(self.id, self.coin, self.side, oid, self.status == "open")


class RecordsAnswer(Shape):
    """200 to /trade/positions?status=all: the newest 50 of the venue's own records."""

    positions: list[_Record]


class _Limit(Shape):
    order_id: Name
    coin: Name
    side: Side
    size_usd: Micro
    leverage: Annotated[int, Field(ge=1, le=1000)]
    limit_price: Exact
    created_at: Whole = 0  # documented of those that wait

    def view(self, status: str) -> LimitView:
        """As the book takes it."""
        return LimitView(
            self.order_id, self.coin, self.side, self.size_usd, self.limit_price, self.leverage, status, self.created_at
        )


class LimitsAnswer(Shape):
    """200 to /trade/limit-orders: the newest 50."""

    pending: list[_Limit]
    filled: list[_Limit]
    cancelled: list[_Limit]

    @property
    def views(self) -> tuple[LimitView, ...]:
        """All of them."""
        lists = (("pending", self.pending), ("filled", self.filled), ("cancelled", self.cancelled))
        return tuple(row.view(status) for status, rows in lists for row in rows)


class OpenAnswer(Shape):
    """200 to /trade/open."""

    position_id: Name
    coin: Name
    side: Side
    margin_used: Micro
    execution: Literal["real"]
    status: Literal["open"]


class CloseAnswer(Shape):
    """200 to /trade/close."""

    position_id: Name
    execution: Literal["real"]
    status: Literal["closed"]


class LimitAnswer(Shape):
    """201 to /trade/limit."""

    order_id: Name
    status: Literal["pending"]


class ExitAnswer(Shape):
    """200 to /trade/stop-loss and /trade/take-profit."""

    order_id: Name
    position_id: Name
