"""The exchange behind the trading service, by its public interface: the truth about cash, positions and fills.

It takes no key: an account is an address. Its amounts are text with six decimals of USD at most, so whole micro-USD.
"""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import Struct

from actors.money.amounts import from_venue
from actors.money.evidence import HistoryRow
from actors.money.positions import Fill
from actors.venue.answers import read_json, shaped
from actors.venue.bodies import body
from actors.venue.line import Line, ServiceClient
from actors.venue.times import iso
from actors.venue.trading_shapes import FillRow, FillsAnswer, MetaAnswer, StateAnswer, UpdateRow, UpdatesAnswer

INFO = "/info"
WEIGHTS = {"clearinghouseState": 2, "userFillsByTime": 25}
WEIGHT = 20
"""What a question weighs with the exchange's limiter: lists weigh more the longer they are."""

PAGE_ROWS = {"userFillsByTime": 2_000, "userFunding": 500, "userNonFundingLedgerUpdates": 2_000}
"""How many rows an answer has at most; one of this length goes on."""

PAGES = 6
FUNDING_BACK_MS = 2 * 3_600_000
"""Funding is booked under the hour it is for, so its window opens this much earlier (milliseconds)."""

META_FOR = 3_600_000_000
"""How long the list of markets is good (microseconds)."""

SPOT = frozenset({"Buy", "Sell"})
"""What the exchange calls fills of its spot markets, which do not move this account."""

R = TypeVar("R", FillRow, UpdateRow)


class Movements(Struct, frozen=True):
    """What moved an account since a moment: each with a reference of its own. `complete`: no row was cut off."""

    rows: tuple[HistoryRow, ...]
    fills: tuple[Fill, ...]
    complete: bool


class Exchange(ServiceClient):
    """Reads accounts at the exchange. Blocks its caller; usable by several threads."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._markets: frozenset[str] = frozenset()
        self._markets_at = 0

    def state(self, user: str) -> StateAnswer:
        """Return cash and positions.

        Raises:
            VenueError: they could not be read.
        """
        return shaped(StateAnswer, self._ask("clearinghouseState", user=user))

    def markets(self) -> frozenset[str]:
        """Return the names of the exchange's own markets.

        Raises:
            VenueError: they could not be read.
        """
        if not self._markets or self._line.wall() - self._markets_at > META_FOR:
            answer = shaped(MetaAnswer, self._ask("meta"))
            self._markets, self._markets_at = frozenset(coin.name for coin in answer.universe), self._line.wall()
        return self._markets

    def lag_s(self) -> int:
        """Return by how many seconds its clock is behind ours, by its last answer."""
        return self._line.lag_s or 0

    def movements(self, user: str, since: int) -> Movements:
        """Return everything that moved an account's cash or positions since a moment (UTC microseconds, its clock).

        Raises:
            VenueError: a part could not be read.
        """
        markets, start = self.markets(), since // 1000
        fills, all_fills = self._pages("userFillsByTime", user, start, _fills)
        paid, all_paid = self._pages("userFunding", user, start - FUNDING_BACK_MS, _updates)
        others, all_others = self._pages("userNonFundingLedgerUpdates", user, start, _updates)
        ours = [row for row in fills if row.coin in markets and row.dir not in SPOT]
        rows = (*map(_fill_row, ours), *_update_rows([row for row in paid if row.delta.coin in markets]))
        return Movements(
            (*rows, *_update_rows(others, user)), tuple(map(_fill, ours)), all_fills and all_paid and all_others
        )

    def _pages(self, kind: str, user: str, start: int, read: Callable[[Any], list[R]]) -> tuple[list[R], bool]:
        found: dict[str, R] = {}
        for _ in range(PAGES):
            rows = read(self._ask(kind, user=user, startTime=start))
            found |= {repr(row): row for row in rows}
            if len(rows) < PAGE_ROWS[kind]:
                return list(found.values()), True
            if start == rows[-1].time:
                break
            start = rows[-1].time
        return list(found.values()), False

    def _ask(self, kind: str, **fields: str | int) -> Any:
        question = body({"type": kind, **fields})
        return read_json(self._line.query(INFO, question, weight=WEIGHTS.get(kind, WEIGHT)))


def _fills(content: Any) -> list[FillRow]:
    return shaped(FillsAnswer, {"rows": content}).rows


def _updates(content: Any) -> list[UpdateRow]:
    return shaped(UpdatesAnswer, {"rows": content}).rows


def _ref(row: FillRow) -> str:
    return f"fill:{row.tid}"


def _fill(row: FillRow) -> Fill:
    return Fill(_ref(row), row.oid, row.coin, row.side == "B", row.sz, row.px, row.time * 1000)


def _fill_row(row: FillRow) -> HistoryRow:
    text = f"{row.dir} {row.sz:f} {row.coin} at {row.px:f}"
    fee = from_venue(row.fee)
    return HistoryRow(
        from_venue(row.closedPnl) - fee, text, iso(*divmod(row.time, 1000)), _ref(row), earned=True, fee_micro=fee
    )


def _update_rows(updates: list[UpdateRow], user: str = "") -> list[HistoryRow]:
    seen: Counter[str] = Counter()
    rows = []
    for update in updates:
        delta = update.delta
        name = f"{delta.type}:{update.time}:{update.hash if delta.type != 'funding' else delta.coin}"
        seen[name] += 1
        ref = name if seen[name] == 1 else f"{name}:{seen[name]}"
        funding = delta.type == "funding"
        what = f"funding {delta.coin}" if funding else delta.type
        rows.append(HistoryRow(_change(update, user), what, iso(*divmod(update.time, 1000)), ref, earned=funding))
    return rows


def _change(update: UpdateRow, user: str) -> int:
    # Of types that are not known here nothing is booked: what they move stays unexplained, and a person looks.
    delta = update.delta
    usdc, fee = from_venue(delta.usdc or Decimal(0)), from_venue(delta.fee or Decimal(0))
    match delta.type:
        case "funding" | "deposit":
            return usdc
        case "withdraw":
            return -usdc - fee
        case "accountClassTransfer":
            return usdc if delta.toPerp else -usdc
        case "internalTransfer" | "subAccountTransfer":
            return usdc if delta.destination.lower() == user.lower() else -usdc - fee
        case _:
            return 0
