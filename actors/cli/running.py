"""`run`: the agent as a process."""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from msgspec import to_builtins

from actors.cli import lean
from actors.cli.common import INTERRUPTED, REFUSES, ConfigFile, DataDir, Live, counted
from actors.config import AgentConfig
from actors.console import Screen
from actors.errors import ConfigError
from actors.lanes import check_bets
from actors.money.amounts import usd
from actors.money.risk import MISMATCH
from actors.version import VERSION

if TYPE_CHECKING:
    from actors import Agent
    from actors.summary import Summary

STOP_RULE = 4
LOOK_S = 1.0
ECHO_S = 0.2
"""The same signal again within this time is no second wish: `timeout` and some shells send theirs twice."""


def run(
    config: ConfigFile = None,
    data: DataDir = None,
    live: Live = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --live: size and log, send nothing.")] = False,
    bets: Annotated[
        int | None, typer.Option("--bets", min=1, metavar="N", help="End after N bets, or if no lane can go on.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--for", min=0.0, metavar="SECONDS", help="End after that time.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Of the built-in venue.")] = None,
    strategy: Annotated[
        list[str] | None, typer.Option("--strategy", metavar="NAME|module:Class", help="What to play; repeatable.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Lift a stop and begin a new session.")] = False,
    no_web: Annotated[bool, typer.Option("--no-web", help="Without a dashboard; this version has none yet.")] = False,
    summary: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE", help="Where the final summary goes, as JSON.")
    ] = None,
) -> int:
    """Run the agent (the default).

    On paper, or with --live for real money.
    """
    overrides: dict[str, object] = {"dry_run": dry_run, "seed": seed, "resume": resume}
    if strategy:
        sys.path.append(str(Path.cwd()))  # a class is looked for where the command is given, too
        overrides["strategy"] = [{"class" if ":" in one else "name": one} for one in strategy]
    if no_web:
        overrides["web.port"] = 0
    loaded = AgentConfig.load(data=data, config=config, live=live, process=True, overrides=overrides)
    if summary is not None and not summary.absolute().parent.is_dir():
        raise ConfigError(f"--summary {summary}: there is no directory {summary.parent}; make it first.")
    if bets is not None:
        check_bets(loaded, lanes=bool(loaded.strategy) or not live)
    screen = Screen()
    with _Signals(screen) as signals:
        screen.line(_header(loaded), "bold")
        lean.load()
        _see_doctor(loaded, screen)

        from actors import Agent  # noqa: PLC0415  the first line should not wait for it

        agent = Agent(loaded, observer=screen.notice)
        signals.steer(agent)
        agent.start()
        why = agent.wait(bets=bets, seconds=seconds)
        ended = agent.stop(why)
    if summary is not None:
        summary.write_text(json.dumps(to_builtins(ended), indent=2) + "\n", encoding="utf-8")
    if why == "failed" and (failure := agent.failure()):
        raise failure
    for held in ended.holdings:
        screen.line(f"still open: {held}", "yellow")
    for lane, intent in ended.in_error:
        screen.line(f"in ERROR: {lane}; `explain {intent}` tells more, `resolve {intent}` frees it", "yellow")
    screen.line(goodbye(ended))
    if ended.difference or why == "stopped:mismatch":
        return REFUSES
    return STOP_RULE if why.startswith("stopped:") else 0


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


def goodbye(ended: "Summary") -> str:
    """Return the last line of a run."""
    balance = "book = venue" if ended.difference == 0 else "book and venue could not be compared"
    if ended.difference:
        balance = f"book and venue differ by {usd(ended.difference, 6)} USD"
    how = ended.stop_reason or ""
    stop = f" | {how if how.startswith('paused') else f'STOPPED by {how}'}" if how else ""
    if how and not how.startswith(MISMATCH):
        stop += "; `run --resume` lifts it"
    bets = f"{counted(ended.bets, 'bet')}, {ended.won} won, {ended.lost} lost"
    if ended.strays:
        bets += f", {counted(ended.strays, 'stray')} booked: see `ledger`"
    left = f" | left open: {', '.join(ended.open_intents)}; the next start asks the venue" if ended.open_intents else ""
    return f"{bets}{stop} | {balance}{left} | journal closed | bye"


class _Signals:
    """First Ctrl-C or SIGTERM: end in order. Second: end at once. SIGUSR1: the tree."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._agent: Agent | None = None
        self._asked = 0
        self._last = (0, 0.0)
        self._before: dict[int, Any] = {}
        self._left = "what is open is not known"

    def __enter__(self) -> Self:
        handlers = {signal.SIGINT: self._end, signal.SIGTERM: self._end, signal.SIGUSR1: self._tree}
        self._before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def steer(self, agent: "Agent") -> None:
        """Hand over the agent; a Ctrl-C that came before ends it as soon as it is up."""
        self._agent = agent
        if self._asked:
            agent.request_stop()

    def _end(self, number: int, _: FrameType | None) -> None:
        (before, at), self._last = self._last, (number, time.monotonic())
        if number == before and self._last[1] - at < ECHO_S:
            return
        self._asked += 1
        if self._asked > 1:
            _beside(self._end_at_once).join()  # the orderly end is not to finish first
        elif self._agent is not None:
            self._agent.request_stop()

    def _tree(self, _: int, __: FrameType | None) -> None:
        agent = self._agent
        if agent is not None:
            _beside(lambda: self._screen.line(agent.tree()))

    def _end_at_once(self) -> None:
        looker = threading.Thread(target=self._look, daemon=True)
        looker.start()
        looker.join(LOOK_S)
        sys.stderr.write(f"Ended at once; {self._left}; the next start asks the venue.\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)

    def _look(self) -> None:
        with contextlib.suppress(Exception):  # it may be anywhere between up and down
            found = self._agent.status()["open_intents"] if self._agent else ()
            self._left = f"left open: {', '.join(found)}" if found else "nothing was open"


def _beside(call: Callable[[], None]) -> threading.Thread:
    """Run it in a thread: a signal handler interrupts code that may hold any lock."""
    thread = threading.Thread(target=call, name="signal", daemon=True)
    thread.start()
    return thread
