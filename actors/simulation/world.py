"""The world of one seed: true time, the venue, the disk, chance, and what strikes; see `actors.world.World`."""

from collections import Counter
from collections.abc import Callable, Container, Sequence
from functools import partial
from random import Random

from actors.desk import Boot
from actors.journal import Row
from actors.messages import ServiceHealth
from actors.parts import BANKROLL, POLLER
from actors.price_feed import Socket
from actors.simulation.disk import Disk, SimulatedJournal
from actors.simulation.fibers import FiberPort
from actors.simulation.network import Client, SimulatedPort
from actors.simulation.oracle import Oracle, Violation
from actors.simulation.plan import Plan
from actors.simulation.services import Services
from actors.simulation.venue import SECOND, Venue
from actors.simulation.wire import SimulatedLine, SimulatedReceiver, SimulatedSocket, push
from actors.ticket import Ticket
from actors.venue.breakers import Breakers
from actors.webhook import MakeReceiver
from actors.world import OnPrices, OnState
from supervision import Handle, Worker
from supervision.simulation import Simulation

NOON = 20_000 * 86_400 * SECOND + 12 * 3_600 * SECOND
JUMPS_S = (-3_600, -30, -1, 1, 30, 3_600)
"""By how much the wall clock may have jumped between two processes, in seconds."""

SURVIVAL_DRAWS = 7

CUT_S = 3.0
"""Longest that the export stays cut off, in virtual seconds."""

CALLS = 5
"""Calls that a reading takes; each may fail."""


class ProcessDied(Exception):  # noqa: N818  not an error of the code under test
    """Everything that runs is gone; only disk, venue and what is on the network live on."""


class Steps(Simulation):
    """The scheduler of one process's life; it stands still when the process is dead."""

    def __init__(self, world: "SimulatedWorld", seed: int, crash_rate: float) -> None:
        super().__init__(seed, crash_rate=crash_rate)
        self._world = world

    def _step(self, until: float) -> bool:
        return not self._world.dead and super()._step(until) and self._world.stepped()

    def close(self, timeout: float, orphans: Container[Worker]) -> None:
        """Let what is ending end, unless all is dead."""
        if not self._world.dead:
            super().close(timeout, orphans)
        self._timers.clear()


