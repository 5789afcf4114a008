"""EscrowActor: sends escrow requests once, and watches the contracts that are open."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from actors.messages import EscrowsSeen, Place, Poll, WatchEscrows
from actors.money.amounts import usd
from actors.money.evidence import Answer, EscrowView
from actors.service import Client, Links
from actors.ticket import Ticket
from actors.watcher import WatcherActor


class EscrowClient(Client, Protocol):
    """What the actor needs of a client."""

    def place(self, ticket: Ticket) -> Answer:
        """Send a ticket's request, once."""

    def look(self, escrow_ids: Iterable[str]) -> tuple[EscrowView, ...]:
        """Read contracts."""


WARN_S = 3600
"""How long before a contract's deadline its creator is warned, in seconds."""


class EscrowActor(WatcherActor[EscrowClient]):
    """Escrow contracts, which live on the casino's account. See `WatcherActor`.

    Args:
        make: makes the client.
        links: what it works with.
    """

    def __init__(self, make: Callable[[], EscrowClient], links: Links) -> None:
        super().__init__("escrow", make, links)
        self._watched: tuple[str, ...] = ()
        self._warned: set[str] = set()

    def receive(self, message: Any) -> None:
        """Place a ticket, or look at the watched contracts."""
        match message:
            case Place():
                self.place(message, self.client.place)
            case WatchEscrows():
                self._watched = message.escrow_ids
                self._warned &= set(message.escrow_ids)
                self.note(f"{len(self._watched)} open")
            case Poll():
                if self._watched:
                    self.look("contracts", partial(self.client.look, self._watched))
            case _:
                super().receive(message)

    def took(self, _: str, result: tuple[EscrowView, ...] | BaseException) -> None:
        """Hand on what was seen; a look that failed is repeated by the schedule."""
        if not isinstance(result, BaseException):
            self.bankroll.tell(EscrowsSeen(result))
            self._watch_deadlines(result)

    def _watch_deadlines(self, views: tuple[EscrowView, ...]) -> None:
        for view in views:
            left_s = view.auto_release_at - self.wall() // 1_000_000
            if view.status in ("funded", "completed") and left_s <= WARN_S and view.escrow_id not in self._warned:
                self._warned.add(view.escrow_id)
                text = (
                    f"{view.escrow_id} ({usd(view.amount_micro)} USD, {view.status}) goes back to its creator, "
                    f"less {usd(view.commission_micro)}, in {max(left_s, 0)} s unless it is released"
                )
                self.say("deadline", "near", text, amount_micro=view.amount_micro, level="WARNING")
