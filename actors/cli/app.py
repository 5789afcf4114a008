"""The commands by name, and the process's way in and out."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from actors.cli import audit, comparison, running, setup, simulating, steering
from actors.cli.common import INTERRUPTED, USAGE, complain, guarded
from actors.version import VERSION

Complaint: type[Exception] = typer.BadParameter.__mro__[2]
"""The base of every usage error, of the click that typer brings along."""

TOP_LEVEL_FLAGS = ("--help", "--version")

app = typer.Typer(
    help="An agent that handles real money on Purple Flea and never loses, doubles or forgets a bet.",
    epilog="Without a command the agent runs on paper, at the built-in venue.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)

for command in (
    running.run,
    setup.sandbox,
    steering.status,
    steering.tree,
    steering.pause,
    steering.resume,
    steering.stop,
    steering.crash,
    setup.doctor,
    setup.register,
    audit.ledger,
    audit.explain,
    audit.verify,
    audit.reconcile,
    audit.resolve,
    setup.retries,
    simulating.simulate,
    comparison.crash_table,
):
    app.command()(guarded(command))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stakekeeper {VERSION}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")]


@app.callback()
def _top(version: Version = False) -> None:
    del version


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; without a command, `run`.

    Args:
        arguments: without the program's name; None takes the process's own.

    Returns:
        the exit code.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0].startswith("-") and words[0] not in (*TOP_LEVEL_FLAGS, "-h")):
        words.insert(0, "run")
    try:
        code = app(args=words, prog_name="python run.py", standalone_mode=False)
    except Complaint as error:
        complain(f"{_sentence(error)} Help: {_help(words[0])}.")
        return USAGE
    except typer.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _help(word: str) -> str:
    names = {one.callback.__name__ for one in app.registered_commands if one.callback}
    return f"python run.py {word} --help" if word.replace("-", "_") in names else "python run.py --help"


def _sentence(error: Any) -> str:
    text = " ".join(error.format_message().split())
    return text if text.endswith((".", "?")) else f"{text}."
