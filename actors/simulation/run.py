"""One seed: processes that come and go through the chaos, then a calm in which everything must come to rest."""

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Literal

from actors import blueprint
from actors.config import AgentConfig
from actors.messages import Drain, Notice, Notices, Pause, Reconcile, Resolve, Resume
from actors.money.risk import MISMATCH
from actors.parts import BANKROLL, Parts
from actors.simulation.lanes import lanes, one_a_service
from actors.simulation.network import TOO_LATE_S
from actors.simulation.oracle import Violation
from actors.simulation.plan import Plan
from actors.simulation.services import ADDRESSES, NAMES
from actors.simulation.venue import SECOND
from actors.simulation.world import SimulatedWorld
from supervision import ChildSpec, Handle, StartError, Supervisor, System, Worker
from supervision.events import ChildFailed, Event, SystemEnded

SERVICES = frozenset({"casino", "escrow"})
ALL_SERVICES = SERVICES | {"trading", "domains", "wallet", "faucet", "referral"}
SEND_TIMEOUT_S = 0.4
QUIET_S = 0.6
LOOKUP_GAP_S = 0.1
CALM_S = 120.0
"""Virtual seconds in which everything must have come to rest, once the faults have stopped."""

LONG_CALM_S = 800.0
"""The same with all services: an order whose outcome is unknown is void no sooner than after ten minutes."""

SETTLING_S = 120.0
"""Virtual seconds after the last fault in which, with all services, breakers may be open and an account not agree."""

OPERATED_S = 5.0
"""How often somebody looks after an agent that plays for ten minutes, in virtual seconds."""

GRACE_S = 1.0
"""Virtual seconds after the last fault in which its consequences may still crash an actor; later, nothing may."""

SLICE_S = 0.25
STORY_LINES = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a seed.

    Attributes:
        trace: digest of every step of every process.
        counts: how often what happened.
        violation: the broken invariant, or None.
        story: the last lines of what happened, in words, if an invariant is broken.
    """

    seed: int
    steps: int
    trace: str
    counts: Counter[str]
    violation: str | None
    story: tuple[str, ...]


@lru_cache(maxsize=2)
def configuration(*, everything: bool = False) -> AgentConfig:
    """Return the configuration of every simulated agent: short waits, limits that are met."""
    values: dict[str, object] = {
        "venue.send_timeout": str(SEND_TIMEOUT_S),
        "venue.quiet_period": str(QUIET_S),
        "venue.lookup_gap": str(LOOKUP_GAP_S),
        "risk.bets_per_minute": 60_000,
        "risk.loss_streak": 5,
        "risk.max_open": "0.5",
    }
    if everything:
        values |= {f"wallet.{chain}": address for chain, address in ADDRESSES.items()}
        values |= {"domains.watch": tuple(NAMES), "services.faucet": True, "services.referral": True}
        values |= {"risk.daily_loss": "0.9", "risk.max_drawdown": "0.9", "risk.loss_streak": 0}
    return AgentConfig.load(env={}, overrides=values)


class Listener(Worker):
    """In the reporter's place: adds what people are told to the story."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def receive(self, message: object) -> None:
        """Tell the notices' texts."""
        for notice in message.notices if isinstance(message, Notices) else (message,):
            if isinstance(notice, Notice) and notice.level != "DEBUG":
                self._tell(f"  {notice.text}")


