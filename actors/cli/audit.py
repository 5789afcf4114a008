"""The audit trail, and the operator's word on it."""

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import to_builtins

from actors.cli.common import REFUSES, AsJson, ConfigFile, DataDir, Live, complain, data_directory, print_json
from actors.config import AgentConfig
from actors.control import Control, NoAgent, RemoteAgent
from actors.errors import ConfigError
from actors.money.amounts import parse_usd, usd

if TYPE_CHECKING:
    from actors.journal import LedgerLine, Reader
    from actors.messages import Notice

PLACES = 6
INTENT_CHARS = 8

LAST_MOST = 1_000_000_000
"""Postings that can be asked for; no journal has as many."""

Because = Annotated[str | None, typer.Option("--because", metavar="TEXT", help="Why; it is journaled.")]


def _reader(config: ConfigFile, data: DataDir, *, live: bool) -> "Reader":
    from actors.journal import Reader  # noqa: PLC0415  peewee is slow to load

    return Reader.open(AgentConfig.load(config=config, data=data, live=live).journal_path)


def ledger(
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    last: Annotated[
        int | None, typer.Option("--last", min=1, max=LAST_MOST, metavar="N", help="Only the newest N postings.")
    ] = None,
) -> None:
    """Every movement of money, as table, CSV or JSON."""
    from actors.journal import ledger_rows, to_csv, to_json  # noqa: PLC0415  as above

    if as_json and as_csv:
        raise ConfigError("Choose one of --json and --csv.")
    with _reader(config, data, live=live) as reader:
        every: Iterator[LedgerLine] = ledger_rows(reader.rows())
        lines = every if last is None else deque(every, maxlen=last)
        if as_json:
            to_json(lines, sys.stdout)
        elif as_csv:
            to_csv(lines, sys.stdout)
        else:
            for line in lines:
                typer.echo(_table_row(line))


def _table_row(line: "LedgerLine") -> str:
    row = f"{line.seq:>7}  {line.at}  {line.kind:<20} {(line.intent or '')[:INTENT_CHARS]:<{INTENT_CHARS}}  "
    way = f"{line.from_bucket} -> {line.to_bucket}"
    return f"{row}{line.account:<8} {way:<24} {usd(line.amount_micro, PLACES):>16}"


def explain(
    intent: Annotated[str, typer.Argument(help="Its number.")],
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
    as_json: AsJson = False,
) -> None:
    """The story of one intent, step by step."""
    from actors.cli.story import fairness, steps, stories  # noqa: PLC0415  only here
    from actors.money.records import intent_id  # noqa: PLC0415  as above

    with _reader(config, data, live=live) as reader:
        whole = intent_id(intent)
        rows = list(reader.rows(intent=whole))
        if not rows:
            raise ConfigError(f"The journal has no intent {intent}: name one by its number, as `ledger` does.")
        proof, told = fairness(reader, rows), list(steps(rows))
    if as_json:
        print_json({"intent": whole, "fairness": proof, "steps": told})
    else:
        typer.echo(f"intent {whole}")
        typer.echo("\n".join(stories(told)))
        if proof:
            typer.echo(f"fairness: {proof}")


def verify(config: ConfigFile = None, data: DataDir = None, live: Live = False, as_json: AsJson = False) -> int:
    """Walk the journal's hash chain."""
    with _reader(config, data, live=live) as reader:
        report = reader.verify()
    head = report.head and report.head.hash
    if as_json:
        print_json({**to_builtins(report), "head": head})
    elif report.ok:
        typer.echo(f"The journal is whole: {report.rows} rows, head {head}.")
    else:
        complain(f"The journal is broken: {report.why}")
    return 0 if report.ok else REFUSES


@contextmanager
def _operated(config: ConfigFile, data: DataDir, *, live: bool) -> Iterator[Control]:
    """The running agent, or one without strategies for as long as this takes."""
    try:
        yield RemoteAgent.find(data_directory(data, live=live))
    except NoAgent:
        from actors import Agent  # noqa: PLC0415  the whole agent

        alone = AgentConfig.load(config=config, data=data, live=live, overrides={"idle": True})
        if not (journal := alone.journal_path).exists():  # a slip of --data is not to make an account
            raise ConfigError(
                f"There is no journal at {journal}: start the agent once, or name its data directory."
            ) from None
        typer.echo("No agent runs here; asking the venue, up to 30 s.", err=True)
        unread: set[str] = set()

        def tell(notice: "Notice") -> None:
            if (notice.action, notice.outcome) == ("look_up", "failed") and notice.service not in unread:
                unread.add(notice.service)
                complain(notice.text)

        with Agent(alone, observer=tell) as agent:
            yield agent
            agent.stop("the command is done")


def reconcile(
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
    accept: Annotated[bool, typer.Option("--accept", help="Post the difference to suspense.")] = False,
    because: Because = None,
    as_json: AsJson = False,
) -> int:
    """Compare the book with the venue.

    `--accept --because TEXT` posts a difference to suspense, journaled.
    """
    if accept != (because is not None and because.strip() != ""):
        raise ConfigError("To accept a difference say both: --accept --because TEXT.")
    with _operated(config, data, live=live) as agent:
        found = agent.reconcile(because if accept else None)
    book, venue, differs = (usd(found[name] or 0, PLACES) for name in ("book", "venue", "difference"))
    if as_json:
        print_json(found)
    elif found["ok"]:
        posted = ", what was told to differ is posted if it still did, see `ledger`" if accept else ""
        typer.echo(f"Book {book} = venue {venue} USD{posted}.")
    else:
        mend = "reconcile --accept --because TEXT posts that"
        typer.echo(f"Book {book}, venue {venue}: they differ by {differs} USD; {mend}.")
    return 0 if found["ok"] else REFUSES


def resolve(
    intent: Annotated[str, typer.Argument(help="The number of the intent in ERROR.")],
    verdict: Annotated[
        Literal["executed", "void"],
        typer.Option("--as", help="executed, with --payout; void: the stake is back in the venue's balance."),
    ],
    because: Annotated[str, typer.Option("--because", metavar="TEXT", help="Why; it is journaled.")],
    payout: Annotated[str, typer.Option("--payout", metavar="USD", help="What the venue paid, stake included.")] = "",
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
) -> None:
    """Say what became of an intent in ERROR.

    The operator's word is journaled. Works on a stopped agent too.
    """
    if (verdict == "executed") != bool(payout):
        raise ConfigError("--as executed needs --payout USD (0 for a lost bet); --as void takes none.")
    try:
        payout_micro = parse_usd(payout or 0)
    except ValueError as error:
        raise ConfigError(f"--payout: {error}.") from None
    if payout_micro < 0:
        raise ConfigError(f"--payout {payout} is below zero; give 0 for a lost bet.")
    with _operated(config, data, live=live) as agent:
        typer.echo(agent.resolve(intent, verdict, payout_micro, because))
