"""The sections of the configuration, each a frozen record.

Each field's description completes the sentence "must be ..."; an error names the key, the value and that.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic import model_validator as check_all

LOOPBACK = ("127.0.0.1", "localhost", "::1")
US_PER_SECOND = 1_000_000
DIGITS = 20
"""Of an amount: more than all the money there is has, and few enough to be exact."""


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine."""
    return urlsplit(url).hostname in LOOPBACK


def redacted(url: str) -> str:
    """Return a URL with nothing left that may be secret: scheme and host, as `postgresql://db.example/...`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/..."


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a switch is no number")  # noqa: TRY004  pydantic collects ValueErrors only
    return value


def _url(*schemes: str) -> Callable[[str | None], str | None]:
    def check(text: str | None) -> str | None:
        if text is None:
            return None
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname or parts.username or parts.password or parts.query:
            raise ValueError("not such a URL")
        return text.rstrip("/")

    return check


def _secret_url(*prefixes: str) -> Callable[[SecretStr | None], SecretStr | None]:
    def check(secret: SecretStr | None) -> SecretStr | None:
        if secret and not secret.get_secret_value().startswith(prefixes):
            raise ValueError("not such a URL")
        return secret

    return check


_Number = Annotated[Decimal, BeforeValidator(_no_bool)]
_Count = Annotated[int, BeforeValidator(_no_bool)]
_Share = Annotated[_Number, Field(gt=0, le=1, description="a fraction above 0 and at most 1")]
_Seconds = Annotated[_Number, Field(gt=0, le=3600, description="seconds, above 0 and at most 3600")]
_Port = Annotated[_Count, Field(ge=0, le=65535, description="a port, 1 to 65535, or 0 (off)")]
_Host = Annotated[str, Field(min_length=1, description="a host name or address to listen on")]
_Switch = Annotated[bool, Field(description="true or false")]
_Service = Annotated[bool | None, Field(description="true or false (left out: on when there is a key)")]
_Http = Annotated[
    str | None,
    AfterValidator(_url("http", "https")),
    Field(description="a base URL, http:// or https://, without a password"),
]
_Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$",
        description="1 to 32 letters, digits, '_', '.' or '-', the first a letter or digit",
    ),
]


_BASE58 = "[1-9A-HJ-NP-Za-km-z]"


def _form(pattern: str, words: str) -> Any:
    return Field(pattern=f"^(?:{pattern})$", description=f"an address of that chain: {words}")


_Evm = Annotated[str | None, _form("0x[0-9A-Fa-f]{40}", "0x and 40 hexadecimal digits")]
_Solana = Annotated[str | None, _form(_BASE58 + "{32,44}", "32 to 44 letters and digits, none of them 0, O, I or l")]
_Bitcoin = Annotated[
    str | None,
    _form(
        f"bc1[02-9ac-hj-np-z]{{39,59}}|[13]{_BASE58}{{25,34}}",
        "bc1 and 39 to 59 small letters and digits, or 1 or 3 and 25 to 34 letters and digits",
    ),
]
_Tron = Annotated[str | None, _form(f"T{_BASE58}{{33}}", "T and 33 letters and digits")]
_Monero = Annotated[
    str | None, _form(f"[48]{_BASE58}{{94}}|4{_BASE58}{{105}}", "95 or 106 letters and digits, the first 4 or 8")
]
_Domain = Annotated[str, Field(pattern=r"^[a-z0-9.-]{4,253}$", description="a domain such as example.com")]


class Section(BaseModel):
    """A section with fixed keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AgentSection(Section):
    """Who the agent is; `id` stands in every log line and in the journal."""

    id: _Name = "agent-1"


class ServicesSection(Section):
    """Which services take part. None: on when there is a key for it."""

    casino: _Switch = True
    escrow: _Switch = True
    faucet: _Switch = True
    referral: _Switch = True
    trading: _Service = None
    wallet: _Service = None
    domains: _Service = None


class VenueSection(Section):
    """Where the services are (None: the built-in venue has it) and how long they are waited for."""

    casino: _Http = None
    escrow: _Http = None
    faucet: _Http = None
    trading: _Http = None
    wallet: _Http = None
    domains: _Http = None
    exchange: _Http = None
    price_feed: Annotated[
        str | None,
        AfterValidator(_url("ws", "wss")),
        Field(description="a WebSocket URL, ws:// or wss://, without a password"),
    ] = None
    send_timeout: _Seconds = Decimal(10)
    quiet_period: _Seconds = Decimal(65)
    lookup_gap: _Seconds = Decimal(2)

    @property
    def send_timeout_us(self) -> int:
        """How long one send may take, in microseconds."""
        return int(self.send_timeout * US_PER_SECOND)

    @property
    def quiet_period_us(self) -> int:
        """How long after a send's deadline the venue may still carry it out, in microseconds."""
        return int(self.quiet_period * US_PER_SECOND)

    @property
    def lookup_gap_us(self) -> int:
        """How far apart two look-ups must lie to count as two, in microseconds."""
        return int(self.lookup_gap * US_PER_SECOND)


