"""A strategy that reacts to prices: it bets when a market moves."""

from decimal import Decimal

from actors.money.wagers import Bet, Idle, Wager
from actors.strategies.base import Strategy, View


class Momentum(Strategy):
    """Takes heads of the boosted coin when the market rose by `move` (a fraction) since its last bet, else tails."""

    wants_prices = True

    def __init__(self, market: str = "BTC", move: float = 0.0005, every: float = 0.5) -> None:
        self.every = every
        self._market = market
        self._move = Decimal(str(move))
        self._mark: Decimal | None = None

    def decide(self, view: View) -> Wager | Idle:
        """Wait for a move, then bet in its direction."""
        price = view.prices.get(self._market)
        if price is None:
            return Idle(f"no price of {self._market} yet")
        mark = self._mark = self._mark or price
        if abs(price / mark - 1) < self._move:
            return Idle(f"{self._market} has moved less than {self._move:%}")
        self._mark = price
        return Bet("boosted_coin", {"side": "heads" if price > mark else "tails"}, probability="0.5", odds="2.10")
