"""The configuration of one agent: frozen, exact, and without a secret in any text made of it."""

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from actors.config import sections
from actors.config.sections import is_loopback, redacted
from actors.config.sources import Merged, Tables, from_environment, from_file, from_overrides, keys_in
from actors.errors import ConfigError
from actors.money.amounts import parse_usd
from actors.money.risk import Limits

PUBLIC_HOSTS = {
    "casino": "https://casino.purpleflea.com/api/v1",
    "escrow": "https://escrow.purpleflea.com",
    "faucet": "https://faucet.purpleflea.com",
    "trading": "https://trading.purpleflea.com/v1",
    "wallet": "https://wallet.purpleflea.com/v1",
    "domains": "https://domains.purpleflea.com/v1",
    "exchange": "https://api.hyperliquid.xyz",
    "price_feed": "wss://api.hyperliquid.xyz/ws",
}
PROCESS_WEB_PORT = 8787
LOOPBACK_QUIET_S = 5
LEAST_LIVE_QUIET_S = 60
"""A proxy before a public venue may deliver a request this late; to call a bet void earlier is to guess."""

PAPER_KELLY = Decimal("0.10")


class AgentConfig(BaseModel):
    """Everything an agent is started with.

    Attributes:
        mode: "paper" (the built-in venue, or one on this machine) or "live".
        data: the directory of the agent's files.
        dry_run: live only: size and log, send nothing.
        seed: of the built-in venue; None lets it choose.
        resume: begin a new session although a stop is in force.
        idle: start no strategy: the agent only resolves, reconciles and takes an operator's word.
        keys: the services' keys that the environment has; none on paper, so that a real key never meets the built-in
            venue. Those in credentials.json are read when the agent starts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Literal["paper", "live"] = "paper"
    data: Path = Path("var/paper")
    dry_run: Annotated[bool, Field(description="true or false")] = False
    seed: Annotated[int | None, Field(ge=0, lt=2**63, description="a whole number from 0 to 2^63 - 1")] = None
    resume: Annotated[bool, Field(description="true or false")] = False
    idle: Annotated[bool, Field(description="true or false")] = False
    keys: dict[str, SecretStr] = {}
    agent: sections.AgentSection = sections.AgentSection()
    services: sections.ServicesSection = sections.ServicesSection()
    venue: sections.VenueSection = sections.VenueSection()
    bankroll: sections.BankrollSection = sections.BankrollSection()
    risk: sections.RiskSection = sections.RiskSection()
    strategy: tuple[sections.StrategySection, ...] = ()
    journal: sections.JournalSection = sections.JournalSection()
    redis: sections.RedisSection = sections.RedisSection()
    alerts: sections.AlertsSection = sections.AlertsSection()
    wallet: sections.WalletSection = sections.WalletSection()
    domains: sections.DomainsSection = sections.DomainsSection()
    web: sections.WebSection = sections.WebSection()
    webhook: sections.WebhookSection = sections.WebhookSection()

    @classmethod
    def load(
        cls,
        *,
        data: str | Path | None = None,
        config: str | Path | None = None,
        live: bool = False,
        process: bool = False,
        env: Mapping[str, str] | None = None,
        overrides: Mapping[str, object] | None = None,
    ) -> Self:
        """Read the configuration: defaults, then the file, then the environment, then what the caller overrides.

        Args:
            data: the data directory (default var/paper, live var/live).
            config: a TOML file; None reads none.
            live: real money.
            process: the agent is a process of its own, not embedded: the dashboard is on by default.
            env: the environment; None is the process's own.
            overrides: "section.key" to value, "strategy" to a list of tables, or one of dry_run, seed, resume, idle.

        Raises:
            ConfigError: one sentence that names the key, its value and what is allowed.
        """
        merged = Merged(_tables())
        merged.add("the defaults", {"web": {"port": PROCESS_WEB_PORT if process else 0}})
        merged.add("the defaults", {"venue": PUBLIC_HOSTS} if live else {"bankroll": {"kelly_fraction": PAPER_KELLY}})
        if config is not None:
            merged.add(str(config), from_file(Path(config)))
        environment = os.environ if env is None else env
        merged.add("the environment", from_environment(environment))
        options, tables = from_overrides(overrides or {})
        merged.add("the command line", tables)
        _quiet_default(merged.values)
        directory = Path(data or ("var/live" if live else "var/paper")).expanduser()
        try:
            loaded = cls.model_validate(
                {
                    **merged.values,
                    **options,
                    "mode": "live" if live else "paper",
                    "data": directory,
                    "keys": keys_in(environment) if live else {},
                }
            )
        except ValidationError as error:
            raise merged.sentence(error, cls.model_fields) from None
        _check_whole(loaded)
        return loaded

    @property
    def live(self) -> bool:
        """Whether real money is at stake."""
        return self.mode == "live"

    @property
    def limits(self) -> Limits:
        """The limits in force, exact."""
        bankroll, risk = self.bankroll, self.risk
        return Limits(
            stop_loss=Fraction(risk.stop_loss),
            max_drawdown=Fraction(risk.max_drawdown),
            daily_loss=Fraction(risk.daily_loss),
            loss_streak=risk.loss_streak,
            max_open=Fraction(risk.max_open),
            bets_per_minute=risk.bets_per_minute,
            kelly_fraction=Fraction(bankroll.kelly_fraction),
            max_stake_fraction=Fraction(bankroll.max_stake_fraction),
            min_stake_micro=parse_usd(bankroll.min_stake),
            entertainment_micro=parse_usd(bankroll.entertainment_budget),
        )

    @property
    def journal_path(self) -> Path:
        """The journal's SQLite file.

        Raises:
            ConfigError: the journal is configured to be no SQLite file.
        """
        if self.journal.url is None:
            return self.data / "stakekeeper.sqlite"
        url = self.journal.url.get_secret_value()
        if not url.startswith("sqlite:///"):
            raise ConfigError(f"journal.url {redacted(url)} is no SQLite file; give sqlite:///PATH or leave it out.")
        return Path(url.removeprefix("sqlite:///"))

    @property
    def log_path(self) -> Path:
        """The JSON lines of what happens."""
        return self.data / "logs" / "agent.jsonl"

    @property
    def control_path(self) -> Path:
        """Port and token of the running agent."""
        return self.data / "control.json"

    def dump(self) -> dict[str, str]:
        """Return the configuration as flat text without secrets, for the journal's record and the log."""
        flat = {"mode": self.mode, "dry_run": _text(self.dry_run)}
        for section in _tables():
            flat |= {f"{section}.{key}": _text(value) for key, value in getattr(self, section)}
        for number, one in enumerate(self.strategy, start=1):
            named = one.model_dump(by_alias=True, exclude_none=True) | {"lane": one.lane_name}
            flat |= {f"strategy.{number}.{key}": _text(value) for key, value in named.items()}
        return flat


