"""`run`: the agent as a process."""

import dataclasses
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from actors.cli.common import BUG, INTERRUPTED, REFUSES, ConfigFile, DataDir, Live
from actors.config import AgentConfig
from actors.console import Screen
from actors.errors import ConfigError
from actors.version import VERSION

if TYPE_CHECKING:
    from actors import Agent
    from actors.summary import Summary

STOP_RULE = 4
LOOK_S = 1.0


def run(
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --live: size and log, send nothing.")] = False,
    bets: Annotated[int | None, typer.Option("--bets", min=1, metavar="N", help="End after N bets.")] = None,
    seconds: Annotated[
        float | None, typer.Option("--for", min=0.0, metavar="SECONDS", help="End after that time.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Of the built-in venue.")] = None,
    strategy: Annotated[
        list[str] | None, typer.Option("--strategy", metavar="NAME|module:Class", help="What to play; repeatable.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Lift a stop and begin a new session.")] = False,
    no_web: Annotated[bool, typer.Option("--no-web", help="Without the dashboard.")] = False,
    summary: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE", help="Where the final summary goes, as JSON.")
    ] = None,
) -> int:
    """Run the agent (the default).

    On paper, or with --live for real money.
    """
    loaded = AgentConfig.load(
        data=data,
        config=config,
        live=live,
        process=True,
        overrides=_overrides(dry_run=dry_run, seed=seed, strategy=strategy, resume=resume, no_web=no_web),
    )
    if summary is not None and not summary.absolute().parent.is_dir():
        raise ConfigError(f"--summary {summary}: there is no directory {summary.parent}; make it first.")
    screen = Screen()
    screen.line(_header(loaded), "bold")
    _see_doctor(loaded, screen)

    from actors import Agent  # noqa: PLC0415  the first line should not wait for it

    agent = Agent(loaded, observer=screen.notice)
    with _signals(agent, screen):
        agent.start()
        screen.line(agent.tree())
        why = agent.wait(bets=bets, seconds=seconds)
        ended = agent.stop(why)
    if summary is not None:
        summary.write_text(json.dumps(dataclasses.asdict(ended), indent=2) + "\n", encoding="utf-8")
    screen.line(_goodbye(ended))
    return _exit_code(why, ended)


def _overrides(
    *, dry_run: bool, seed: int | None, strategy: list[str] | None, resume: bool, no_web: bool
) -> dict[str, object]:
    overrides: dict[str, object] = {"dry_run": dry_run, "seed": seed, "resume": resume}
    if strategy:
        overrides["strategy"] = [{"class" if ":" in one else "name": one} for one in strategy]
    if no_web:
        overrides["web.port"] = 0
    return overrides


def _header(config: AgentConfig) -> str:
    where = "PAPER: built-in venue, no real money"
    if config.live:
        where = f"LIVE: {config.venue.casino}" + (", dry run: nothing is sent" if config.dry_run else ", REAL MONEY")
    elif config.venue.casino:
        where = f"PAPER: {config.venue.casino}"
    return f"stakekeeper {VERSION}   {where}     data {config.data}"


def _see_doctor(config: AgentConfig, screen: Screen) -> None:
    from actors.doctor import LOCAL_CHECKS, examine, one_line  # noqa: PLC0415  after the first line

    findings = examine(config, checks=LOCAL_CHECKS)
    fatal = [one for one in findings if one.state == "fail" and one.name in ("platform", "python", "data", "keys")]
    if fatal:
        raise ConfigError(f"{fatal[0].name}: {fatal[0].text}. {fatal[0].mend}")
    troubled = any(one.state != "ok" for one in findings)
    screen.label("doctor", one_line(findings), "yellow" if troubled else "")


def _goodbye(ended: "Summary") -> str:
    balance = "book = venue" if ended.difference == 0 else "book and venue could not be compared"
    if ended.difference:
        balance = f"book and venue differ by {ended.difference} micro-USD"
    return f"{ended.bets} bets, {ended.won} won, {ended.lost} lost | {balance} | journal closed | bye"


def _exit_code(why: str, ended: "Summary") -> int:
    if ended.difference:
        return REFUSES
    if why.startswith("stopped:"):
        return STOP_RULE
    return BUG if why == "failed" else 0


@contextmanager
def _signals(agent: "Agent", screen: Screen) -> Iterator[None]:
    """First Ctrl-C or SIGTERM: end in order. Second: end at once. SIGUSR1: the tree."""
    asked = 0

    def end(_: int, __: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            agent.request_stop()
        elif asked == 2:
            _beside(lambda: _end_at_once(agent))

    def tree(_: int, __: FrameType | None) -> None:
        _beside(lambda: screen.line(agent.tree()))

    handlers = {signal.SIGINT: end, signal.SIGTERM: end, signal.SIGUSR1: tree}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _beside(call: Callable[[], None]) -> None:
    """Run it in a thread: a signal handler interrupts code that may hold any lock."""
    threading.Thread(target=call, name="signal", daemon=True).start()


def _end_at_once(agent: "Agent") -> None:
    found: list[str] = []
    looker = threading.Thread(target=lambda: found.extend(agent.status().get("open_intents", ())), daemon=True)
    looker.start()
    looker.join(LOOK_S)
    left = f"left open: {', '.join(found)}" if found else "what is open is not known"
    sys.stderr.write(f"Ended at once; {left}; the next start asks the venue.\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)
