"""What is needed around a run: the built-in venue, the doctor, an account, the retry table."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from msgspec import to_builtins

from actors.cli.common import USAGE, AsJson, ConfigFile, DataDir, Live, complain, print_json
from actors.config import AgentConfig
from actors.errors import ConfigError

REGISTER_TIMEOUT_S = 15.0
NO_WAY_BACK = (
    "The venue keeps the key of the wallet that it made for you and has no way to withdraw: "
    "deposit nothing there that you want back by way of the venue."
)
NAME_WIDTH = 10
PATH_WIDTH = 22


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Its books.")] = Path("var/paper"),
    seed: Annotated[int, typer.Option(help="Of server seeds, prices and faults.")] = 42,
    faults: Annotated[str, typer.Option(metavar="SPEC", help="kind[@path]=rate[:amount],... or storm.")] = "",
    limits: Annotated[Literal["contract", "off"], typer.Option(help="Its rate limiters.")] = "contract",
    config: ConfigFile = None,
) -> int:
    """The built-in venue alone, until Ctrl-C."""
    from actors.sandbox.server import main  # noqa: PLC0415  a web server

    if config is not None:
        AgentConfig.load(config=config)
    options = {"port": port, "data": data, "seed": seed, "faults": faults, "limits": limits, "idle-exit": 0}
    return main([f"--{name}={value}" for name, value in options.items()])


def doctor(config: ConfigFile = None, data: DataDir = None, live: Live = False, as_json: AsJson = False) -> int:
    """What is well and what is not.

    Configuration, journal, disk, clock, keys and each service: one line each, with the mend.
    """
    from actors.doctor import LOCAL_CHECKS, Finding, examine, is_well  # noqa: PLC0415  only here

    try:
        findings = examine(AgentConfig.load(config=config, data=data, live=live))
    except ConfigError as error:
        fallback = AgentConfig.load(data=data, live=live, env={})
        findings = [one for one in examine(fallback, checks=LOCAL_CHECKS) if one.name != "config"]
        findings.append(Finding("config", "fail", "not usable", str(error)))
    if as_json:
        print_json([{"check": one.name, "state": one.state, "text": one.text, "mend": one.mend} for one in findings])
    else:
        for one in findings:
            row = f"{one.state:<6}{one.name:<{NAME_WIDTH}}{one.text}"
            typer.echo(f"{row}  ->  {one.mend}" if one.mend else row)
    return 0 if is_well(findings) else USAGE


def register(
    service: Annotated[str, typer.Argument(help="casino (escrow and faucet live on it), trading, wallet, domains.")],
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
) -> int:
    """Open an account at a service.

    The key goes to credentials.json, never to the screen.
    """
    from actors.credentials import Credential, Credentials  # noqa: PLC0415  only here
    from actors.doctor import Patient, check_data, wall_clock  # noqa: PLC0415
    from actors.site import ACCOUNTS, base_url  # noqa: PLC0415
    from actors.venue.errors import VenueError  # noqa: PLC0415
    from actors.venue.registration import register as open_account  # noqa: PLC0415

    if service not in ACCOUNTS:
        known = ", ".join(ACCOUNTS)
        raise ConfigError(f"There is no registering at {service}; known are {known} (the others live on casino's).")
    loaded = AgentConfig.load(config=config, data=data, live=live)
    credentials = Credentials.load(loaded.data, {})
    if credentials.get(service) is not None:
        raise ConfigError(f"{loaded.data / 'credentials.json'} has a key for {service} already; nothing was done.")
    writable = check_data(Patient(loaded, wall_clock))
    if writable.state != "ok":
        raise ConfigError(f"A key could not be kept in {writable.text}: {writable.mend}")
    url = base_url(loaded, service)
    try:
        account = open_account(url, timeout_s=REGISTER_TIMEOUT_S)
    except VenueError as error:
        complain(f"No account was made at {url}: {error}")
        return USAGE
    credentials.save(service, Credential(account.api_key, account.agent_id))
    typer.echo(f"Registered as {account.agent_id}; its key is in {loaded.data / 'credentials.json'}.")
    if live and service == "trading":
        typer.echo(NO_WAY_BACK)
    return 0


def retries(config: ConfigFile = None, data: DataDir = None, live: Live = False, as_json: AsJson = False) -> None:
    """The retry table and the budgets in force."""
    from actors.venue import retries as table  # noqa: PLC0415  only here
    from actors.venue.budget import LIMITS  # noqa: PLC0415

    own = AgentConfig.load(config=config, data=data, live=live).risk.bets_per_minute
    if as_json:
        budgets = to_builtins(LIMITS)
        print_json({"retries": table.as_rows(), "budgets": budgets, "bets_per_minute": own})
        return
    typer.echo(table.as_text())
    typer.echo(f"\n{'service':<{NAME_WIDTH}}{'path':<{PATH_WIDTH}}  a minute")
    for one in LIMITS:
        whose = "the account, all together" if one.shared else "each path"
        typer.echo(f"{one.service:<{NAME_WIDTH}}{one.prefix:<{PATH_WIDTH}}{one.per_minute:>10}  {whose}")
    typer.echo(f"{'domains':<{NAME_WIDTH}}{'':<{PATH_WIDTH}}{'-':>10}  its server counts nothing")
    typer.echo(f"{'casino':<{NAME_WIDTH}}{'risk.bets_per_minute':<{PATH_WIDTH}}{own:>10}  ours")
