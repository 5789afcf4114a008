"""A strategy that trades on prices: it follows a market that moves."""

from decimal import Decimal

from actors.money.orders import CloseOrder, Order
from actors.money.wagers import Idle, Wager
from actors.strategies.base import Strategy, View


class Momentum(Strategy):
    """Opens a position when its market moved by `move` (a fraction), and closes it when it moved back by as much."""

    wants_prices = True
    account = "trading"

    def __init__(
        self, market: str = "BTC", move: float = 0.0005, size: float = 20, leverage: int = 5, every: float = 0.5
    ) -> None:
        self.every, self._market, self._size, self._leverage = every, market, size, leverage
        self._move = Decimal(str(move))
        self._mark: Decimal | None = None

    def decide(self, view: View) -> Wager | Idle:
        """Wait for a move, then go with it."""
        price = view.prices.get(self._market)
        mark = self._mark = self._mark or price
        if price is None or mark is None:
            return Idle(f"no price of {self._market} yet")
        if abs(price / mark - 1) < self._move:
            return Idle(f"{self._market} has moved less than {self._move:%}")
        self._mark = price
        held = next((position for position in view.positions if position.coin == self._market), None)
        if held is None:
            return Order(self._market, "long" if price > mark else "short", self._size, self._leverage)
        gains = (price > mark) is (held.side == "long")
        return Idle(f"{self._market} moves on") if gains else CloseOrder(held.position_id)
