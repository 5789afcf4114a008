"""What every command shares: the options, the exit codes, how errors are told."""

import functools
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from actors.errors import uninstalled

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
        error: what was raised; one that is meant for people has an exit code.
        data: the data directory, which has the log file.
        command: in which command.

    Returns:
        the exit code.
    """
    error = uninstalled(error) or error
    sentence = " ".join(str(error).split()) or type(error).__name__
    code: int | None = getattr(error, "exit_code", None)
    if code is None:
        sentence = f"This is a bug of ours: {sentence} ({_log_bug(error, data, command)})"
    complain(sentence)
    return BUG if code is None else code


def complain(sentence: str) -> None:
    """Write a sentence to standard error."""
    if "." not in sentence.partition(" ")[0]:  # a key, such as risk.stop_loss, is written as it is
        sentence = sentence[:1].upper() + sentence[1:]
    typer.echo(sentence if sentence.endswith((".", "!", "?")) else f"{sentence}.", err=True)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, as `1 bet` and `1,200 bets`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def print_json(value: object) -> None:
    """Print a value as JSON, readable and one key a line."""
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def _log_bug(error: Exception, data: Path, command: str) -> str:
    from actors.log_line import log_line  # noqa: PLC0415  only here
    from actors.messages import Notice  # noqa: PLC0415

    extra = {"traceback": "".join(traceback.format_exception(error))}
    text = f"{type(error).__name__}: {error}"
    notice = Notice(time.time_ns() // 1000, "cli", command, "bug", text, level="ERROR", extra=extra)
    log = data / "logs" / "agent.jsonl"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(log_line("", notice), ensure_ascii=False) + "\n")
    except OSError as trouble:
        return f"its traceback is lost: {trouble.strerror}"
    return f"its traceback is in {log}"
