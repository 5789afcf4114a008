"""The network in virtual time: ports that run jobs as timers, and clients whose requests meet their fate."""

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from actors.money.evidence import (
    WINDOW_MARGIN,
    Answer,
    BetRow,
    EscrowView,
    Evidence,
    Executed,
    NotSent,
    Query,
    Refused,
    Unknown,
)
from actors.money.history import as_expected, at_rest, recent_history
from actors.simulation.plan import BET_FATES, ESCROW_FATES
from actors.simulation.venue import LEDGER_ROWS, SECOND, Flight
from actors.ticket import Ticket, TicketExpired
from actors.venue.errors import RateLimited, VenueDown
from actors.venue.line import READINGS
from actors.venue.port import PortClosed

if TYPE_CHECKING:
    from actors.simulation.world import SimulatedWorld

T = TypeVar("T")
Talk = Generator[float, None, T]
"""A conversation with the venue: yields the seconds until it goes on, returns what came of it."""

TOO_LATE_S = 3.0
"""By how much a request arrives too late at most."""

SLACK_S = 5
CAPACITY = 64
"""As the real client and port."""

LOST_ANSWERS = {
    "cut": "the answer was cut off",
    "500": "the venue answered 500",
    "400": "the venue answered 400 invalid_json",
    "incomplete": "the venue answered 500",
}


class Pending(Exception):  # noqa: N818  not an error
    """How a simulated client tells its port that the call takes time."""

    def __init__(self, talk: Talk[Any]) -> None:
        super().__init__("takes time")
        self.talk = talk


