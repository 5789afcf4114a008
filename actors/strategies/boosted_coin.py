"""The paper default: the one game with an edge for the player, at the built-in venue only."""

from actors.money.wagers import Bet, Wager
from actors.strategies.base import Strategy, View


class BoostedCoin(Strategy):
    """Bets on a fair coin that pays 2.10, an edge of 5 percent; Kelly sizes the stake."""

    def __init__(self, every: float = 1.2) -> None:
        self.every = every

    def decide(self, view: View) -> Wager:
        """Toss a coin about which side to take."""
        side = view.random.choice(("heads", "tails"))
        return Bet("boosted_coin", {"side": side}, probability="0.5", odds="2.10")
