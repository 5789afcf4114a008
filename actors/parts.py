"""What the tree's actors are made from, and the paths by which they find each other."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from actors.config import AgentConfig
from actors.lanes import Lane
from actors.world import World
from supervision import Handle

REPORTER, GATEWAY = "ops/reporter", "ops/gateway"
JOURNAL, BANKROLL = "core/journal", "core/bankroll"
SERVICES, FEEDS, STRATEGIES = "core/services", "core/feeds", "core/strategies"
PRICE_FEED, POLLER = f"{FEEDS}/price_feed", f"{FEEDS}/poller"


class Parts(Struct, frozen=True):
    """What the money's side of the tree is made of.

    Attributes:
        config: the configuration.
        run: tells this run of the process from all others.
        services: those that take part.
        builtin: whether the venue is the built-in one.
        world: clocks, chance, network, disk.
        lanes: the strategies.
        bets_limit: see `Terms`.
        handle: finds an actor by its path.
        holders: see `Terms`.
        hide: takes keys out of what the log and the observer get.
    """

    config: AgentConfig
    run: str
    services: frozenset[str]
    builtin: bool
    world: World
    lanes: Sequence[Lane]
    bets_limit: Callable[[], int | None]
    handle: Callable[[str], Handle]
    holders: Mapping[str, str] = {}
    hide: Callable[[str], str] = str

    @property
    def bankroll(self) -> Handle:
        """The one door to money."""
        return self.handle(BANKROLL)

    @property
    def reporter(self) -> Handle:
        """Whom people hear from."""
        return self.handle(REPORTER)

    def lane(self, name: str) -> Handle:
        """Return a lane's actor."""
        return self.handle(f"{STRATEGIES}/{name}")

    def service(self, name: str) -> Handle:
        """Return a service's actor."""
        return self.handle(f"{SERVICES}/{name}")
