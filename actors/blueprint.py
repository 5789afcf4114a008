"""The supervision tree of an agent: who is there, in which order, who is restarted with whom."""

from collections.abc import Callable
from functools import cache

from actors.bankroll import BankrollActor
from actors.control import Control
from actors.crew import accounts, crew, request_of, staffed
from actors.desk import Terms
from actors.gateway import GatewayActor
from actors.lanes import Lane
from actors.messages import Notice
from actors.parts import FEEDS, JOURNAL, PRICE_FEED, STRATEGIES, Parts
from actors.persistence import PersistenceActor
from actors.poller import PollerActor
from actors.price_feed import PriceFeedActor
from actors.reporter import ReporterActor
from actors.schedule import rows
from actors.strategy import StrategyActor
from actors.version import VERSION
from supervision import ChildSpec, Handle, MailboxSpec, Strategy, Supervisor

LANE_SHUTDOWN_S = 0.5
"""How long a lane whose strategy hangs may hold up the end, in seconds: it has nothing to save."""

RECONCILE_EVERY_US = 600_000_000

OPENING_S = 600.0
"""How long opening the journal may take, in seconds: without a snapshot every row is checked, a million in 20 s."""

LOG_S = 2.0
"""How long the last lines of the log, and an observer that is slow, may hold up the end, in seconds."""

DISK_S = 10.0
"""How long the disk may hold up the end of whoever waits for it, in seconds: another program's lock alone may for 5."""

MONEY = "money"
"""The thread of the bankroll and of the journal: each waits for the other at every step, and a change of threads costs
more than a decision."""


def tree(parts: Parts, control: Control, observer: Callable[[Notice], None] | None) -> ChildSpec:
    """Return the root of the tree.

    Actors get handles, which are good before anybody is up and after every restart; factories ask for them when they
    run, because the system that knows them is made from this drawing.
    """
    config, wall = parts.config, parts.world.wall

    def reporter() -> ReporterActor:
        return ReporterActor(config.agent.id, config.log_path, wall=wall, observer=observer, hide=parts.hide)

    ops = [
        ChildSpec("reporter", reporter, shutdown=LOG_S, mailbox=MailboxSpec(finish=True)),
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
        [_journal(parts), _bankroll(parts), crew(parts), _feeds(parts), _strategies(parts)],
        strategy=Strategy.REST_FOR_ONE,
        max_restarts=5,
        max_seconds=60,
    )


def address(parts: Parts) -> Callable[[str], Handle]:
    """Return how the bankroll finds the recipient of its mail: a service, "reporter" or "lane:NAME"."""

    @cache
    def find(to: str) -> Handle:
        if to == "reporter":
            return parts.reporter
        if to in ("poller", "webhook"):
            return parts.handle(f"{FEEDS}/{to}")
        if to.startswith("lane:"):
            return parts.handle(f"{STRATEGIES}/{to.removeprefix('lane:')}")
        return parts.service(to)

    return find


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
        services=parts.services,
        builtin_venue=parts.builtin,
        dry_run=config.dry_run,
        requests=request_of,
        boot=parts.world.machine(),
        entropy=parts.world.entropy,
        bets_limit=parts.bets_limit,
        has_room=parts.world.has_room,
        holders=parts.holders,
    )


def _journal(parts: Parts) -> ChildSpec:
    def make() -> PersistenceActor:
        return PersistenceActor(parts.world.journal, parts.bankroll)

    return ChildSpec("journal", make, start_timeout=OPENING_S, shutdown=DISK_S, thread=MONEY)


def _bankroll(parts: Parts) -> ChildSpec:
    terms, find, read = terms_of(parts), address(parts), accounts(parts.services)

    def make() -> BankrollActor:
        return BankrollActor(terms, read, parts.handle(JOURNAL), find, parts.world.wall)

    return ChildSpec("bankroll", make, shutdown=DISK_S, thread=MONEY)


def _feeds(parts: Parts) -> ChildSpec:
    children = [*_price_feed(parts), *_webhook(parts), _poller(parts)]
    return Supervisor.spec("feeds", children, max_restarts=10, max_seconds=60)


def _price_feed(parts: Parts) -> list[ChildSpec]:
    world, source, store = parts.world, parts.world.prices(), parts.world.store()
    if source is None:
        return []

    def make() -> PriceFeedActor:
        lanes = {lane.name: parts.handle(f"{STRATEGIES}/{lane.name}") for lane in parts.lanes if lane.wants_prices}
        return PriceFeedActor(source, lanes, parts.reporter, world.wall, world.port("price_feed"), store)

    return [ChildSpec("price_feed", make)]


def _webhook(parts: Parts) -> list[ChildSpec]:
    receiver = parts.world.webhooks()
    if receiver is None:
        return []
    from actors.webhook import WebhookActor  # noqa: PLC0415  see actors.crew

    return [ChildSpec("webhook", lambda: WebhookActor(receiver, parts.bankroll, parts.reporter, parts.world.wall))]


def _poller(parts: Parts) -> ChildSpec:
    world, table = parts.world, rows(staffed(parts.services), live=parts.config.live)

    def find(service: str) -> Handle:
        return parts.bankroll if service == "bankroll" else parts.service(service)

    def awake() -> int:
        return world.wall() - world.machine().began

    return ChildSpec("poller", lambda: PollerActor(table, find, world.chance(), awake, world.wall))


def _strategies(parts: Parts) -> ChildSpec:
    with_prices = parts.world.prices() is not None

    def lane_spec(lane: Lane) -> ChildSpec:
        def make() -> StrategyActor:
            bankroll, reporter = parts.bankroll, parts.reporter
            chance = parts.world.chance()
            feed = parts.handle(PRICE_FEED) if lane.wants_prices and with_prices else None
            wall = parts.world.wall
            return StrategyActor(lane.name, lane.account, lane.make, bankroll, reporter, wall, chance, feed)

        return ChildSpec(lane.name, make, shutdown=LANE_SHUTDOWN_S)

    children = [lane_spec(lane) for lane in parts.lanes]
    return Supervisor.spec("strategies", children, max_restarts=50, max_seconds=60)
