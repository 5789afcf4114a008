"""CasinoActor: sends bets once, and reads the evidence of the casino's account."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from actors.messages import LookUp, Place, RotateSeed, SeedRotated
from actors.money.evidence import Answer, Evidence, Query
from actors.service import ServiceActor
from actors.ticket import Ticket
from actors.venue.errors import VenueError
from actors.venue.port import PortClosed, Runs
from supervision import Exit, Handle


class CasinoClient(Protocol):
    """What the actor needs of a client. Its calls block; they run in the port."""

    def place(self, ticket: Ticket) -> Answer:
        """Send a ticket's bet, once."""

    def evidence(self, query: Query) -> Evidence:
        """Read an account."""

    def rotate(self) -> None:
        """Ask the venue to show the seed in use."""

    def close(self) -> None:
        """Close what is open."""


NOTE_S = 1.0
"""How often the tree's line is renewed, in seconds."""


@dataclass(frozen=True, slots=True)
class _Note:
    pass


class CasinoActor(ServiceActor):
    """The casino's account. See `ServiceActor` for threads and failures.

    Args:
        casino: makes the client; called in this actor's thread.
        port: for its network calls.
        bankroll: who is told.
        wall: UTC microseconds.
        health: says how breaker and budget stand, for the tree.
    """

    def __init__(
        self,
        casino: Callable[[], CasinoClient],
        port: Runs,
        bankroll: Handle,
        wall: Callable[[], int],
        health: Callable[[], str],
    ) -> None:
        super().__init__("casino", port, bankroll, wall)
        self._health = health
        self._make = casino
        self._casino: CasinoClient | None = None

    def setup(self) -> None:
        """Make the client; no network."""
        self._casino = self._make()
        self.note(self._health())
        self.every(NOTE_S, _Note())
        super().setup()

    def teardown(self, exit_: Exit, /) -> None:
        """Close port and client."""
        super().teardown(exit_)
        if self._casino:
            self._casino.close()

    def receive(self, message: Any) -> None:
        """Place a ticket, or look evidence up."""
        casino = self._casino
        match message:
            case Place() if casino:
                self.place(message, casino.place)
            case LookUp() if casino:
                self.look_up(message, casino.evidence)
            case RotateSeed() if casino:
                self._rotate(message.account, casino)
            case _Note():
                self.note(self._health())
            case _:
                super().receive(message)

    def _rotate(self, account: str, casino: CasinoClient) -> None:
        def done(result: BaseException | None) -> None:
            self.bankroll.tell(SeedRotated(account))
            if isinstance(result, BaseException) and not isinstance(result, VenueError | PortClosed):
                self.fail(result)

        self.run(casino.rotate, done)
