"""What every service's actor has in common: a client, and a port for its calls, so that no actor blocks."""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar, cast

from msgspec import Struct

from actors.crashpoints import reached
from actors.messages import Answered, Found, LookUp, LookUpFailed, Place, ServiceUp
from actors.money.evidence import Answer, Evidence, NotSent, Query, Unknown
from actors.ticket import Ticket
from actors.venue.errors import VenueError
from actors.venue.port import PortClosed, Runs
from supervision import Exit, Handle, Worker

T = TypeVar("T")

CLOSE_S = 0.5
"""How long a stopping service waits for its port (seconds); what is still under way reports by itself."""


class _Bug(Struct, frozen=True):
    error: BaseException


class Client(Protocol):
    """What is common to all clients. Their calls block; they run in the port."""

    def close(self) -> None:
        """Close what is open."""


C = TypeVar("C", bound=Client)


class Links(Struct, frozen=True):
    """What a service's actor works with.

    Attributes:
        port: where its network calls run; made anew for each incarnation.
        bankroll: who is told what came of them.
        reporter: who hears what is for people.
        wall: UTC microseconds.
    """

    port: Runs
    bankroll: Handle
    reporter: Handle
    wall: Callable[[], int]


class ServiceActor(Worker, Generic[C]):
    """Runs requests in its port and tells the bankroll what came of them.

    An exception that is not the network's is a bug: it is raised in the actor, and the supervisor restarts it. A send
    that is under way when the actor ends still reports its answer, which may be proof.

    Args:
        name: the service, as intents name it.
        make: makes the client; called in this actor's thread, without any network.
        links: what it works with.
    """

    def __init__(self, name: str, make: Callable[[], C], links: Links) -> None:
        super().__init__()
        self.service = name
        self.bankroll = links.bankroll
        self.wall = links.wall
        self._make = make
        self._links = links
        self._client: C | None = None

    @property
    def client(self) -> C:
        """The client, from `setup` on."""
        return cast("C", self._client)

    def setup(self) -> None:
        """Make the client and report up."""
        self._client = self._make()
        self.bankroll.tell(ServiceUp(self.service, self.incarnation))

    def teardown(self, _: Exit, /) -> None:
        """Close the port, whose queued jobs are answered as not sent, and the client."""
        self._links.port.close(CLOSE_S)
        if self._client:
            self._client.close()

    def receive(self, message: Any) -> None:
        """Raise a bug that a port thread met."""
        if isinstance(message, _Bug):
            raise message.error
        super().receive(message)

    def fail(self, error: BaseException) -> None:
        """Raise an error of a port thread in the actor, where the supervisor sees it."""
        self.handle.tell(_Bug(error))

    def run(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> None:
        """Run a job in the port; `done` gets its result or its exception, in a port thread."""
        if not self._links.port.submit(job, done):
            done(PortClosed(f"the port of {self.service} takes no more"))

    def place(self, message: Place, send: Callable[[Ticket], Answer]) -> None:
        """Send a ticket's request in the port."""
        ticket = message.ticket

        def done(result: Answer | BaseException) -> None:
            answer: Answer
            if isinstance(result, PortClosed):
                answer = NotSent(str(result))
            elif isinstance(result, BaseException):
                answer = Unknown(f"{type(result).__name__} in the client")
                self.fail(result)
            else:
                answer = result
            self.bankroll.tell(Answered(ticket.intent, answer))

        self.run(lambda: send(ticket), done)

    def look_up(self, message: LookUp, read: Callable[[Query], Evidence]) -> None:
        """Read evidence in the port."""
        number, query = message.number, message.query

        def done(result: Evidence | BaseException) -> None:
            if isinstance(result, Evidence):
                self.bankroll.tell(Found(number, result))
                return
            definite = isinstance(result, VenueError) and result.definite
            self.bankroll.tell(LookUpFailed(number, query.account, str(result), definite))
            if not isinstance(result, VenueError | PortClosed):
                self.fail(result)

        def look() -> Evidence:
            reached("look_up")
            return read(query)

        self.run(look, done)
