"""What every command shares: the options, the exit codes, how errors are told."""

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from actors.config import AgentConfig
from actors.errors import StakekeeperError

INTERRUPTED = 130
BUG = 70
REFUSES = 3
USAGE = 2

ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="A TOML configuration file.")]
DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The agent's files (default var/paper; with --live var/live)."),
]
Live = Annotated[bool, typer.Option("--live", help="Real money.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]

P = ParamSpec("P")


def data_directory(data: Path | None, *, live: bool) -> Path:
    """Return the data directory that a command works on."""
    return (data or Path("var/live" if live else "var/paper")).expanduser()


def load(
    config: Path | None, data: Path | None, *, live: bool, overrides: Mapping[str, object] | None = None
) -> AgentConfig:
    """Read the configuration as the command line asks for it.

    Raises:
        ConfigError: one sentence.
    """
    return AgentConfig.load(data=data, config=config, live=live, overrides=overrides)


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn what a command returns or raises into its exit code, and errors into one sentence without a traceback.

    The traceback of a bug goes to the log file of the data directory that the command works on.
    """

    @functools.wraps(command)
    def guard(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs) or 0
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BrokenPipeError:  # whoever read our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except Exception as error:  # noqa: BLE001  the last guard
            data, live = kwargs.get("data"), bool(kwargs.get("live"))
            directory = data_directory(data if isinstance(data, Path) else None, live=live)
            code = tell_error(error, directory, command.__name__)
        raise typer.Exit(code)

    return guard


def tell_error(error: Exception, data: Path, command: str) -> int:
    """Say what went wrong in one sentence on standard error; a bug's traceback goes to the log file.

    Args:
        error: what was raised.
        data: the data directory, which has the log file.
        command: in which command.

    Returns:
        the exit code.
    """
    code = exit_code_of(error)
    if code is None:
        where = _log_bug(error, data, command)
        complain(f"This is a bug of ours: {_one_line(error)} ({where}).")
        return BUG
    complain(_one_line(error))
    return code


def complain(sentence: str) -> None:
    """Write a sentence to standard error."""
    if "." not in sentence.partition(" ")[0]:  # a key, such as risk.stop_loss, is written as it is
        sentence = sentence[:1].upper() + sentence[1:]
    typer.echo(sentence if sentence.endswith((".", "!", "?")) else f"{sentence}.", err=True)


def exit_code_of(error: Exception) -> int | None:
    """Return the exit code of an error that is meant for people, None for a bug."""
    from actors import journal  # noqa: PLC0415  peewee is slow to load
    from actors.sandbox.errors import SandboxError  # noqa: PLC0415

    if isinstance(error, StakekeeperError):
        return error.exit_code
    if isinstance(error, journal.JournalMissing | journal.JournalOlder | SandboxError):
        return USAGE
    if isinstance(error, journal.JournalBusy | journal.JournalBroken):
        return BUG
    return REFUSES if isinstance(error, journal.JournalError) else None


def print_json(value: object) -> None:
    """Print a value as JSON, readable and one key a line."""
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _log_bug(error: Exception, data: Path, command: str) -> str:
    fields: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "ERROR",
        "agent_id": None,
        "service": "cli",
        "action": command,
        "amount": None,
        "outcome": "bug",
        "text": f"{type(error).__name__}: {error}",
        "traceback": "".join(traceback.format_exception(error)),
    }
    log = data / "logs" / "agent.jsonl"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")
    except OSError as trouble:
        return f"its traceback is lost: {trouble.strerror}"
    return f"its traceback is in {log}"