class SimulatedPort:
    """Runs jobs as timers; many at a time, in any order."""

    def __init__(self, world: "SimulatedWorld") -> None:
        self._world = world
        self._waiting = 0
        self._closed = False

    def submit(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> bool:
        """Take a job on; see `actors.venue.port.Port`."""
        if self._closed or self._waiting >= CAPACITY:
            return False
        self._waiting += 1
        self._world.later(self._world.latency(), lambda: self._begin(job, done))
        return True

    def close(self, timeout_s: float) -> bool:
        """Take no more jobs on; what has begun goes on."""
        del timeout_s
        self._closed = True
        return not self._waiting

    def _begin(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> None:
        self._waiting -= 1
        if self._closed:
            done(PortClosed())
            return
        try:
            result = job()
        except Pending as pending:
            self._go_on(pending.talk, done)
        except BaseException as error:  # noqa: BLE001  as the real port
            done(error)
        else:
            done(result)

    def _go_on(self, talk: Talk[T], done: Callable[[T | BaseException], None]) -> None:
        try:
            pause = next(talk)
        except StopIteration as end:
            done(end.value)
        except BaseException as error:  # noqa: BLE001  as the real port
            done(error)
        else:
            self._world.later(pause, lambda: self._go_on(talk, done))


class Client:
    """The casino's and the escrow's client: sends a ticket once, and reads."""

    def __init__(self, world: "SimulatedWorld") -> None:
        self._world = world

    def place(self, ticket: Ticket) -> NoReturn:
        """Send a ticket's request.

        Raises:
            Pending: always; the port goes on with it.
        """
        raise Pending(self.send(ticket))

    def evidence(self, query: Query) -> NoReturn:
        """Read an account; as `place`."""
        raise Pending(self._evidence(query))

    def rotate(self) -> NoReturn:
        """Let the venue show its seed; as `place`."""
        raise Pending(self._rotate())

    def look(self, escrow_ids: Iterable[str]) -> NoReturn:
        """Read contracts; as `place`."""
        raise Pending(self._look(tuple(escrow_ids)))

    def close(self) -> None:
        """Nothing is kept open."""

    def send(self, ticket: Ticket) -> Talk[Answer]:
        """Spend the ticket and send its request once."""
        try:
            ticket.consume(self._world.wall())
        except TicketExpired as error:
            return NotSent(str(error))
        return (yield from self.exchange(ticket))

    def exchange(self, ticket: Ticket) -> Talk[Answer]:
        """Send the request and wait for the answer; what comes of both is drawn."""
        world, start = self._world, self._world.truth()
        fate = world.fate(BET_FATES if ticket.kind == "bet" else ESCROW_FATES, ticket)
        deadline = min(world.send_timeout_s, (ticket.send_by - world.wall()) / SECOND)  # as the real client's
        up = min(world.latency(), deadline)
        if fate in ("not sent", "429", "refused"):
            yield up
            return self.read_status(fate, None)
        if fate in ("lost", "late", "too late"):
            latest = deadline + world.quiet_s
            after = {"late": up + world.within(latest - up), "too late": latest + world.within(TOO_LATE_S)}
            if fate in after:
                world.venue.post(Flight(ticket.request, ticket.tag), start + int(after[fate] * SECOND))
            yield deadline
            return Unknown("no answer in time")
        how = fate if fate in ("incomplete", "garbled", "cheat") else "whole"
        flight = world.venue.post(Flight(ticket.request, ticket.tag, how), start + int(up * SECOND))
        if fate == "duplicate":
            copy = Flight(ticket.request, ticket.tag)
            world.venue.post(copy, start + int((up + world.within(deadline + world.quiet_s - up)) * SECOND))
        yield up + 1e-6
        world.venue.advance(world.truth())
        yield world.within(deadline - up) if fate == "cut" else world.latency()
        return self.read_status(fate, flight)

    def read_status(self, fate: str, flight: Flight | None) -> Answer:
        """Return what an answer proves; only what precedes any effect is a refusal."""
        answer: Answer = Unknown(LOST_ANSWERS.get(fate, "the answer is not ours"))
        match fate, flight.result if flight else None:
            case "not sent", _:
                answer = NotSent("connection refused")
            case "429" | "429 after", _:
                answer = Refused("rate_limit_exceeded", temporary=True, retry_at=self._world.wall() + SECOND)
            case "refused", _:
                answer = Refused("invalid_amount")
            case "answered" | "duplicate" | "cheat", BetRow() as row:
                answer = Executed(bet=row)
            case "answered", EscrowView() as view:
                answer = Executed(escrow=view)
            case "answered" | "duplicate" | "cheat", str() as code:
                answer = Refused(code)
        return answer

    def _rotate(self) -> Talk[None]:
        yield from self._travel()
        self._world.venue.rotate()
        self._world.counts["seeds asked for"] += 1
        yield from self._travel()

    def _look(self, escrow_ids: tuple[str, ...]) -> Talk[tuple[EscrowView, ...]]:
        yield self._world.latency()
        return self._contracts(escrow_ids)

    def _evidence(self, query: Query) -> Talk[Evidence]:
        if query.sweep:
            return (yield from self._listing(query))
        before: Evidence | None = None
        for _ in range(READINGS):
            seen = yield from self._reading(query, detailed=before is not None)
            if at_rest(before, seen) if before else as_expected(seen, query):
                return seen
            before = seen
        raise VenueDown(f"the account {query.account} moved during each of {READINGS} readings")

    def _listing(self, query: Query) -> Talk[Evidence]:
        started = self._world.wall()
        rows, complete, venue_at = yield from self._export(query)
        self._world.counts["sweeps"] += 1
        nonces, balance = query.expected_nonces, query.expected_micro
        return Evidence(query.account, started, rows, complete, nonces, balance, venue_at=venue_at)

    def _export(self, query: Query) -> Talk[tuple[tuple[BetRow, ...], bool, int]]:
        yield from self._travel()
        venue_at, complete = self._world.truth(), not self._world.cut_off()
        opens = (query.since or venue_at - WINDOW_MARGIN) // SECOND - SLACK_S
        rows = self._world.venue.bet_rows(opens)
        return rows if complete else rows[: len(rows) // 2], complete, venue_at

    def _reading(self, query: Query, *, detailed: bool) -> Talk[Evidence]:
        world, started = self._world, self._world.wall()
        rows, complete, venue_at = yield from self._export(query)
        yield from self._travel()
        seeds = world.venue.listed()
        yield from self._travel()
        ledger = tuple(world.venue.ledger[-LEDGER_ROWS:])
        history = recent_history(ledger, query.cursor_at)
        if history is None and detailed:
            history = tuple(world.venue.history)
        locks = [
            row.reason.removeprefix("escrow_lock: ") for row in history or () if row.reason.startswith("escrow_lock: ")
        ]
        yield from self._travel()
        wanted = dict.fromkeys((*query.escrow_ids, *(lock for lock in locks if lock not in query.known)))
        escrows = self._contracts(tuple(wanted))
        yield from self._travel()
        return Evidence(
            account=query.account,
            started=started,
            rows=rows,
            rows_complete=complete,
            nonces=sum(seed.draws for seed in seeds),
            balance_micro=world.venue.balance,
            detailed=history is not None,
            ledger=ledger,
            history=history or (),
            escrows=escrows,
            venue_at=venue_at // SECOND * SECOND,
            seeds=seeds,
        )

    def _travel(self) -> Talk[None]:
        yield self._world.latency() / 4
        self._world.venue.advance(self._world.truth())
        if self._world.reading_fails():
            if self._world.within(1.0) < 0.5:
                raise RateLimited("evidence", self._world.wall() + SECOND)
            raise VenueDown("no answer in time")

    def _contracts(self, escrow_ids: tuple[str, ...]) -> tuple[EscrowView, ...]:
        self._world.venue.advance(self._world.truth())
        return tuple(self._world.venue.escrows[one] for one in escrow_ids if one in self._world.venue.escrows)
