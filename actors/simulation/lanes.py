"""The strategies that play in a simulation: small, quick, and equal enough in their stakes to be mistaken."""

from decimal import Decimal

from actors.lanes import Lane
from actors.money.orders import CancelOrder, CloseOrder, Exit, ExitOrder, LimitOrder, Order, Side
from actors.money.wagers import Bet, EscrowAct, EscrowCreate, Idle, RegisterDomain, Wager
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


class Trader(Strategy):
    """Opens, guards and closes positions, at the price of the moment or at one to wait for."""

    wants_prices = True
    account = "trading"

    def decide(self, view: View) -> Wager | Idle:
        """Do something with one of the markets, every ten seconds or so."""
        rng = view.random
        if rng.random() < 0.9 or not view.prices:
            return Idle("waits")
        coin = rng.choice(sorted(view.prices))
        side: Side = "long" if rng.random() < 0.5 else "short"
        price, size, leverage = view.prices[coin], rng.choice((12.5, 15, 20)), rng.choice((2, 3, 5))
        away = round(price * Decimal(rng.choice(("0.995", "1.005"))), 3)
        mine = [one for one in view.positions if one.position_id.startswith("pos_")]
        if view.orders and rng.random() < 0.2:
            return CancelOrder(view.orders[0].order_id)
        if mine and rng.random() < 0.3:
            kind: Exit = "stop_loss" if (away < price) is (mine[0].side == "long") else "take_profit"
            return ExitOrder(mine[0].position_id, kind, away)
        if mine and rng.random() < 0.6:
            return CloseOrder(mine[0].position_id)
        if rng.random() < 0.3:
            return LimitOrder(coin, "long" if away < price else "short", size, away, leverage)
        return Order(coin, side, size, leverage)


class Registrar(Strategy):
    """Registers whatever watched name is free."""

    every = 20.0
    account = "domains"

    def decide(self, view: View) -> Wager | Idle:
        """Take a free name, at its price or too cheaply."""
        if not view.domains:
            return Idle("no name is free")
        name = view.random.choice(sorted(view.domains))
        return RegisterDomain(name, view.domains[name] - view.random.choice((0, 0, 1)))


def lanes(number: int) -> tuple[Lane, ...]:
    """Return two or three lanes."""
    makers = (("red", Coin), ("blue", Coin), ("builder", Contractor))[:number]
    return tuple(Lane(name, "casino", make, wants_prices=False) for name, make in makers)


def one_a_service(traders: int) -> tuple[Lane, ...]:
    """Return a lane that bets, one that pays by escrow, one that buys names, one or two that trade on prices."""
    return (
        Lane("better", "casino", lambda: _slower(Coin(), 4.0), wants_prices=False),
        Lane("builder", "casino", lambda: _slower(Contractor(), 7.0), wants_prices=False),
        Lane("registrar", "domains", Registrar, wants_prices=False),
        *(Lane(f"trader-{number}", "trading", Trader, wants_prices=True) for number in range(1, traders + 1)),
    )


def _slower(strategy: Strategy, every: float) -> Strategy:
    strategy.every = every
    return strategy
