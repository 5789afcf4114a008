"""ReporterActor: one JSON line for every significant action, the observer, the counters, the line of the minute."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from msgspec import Struct
from pythonjsonlogger.json import JsonFormatter

from actors.happenings import Happenings
from actors.log_line import TROUBLES, log_line
from actors.messages import Notice, Notices
from actors.money.amounts import signed_usd
from supervision import Event, Exit, Worker

MINUTE_S = 60.0


class GetCounters(Struct, frozen=True):
    """Ask the reporter for its `Counters` (from outside the tree only)."""


@dataclass(slots=True)
class Counters:
    """What was reported since the reporter's start.

    Attributes:
        outcomes: how often each (service, action, outcome) was.
        errors: warnings and errors by service.
        crashes: failures of actors.
        restarts: of actors, after a failure of their own or of one they depend on.
        gain_micro: sum of what the closed intents brought, in micro-USD.
        lost_lines: log lines that the disk did not take.
        observer_errors: exceptions that the observer raised; they were contained.
    """

    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    crashes: int = 0
    restarts: int = 0
    gain_micro: int = 0
    lost_lines: int = 0
    observer_errors: int = 0

    def bets(self, *outcomes: str) -> int:
        """Return how many bets ended so, at any service."""
        return sum(n for (_, action, outcome), n in self.outcomes.items() if action == "bet" and outcome in outcomes)


class _Minute(Struct, frozen=True):
    """The timer's message."""


class ReporterActor(Worker):
    """Receives `Notice`s and the tree's own events; writes, shows and counts them.

    Nothing waits for it, and nothing it cannot write stops money: a full disk or an observer that raises is counted.

    Args:
        agent_id: stands in every line.
        log: the file of JSON lines; it may be rotated from outside.
        wall: UTC microseconds.
        observer: called with each notice above DEBUG, in this actor's thread; it should return quickly.
    """

    def __init__(
        self,
        agent_id: str,
        log: Path,
        *,
        wall: Callable[[], int],
        observer: Callable[[Notice], None] | None = None,
    ) -> None:
        super().__init__()
        self._agent_id = agent_id
        self._log = log
        self._wall = wall
        self._observer = observer
        self._happenings = Happenings()
        self._counters = Counters()
        self._minute_before = Counters()
        self._balance = "not reconciled yet"
        self._lines: _Lines | None = None

    def setup(self) -> None:
        """Open the log file."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._lines = _Lines(self._log, self._counters)
        self.every(MINUTE_S, _Minute())

    def receive(self, message: Any) -> Any:
        """Take a notice or an event of the tree; answer GetCounters."""
        match message:
            case Notice():
                self._report(message)
            case Notices(notices):
                for notice in notices:
                    self._report(notice)
            case Event():
                self._report(self._happenings.notice(message, self._wall()))
            case _Minute():
                self._report(self._minute())
            case GetCounters():
                return deepcopy(self._counters)
            case _:
                return super().receive(message)
        return None

    def teardown(self, exit: Exit) -> None:  # noqa: A002, ARG002  the field's word
        """Flush and close the log file."""
        if self._lines is not None:
            self._lines.close()

    def _report(self, notice: Notice) -> None:
        self._count(notice)
        if self._lines is not None:  # straight to the file: no host's loggers see it, two agents do not mix
            self._lines.handle(logging.makeLogRecord({"msg": log_line(self._agent_id, notice)}))
        if self._observer is not None and notice.level != "DEBUG":
            try:
                self._observer(notice)
            except Exception:  # noqa: BLE001  the host's code must not end ours
                self._counters.observer_errors += 1

    def _count(self, notice: Notice) -> None:
        counters = self._counters
        counters.outcomes[notice.service, notice.action, notice.outcome] += 1
        if notice.level in TROUBLES:
            counters.errors[notice.service] += 1
        counters.crashes += (notice.action, notice.outcome) == ("crash", "failed")
        counters.restarts += notice.outcome == "restarted"
        if notice.action == "bet" and notice.outcome in ("won", "lost"):
            counters.gain_micro += notice.amount_micro or 0
        if notice.action == "reconcile":
            self._balance = "book = venue" if notice.outcome == "ok" else f"book and venue: {notice.outcome}"

    def _minute(self) -> Notice:
        now, before = deepcopy(self._counters), self._minute_before
        self._minute_before = now
        won, bets = (now.bets(*ends) - before.bets(*ends) for ends in (("won",), ("won", "lost")))
        gain = now.gain_micro - before.gain_micro
        crashes, restarts = now.crashes - before.crashes, now.restarts - before.restarts
        text = f"1 min: {_n(bets, 'bet')}, {won} won, {signed_usd(gain)} | "
        text += f"{_n(crashes, 'crash', 'es')}, {_n(restarts, 'restart')} | {self._balance}"
        return Notice(self._wall(), "reporter", "minute", "ok", text, gain)


def _n(count: int, noun: str, plural: str = "s") -> str:
    return f"{count} {noun}{'' if count == 1 else plural}"


class _Lines(WatchedFileHandler):
    """A file of JSON lines that counts what the disk does not take, where logging would print a traceback."""

    def __init__(self, path: Path, counters: Counters) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self.setFormatter(JsonFormatter([], json_serializer=_compact))
        self._counters = counters

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  logging's name
        self._counters.lost_lines += 1


def _compact(fields: Mapping[str, object], **_: object) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False, default=str)
