"""Strategies of an agent that uses all six services at once: one trades, one pays, one buys names; `Player` bets."""

from actors import Strategy
from actors.money.orders import CancelOrder, CloseOrder, LimitOrder, Order
from actors.money.wagers import EscrowAct, EscrowCreate, Idle, Pay, RegisterDomain, Withdraw

COINS = ("BTC", "ETH", "SOL", "APT", "LTC", "AVAX")
ADDRESS = "0x" + "12" * 20


class Dealer(Strategy):
    """Goes with how a market moved last, and out again, or has an order wait far below.

    Args:
        closes: how often it leaves what it has.
        waits: how often what it opens is an order that waits.
    """

    every = 0.0
    wants_prices = True
    account = "trading"

    def __init__(self, closes: float = 0.5, waits: float = 0.3) -> None:
        self._closes, self._waits = closes, waits
        self._before = {}

    def decide(self, view):
        before, self._before = self._before or view.prices, view.prices
        if view.orders and view.random.random() < 0.3:
            return CancelOrder(view.random.choice(view.orders).order_id)
        known = [position.position_id for position in view.positions if position.position_id]
        if known and view.random.random() < self._closes:
            return CloseOrder(view.random.choice(known))
        held = {one.coin for one in (*view.positions, *view.orders)}
        free = [coin for coin in COINS if coin in view.prices and coin not in held]
        if not free:
            return Idle("no market is free")
        coin = view.random.choice(free)
        if view.random.random() < self._waits:
            return LimitOrder(coin, "long", view.random.randint(20, 60), round(view.prices[coin] / 2), 5)
        side = "long" if view.prices[coin] >= before.get(coin, 0) else "short"
        return Order(coin, side, view.random.randint(20, 60), 5)


class Payer(Strategy):
    """Pays one counterparty, at once or by an escrow that it releases, and withdraws."""

    every = 0.1

    def __init__(self, counterparty: str) -> None:
        self._to = counterparty

    def decide(self, view):
        funded = [one.escrow_id for one in view.contracts if one.status == "funded"]
        if funded and view.random.random() < 0.5:
            return EscrowAct(view.random.choice(funded), "release")
        if view.random.random() < 0.3:
            return Withdraw(f"1.{view.random.randint(10, 99)}", ADDRESS)
        if view.random.random() < 0.5:
            return EscrowCreate(_cents(view), self._to, "a piece of work")
        return Pay(self._to, _cents(view))


class Registrar(Strategy):
    """Buys a new name now and then."""

    every = 0.3
    account = "domains"

    def decide(self, view):
        return RegisterDomain(f"hand-{view.random.randrange(10**9)}.xyz", 9)


def _cents(view):
    return f"0.{view.random.randint(10, 99)}"
