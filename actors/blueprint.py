"""The supervision tree of an agent: who is there, in which order, who is restarted with whom."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from actors.bankroll import BankrollActor
from actors.casino import CasinoActor
from actors.config import AgentConfig
from actors.control import Control
from actors.desk import Terms
from actors.escrow import EscrowActor
from actors.gateway import GatewayActor
from actors.journal import Journal
from actors.lanes import Lane
from actors.messages import Notice, ServiceHealth
from actors.money.wagers import Checked, CheckedAct, CheckedBet, CheckedEscrow, Request
from actors.persistence import PersistenceActor
from actors.price_feed import PriceFeedActor, Socket
from actors.reporter import ReporterActor
from actors.site import Site
from actors.strategy import StrategyActor
from actors.venue.breakers import Breakers
from actors.venue.budget import Budget
from actors.venue.casino import Casino, bet_request
from actors.venue.errors import BreakerOpen
from actors.venue.escrow import Escrow, act_request, create_request
from actors.venue.feed import PriceSocket
from actors.venue.line import Line
from actors.venue.port import Port
from actors.version import VERSION
from supervision import ChildSpec, Handle, Strategy, Supervisor

REPORTER, GATEWAY = "ops/reporter", "ops/gateway"
JOURNAL, BANKROLL = "core/journal", "core/bankroll"
SERVICES = "core/services"
STRATEGIES = "core/strategies"
ACCOUNTS = {"casino": "casino"}
"""Accounts and the service that reads each; escrow and faucet live on the casino's."""

GAMES_PER_MINUTE = 60
"""The venue's limit for an agent, as long as none of it is spent."""

PORT_THREADS = 4
PORT_CAPACITY = 64
"""Network calls that one service runs at a time, and that may wait."""

