"""The markets and their prices: a seeded random walk, the one source of the feed, of every mid and of every fill."""

import asyncio
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MARKETS = 275  # of the exchange's own; those of the real world come on top
TICK_S = 0.25
STEP = 0.0001  # standard deviation of one tick's relative move: twice as restless as bitcoin
DIGITS = 5  # significant digits of a price

CRYPTO: dict[str, float] = {
    "BTC": 96_000.0,
    "ETH": 3_300.0,
    "SOL": 190.0,
    "BNB": 650.0,
    "XRP": 1.4,
    "DOGE": 0.4,
    "ADA": 0.9,
    "AVAX": 42.0,
    "LINK": 18.0,
    "DOT": 8.5,
    "LTC": 95.0,
    "ATOM": 8.0,
    "UNI": 11.0,
    "AAVE": 180.0,
    "ARB": 0.85,
    "OP": 2.1,
    "SUI": 3.6,
    "APT": 12.5,
    "NEAR": 6.4,
    "HYPE": 25.0,
}
REAL_WORLD: dict[str, tuple[str, float]] = {
    "xyz:TSLA": ("stocks", 400.0),
    "xyz:NVDA": ("stocks", 180.0),
    "xyz:GOLD": ("commodities", 2_500.0),
    "xyz:SILVER": ("commodities", 31.0),
    "xyz:XYZ100": ("indices", 24_000.0),
    "xyz:EUR": ("forex", 1.08),
}
MAX_LEVERAGE = {"BTC": 40, "ETH": 25, **dict.fromkeys(REAL_WORLD, 20)}
NAMED_LEVERAGE, OTHER_LEVERAGE = 20, 5

Tick = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Listing:
    """What stays the same about a market.

    Attributes:
        coin: its name at the exchange, such as "BTC" or "xyz:TSLA".
        category: "crypto", "stocks", "commodities", "indices" or "forex".
        size_decimals: of an order's size.
        max_leverage: above it an order is refused; half of its inverse is the maintenance margin.
    """

    coin: str
    category: str
    size_decimals: int
    max_leverage: int

    @property
    def ticker(self) -> str:
        """The name without the exchange it comes from."""
        return self.coin.rpartition(":")[2]

    @property
    def dex(self) -> str:
        """The part of the exchange that lists it; empty for the exchange's own markets."""
        return self.coin.rpartition(":")[0]


class Market:
    """The prices, and who listens to them. All methods run in the server's event loop.

    Args:
        rng: where the walk comes from.
        goes_silent: asked before each tick; a number of seconds makes the feed say nothing for so long.
    """

    def __init__(self, rng: random.Random, goes_silent: Callable[[], float]) -> None:
        self._rng = rng
        self._goes_silent = goes_silent
        self._prices = {**CRYPTO, **{coin: price for coin, (_, price) in REAL_WORLD.items()}}
        for index in range(1, MARKETS - len(CRYPTO) + 1):
            self._prices[f"@{index}"] = round(10 ** rng.uniform(-3, 2), 6)
        self._held: set[str] = set()
        self._listeners: set[Tick] = set()
        self.listings = {coin: _listing(coin, price) for coin, price in self._prices.items()}
        self._names = {name.lower(): coin for coin, listed in self.listings.items() for name in (listed.ticker, coin)}

    def find(self, name: str) -> Listing | None:
        """The market of this name in any case, "TSLA" for "xyz:TSLA" too."""
        coin = self._names.get(name.lower())
        return self.listings[coin] if coin else None

    def price(self, coin: str) -> Decimal:
        """The mid price of this moment, as the feed writes it."""
        return Decimal(price_text(self._prices[coin]))

    def prices(self, dex: str = "") -> dict[str, str]:
        """The mid prices of this moment: of the exchange's own markets, or of those whose names begin with `dex`."""
        return {coin: price_text(self._prices[coin]) for coin, listed in self.listings.items() if listed.dex == dex}

    def mids(self, dex: str = "") -> str:
        """The allMids message of this moment."""
        return json.dumps({"channel": "allMids", "data": {"mids": self.prices(dex)}}, separators=(",", ":"))

    def state(self) -> list[tuple[str, float, bool]]:
        """Every market's price, and whether it is held there."""
        return [(coin, price, coin in self._held) for coin, price in self._prices.items()]

    def restore(self, state: Iterable[Sequence[Any]]) -> None:
        """Go on from prices that `state` once gave."""
        for coin, price, held in state:
            self._prices[coin] = price
            if held:
                self._held.add(coin)

    def hold(self, coin: str, price: float | None) -> None:
        """Put a market at a price and keep it there; None lets it walk on from where it is."""
        if price is None:
            self._held.discard(coin)
        else:
            self._held.add(coin)
            self._prices[coin] = price

    def subscribe(self, tick: Tick) -> None:
        """Give every coming tick's allMids message, of the exchange's own markets, to `tick`, which must not block."""
        self._listeners.add(tick)

    def unsubscribe(self, tick: Tick) -> None:
        """Stop giving ticks to `tick`."""
        self._listeners.discard(tick)

    def move(self) -> None:
        """One step of the walk in every market that is not held."""
        for name, price in self._prices.items():
            step = self._rng.gauss(0, STEP)
            if name not in self._held:
                self._prices[name] = price * (1 + step)

    async def run(self) -> None:
        """Tick for ever."""
        while True:
            await asyncio.sleep(TICK_S)
            self.move()
            silence_s = self._goes_silent() if self._listeners else 0.0
            if silence_s:
                await asyncio.sleep(silence_s)
            elif self._listeners:
                message = self.mids()
                for tick in list(self._listeners):
                    tick(message)


def _listing(coin: str, price: float) -> Listing:
    category = REAL_WORLD[coin][0] if coin in REAL_WORLD else "crypto"
    leverage = MAX_LEVERAGE.get(coin, NAMED_LEVERAGE if coin in CRYPTO else OTHER_LEVERAGE)
    return Listing(coin, category, len(str(int(price))) if price >= 1 else 0, leverage)


def price_text(price: float) -> str:
    """A price as the feed writes it: a decimal string of at most five significant digits."""
    whole = len(str(int(price)))
    return f"{price:.{max(1, DIGITS - whole)}f}" if price >= 1 else f"{price:.6f}"
