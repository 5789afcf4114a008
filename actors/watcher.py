"""What actors have in common that look after something at the venue: a job in the port, and its result back here."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from actors.messages import Level, Notice
from actors.service import C, Links, ServiceActor
from actors.venue.errors import VenueError
from actors.venue.port import PortClosed


class _Done(Struct, frozen=True):
    what: str
    result: Any


class WatcherActor(ServiceActor[C], ABC):
    """Runs jobs one of a kind at a time; a bug in one is raised in the actor. See `ServiceActor` for threads.

    Args:
        name: the service, as intents name it.
        make: makes the client.
        links: what it works with.
    """

    def __init__(self, name: str, make: Callable[[], C], links: Links) -> None:
        super().__init__(name, make, links)
        self._busy: set[str] = set()

    def receive(self, message: Any) -> None:
        """Take in what a job came to."""
        match message:
            case _Done(what, result):
                self._busy.discard(what)
                self.took(what, result)
            case _:
                super().receive(message)

    @abstractmethod
    def took(self, what: str, result: Any) -> None:
        """Take in a job's result, or the VenueError (or PortClosed) it ended with. Runs in the actor's thread."""

    def look(self, what: str, job: Callable[[], Any]) -> None:
        """Run a job in the port, unless one of its kind is under way."""
        if what in self._busy:
            return
        self._busy.add(what)

        def done(result: Any) -> None:
            if isinstance(result, BaseException) and not isinstance(result, VenueError | PortClosed):
                self.fail(result)
            else:
                self.handle.tell(_Done(what, result))

        self.run(job, done)

    def say(
        self, action: str, outcome: str, text: str, *, amount_micro: int | None = None, level: Level = "INFO"
    ) -> None:
        """Tell people."""
        notice = Notice(self.wall(), self.service, action, outcome, text, amount_micro, level=level)
        self._links.reporter.tell(notice)
