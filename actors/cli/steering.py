"""Look at and steer a running agent."""

import getpass
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from actors.cli.common import AsJson, ConfigFile, DataDir, Live, complain, data_directory, print_json
from actors.config import AgentConfig
from actors.control import RemoteAgent
from actors.errors import ConfigError
from actors.money.amounts import usd

MICRO = "_micro"
US_PER_SECOND = 1_000_000
POLL_S = 0.1
STOP_PATIENCE_S = 60.0


def _find(config: ConfigFile, data: DataDir, *, live: bool) -> RemoteAgent:
    if config is not None:
        AgentConfig.load(
            config=config, data=data, live=live
        )  # a wrong file is told, though the agent runs on what it was started with
    return RemoteAgent.find(data_directory(data, live=live))


def status(config: ConfigFile = None, data: DataDir = None, live: Live = False, as_json: AsJson = False) -> None:
    """How the running agent stands."""
    found = _find(config, data, live=live).status()
    if as_json:
        print_json(found)
    else:
        known = {"venue_micro": "venue_then_micro"}  # read at `checked_at`; the book has gone on since
        typer.echo("\n".join(as_lines({known.get(key, key): value for key, value in found.items()})))


def tree(config: ConfigFile = None, data: DataDir = None, live: Live = False, as_json: AsJson = False) -> None:
    """The supervision tree of the running agent."""
    found = _find(config, data, live=live).tree()
    if as_json:
        print_json({"tree": found.splitlines()})
    else:
        typer.echo(found)


def pause(
    reason: Annotated[str, typer.Argument(help="Why; it is journaled and shown.")] = "an operator's wish",
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
) -> None:
    """Accept no new bets until `resume`."""
    _find(config, data, live=live).pause(reason)
    typer.echo("Paused: no new bets. `resume` goes on.")


def resume(config: ConfigFile = None, data: DataDir = None, live: Live = False) -> None:
    """Lift a pause or a stop.

    A new session begins, and the stop-loss counts from here.
    """
    _find(config, data, live=live).resume(getpass.getuser())
    typer.echo("Resumed.")


def stop(config: ConfigFile = None, data: DataDir = None, live: Live = False) -> int:
    """End the running agent in order, and wait for it."""
    agent = _find(config, data, live=live)
    agent.request_stop()
    limit = time.monotonic() + STOP_PATIENCE_S
    while agent.is_running():
        if time.monotonic() > limit:
            complain(f"Process {agent.pid} still settles after {STOP_PATIENCE_S:g} s; it ends when nothing is open.")
            return 0
        time.sleep(POLL_S)
    typer.echo("Stopped.")
    return 0


def crash(
    actor: Annotated[str, typer.Argument(help="Its name or path in the tree, such as casino.")],
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
) -> None:
    """Let an actor fail and restart (paper only)."""
    if live:
        raise ConfigError("crash is for paper: leave --live out.")
    _find(config, data, live=live).crash(actor)
    typer.echo(f"{actor} was told to fail; its supervisor restarts it.")


def as_lines(value: dict[str, Any], indent: str = "") -> list[str]:
    """Return a status as aligned lines for people, nested ones indented; amounts in USD, times in UTC."""
    width = max((len(str(key)) for key in value), default=0) + 2
    lines: list[str] = []
    for key, one in value.items():
        entries = one if isinstance(one, list | tuple) else [one] if one != {} else []
        if any(isinstance(entry, dict) for entry in entries):
            unit = MICRO if key.endswith(MICRO) else ""
            lines.append(f"{indent}{key.removesuffix(MICRO)}")
            for entry in entries:
                lines += as_lines({f"{name}{unit}": part for name, part in entry.items()}, f"{indent}  ")
        else:
            shown = ", ".join(_shown(key, entry) for entry in entries) or "none"
            lines.append(f"{indent}{key.removesuffix(MICRO):<{width}}{shown}")
    return lines


def _shown(key: str, entry: object) -> str:
    if entry is None or entry == "":
        return "none"
    if isinstance(entry, int) and key.endswith(MICRO):
        return f"{usd(entry, 6)} USD"
    if isinstance(entry, int) and key.endswith("_at"):
        moment = datetime.fromtimestamp(entry / US_PER_SECOND, UTC)
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if entry else "never"
    return str(entry)
