"""Everything of an agent that touches the world: clocks, chance, network, disk. A simulation hands in another one."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from actors.casino import CasinoClient
from actors.clock import this_boot
from actors.config import AgentConfig
from actors.credentials import Credential
from actors.desk import Boot
from actors.errors import ConfigError
from actors.escrow import EscrowClient
from actors.journal import Journal
from actors.journal.ballast import has_room
from actors.journal.codec import is_state
from actors.persistence import Writer
from actors.price_feed import Socket, Store
from actors.redis_state import RedisState
from actors.site import Site
from actors.venue.breakers import Breakers
from actors.venue.budget import Budget
from actors.venue.casino import Casino
from actors.venue.errors import BreakerOpen
from actors.venue.escrow import Escrow
from actors.venue.feed import PriceSocket
from actors.venue.line import Line
from actors.venue.port import Port, Runs

if TYPE_CHECKING:
    from actors.webhook import MakeReceiver

PORT_THREADS = 4
PORT_CAPACITY = 64
"""Network calls that one service runs at a time, and that may wait."""

OnPrices = Callable[[Mapping[str, Decimal]], None]
OnState = Callable[[str, str], None]


class World(Protocol):
    """What the tree's actors are given instead of reaching out by themselves."""

    def wall(self) -> int:
        """Return UTC microseconds that never run backwards."""

    def machine(self) -> Boot:
        """Return the running boot of the machine."""

    def chance(self) -> Random:
        """Return a source of chance of its own for whoever asks."""

    def entropy(self) -> str:
        """Return 128 random bits as 32 hexadecimal digits."""

    def port(self, service: str) -> Runs:
        """Return where a service's network calls run."""

    def casino(self) -> CasinoClient:
        """Return a client of the casino."""

    def escrow(self) -> EscrowClient:
        """Return a client of the escrow service."""

    def line(self, service: str) -> Line:
        """Return a line of its own to a service that has no client here."""

    def health(self, service: str) -> str:
        """Say how a service's breaker and budget stand."""

    def prices(self) -> Callable[[OnPrices, OnState], Socket] | None:
        """Return what makes a source of prices, or None where there is none."""

    def store(self) -> Store | None:
        """Return where others see what lasts for seconds, or None where there is nothing such."""

    def webhooks(self) -> "MakeReceiver | None":
        """Return what makes the server that events are pushed to, or None where it is off."""

    def has_room(self) -> bool:
        """Return whether the disk has room for something new."""

    def journal(self) -> Writer:
        """Open the journal."""


class RealWorld:
    """The operating system, the network and the disk.

    Breakers and budgets are the venue's view of us, so they live here and outlive a restart of their users.

    Args:
        config: the configuration.
        site: where the agent plays.
        wall: UTC microseconds that never run backwards.
        changed: told of a breaker: service, whether it is open, until when (UTC microseconds).
    """

    def __init__(
        self, config: AgentConfig, site: Site, wall: Callable[[], int], changed: Callable[[str, bool, int], None]
    ) -> None:
        self.wall = wall
        self._config = config
        self._site = site
        self._rng = Random(config.seed)  # noqa: S311  jitter and strategies; tags come from the operating system
        self._budget = None if site.unlimited else Budget(clock=time.monotonic, wall=wall)
        self._breakers = Breakers(clock=time.monotonic, wall=wall, changed=changed)

    def machine(self) -> Boot:
        """Return what the system says."""
        return Boot(*this_boot(self.wall))

    def chance(self) -> Random:
        """Return chance that the configured seed repeats."""
        return Random(self._rng.getrandbits(64))  # noqa: S311  as above

    def entropy(self) -> str:
        """Return 128 bits of the operating system's."""
        return secrets.token_hex(16)

    def port(self, service: str) -> Port:
        """Return a few daemon threads."""
        return Port(f"{self._config.agent.id}-{service}", threads=PORT_THREADS, capacity=PORT_CAPACITY)

    def casino(self) -> Casino:
        """Return a client with connections of its own."""
        return Casino(self.line("casino"), self.escrow())

    def escrow(self) -> Escrow:
        """Return a client with connections of its own."""
        return Escrow(self.line("escrow"))

    def health(self, service: str) -> str:
        """Return the tree's line for a service."""
        try:
            self._breakers.check(service)
        except BreakerOpen as error:
            return str(error)
        return f"breaker closed, {self._budget.least(service) if self._budget else 'no limits'}"

    def prices(self) -> Callable[[OnPrices, OnState], Socket] | None:
        """Return what follows the venue's WebSocket."""
        url = self._site.price_feed
        if url is None:
            return None
        return lambda on_prices, on_state: PriceSocket(url, on_prices=on_prices, on_state=on_state, rng=self.chance())

    def store(self) -> RedisState | None:
        """Return Redis, if it is configured."""
        url = self._config.redis.url
        return RedisState(url, self._config.agent.id) if url else None

    def webhooks(self) -> "MakeReceiver | None":
        """Return what binds the configured port.

        Raises:
            ConfigError: the environment has no secret for it.
        """
        section = self._config.webhook
        if not section.port:
            return None
        secret = self._webhook_secret()
        if not secret:
            raise ConfigError(f"webhook.port is set, but not its secret: put it into {section.secret_env}.")
        from actors.webhook_server import WebhookServer  # noqa: PLC0415

        # By the system's clock, which a sleep of the machine does not hold up: the venue signs the time.
        return lambda take: WebhookServer(section.host, section.port, section.path, secret, _utc, take)

    def secrets(self) -> list[SecretStr]:
        """Return every key that this process knows."""
        accounts = self._site.accounts.values()
        return [*self._config.keys.values(), *(one.key for one in accounts), self._webhook_secret()]

    def _webhook_secret(self) -> SecretStr:
        return SecretStr(os.environ.get(self._config.webhook.secret_env, ""))

    def has_room(self) -> bool:
        """Return whether the journal's disk has room for a new intent and its outcome."""
        return has_room(self._config.journal_path.parent)

    def journal(self) -> Journal:
        """Open the journal under the data directory; it is bound to this venue and account."""
        config, path = self._config, self._config.journal_path
        path.parent.mkdir(parents=True, exist_ok=True)
        binding = f"{config.mode}:casino:{self._site.fingerprint}"
        return Journal.open(path, agent=config.agent.id, binding=binding, wall_micros=self.wall, knows=is_state)

    def line(self, service: str) -> Line:
        """Return a line of its own to a service."""
        # The exchange and the faucet are open to all: no key of ours is any of their business.
        credential = Credential(SecretStr("")) if service in ("exchange", "faucet") else self._site.credential(service)
        return Line(
            service,
            self._site.urls["casino" if service == "referral" else service],
            key=credential.key,
            agent_id=credential.agent_id,
            timeout_s=float(self._config.venue.send_timeout),
            wall=self.wall,
            rng=self.chance(),
            breakers=self._breakers,
            budget=self._budget,
            dry_run=self._config.dry_run,
        )


def _utc() -> int:
    return time.time_ns() // 1000
