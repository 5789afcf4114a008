"""CasinoActor: sends bets once, reads the evidence of the casino's account, and has its seeds shown."""

from typing import Any, Protocol

from actors.account import AccountActor, AccountClient
from actors.messages import RotateSeed, SeedRotated
from actors.venue.errors import VenueError
from actors.venue.port import PortClosed


class CasinoClient(AccountClient, Protocol):
    """What the actor needs of a client."""

    def rotate(self) -> None:
        """Ask the venue to show the seed in use."""


class CasinoActor(AccountActor[CasinoClient]):
    """The casino's account. See `AccountActor`."""

    def receive(self, message: Any) -> None:
        """Ask for the seed; the rest is any account's."""
        match message:
            case RotateSeed(account):
                self._rotate(account)
            case _:
                super().receive(message)

    def _rotate(self, account: str) -> None:
        def done(result: BaseException | None) -> None:
            self.bankroll.tell(SeedRotated(account))
            if isinstance(result, BaseException) and not isinstance(result, VenueError | PortClosed):
                self.fail(result)

        self.run(self.client.rotate, done)