class Run:
    """One seed, from the first process to the last.

    Args:
        seed: of everything.
        tell: also gets the story, line by line.
        everything: ten minutes with all services, and not a few seconds with casino and escrow.
    """

    def __init__(self, seed: int, tell: Callable[[str], None] = lambda _: None, *, everything: bool = False) -> None:
        rng = Random(seed)  # noqa: S311  repeatable on purpose
        self._seed = seed
        self._story: deque[str] = deque(maxlen=STORY_LINES)
        self._print = tell
        self._everything = everything
        self._lanes = one_a_service(rng.choice((1, 1, 2))) if everything else lanes(rng.choice((2, 3)))
        plan = Plan.draw_long(rng) if everything else Plan.draw(rng)
        self.world = SimulatedWorld(
            rng.getrandbits(64), plan, send_timeout_s=SEND_TIMEOUT_S, quiet_s=QUIET_S, tell=self._tell,
            everything=everything,
        )  # fmt: skip
        self._system: System | None = None
        self._ending = False
        self._calm_from = math.inf
        self._hash = blake2b(digest_size=16)

    def play(self) -> Outcome:
        """Play the seed to its end. Never raises for what the agent does wrong."""
        world, why = self.world, None
        try:
            self._chaos()
            self._calm()
        except Violation as violation:
            why = str(violation)
        self._bury()
        counts = world.counts + Counter({f"intent {name}": n for name, n in world.oracle.outcomes.items()})
        return Outcome(self._seed, world.steps, self._hash.hexdigest(), counts, why, tuple(self._story) if why else ())

    def _chaos(self) -> None:
        world, plan = self.world, self.world.plan
        for _ in range(int(plan.chaos_s * plan.outside_rate)):
            world.venue.disturb(world.truth() + int(world.within(plan.chaos_s) * SECOND))
        while world.seconds < plan.chaos_s:
            self._live(SLICE_S)
            if self._everything and world.seconds % OPERATED_S < SLICE_S:
                self._operate(patient=True)
            if world.rng.random() < plan.operator_rate * SLICE_S:
                order = world.rng.choice((Pause("a test"), Resume("a test"), Reconcile(), Drain("a test")))
                self._order(order)
                if isinstance(order, Drain):
                    self._leave()

    def _leave(self) -> None:
        """End the process in order after a drain, whether it is complete or not."""
        self._live(1.0)
        if self._system is not None:
            self._ending = True
            self._system.stop()
            self._bury()
            self._ending = False
            self.world.counts["orderly ends"] += 1

    def _calm(self) -> None:
        world = self.world
        world.say("the faults stop")
        self._calm_from = world.seconds
        patience_s, world.plan, world.sim.crash_rate = world.plan.patience_s, Plan(), 0.0
        if world.services:
            world.services.calm()
        self._wait_for_sweeps(patience_s)
        until = world.seconds + (LONG_CALM_S if self._everything else CALM_S)
        executed = world.oracle.outcomes["executed"]
        settled_from = world.seconds + SETTLING_S * self._everything
        while world.oracle.in_doubt or world.oracle.outcomes["executed"] == executed or world.seconds < settled_from:
            self._live_on(until)
            self._operate(patient=world.seconds < settled_from)
        if world.services:
            world.services.still = True
        self._drain(until)
        if world.oracle.state.unproven:  # it ended while the venue could not be read: the next process goes on
            self._leave()
            while world.oracle.state.ended_in_order:
                self._live_on(until)
            self._drain(until)
        if differences := world.oracle.differences():
            raise Violation("at the end " + "; ".join(differences))
        self._ending = True
        if self._system and not self._system.stop().is_clean:
            raise Violation("the tree did not end in order")

    def _drain(self, until: float) -> None:
        while not self.world.oracle.state.ended_in_order:
            self._order(Drain("the end"))
            self._live_on(until)

    def _wait_for_sweeps(self, seconds: float) -> None:
        world = self.world
        before = world.truth() + int((SEND_TIMEOUT_S + QUIET_S + TOO_LATE_S) * SECOND)  # all of them have arrived
        until = world.seconds + seconds
        while world.seconds < until:
            self._order(Pause("patience"))
            self._live(SLICE_S)
            world.advance()
        if seconds and (overdue := world.oracle.overdue(before)):
            raise Violation(f"{overdue[0]} was executed and is not booked {seconds:g} s later")

    def _live_on(self, until: float) -> None:
        if self.world.seconds > until:
            state = self.world.oracle.state
            raise Violation(
                f"not at rest after the calm: open {list(state.open)}, suspended {list(state.suspended)}, "
                f"failed {[lane.failed for lane in state.lanes.values() if lane.failed]}, "
                f"stops {[account.halt for account in state.accounts.values() if account.halt]}"
            )
        self._live(SLICE_S)
        self.world.advance()

    def _live(self, seconds: float) -> None:
        world = self.world
        if self._system is None:
            self._boot()
        if not world.dead:
            world.sim.run(seconds)
        if world.violation:
            raise world.violation
        if world.dead:
            self._bury()

    def _boot(self) -> None:
        world = self.world
        sim = world.boot()
        world.say("a process starts")
        run = f"run-{world.counts['processes']}"
        world.handle = self._handle
        config = configuration(everything=self._everything)
        services = ALL_SERVICES if self._everything else SERVICES
        parts = Parts(config, run, services, True, world, self._lanes, lambda: None, self._handle)
        ops = Supervisor.spec("ops", [ChildSpec("reporter", lambda: Listener(world.say))], max_restarts=100)
        root = Supervisor.spec("simulated", [ops, blueprint.core(parts)], max_restarts=5, max_seconds=60)
        self._system = System(root, runtime=sim, rng=world.chance(), on_event=self._happened)
        try:
            self._system.start()
        except StartError as error:
            world.say(f"the start failed: {error}")
            world.dead = True

    def _bury(self) -> None:
        self.world.dead = True
        if self._system is not None:
            self._system.stop()
            self._system = None
        self._hash.update(
            f"{self.world.sim.trace_hash} {self.world.venue.balance} {len(self.world.disk.commits)}".encode()
        )
        self.world.bury()

    def _handle(self, path: str) -> Handle:
        if self._system is None:
            raise RuntimeError("there is no process")
        return self._system.handle(path)

    def _happened(self, event: Event) -> None:
        if isinstance(event, ChildFailed):
            self.world.counts["actor crashes"] += 1
            self.world.say(f"! {event.path}: {event.reason}")
            if self.world.seconds > self._calm_from + GRACE_S:
                self.world.violation = Violation(f"{event.path} crashes without a fault: {event.reason}")
                self.world.dead = True
        elif isinstance(event, SystemEnded) and not self.world.dead and not self._ending:
            self.world.counts["systems given up"] += 1
            self.world.say(str(event))
            self.world.dead = True

    def _order(self, message: object) -> None:
        if self._system is not None:
            self._handle(BANKROLL).tell(message)

    def _operate(self, *, patient: bool) -> None:
        """Do what a person does: look at what waits for one, ask the venue, and say.

        A patient one leaves to evidence what still may be decided by it.
        """
        oracle = self.world.oracle
        for lane in oracle.state.lanes.values():
            if lane.failed and lane.culprit and not (patient and lane.culprit in oracle.state.open):
                self._resolve(lane.culprit)
        for intent in oracle.state.suspended:  # its lane may have failed again since, through another
            self._resolve(intent)
        for account in oracle.state.accounts.values():
            if account.halt and account.halt.rule == MISMATCH and not patient:
                raise Violation(f"the account does not reconcile: {account.halt.value}")
            if account.halt:
                self._order(Resume("an operator"))

    def _resolve(self, intent: str) -> None:
        oracle = self.world.oracle
        opened = oracle.state.open.get(intent)
        if opened and not self.world.venue.forgot_stake(opened.tag):
            raise Violation(f"{intent} needs a person: {oracle.state.lanes[opened.lane].failed}")
        took = opened is not None or intent in oracle.state.suspended
        verdict: Literal["executed", "void"] = "executed" if took else "void"
        self._order(Resolve(intent, verdict, 0, "the venue's support says so"))

    def _tell(self, line: str) -> None:
        self._story.append(line)
        self._print(line)
