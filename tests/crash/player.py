"""A strategy that plays one game for ever, so that each kind of fault can have a game of its own."""

from actors import Strategy
from actors.money.wagers import Bet

BETS = {
    "dice": Bet("dice", {"direction": "over", "threshold": 50}, probability="0.5", odds="1.99", stake="0.50"),
    "crash": Bet("crash", {"cash_out_at": 2}, probability="0.4987", odds="2", stake="0.50"),
    "custom": Bet("custom", {"win_probability": 25}, probability="0.25", odds="3.98", stake="0.50"),
    "multiplier": Bet("multiplier", {"target_multiplier": 2}, probability="0.4987", odds="2", stake="0.50"),
}


class Player(Strategy):
    """Plays its game."""

    every = 0.0

    def __init__(self, game: str) -> None:
        self._bet = BETS[game]

    def decide(self, view):
        return self._bet
