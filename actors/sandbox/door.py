"""What a door of the venue is: a path, who may enter, how often, and what stands behind it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from actors.sandbox.books import Books, Row
from actors.sandbox.errors import InjectedFaultError
from actors.sandbox.faults import FaultPlan
from actors.sandbox.limits import Limiter

if TYPE_CHECKING:
    from actors.sandbox.exchange.clearing import Exchange
    from actors.sandbox.market import Market
    from actors.sandbox.trading.monitor import Monitor
    from actors.sandbox.trading.prices import Prices

Body = dict[str, Any]
Auth = Literal["none", "optional", "any", "casino", "escrow", "escrow_plain", "wallet", "domains", "trading"]


@dataclass(frozen=True, slots=True)
class Venue:
    """What every handler works on.

    Attributes:
        books: the money and the clock.
        limiter: both rate limiters.
        market: the prices.
        exchange: the accounts at the exchange behind the trading server.
        prices: what the trading server takes for the prices.
        monitor: the trading server's passes over waiting orders.
        seed: all of the venue's chance comes from it.
        faults: what is ordered to go wrong inside.
        uptime: seconds since the start.
        settled: returns as soon as no request is late.
        ending: whether the process is about to end, though it still answers.
    """

    books: Books
    limiter: Limiter
    market: "Market"
    exchange: "Exchange"
    prices: "Prices"
    monitor: "Monitor"
    seed: int
    faults: FaultPlan
    uptime: Callable[[], float]
    settled: Callable[[], Awaitable[None]]
    ending: Callable[[], bool]

    def may_break(self, path: str, what: str) -> None:
        """Stand where money has moved and the rest is still to be written: an ordered fault ends the work here.

        Raises:
            InjectedFaultError: it struck.
        """
        if self.faults.strikes("500-debit", path):
            raise InjectedFaultError(f"{what}: broken off after its money moved")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read and let in.

    Attributes:
        path: without the query.
        names: the parts of the path that vary.
        query: first value of each parameter.
        body: the JSON object of the body, empty when there is none.
        caller: the account, or None at an open door.
        ip: the address the limiters count.
    """

    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Body
    caller: Row | None
    ip: str

    @property
    def agent(self) -> Row:
        """The account of the caller at a door that asks for one."""
        if self.caller is None:
            raise LookupError("this door is open to everybody")
        return self.caller

    @property
    def agent_id(self) -> str:
        """The id of that account."""
        return str(self.agent["id"])


@dataclass(frozen=True, slots=True)
class Door:
    """One endpoint.

    Attributes:
        method: HTTP method.
        path: with `{name}` for parts that vary.
        serve: from a call to the JSON object of the answer, with a status of its own where that varies, or to text;
            awaited where it waits for others.
        status: of a success.
        auth: "none"; "optional"; any other demands a key of that service and has its own refusal (`keys`).
        per_minute: calls per path and address; None is unlimited.
        bucket: calls per account that share this name, and how many a minute.
        reads: "strict" refuses a body that is no JSON, "lenient" takes it for an empty object.
        media: content type of an answer that is text.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    serve: Callable[[Venue, Call], Body | tuple[int, Body] | str | Awaitable[Body]]
    status: int = 200
    auth: Auth = "none"
    per_minute: int | None = None
    bucket: tuple[str, int] | None = field(default=None)
    reads: Literal["nothing", "strict", "lenient"] = "nothing"
    media: str = "text/plain"
