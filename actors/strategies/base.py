"""What a strategy is: a class with `decide(view)`. See docs/strategies.md."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import ClassVar

from msgspec import Struct, field

from actors.money.positions import LimitView, Position
from actors.money.wagers import Idle, OpenEscrow, Wager


class Result(Struct, frozen=True):
    """How the lane's last wager ended. Amounts in USD.

    Attributes:
        outcome: executed, refused, not_sent, void or incomplete.
        won: for a bet that was executed; None otherwise.
        stake: what was staked.
        gain: what it brought (below zero: lost).
        reference: the venue's id of the bet or the escrow, if it has one.
        reason: won, lost, funded, or why it was not executed.
    """

    outcome: str
    won: bool | None
    stake: Decimal
    gain: Decimal
    reference: str | None
    reason: str


class View(Struct, frozen=True):
    """All that a strategy may know when it decides. Frozen; amounts in USD, time in UTC seconds.

    Attributes:
        lane: its lane.
        now: UTC seconds since 1970.
        available: what may be staked.
        equity: all that is in the account.
        peak: the highest equity so far.
        last: how its last wager ended, or None.
        prices: the newest price of each market, if the strategy asked for prices; none while the feed is lost or
            silent, for an old price is worse than none.
        domains: the watched names that are free, and what each costs.
        positions: what a trading account holds.
        orders: its limit orders that wait.
        contracts: the escrows of the casino's account that are watched.
        random: chance, handed in so that a simulation can repeat it.
    """

    lane: str
    now: float
    available: Decimal
    equity: Decimal
    peak: Decimal
    last: Result | None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    domains: Mapping[str, Decimal] = field(default_factory=dict)
    positions: tuple[Position, ...] = ()
    orders: tuple[LimitView, ...] = ()
    contracts: tuple[OpenEscrow, ...] = ()
    random: Random = field(default_factory=Random)


class Strategy(ABC):
    """Base of all strategies; the parameters of its configuration section are its keyword arguments.

    Attributes:
        every: seconds until `decide` is asked again when it had nothing to do, and after an intent closed.
        wants_prices: whether `view.prices` is filled, and `decide` asked when prices arrive.
        account: the account it plays on.
    """

    every: float = 0.5
    wants_prices: ClassVar[bool] = False
    account: str = "casino"

    @abstractmethod
    def decide(self, view: View) -> Wager | Idle | None:
        """Return what to do now. Runs in the lane's own thread; an exception pauses the lane and nothing else."""
