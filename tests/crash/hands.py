"""Strategies of an agent that uses all six services at once: one trades, one pays, one buys names; `Player` bets.

`Once` makes a single act of whatever kind, so that its process can die on the way of just that one.
"""

from actors import Strategy
from actors.money.orders import CancelOrder, CloseOrder, ExitOrder, LimitOrder, Order
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


class Once(Strategy):
    """Makes one act, after the one that it needs, and rests.

    Args:
        act: its name; "" to rest from the beginning.
        counterparty: of payments and contracts.
        subject: the name to register, or the contract to complete.
    """

    every = 0.0
    NEEDS = {  # noqa: RUF012  never changed
        "close_order": "order",
        "exit_order": "order",
        "cancel_order": "limit_order",
        "release": "escrow_create",
        "dispute": "escrow_create",
    }

    def __init__(self, act: str, counterparty: str, subject: str) -> None:
        self._left = [one for one in (self.NEEDS.get(act), act) if one]
        self._to, self._subject = counterparty, subject
        self._last = None

    def decide(self, view):
        if view.last is not self._last:
            self._last = view.last
            if len(self._left) == 1 or view.last.outcome == "executed":  # what the act needs is made until it is there
                del self._left[:1]
        return self._next(view) or Idle("nothing is left to do, or what it needs is not there yet")

    def _next(self, view):  # noqa: PLR0911  a table
        match self._left[:1]:
            case ["order"]:
                return Order("ETH", "long", 50, 5)
            case ["close_order"] if view.positions:
                return CloseOrder(view.positions[0].position_id)
            case ["exit_order"] if view.positions:
                return ExitOrder(view.positions[0].position_id, "stop_loss", 100)
            case ["limit_order"]:
                return LimitOrder("ETH", "long", 50, 100, 5)
            case ["cancel_order"] if view.orders:
                return CancelOrder(view.orders[0].order_id)
            case ["pay"]:
                return Pay(self._to, "1.23")
            case ["withdraw"]:
                return Withdraw("1.23", ADDRESS)
            case ["register_domain"]:
                return RegisterDomain(self._subject, 9)
            case ["escrow_create"]:
                return EscrowCreate("1.23", self._to, "a piece of work")
            case ["complete"]:
                return EscrowAct(self._subject, "complete")
            case ["release" | "dispute" as act] if view.contracts:
                return EscrowAct(view.contracts[0].escrow_id, act)
        return None


def _cents(view):
    return f"0.{view.random.randint(10, 99)}"