def _tables() -> dict[str, type[sections.Section]]:
    """The sections with fixed keys, by name."""
    return {
        name: field.annotation
        for name, field in AgentConfig.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, sections.Section)
    }


def _quiet_default(values: Tables) -> None:
    venue = values.setdefault("venue", {})
    casino = venue.get("casino")
    if casino is None or (isinstance(casino, str) and is_loopback(casino)):
        venue.setdefault("quiet_period", LOOPBACK_QUIET_S)


def _check_whole(config: AgentConfig) -> None:
    lanes = [one.lane_name for one in config.strategy]
    for lane in lanes:
        if lanes.count(lane) > 1:
            raise ConfigError(f"Two strategies have the lane {lane}; give each [[strategy]] a lane of its own.")
    if config.live:
        if config.seed is not None:
            raise ConfigError("A seed belongs to the built-in venue; leave --seed out or run without --live.")
        venue = config.venue
        if not is_loopback(str(venue.casino)) and venue.quiet_period < LEAST_LIVE_QUIET_S:
            raise ConfigError(
                f"venue.quiet_period = {venue.quiet_period} is too short for a venue beyond this machine: "
                f"a bet may arrive later, so it must be at least {LEAST_LIVE_QUIET_S} seconds."
            )
        return
    if config.dry_run:
        raise ConfigError(
            "A dry run belongs to real money; add --live, or leave --dry-run out: paper bets cost nothing."
        )
    for service in PUBLIC_HOSTS:
        url = getattr(config.venue, service)
        if url is not None and not is_loopback(url):
            raise ConfigError(
                f"venue.{service} = {url} is not on this machine, and paper stays on it; leave it out or add --live."
            )


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case SecretStr():
            return redacted(value.get_secret_value())
        case str():
            return value
        case Sequence():
            return ",".join(_text(one) for one in value)
    return str(value)
