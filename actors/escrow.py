"""EscrowActor: sends escrow requests once, and watches the contracts that are open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from actors.messages import EscrowsSeen, Notice, Place, Poll, WatchEscrows
from actors.money.amounts import usd
from actors.money.evidence import Answer, EscrowView
from actors.service import ServiceActor
from actors.ticket import Ticket
from actors.venue.errors import VenueError
from actors.venue.port import PortClosed, Runs
from supervision import Exit, Handle


class EscrowClient(Protocol):
    """What the actor needs of a client. Both calls block; they run in the port."""

    def place(self, ticket: Ticket) -> Answer:
        """Send a ticket's request, once."""

    def look(self, escrow_ids: Iterable[str]) -> tuple[EscrowView, ...]:
        """Read contracts."""

    def close(self) -> None:
        """Close what is open."""


WARN_S = 3600
"""How long before a contract's deadline its creator is warned, in seconds."""


@dataclass(frozen=True, slots=True)
class _Looked:
    views: tuple[EscrowView, ...]


class EscrowActor(ServiceActor):
    """Escrow contracts, which live on the casino's account. See `ServiceActor` for threads and failures.

    Args:
        escrow: makes the client; called in this actor's thread.
        port: for its network calls.
        bankroll: who is told.
        reporter: who hears of deadlines.
        wall: UTC microseconds.
    """

    def __init__(
        self,
        escrow: Callable[[], EscrowClient],
        port: Runs,
        bankroll: Handle,
        reporter: Handle,
        wall: Callable[[], int],
    ) -> None:
        super().__init__("escrow", port, bankroll, wall)
        self._make = escrow
        self._escrow: EscrowClient | None = None
        self._reporter = reporter
        self._watched: tuple[str, ...] = ()
        self._warned: set[str] = set()
        self._looking = False

    def setup(self) -> None:
        """Make the client; no network."""
        self._escrow = self._make()
        super().setup()

    def teardown(self, exit_: Exit, /) -> None:
        """Close port and client."""
        super().teardown(exit_)
        if self._escrow:
            self._escrow.close()

    def receive(self, message: Any) -> None:
        """Place a ticket, or look at the watched contracts."""
        escrow = self._escrow
        match message:
            case Place() if escrow:
                self.place(message, escrow.place)
            case WatchEscrows():
                self._watched = message.escrow_ids
                self._warned &= set(message.escrow_ids)
                self.note(f"{len(self._watched)} open")
            case Poll() if escrow and self._watched and not self._looking:
                self._looking = True
                watched = self._watched
                self.run(lambda: escrow.look(watched), self._looked)
            case Poll():
                pass
            case _Looked():
                self._looking = False
                if message.views:
                    self.bankroll.tell(EscrowsSeen(message.views))
                self._watch_deadlines(message.views)
            case _:
                super().receive(message)

    def _looked(self, result: tuple[EscrowView, ...] | BaseException) -> None:
        # In a port thread. A look that failed is repeated at the next beat; a bug is raised in the actor.
        if isinstance(result, VenueError | PortClosed):
            self.handle.tell(_Looked(()))
        elif isinstance(result, BaseException):
            self.fail(result)
        else:
            self.handle.tell(_Looked(result))

    def _watch_deadlines(self, views: tuple[EscrowView, ...]) -> None:
        now = self.wall()
        for view in views:
            left_s = view.auto_release_at - now // 1_000_000
            if view.status in ("funded", "completed") and left_s <= WARN_S and view.escrow_id not in self._warned:
                self._warned.add(view.escrow_id)
                text = (
                    f"{view.escrow_id} ({usd(view.amount_micro)} USD, {view.status}) goes back to its creator, "
                    f"less {usd(view.commission_micro)}, in {max(left_s, 0)} s unless it is released"
                )
                notice = Notice(now, "escrow", "deadline", "near", text, view.amount_micro, level="WARNING")
                self._reporter.tell(notice)