RECONCILE_EVERY_US = 600_000_000
ESCROW_POLL_PAPER_S, ESCROW_POLL_LIVE_S = 2.0, 30.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the tree is made of besides the configuration."""

    config: AgentConfig
    run: str
    site: Site
    lanes: Sequence[Lane]
    control: Control
    observer: Callable[[Notice], None]
    wall: Callable[[], int]
    clock: Callable[[], float]
    rng: Random
    bets_limit: Callable[[], int | None]
    handle: Callable[[str], Handle]


def draw(parts: Parts) -> ChildSpec:
    """Return the root of the tree.

    Actors get handles, which are good before anybody is up and after every restart; factories ask for them when they
    run, because the system that knows them is made from this drawing.
    """
    ops = Supervisor.spec("ops", [_reporter(parts), _gateway(parts)], max_restarts=10, max_seconds=60)
    core = Supervisor.spec(
        "core",
        [_journal(parts), _bankroll(parts), _services(parts), *_feeds(parts), _strategies(parts)],
        strategy=Strategy.REST_FOR_ONE,
        max_restarts=5,
        max_seconds=60,
    )
    return Supervisor.spec("stakekeeper", [ops, core], max_restarts=5, max_seconds=60)


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
        builtin_venue=parts.site.builtin,
        dry_run=config.dry_run,
        requests=request_of,
        entropy=lambda: secrets.token_hex(16),
        bets_limit=parts.bets_limit,
    )


def _reporter(parts: Parts) -> ChildSpec:
    config = parts.config
    return ChildSpec(
        "reporter",
        lambda: ReporterActor(config.agent.id, config.log_path, wall=parts.wall, observer=parts.observer),
    )


def _gateway(parts: Parts) -> ChildSpec:
    return ChildSpec("gateway", lambda: GatewayActor(parts.control, parts.config.control_path))


def _journal(parts: Parts) -> ChildSpec:
    config = parts.config
    binding = f"{config.mode}:casino:{parts.site.fingerprint}"

    def open_journal() -> Journal:
        path = config.journal_path
        path.parent.mkdir(parents=True, exist_ok=True)
        return Journal.open(path, agent=config.agent.id, binding=binding, wall_micros=parts.wall)

    return ChildSpec("journal", lambda: PersistenceActor(open_journal, parts.handle(BANKROLL)), start_timeout=60.0)


def _bankroll(parts: Parts) -> ChildSpec:
    terms, find = terms_of(parts), address(parts)
    return ChildSpec("bankroll", lambda: BankrollActor(terms, ACCOUNTS, parts.handle(JOURNAL), find, parts.wall))


def _services(parts: Parts) -> ChildSpec:
    config, site = parts.config, parts.site
    line, health = _lines(parts)

    def port(service: str) -> Port:
        return Port(f"{config.agent.id}-{service}", threads=PORT_THREADS, capacity=PORT_CAPACITY)

    def casino() -> CasinoActor:
        def client() -> Casino:
            return Casino(line("casino", site.casino), Escrow(line("escrow", site.escrow)))

        return CasinoActor(client, port("casino"), parts.handle(BANKROLL), parts.wall, health)

    def escrow() -> EscrowActor:
        poll_s = ESCROW_POLL_LIVE_S if config.live else ESCROW_POLL_PAPER_S
        bankroll, reporter = parts.handle(BANKROLL), parts.handle(REPORTER)
        return EscrowActor(
            lambda: Escrow(line("escrow", site.escrow)), port("escrow"), bankroll, reporter, parts.wall, poll_s
        )

    children = [ChildSpec("casino", casino)]
    if config.services.escrow:
        children.append(ChildSpec("escrow", escrow))
    return Supervisor.spec("services", children, max_restarts=10, max_seconds=60)


def _lines(parts: Parts) -> tuple[Callable[[str, str], Line], Callable[[], str]]:
    # Breakers and budgets are the venue's view of us: they outlive a restart of the actor that uses them.
    budget = None if parts.site.unlimited else Budget(clock=parts.clock, wall=parts.wall)

    def changed(service: str, is_open: bool, until: int) -> None:
        parts.handle(BANKROLL).tell(ServiceHealth(service, is_open, until))

    breakers = Breakers(clock=parts.clock, wall=parts.wall, changed=changed)
    credential = parts.site.credential

    def line(service: str, base_url: str) -> Line:
        return Line(
            service,
            base_url,
            key=credential.key,
            agent_id=credential.agent_id,
            timeout_s=float(parts.config.venue.send_timeout),
            wall=parts.wall,
            rng=parts.rng,
            breakers=breakers,
            budget=budget,
        )

    def health() -> str:
        try:
            breakers.check("casino")
        except BreakerOpen as error:
            return str(error)
        left = "no limits" if budget is None else f"{budget.left().get('games', GAMES_PER_MINUTE)} left this minute"
        return f"breaker closed, {left}"

    return line, health


def _feeds(parts: Parts) -> list[ChildSpec]:
    url = parts.site.price_feed
    if url is None:
        return []
    followers = [f"{STRATEGIES}/{lane.name}" for lane in parts.lanes if lane.wants_prices]

    def socket(on_prices: Callable[[Mapping[str, Decimal]], None], on_state: Callable[[str, str], None]) -> Socket:
        return PriceSocket(url, on_prices=on_prices, on_state=on_state, rng=parts.rng)

    def make() -> PriceFeedActor:
        subscribers = [parts.handle(path) for path in followers]
        return PriceFeedActor(socket, subscribers, parts.handle(REPORTER), parts.wall)

    return [Supervisor.spec("feeds", [ChildSpec("price_feed", make)], max_restarts=10, max_seconds=60)]


def _strategies(parts: Parts) -> ChildSpec:
    def lane_spec(lane: Lane) -> ChildSpec:
        seed = parts.rng.getrandbits(64)

        def make() -> StrategyActor:
            bankroll, reporter, chance = parts.handle(BANKROLL), parts.handle(REPORTER), Random(seed)  # noqa: S311
            return StrategyActor(lane.name, lane.account, lane.make, bankroll, reporter, parts.wall, chance)

        return ChildSpec(lane.name, make)

    children = [lane_spec(lane) for lane in parts.lanes]
    return Supervisor.spec("strategies", children, max_restarts=50, max_seconds=60)
