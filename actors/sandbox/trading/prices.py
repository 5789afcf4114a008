"""The trading server's prices: the exchange's, up to 30 s old."""

from collections.abc import Callable
from decimal import Decimal

from actors.sandbox.errors import InjectedFaultError
from actors.sandbox.faults import FaultPlan
from actors.sandbox.market import Market

KEPT_S = 30.0
V1 = "/trading/v1"
EXCHANGE = "/trading/exchange"  # "/trading/exchange/trade/open" is what opening asks of the exchange


class Prices:
    """A cache of mid prices, refreshed all at once.

    Args:
        market: where the exchange has them.
        now: seconds by the venue's clock.
        faults: "stale" keeps old prices in use, "upstream" refuses new ones.
    """

    def __init__(self, market: Market, now: Callable[[], float], faults: FaultPlan) -> None:
        self._market = market
        self._now = now
        self._faults = faults
        self._kept: dict[str, Decimal] = {}
        self._read_at = 0.0

    def cut_off(self, path: str) -> bool:
        """Whether the exchange does not answer what a call on `path` asks it; faults name it as in EXCHANGE."""
        return self._faults.strikes("upstream", EXCHANGE + path.removeprefix(V1))

    def of(self, coin: str, path: str) -> Decimal:
        """The price that a call on `path` works with.

        Raises:
            InjectedFaultError: the exchange does not answer.
        """
        if self.cut_off(path):
            raise InjectedFaultError("fetch failed")
        market, age_s = self._market, self._now() - self._read_at
        if not self._kept or (age_s >= KEPT_S and not self._faults.strikes("stale", path)):
            self._kept, self._read_at = {coin: market.price(coin) for coin in market.listings}, self._now()
        return self._kept[coin]
