"""The strategies that play in a simulation: small, quick, and equal enough in their stakes to be mistaken."""

from actors.lanes import Lane
from actors.money.wagers import Bet, EscrowAct, EscrowCreate, Wager
from actors.strategies.base import Strategy, View

STAKES = (None, "0.45", "0.45", "1")


class Coin(Strategy):
    """Bets on the boosted coin, often the same stake as its neighbour."""

    every = 0.1

    def decide(self, view: View) -> Wager:
        """Toss a coin."""
        side = view.random.choice(("heads", "tails"))
        return Bet("boosted_coin", {"side": side}, "0.5", "2.10", stake=view.random.choice(STAKES))


class Contractor(Strategy):
    """Locks money for work, and mostly releases it."""

    every = 0.3

    def decide(self, view: View) -> Wager:
        """Release what was funded last, or fund something new."""
        last = view.last
        if last and last.reference and last.reason == "funded" and view.random.random() < 0.8:
            return EscrowAct(last.reference, "release")
        return EscrowCreate(view.random.choice(("0.50", "1")), "ag_other", "work")


def lanes(number: int) -> tuple[Lane, ...]:
    """Return two or three lanes."""
    makers = (("red", Coin), ("blue", Coin), ("builder", Contractor))[:number]
    return tuple(Lane(name, "casino", make, wants_prices=False) for name, make in makers)
