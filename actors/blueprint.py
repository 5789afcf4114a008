"""The supervision tree of an agent: who is there, in which order, who is restarted with whom."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actors.bankroll import BankrollActor
from actors.casino import CasinoActor
from actors.config import AgentConfig
from actors.control import Control
from actors.desk import Terms
from actors.escrow import EscrowActor
from actors.gateway import GatewayActor
from actors.lanes import Lane
from actors.messages import Notice
from actors.money.wagers import Checked, CheckedAct, CheckedBet, CheckedEscrow, Request
from actors.persistence import PersistenceActor
from actors.price_feed import PriceFeedActor
from actors.reporter import ReporterActor
from actors.strategy import StrategyActor
from actors.venue.casino import bet_request
from actors.venue.escrow import act_request, create_request
from actors.version import VERSION
from actors.world import World
from supervision import ChildSpec, Handle, Strategy, Supervisor

REPORTER, GATEWAY = "ops/reporter", "ops/gateway"
JOURNAL, BANKROLL = "core/journal", "core/bankroll"
SERVICES = "core/services"
STRATEGIES = "core/strategies"
ACCOUNTS = {"casino": "casino"}
"""Accounts and the service that reads each; escrow and faucet live on the casino's."""

LANE_SHUTDOWN_S = 0.5
"""How long a lane whose strategy hangs may hold up the end, in seconds: it has nothing to save."""

RECONCILE_EVERY_US = 600_000_000
ESCROW_POLL_PAPER_S, ESCROW_POLL_LIVE_S = 2.0, 30.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the money's side of the tree is made of.

    Attributes:
        config: the configuration.
        run: tells this run of the process from all others.
        builtin: whether the venue is the built-in one.
        world: clocks, chance, network, disk.
        lanes: the strategies.
        bets_limit: see `Terms`.
        handle: finds an actor by its path.
    """

    config: AgentConfig
    run: str
    builtin: bool
    world: World
    lanes: Sequence[Lane]
    bets_limit: Callable[[], int | None]
    handle: Callable[[str], Handle]


def tree(parts: Parts, control: Control, observer: Callable[[Notice], None]) -> ChildSpec:
    """Return the root of the tree.

    Actors get handles, which are good before anybody is up and after every restart; factories ask for them when they
    run, because the system that knows them is made from this drawing.
    """
    config, wall = parts.config, parts.world.wall
    ops = [
        ChildSpec("reporter", lambda: ReporterActor(config.agent.id, config.log_path, wall=wall, observer=observer)),
        ChildSpec("gateway", lambda: GatewayActor(control, config.control_path)),
    ]
    return Supervisor.spec(
        "stakekeeper",
        [Supervisor.spec("ops", ops, max_restarts=10, max_seconds=60), core(parts)],
        max_restarts=5,
        max_seconds=60,
    )


def core(parts: Parts) -> ChildSpec:
    """Return the money's side: the order is the dependency, and what stands later restarts with what it needs."""
    return Supervisor.spec(
        "core",
        [_journal(parts), _bankroll(parts), _services(parts), *_feeds(parts), _strategies(parts)],
        strategy=Strategy.REST_FOR_ONE,
        max_restarts=5,
        max_seconds=60,
    )


def address(parts: Parts) -> Callable[[str], Handle]:
    """Return how the bankroll finds the recipient of its mail: a service, "reporter" or "lane:NAME"."""

    def find(to: str) -> Handle:
        if to == "reporter":
            return parts.handle(REPORTER)
        if to.startswith("lane:"):
            return parts.handle(f"{STRATEGIES}/{to.removeprefix('lane:')}")
        return parts.handle(f"{SERVICES}/{to}")

    return find


def request_of(wager: Checked, stake_micro: int, tag: str) -> Request:
    """Return the exact request of a wager."""
    match wager:
        case CheckedBet():
            return bet_request(wager, stake_micro, tag)
        case CheckedEscrow():
            return create_request(wager, tag)
        case CheckedAct():
            return act_request(wager)


def terms_of(parts: Parts) -> Terms:
    """Return the desk's terms from the configuration."""
    config = parts.config
    return Terms(
        agent=config.agent.id,
        run=parts.run,
        version=VERSION,
        config=config.dump(),
        limits=config.limits,
        send_timeout=config.venue.send_timeout_us,
        quiet_period=config.venue.quiet_period_us,
        lookup_gap=config.venue.lookup_gap_us,
        reconcile_every=RECONCILE_EVERY_US,
        builtin_venue=parts.builtin,
        dry_run=config.dry_run,
        requests=request_of,
        boot=parts.world.machine(),
        entropy=parts.world.entropy,
        bets_limit=parts.bets_limit,
        has_room=parts.world.has_room,
    )


def _journal(parts: Parts) -> ChildSpec:
    def make() -> PersistenceActor:
        return PersistenceActor(parts.world.journal, parts.handle(BANKROLL))

    return ChildSpec("journal", make, start_timeout=60.0)


def _bankroll(parts: Parts) -> ChildSpec:
    terms, find = terms_of(parts), address(parts)

    def make() -> BankrollActor:
        return BankrollActor(terms, ACCOUNTS, parts.handle(JOURNAL), find, parts.world.wall)

    return ChildSpec("bankroll", make)


def _services(parts: Parts) -> ChildSpec:
    world = parts.world

    def casino() -> CasinoActor:
        return CasinoActor(world.casino, world.port("casino"), parts.handle(BANKROLL), world.wall, world.health)

    def escrow() -> EscrowActor:
        poll_s = ESCROW_POLL_LIVE_S if parts.config.live else ESCROW_POLL_PAPER_S
        bankroll, reporter = parts.handle(BANKROLL), parts.handle(REPORTER)
        return EscrowActor(world.escrow, world.port("escrow"), bankroll, reporter, world.wall, poll_s)

    children = [ChildSpec("casino", casino)]
    if parts.config.services.escrow:
        children.append(ChildSpec("escrow", escrow))
    return Supervisor.spec("services", children, max_restarts=10, max_seconds=60)


def _feeds(parts: Parts) -> list[ChildSpec]:
    source = parts.world.prices()
    if source is None:
        return []
    followers = [f"{STRATEGIES}/{lane.name}" for lane in parts.lanes if lane.wants_prices]

    def make() -> PriceFeedActor:
        subscribers = [parts.handle(path) for path in followers]
        return PriceFeedActor(source, subscribers, parts.handle(REPORTER), parts.world.wall)

    return [Supervisor.spec("feeds", [ChildSpec("price_feed", make)], max_restarts=10, max_seconds=60)]


def _strategies(parts: Parts) -> ChildSpec:
    def lane_spec(lane: Lane) -> ChildSpec:
        def make() -> StrategyActor:
            bankroll, reporter = parts.handle(BANKROLL), parts.handle(REPORTER)
            chance = parts.world.chance()
            return StrategyActor(lane.name, lane.account, lane.make, bankroll, reporter, parts.world.wall, chance)

        return ChildSpec(lane.name, make, shutdown=LANE_SHUTDOWN_S)

    children = [lane_spec(lane) for lane in parts.lanes]
    return Supervisor.spec("strategies", children, max_restarts=50, max_seconds=60)
