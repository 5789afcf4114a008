"""TradingActor: sends orders once, and reads what the account at the exchange has and did."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from actors.messages import LookUp, Place, Poll
from actors.money.evidence import Answer, Evidence, Query
from actors.service import ServiceActor
from actors.ticket import Ticket
from actors.venue.port import Runs
from supervision import Exit, Handle


class TradingClient(Protocol):
    """What the actor needs of a client. Both calls block; they run in the port."""

    def place(self, ticket: Ticket) -> Answer:
        """Send a ticket's trade, once."""

    def evidence(self, query: Query) -> Evidence:
        """Read an account."""

    def close(self) -> None:
        """Close what is open."""


NOTE_S = 1.0
"""How often the tree's line is renewed, in seconds."""


@dataclass(frozen=True, slots=True)
class _Note:
    pass


class TradingActor(ServiceActor):
    """The trading account. See `ServiceActor` for threads and failures.

    Args:
        trading: makes the client; called in this actor's thread.
        port: for its network calls.
        bankroll: who is told.
        wall: UTC microseconds.
        health: says how breaker and budget stand, for the tree.
    """

    def __init__(
        self,
        trading: Callable[[], TradingClient],
        port: Runs,
        bankroll: Handle,
        wall: Callable[[], int],
        health: Callable[[], str],
    ) -> None:
        super().__init__("trading", port, bankroll, wall)
        self._health = health
        self._make = trading
        self._trading: TradingClient | None = None

    def setup(self) -> None:
        """Make the client; no network."""
        self._trading = self._make()
        self.note(self._health())
        self.every(NOTE_S, _Note())
        super().setup()

    def teardown(self, exit_: Exit, /) -> None:
        """Close port and client."""
        super().teardown(exit_)
        if self._trading:
            self._trading.close()

    def receive(self, message: Any) -> None:
        """Place a ticket, look evidence up; a poll is the bankroll's to decide on, which has the whole account read."""
        trading = self._trading
        match message:
            case Place() if trading:
                self.place(message, trading.place)
            case LookUp() if trading:
                self.look_up(message, trading.evidence)
            case Poll():
                self.bankroll.tell(message)
            case _Note():
                self.note(self._health())
            case _:
                super().receive(message)
