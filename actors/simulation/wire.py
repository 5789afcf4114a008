"""What lies between the real clients and the services in memory: lines, whose requests meet their fate, and feeds."""

import json
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING

from pydantic import SecretStr

from actors.money.evidence import Answer, Executed
from actors.money.wagers import Request
from actors.simulation.fibers import pause
from actors.simulation.services import Asked, Services, parsed, text
from actors.simulation.venue import SECOND
from actors.ticket import Ticket
from actors.venue.endpoints import Endpoint
from actors.venue.errors import NoAnswer, NothingSent, VenueDown
from actors.venue.http import READ_BODY_BYTES, HttpAnswer, Reader
from actors.venue.line import Line
from actors.venue.webhook import NotGenuine, opened, signed
from actors.webhook_server import Take
from actors.world import OnPrices, OnState

if TYPE_CHECKING:
    from actors.simulation.world import SimulatedWorld

TRADE_FATES = ("lost", "late", "not sent", "cut", "500", "429", "unbooked")
DOMAIN_FATES = ("lost", "late", "not sent", "cut", "500", "429")
CLAIM_FATES = ("not sent", "cut", "500", "429")
"""What may happen to a request besides being executed and answered."""

TICK_S = 1.0
SILENCE_S = 8.0
"""Between two frames of prices, and how long they stay away at most, in virtual seconds."""

SECRET = b"the simulation's"
SHARES = {"late": 0.2, "twice": 0.2, "forged": 0.2, "stale": 0.1}
"""Of the events that are pushed, how many meet what."""

LATEST_S = 20.0
"""By how much an event is late at most, in virtual seconds."""


class SimulatedLine(Line):
    """A real line whose bytes travel through virtual time."""

    def __init__(self, world: "SimulatedWorld", services: Services, service: str) -> None:
        super().__init__(
            service, "http://simulated", key=SecretStr(""), agent_id="", timeout_s=world.send_timeout_s,
            wall=world.wall, rng=world.chance(), breakers=world.breakers, wait=pause,
        )  # fmt: skip
        self._world, self._services = world, services
        self._reader = _Reads(world, services, service)
        self._ticket: Ticket | None = None

    def send(self, ticket: Ticket, executed: Callable[[bytes], Executed]) -> Answer:
        """Send a ticket's request; see Line.send."""
        self._ticket = ticket  # from here to `_send` nothing pauses
        return super().send(ticket, executed)

    def _send(self, known: Endpoint, request: Request, timeout_s: float) -> HttpAnswer:
        del known
        world, ticket, self._ticket = self._world, self._ticket, None
        kinds = (TRADE_FATES if self.service == "trading" else DOMAIN_FATES) if ticket else CLAIM_FATES
        fate = world.fate(kinds, ticket) if ticket else world.plan.fate(kinds, world.rng)
        asked = Asked(self.service, request.path, parsed(request.body), ticket.tag if ticket else "")
        asked.unbooked = fate == "unbooked" and request.path in ("/trade/open", "/trade/close")
        up, start = min(world.latency(), timeout_s), world.truth()
        if fate in ("not sent", "429"):
            pause(up)
            if fate == "not sent":
                raise NothingSent("connection refused")
            return _answer(world, (429, {"error": "rate_limited"}))
        if fate in ("lost", "late"):
            if fate == "late":
                self._services.post(asked, start + int((up + world.within(timeout_s + world.quiet_s - up)) * SECOND))
            pause(timeout_s)
            raise NoAnswer("no answer in time")
        if not self._services.is_down(self.service):
            self._services.post(asked, start + int(up * SECOND))
        pause(up + 1e-6)
        self._services.advance(world.truth())
        pause(world.latency())
        if fate == "cut":
            raise NoAnswer("the answer was cut off")
        return _answer(world, asked.said if asked.said and fate != "500" else (500, {"error": "internal_error"}))