class SimulatedWorld:
    """What the tree is given instead of the world. One object for all the processes of a seed.

    Args:
        seed: of everything.
        plan: which faults, and how often.
        send_timeout_s: as configured.
        quiet_s: how long after the send's deadline a request may still arrive. True of this venue, whatever the agent
            believes.
        tell: gets the story, line by line.
        everything: whether there are all services, and not the casino and the escrow service alone.
    """

    def __init__(
        self,
        seed: int,
        plan: Plan,
        *,
        send_timeout_s: float,
        quiet_s: float,
        tell: Callable[[str], None],
        everything: bool = False,
    ) -> None:
        self.rng = Random(seed)  # noqa: S311  repeatable on purpose
        self.plan = plan
        self.send_timeout_s = send_timeout_s
        self.quiet_s = quiet_s
        self.venue = Venue(Random(self.rng.getrandbits(64)))  # noqa: S311
        self.disk = Disk()
        self.oracle = Oracle(self.venue)
        self.counts: Counter[str] = Counter()
        self.violation: Violation | None = None
        self.dead = False
        self.steps = 0
        self.sim = Steps(self, 0, 0.0)
        self._tell = tell
        self._base_s = 0.0
        self._offset = 0
        self._boots = 0
        self._cut_until_s = 0.0
        self.receiver: SimulatedReceiver | None = None
        self.handle: Callable[[str], Handle] | None = None
        self.services: Services | None = None
        if everything:
            rng = Random(self.rng.getrandbits(64))  # noqa: S311
            self.services = Services(rng, self.venue, self.truth(), lambda *event: push(self, *event), self.counts)
            self.services.failing = plan.read_rate
            self.services.break_down(plan.chaos_s)
            self.oracle.services = self.services

    # processes

    def boot(self) -> Steps:
        """Begin a process: a new scheduler, a wall clock that may have jumped."""
        self.dead, self.receiver = False, None
        self.counts["processes"] += 1
        if self.rng.random() < self.plan.jump_rate:
            jump = self.rng.choice(JUMPS_S)
            self._offset += jump * SECOND
            self.say(f"the wall clock has jumped by {jump} s")
        self.sim = Steps(self, self.rng.getrandbits(64), self.plan.crash_rate)
        self.breakers = Breakers(clock=self.sim.clock, wall=self.wall, changed=partial(self._changed, self.sim))
        return self.sim

    def bury(self) -> None:
        """Let some time pass after a process."""
        self._base_s += self.sim.now + self.within(1.0)
        self.sim.now = 0.0

    def die(self, where: str) -> None:
        """Kill the process, or cut the power."""
        self.dead = True
        if self.rng.random() < self.plan.power_rate:
            self.counts["power losses"] += 1
            self.say(f"the power fails {where}")
            self._boots += 1
            self.disk.lose_power([self.rng.random() < 0.5 for _ in range(SURVIVAL_DRAWS)])
        else:
            self.counts["kills"] += 1
            self.say(f"the process is killed {where}")

    def stepped(self) -> bool:
        """Take note of a step of the scheduler; return whether there may be another."""
        self.steps += 1
        if self.plan.death_rate and self.rng.random() < self.plan.death_rate:
            self.die("between two steps")
        return not self.dead

    def mortal(self, where: str) -> None:
        """A place at which the process may die.

        Raises:
            ProcessDied: it does, or is dead already.
        """
        if not self.dead and self.rng.random() < self.plan.seam_death_rate:
            self.die(where)
        if self.dead:
            raise ProcessDied(where)

    def say(self, text: str) -> None:
        """Tell a line of the story."""
        self._tell(f"{self.seconds:9.3f}  {text}")

    def _changed(self, sim: Steps, service: str, is_open: bool, until: int) -> None:
        if sim is self.sim:  # else it is a call of an earlier process, which ends only now
            self.counts["breakers opened"] += is_open
            self.tell(ServiceHealth(service, is_open, until), BANKROLL, POLLER)

    # what the journal asks

    def strike(self, what: str) -> bool:
        """Whether a fault of the disk strikes now."""
        rate = {"busy": self.plan.busy_rate, "refused": self.plan.refused_rate, "broken": self.plan.broken_rate}[what]
        strikes = rate > 0 and self.rng.random() < rate
        if strikes:
            self.counts[f"disk {what}"] += 1
            self.say(f"the disk: {what}")
        return strikes

    def acknowledged(self, rows: Sequence[Row]) -> None:
        """Judge rows that are about to be acknowledged."""
        self.judged(lambda: self.oracle.durable(rows))

    def judged(self, judge: Callable[[], None]) -> None:
        """Let the oracle judge; what it finds ends the simulation."""
        try:
            self.advance()
            judge()
        except Exception as error:
            self.violation = self.violation or Violation(f"{type(error).__name__}: {error}")
            self.dead = True
            raise

    # what ports and clients ask

    @property
    def seconds(self) -> float:
        """True seconds since the beginning."""
        return self._base_s + self.sim.now

    def truth(self) -> int:
        """Return the venue's UTC microseconds."""
        return NOON + int(self.seconds * SECOND)

    def advance(self) -> None:
        """Let everything happen at the venue that is due."""
        self.venue.advance(self.truth())
        if self.services:
            self.services.advance(self.truth())

    def tell(self, message: object, *paths: str) -> None:
        """Tell actors something from outside, if their process lives."""
        if self.handle and not self.dead:
            for path in paths:
                self.handle(path).tell(message)

    def latency(self) -> float:
        """Return seconds that something takes: mostly short, now and then long."""
        return self.rng.random() ** 3 * self.plan.slowest_s

    def within(self, seconds: float) -> float:
        """Return some time up to so many seconds."""
        return self.rng.random() * seconds

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Make a call in this process, if it lives."""
        if not self.dead:
            self.sim.call_after(seconds, call)

    def fate(self, kinds: tuple[str, ...], ticket: Ticket) -> str:
        """Draw the fate of a request that is being sent."""
        self.mortal("before a request is sent")
        fate = self.plan.fate(kinds, self.rng)
        self.counts[f"request {fate}"] += 1
        self.say(f"{ticket.intent} is sent: {fate}")
        self.judged(lambda: self.oracle.sends(ticket.intent))
        if fate == "duplicate":
            self.oracle.doubled.add(ticket.tag)
        if fate in ("garbled", "429 after", "too late"):
            self.oracle.lied.add(ticket.tag)
        return fate

    def reading_fails(self) -> bool:
        """Whether this reading fails."""
        return self.plan.read_rate > 0 and self.rng.random() < self.plan.read_rate / CALLS

    def cut_off(self) -> bool:
        """Whether this export shows only its newest rows."""
        if not self.plan.cut_rate:
            return False
        if self.rng.random() < self.plan.cut_rate:
            self._cut_until_s = self.seconds + self.within(CUT_S)
        return self.seconds < self._cut_until_s

    # what the tree asks

    def wall(self) -> int:
        """Return the agent's UTC microseconds: off by what the clock has jumped, steady within a process."""
        return self.truth() + self._offset

    def machine(self) -> Boot:
        """Return the machine's boot, which a kill does not end and a loss of power does."""
        return Boot(f"boot-{self._boots}", self._offset)

    def chance(self) -> Random:
        """Return chance for a strategy."""
        return Random(self.rng.getrandbits(64))  # noqa: S311

    def entropy(self) -> str:
        """Return 128 bits of the seed's."""
        return f"{self.rng.getrandbits(128):032x}"

    def port(self, service: str) -> SimulatedPort:
        """Return a port that runs in virtual time."""
        blocks = self.services is not None and service not in ("casino", "escrow")
        return FiberPort(self) if blocks else SimulatedPort(self)

    def casino(self) -> Client:
        """Return a client of the venue."""
        return Client(self)

    def escrow(self) -> Client:
        """Return a client of the venue."""
        return Client(self)

    def health(self, service: str) -> str:
        """Return the tree's line for a service."""
        del service
        return "simulated"

    def prices(self) -> Callable[[OnPrices, OnState], Socket] | None:
        """Return what makes the market's prices, where there is one."""
        services = self.services
        if services is None:
            return None
        return lambda on_prices, on_state: SimulatedSocket(self, services, on_prices, on_state)

    def store(self) -> None:
        """There is none."""

    def line(self, service: str) -> SimulatedLine:
        """Return a real line whose bytes travel through virtual time."""
        if self.services is None:
            raise LookupError(f"{service} takes no part")
        return SimulatedLine(self, self.services, service)

    def webhooks(self) -> MakeReceiver | None:
        """Return what takes the services' events in, where there are any."""
        return partial(SimulatedReceiver, self) if self.services else None

    def has_room(self) -> bool:
        """Return True: this disk fails in other ways."""
        return True

    def journal(self) -> SimulatedJournal:
        """Open the journal on the disk."""
        return SimulatedJournal(self.disk, self)