class BankrollSection(Section):
    """How stakes are sized. Fractions of the bankroll, amounts in USD."""

    kelly_fraction: _Share = Decimal("0.25")
    max_stake_fraction: _Share = Decimal("0.02")
    min_stake: Annotated[
        _Number,
        Field(gt=0, decimal_places=2, max_digits=DIGITS, description="an amount in whole cents, at least 0.01"),
    ] = Decimal("0.01")
    entertainment_budget: Annotated[
        _Number,
        Field(ge=0, decimal_places=6, max_digits=DIGITS, description="USD, 0 or more, with at most six decimals"),
    ] = Decimal(0)


class RiskSection(Section):
    """When to stop. Fractions of the bankroll and counts."""

    stop_loss: _Share = Decimal("0.30")
    max_drawdown: _Share = Decimal("0.30")
    daily_loss: _Share = Decimal("0.10")
    loss_streak: Annotated[_Count, Field(ge=0, le=10_000, description="a whole number, 0 (off) to 10000")] = 0
    max_open: _Share = Decimal("0.20")
    bets_per_minute: Annotated[_Count, Field(ge=1, le=60_000, description="a whole number, 1 to 60000")] = 50


class StrategySection(BaseModel):
    """One strategy and its lane; every other key is a parameter of its own."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True, populate_by_name=True)

    name: Annotated[str | None, Field(min_length=1, description="the name of a shipped strategy")] = None
    class_: Annotated[
        str | None,
        Field(alias="class", pattern=r"^[\w.]+:[A-Za-z_]\w*$", description="module:Class, as in 'mine.ideas:Momentum'"),
    ] = None
    lane: Annotated[_Name | None, Field(description="a lane's name: letters, digits, '_', '.' or '-'")] = None
    account: Annotated[
        Literal["casino", "trading", "wallet", "domains"], Field(description="casino, trading, wallet or domains")
    ] = "casino"

    @check_all(mode="after")
    def _names_one(self) -> Self:
        if (self.name is None) == (self.class_ is None):
            raise ValueError("needs one of name (a shipped strategy) and class (module:Class)")
        return self

    @property
    def lane_name(self) -> str:
        """The lane: as given, else the strategy's own name."""
        return self.lane or self.name or str(self.class_).rpartition(":")[2]

    @property
    def parameters(self) -> dict[str, Any]:
        """The strategy's own keys."""
        return dict(self.model_extra or {})


class JournalSection(Section):
    """Where the journal is (None: stakekeeper.sqlite in the data directory)."""

    url: Annotated[
        SecretStr | None,
        AfterValidator(_secret_url("sqlite:///", "postgresql://")),
        Field(description="sqlite:///PATH or postgresql://HOST/NAME"),
    ] = None


class RedisSection(Section):
    """Where agents share their rate limits (None: each keeps its own)."""

    url: Annotated[
        SecretStr | None,
        AfterValidator(_secret_url("redis://", "rediss://", "unix://")),
        Field(description="redis://HOST, rediss://HOST or unix://PATH"),
    ] = None


class AlertsSection(Section):
    """Whom to tell, and when the daily summary goes out (UTC)."""

    urls: Annotated[tuple[SecretStr, ...], Field(description="a list of URLs")] = ()
    daily_summary_at: Annotated[
        str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="a time of day (UTC), 00:00 to 23:59")
    ] = "00:05"


class WalletSection(Section):
    """The addresses whose balances are watched, one a chain. Never a key.

    Only the form is checked, offline: a mistyped address of the right form is one of somebody else.
    """

    ethereum: _Evm = None
    base: _Evm = None
    solana: _Solana = None
    bitcoin: _Bitcoin = None
    tron: _Tron = None
    monero: _Monero = None


class DomainsSection(Section):
    """The names whose availability is watched, every hour. Nothing is bought by watching."""

    watch: Annotated[tuple[_Domain, ...], Field(max_length=50, description="a list of at most 50 domains")] = ()


class WebSection(Section):
    """Where the dashboard listens; off when embedded."""

    port: _Port = 0
    host: _Host = "127.0.0.1"


class WebhookSection(Section):
    """Where pushed results arrive, and which environment variable has the secret that signs them."""

    port: _Port = 0
    host: _Host = "127.0.0.1"
    path: Annotated[str, Field(pattern=r"^/\S*$", description="a path that begins with '/'")] = "/webhooks/purpleflea"
    secret_env: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$", description="the name of an environment variable")] = (
        "STAKEKEEPER_WEBHOOK_SECRET"  # noqa: S105  a variable's name
    )
