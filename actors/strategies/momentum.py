"""A strategy that trades on prices: it goes with a market that moves."""

from decimal import Decimal

from actors.money.orders import CloseOrder, Order
from actors.money.wagers import Idle, Wager
from actors.strategies.base import Strategy, View


class Momentum(Strategy):
    """Opens a position with a move of its market by `move` (a fraction), and closes it at the next, whichever way."""

    wants_prices = True
    account = "trading"

    def __init__(self, market: str = "BTC", move: float = 0.0005, size: float = 20, every: float = 0.5) -> None:
        self.every, self._market, self._move, self._size = every, market, Decimal(str(move)), size
        self._mark: Decimal | None = None

    def decide(self, view: View) -> Wager | Idle:
        """Wait for a move, then go with it, or out."""
        price = view.prices.get(self._market)
        mark = self._mark = self._mark or price
        if price is None or mark is None or abs(price / mark - 1) < self._move:
            return Idle(f"{self._market} has {f'moved less than {self._move:%}' if price else 'no price just now'}")
        self._mark = price
        for held in view.positions:
            return CloseOrder(held.position_id)
        return Order(self._market, "long" if price > mark else "short", self._size, leverage=5)
