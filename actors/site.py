"""Where an agent plays: the services' addresses and keys, and whether it is the built-in venue."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from msgspec import Struct

from actors.config import AgentConfig
from actors.config.sections import is_loopback
from actors.credentials import Credential, Credentials, owner_of
from actors.errors import ConfigError, StakekeeperError
from actors.sandbox.errors import SandboxError
from actors.sandbox.launch import ensure_running
from actors.venue.builtin import announced
from actors.venue.errors import VenueError
from actors.venue.registration import Credentials as Registered
from actors.venue.registration import register

MOUNTS = {
    "casino": "/api/v1",
    "escrow": "",
    "faucet": "",
    "trading": "/trading/v1",
    "exchange": "/exchange",
    "wallet": "/wallet/v1",
    "domains": "/domains/v1",
}
"""Where the built-in venue, which plays all services on one port, has each of them."""

ACCOUNTS = ("casino", "trading", "wallet", "domains")
"""The services that have accounts of their own."""

DEFAULT_SEED = 42
REGISTER_TRIES = 5

CONTACT_TIMEOUT_S = 2.0
"""For the few questions that are asked of a venue on this machine before the tree starts."""


class Site(Struct, frozen=True):
    """Addresses and accounts.

    Attributes:
        services: those that take part.
        urls: base URLs by service; "exchange" is the public interface of the exchange behind trading.
        price_feed: WebSocket URL, or None without one.
        accounts: credentials by the service that they are an account of.
        builtin: whether the venue announced itself as the built-in one.
        unlimited: whether it announced that its rate limiters are off.
        description: for people.
        fingerprint: tells whose journal it is without telling a key: by the first account of all that there is a key
            for, whether its services are on or off.
    """

    services: frozenset[str]
    urls: Mapping[str, str]
    price_feed: str | None
    accounts: Mapping[str, Credential]
    builtin: bool
    unlimited: bool
    description: str
    fingerprint: str

    def credential(self, service: str) -> Credential:
        """Return whose account a service works on."""
        return self.accounts[owner_of(service)]

    @property
    def holders(self) -> dict[str, str]:
        """Return what tells each account from others of its service, without telling a key."""
        return {name: _fingerprint(credential) for name, credential in self.accounts.items()}


def find_site(config: AgentConfig) -> Site:
    """Find the venue; on paper, start the built-in one and make the accounts that are missing.

    Talks to this machine only: a public venue is not asked anything before the tree is up. Blocks for some tenths of
    a second when the built-in venue must be started.

    Raises:
        ConfigError: no key, no venue, or the venue does not let us in.
    """
    credentials = Credentials.load(config.data, config.keys)
    services = services_of(config, credentials)
    owners = sorted({owner_of(service) for service in services})
    configured = {name: url for name in MOUNTS if (url := getattr(config.venue, name)) is not None}
    if config.live:
        accounts = {owner: _usable(owner, credentials.require(owner)) for owner in owners}
        _check_one_place(services, configured)
        host = urlsplit(configured[owners[0]]).hostname
        return Site(
            services, MappingProxyType(configured), config.venue.price_feed, MappingProxyType(accounts),
            builtin=False, unlimited=False, description=f"{host}", fingerprint=_first(credentials),
        )  # fmt: skip
    root = _root(config)
    urls = {name: f"{root}{mount}" for name, mount in MOUNTS.items()} | configured
    said = announced(root, timeout_s=CONTACT_TIMEOUT_S)
    builtin, netloc = said is not None, urlsplit(root).netloc
    feed = config.venue.price_feed or (f"ws://{netloc}/ws" if builtin else None)
    description = f"built-in venue on {netloc}, seed {said.seed}" if said else f"venue on {netloc}"
    accounts = {owner: _account(credentials, owner, urls[owner]) for owner in owners}
    return Site(
        services, MappingProxyType(urls), feed, MappingProxyType(accounts),
        builtin=builtin, unlimited=said is not None and said.limits == "off", description=description,
        fingerprint=_first(credentials),
    )  # fmt: skip


def base_url(config: AgentConfig, service: str) -> str:
    """Return where a service is; on paper, start the built-in venue if no other is configured.

    Raises:
        ConfigError: the built-in venue does not start.
    """
    configured: str | None = getattr(config.venue, service)
    return configured or f"{_root(config)}{MOUNTS[service]}"


def services_of(config: AgentConfig, credentials: Credentials) -> frozenset[str]:
    """Return the services that are switched on.

    Raises:
        ConfigError: none is.
    """
    on = {name: credentials.get(name) is not None if switch is None else switch for name, switch in config.services}
    found = frozenset(name for name, is_on in on.items() if is_on)
    if not found:
        raise ConfigError("Every service is off in [services]; turn one on.")
    return found


def _check_one_place(services: frozenset[str], urls: Mapping[str, str]) -> None:
    # A casino on this machine is a test; nobody means to test it beside real money somewhere else.
    used = sorted((services | {"exchange"} if "trading" in services else services) & urls.keys())
    here = [name for name in used if is_loopback(urls[name])]
    there = [name for name in used if name not in here]
    if here and there:
        raise ConfigError(
            f"venue.{here[0]} is on this machine and venue.{there[0]} = {urls[there[0]]} is not; "
            f"give both an address of one kind, or turn {there[0]} off in [services]."
        )


def _first(credentials: Credentials) -> str:
    return next(_fingerprint(one) for one in map(credentials.get, ACCOUNTS) if one)


def _fingerprint(credential: Credential) -> str:
    return hashlib.sha256(credential.key.get_secret_value().encode()).hexdigest()[:16]


def _usable(owner: str, credential: Credential) -> Credential:
    key = credential.key.get_secret_value()
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigError(f"The {owner} key has characters that no key has; check STAKEKEEPER_{owner.upper()}_KEY.")
    return credential


def _root(config: AgentConfig) -> str:
    if config.venue.casino:
        parts = urlsplit(config.venue.casino)
        return f"{parts.scheme}://{parts.netloc}"
    try:
        return ensure_running(config.data, seed=config.seed if config.seed is not None else DEFAULT_SEED)
    except SandboxError as error:
        raise ConfigError(str(error)) from None


def _account(credentials: Credentials, owner: str, base_url: str) -> Credential:
    known = credentials.get(owner)
    if known:
        return known
    made = _register(base_url)
    credential = Credential(made.api_key, made.agent_id)
    credentials.save(owner, credential)
    return credential


def _register(base_url: str) -> Registered:
    # An answer that is lost leaves an account that nobody has the key of; on paper that costs nothing, so ask again.
    for left in reversed(range(REGISTER_TRIES)):
        try:
            return register(base_url, timeout_s=CONTACT_TIMEOUT_S)
        except VenueError as error:
            if not left:
                raise StakekeeperError(f"No account could be made at {base_url}: {error}.") from None
    raise AssertionError
