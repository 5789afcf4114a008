"""The sound real games, for those who want to play: their edge is the house's, so the entertainment budget pays."""

from actors.money.wagers import Bet, Wager
from actors.strategies.base import Strategy, View

GAMES = (
    Bet("coin_flip", {"side": "heads"}, probability="0.5", odds="1.99"),
    Bet("dice", {"direction": "over", "threshold": 50}, probability="0.5", odds="1.99"),
    Bet("custom", {"win_probability": 25}, probability="0.25", odds="3.98"),
    Bet("crash", {"cash_out_at": 2}, probability="0.4987", odds="2"),
    Bet("roulette", {"bet_type": "red"}, probability="0.4865", odds="1.99"),
)


class FairGames(Strategy):
    """Plays them in turn at the smallest stake, until the day's entertainment budget is spent."""

    def __init__(self, every: float = 2.0) -> None:
        self.every = every
        self._turn = 0

    def decide(self, view: View) -> Wager:  # noqa: ARG002  it plays whatever it sees
        """Take the next game."""
        self._turn += 1
        return GAMES[self._turn % len(GAMES)]
