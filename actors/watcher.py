"""What actors have in common that look after something at the venue: a job in the port, and its result back here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from actors.messages import Level, Notice
from actors.service import ServiceActor
from actors.venue.errors import VenueError
from actors.venue.port import PortClosed, Runs
from supervision import Exit, Handle


class Client(Protocol):
    """What is common to all clients. Their calls block; they run in the port."""

    def close(self) -> None:
        """Close what is open."""


C = TypeVar("C", bound=Client)


@dataclass(frozen=True, slots=True)
class _Done:
    what: str
    result: Any


class WatcherActor(ServiceActor, Generic[C]):
    """Runs jobs one of a kind at a time; a bug in one is raised in the actor. See `ServiceActor` for threads.

    Args:
        name: the service, as intents name it.
        make: makes the client; called in this actor's thread.
        port: where the network calls run.
        bankroll: who is told.
        reporter: who hears what was seen.
        wall: UTC microseconds.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], C],
        port: Runs,
        bankroll: Handle,
        reporter: Handle,
        wall: Callable[[], int],
    ) -> None:
        super().__init__(name, port, bankroll, wall)
        self._make = make
        self.client: C | None = None
        self._reporter = reporter
        self._busy: set[str] = set()

    def setup(self) -> None:
        """Make the client; no network."""
        self.client = self._make()
        super().setup()

    def teardown(self, exit_: Exit, /) -> None:
        """Close port and client."""
        super().teardown(exit_)
        if self.client:
            self.client.close()

    def receive(self, message: Any) -> None:
        """Take in what a job came to."""
        match message:
            case _Done(what, result):
                self._busy.discard(what)
                self.took(what, result)
            case _:
                super().receive(message)

    def took(self, what: str, result: Any) -> None:
        """Take in a job's result, or the VenueError (or PortClosed) it ended with. Runs in the actor's thread."""
        raise NotImplementedError

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
        self._reporter.tell(notice)
