"""What the actors of accounts have in common: they send tickets once, and read what became of the account."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from actors.messages import LookUp, Place
from actors.money.evidence import Answer, Evidence, Query
from actors.service import Client, Links, ServiceActor
from actors.ticket import Ticket


class AccountClient(Client, Protocol):
    """What the actor of an account needs of a client."""

    def place(self, ticket: Ticket) -> Answer:
        """Send a ticket's request, once."""

    def evidence(self, query: Query) -> Evidence:
        """Read the account."""


A = TypeVar("A", bound=AccountClient)

NOTE_S = 1.0
"""How often the tree's line is renewed, in seconds."""


class _Note(Struct, frozen=True):
    pass


class AccountActor(ServiceActor[A]):
    """An account at a service. See `ServiceActor` for threads and failures.

    Args:
        name: the service, as intents name it.
        make: makes the client.
        links: what it works with.
        health: says how breaker and budget stand, for the tree.
    """

    def __init__(self, name: str, make: Callable[[], A], links: Links, health: Callable[[], str]) -> None:
        super().__init__(name, make, links)
        self._health = health

    def setup(self) -> None:
        """Make the client; no network."""
        self.note(self._health())
        self.every(NOTE_S, _Note())
        super().setup()

    def receive(self, message: Any) -> None:
        """Place a ticket, or look evidence up."""
        match message:
            case Place():
                self.place(message, self.client.place)
            case LookUp():
                self.look_up(message, self.client.evidence)
            case _Note():
                self.note(self._health())
            case _:
                super().receive(message)
