"""DomainsActor: registers names once, reads the evidence of the domains account, watches names that are wanted."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from actors.messages import DomainsSeen, LookUp, Place, Poll
from actors.money.amounts import usd
from actors.service import Links
from actors.venue.domains import Domains
from actors.watcher import WatcherActor
from supervision import Handle


class DomainsActor(WatcherActor[Domains]):
    """The domains account. Watching only tells; a strategy that wants a name returns RegisterDomain.

    Args:
        make: makes the client.
        links: what it works with.
        names: whose availability is watched.
        lanes: who is told which of them are free.
    """

    def __init__(
        self, make: Callable[[], Domains], links: Links, names: Sequence[str], lanes: Sequence[Handle]
    ) -> None:
        super().__init__("domains", make, links)
        self._names = tuple(names)
        self._lanes = tuple(lanes)
        self._prices: dict[str, int | None] = {}  # by name; None: taken
        self._trouble: dict[str, str] = {}

    def setup(self) -> None:
        """Make the client; no network."""
        super().setup()
        self._renew()

    def receive(self, message: Any) -> None:
        """Place a ticket, look evidence up, or ask for the watched names."""
        match message:
            case Place():
                self.place(message, self.client.place)
            case LookUp():
                self.look_up(message, self.client.evidence)
            case Poll():
                for name in self._names:
                    self.look(name, partial(self.client.price, name))
            case _:
                super().receive(message)

    def took(self, what: str, result: Any) -> None:
        """Tell what is new of a name; one that could not be looked up keeps what was known of it."""
        if isinstance(result, BaseException):
            if what not in self._trouble:
                self.say("availability", "unknown", f"{what} cannot be looked up: {result}", level="WARNING")
            self._trouble[what] = str(result)
        else:
            self._trouble.pop(what, None)
            if self._prices.get(what, -1) != result:
                text = f"{what} is free for {usd(result)} USD" if result else f"{what} is taken"
                self.say("availability", "free" if result else "taken", text, amount_micro=result)
            self._prices[what] = result
            free = {name: Decimal(usd(price, 6)) for name, price in self._prices.items() if price}
            for lane in self._lanes:
                lane.tell(DomainsSeen(free))
        self._renew()

    def _renew(self) -> None:
        told = [
            f"{name} unknown" if name in self._trouble or name not in self._prices
            else f"{name} {usd(price)} USD" if (price := self._prices[name]) else f"{name} taken"
            for name in self._names
        ]  # fmt: skip
        self.note("; ".join(told) or "no name in [domains]")
