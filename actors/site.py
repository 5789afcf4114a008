"""Where an agent plays: the venue's addresses, the account's key, and whether it is the built-in venue."""

import hashlib
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from actors.config import AgentConfig
from actors.credentials import Credential, Credentials
from actors.errors import ConfigError
from actors.sandbox.errors import SandboxError
from actors.sandbox.launch import ensure_running
from actors.venue.builtin import announced
from actors.venue.errors import VenueError
from actors.venue.registration import Credentials as Registered
from actors.venue.registration import register

DEFAULT_SEED = 42
REGISTER_TRIES = 5

CONTACT_TIMEOUT_S = 2.0
"""For the few questions that are asked of a venue on this machine before the tree starts."""


@dataclass(frozen=True, slots=True)
class Site:
    """Addresses and the account.

    Attributes:
        casino, escrow, faucet: base URLs.
        price_feed: WebSocket URL, or None without one.
        credential: of the casino's account.
        builtin: whether the venue announced itself as the built-in one.
        unlimited: whether it announced that its rate limiters are off.
        description: for people.
    """

    casino: str
    escrow: str
    faucet: str
    price_feed: str | None
    credential: Credential
    builtin: bool
    unlimited: bool
    description: str

    @property
    def fingerprint(self) -> str:
        """Tells accounts apart without telling the key."""
        return hashlib.sha256(self.credential.key.get_secret_value().encode()).hexdigest()[:16]


def find_site(config: AgentConfig) -> Site:
    """Find the venue; on paper, start the built-in one and make an account when there is none.

    Talks to this machine only: a public venue is not asked anything before the tree is up. Blocks for some tenths of
    a second when the built-in venue must be started.

    Raises:
        ConfigError: no key, no venue, or the venue does not let us in.
    """
    credentials = Credentials.load(config.data, os.environ if config.live else {})
    venue = config.venue
    if config.live:
        credential = credentials.require("casino")
        key = credential.key.get_secret_value()
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise ConfigError("The casino key has characters that no key has; check STAKEKEEPER_CASINO_KEY.")
        return Site(
            str(venue.casino), str(venue.escrow), str(venue.faucet), venue.price_feed, credential,
            builtin=False, unlimited=False, description=f"{urlsplit(str(venue.casino)).hostname}",
        )  # fmt: skip
    root = _root(config)
    casino = venue.casino or f"{root}/api/v1"
    said = announced(root, timeout_s=CONTACT_TIMEOUT_S)
    builtin, netloc = said is not None, urlsplit(root).netloc
    feed = venue.price_feed or (f"ws://{netloc}/ws" if builtin else None)
    description = f"built-in venue on {netloc}, seed {said.seed}" if said else f"venue on {netloc}"
    return Site(
        casino, venue.escrow or root, venue.faucet or root, feed, _account(credentials, casino),
        builtin=builtin, unlimited=said is not None and said.limits == "off", description=description,
    )  # fmt: skip


def _root(config: AgentConfig) -> str:
    if config.venue.casino:
        parts = urlsplit(config.venue.casino)
        return f"{parts.scheme}://{parts.netloc}"
    try:
        return ensure_running(config.data, seed=config.seed if config.seed is not None else DEFAULT_SEED)
    except SandboxError as error:
        raise ConfigError(str(error)) from None


def _account(credentials: Credentials, casino: str) -> Credential:
    known = credentials.get("casino")
    if known:
        return known
    made = _register(casino)
    credential = Credential(made.api_key, made.agent_id)
    credentials.save("casino", credential)
    return credential


def _register(casino: str) -> Registered:
    # An answer that is lost leaves an account that nobody has the key of; on paper that costs nothing, so ask again.
    for left in reversed(range(REGISTER_TRIES)):
        try:
            return register(casino, timeout_s=CONTACT_TIMEOUT_S)
        except VenueError as error:
            if not left:
                raise ConfigError(f"No account could be made at {casino}: {error}.") from None
    raise AssertionError