class _Reads(Reader):
    def __init__(self, world: "SimulatedWorld", services: Services, service: str) -> None:
        self._world, self._services, self._service = world, services, service

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: str = "",
        longest: int = READ_BODY_BYTES,
    ) -> HttpAnswer:
        """Ask in virtual time; see Reader.ask."""
        del method, longest
        world, services = self._world, self._services
        pause(world.latency() / 4)
        services.advance(world.truth())
        if world.reading_fails():
            raise VenueDown("no answer in time")
        if services.is_down(self._service):
            return _answer(world, (500, {"error": "internal_error"}))
        world.counts[f"{self._service} read"] += 1
        return _answer(world, services.read(self._service, path, parsed(body) if body else dict(params or {})))

    def close(self) -> None:
        """Nothing is kept open."""


class SimulatedSocket:
    """A source of prices that now and then falls silent, or is lost and found again."""

    def __init__(self, world: "SimulatedWorld", services: Services, on_prices: OnPrices, on_state: OnState) -> None:
        self._world, self._services = world, services
        self._on_prices, self._on_state = on_prices, on_state
        self._closed = False

    def start(self) -> None:
        """Connect a little later."""
        self._world.later(self._world.latency(), self._connect)

    def close(self) -> None:
        """Say nothing more."""
        self._closed = True

    def is_alive(self) -> bool:
        """Return True: its failures are states."""
        return True

    def _connect(self) -> None:
        if not self._closed:
            self._on_state("live", "")
            self._tick()

    def _tick(self) -> None:
        if self._closed:
            return
        self._services.advance(self._world.truth())
        if self._world.reading_fails():
            state = "lost" if self._world.within(1.0) < 0.5 else "stale"
            self._world.counts[f"prices {state}"] += 1
            self._on_state(state, "")
            self._world.later(self._world.within(SILENCE_S), self._connect)
            return
        self._on_prices(self._services.market.prices)
        self._world.later(TICK_S, self._tick)


class SimulatedReceiver:
    """Where events arrive: judges them as the real server does, and tells the sender what came of them."""

    port, rejected, complaint = 0, 0, ""

    def __init__(self, world: "SimulatedWorld", take: Take) -> None:
        self._world, self._take = world, take

    def start(self) -> None:
        """Be there for those who push."""
        self._world.receiver = self

    def close(self) -> None:
        """Be there no more."""
        self._world.receiver = None

    def is_serving(self) -> bool:
        """Return True: it fails with its actor alone."""
        return True

    def hear(self, body: bytes, signature: str, stamp: str, answer: Callable[[str], object]) -> None:
        """Take a request in."""
        try:
            pushed = opened(body, signature, stamp, SECRET, self._world.wall() / SECOND)
        except NotGenuine as error:
            self.rejected, self.complaint = self.rejected + 1, str(error)
            answer("rejected")
        else:
            self._take(pushed, answer)


def push(world: "SimulatedWorld", event_id: str, kind: str) -> None:
    """Push an event as the venue does, signed: sometimes late, twice or out of order, and now and then not genuine."""
    luck = {name: world.rng.random() < share for name, share in SHARES.items()}
    body = json.dumps({"id": event_id, "type": kind}).encode()
    stamp = str(world.wall() // SECOND - 3_600 * luck["stale"])
    signature = signed(b"another's" if luck["forged"] else SECRET, stamp, body)
    if not luck["forged"] and not luck["stale"]:
        world.oracle.genuine.add(event_id)

    def arrive() -> None:
        if world.receiver:
            world.receiver.hear(body, signature, stamp, lambda outcome: world.counts.update([f"events {outcome}"]))

    for _ in range(1 + luck["twice"]):
        world.later(world.within(LATEST_S if luck["late"] else 1.0), arrive)


def _answer(world: "SimulatedWorld", said: tuple[int, object]) -> HttpAnswer:
    return HttpAnswer(said[0], text(said[1]), {"date": formatdate(world.truth() // SECOND, usegmt=True)})
