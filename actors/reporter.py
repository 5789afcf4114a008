"""ReporterActor: one JSON line for every significant action, the observer, the line of the minute."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from pythonjsonlogger.json import JsonFormatter

from actors.happenings import Happenings
from actors.log_line import log_line
from actors.messages import Level, Notice, Notices
from actors.money.amounts import signed_usd
from supervision import Event, Exit, Worker

MINUTE_S = 60.0


@dataclass(slots=True)
class _Counts:
    """What a minute brought. `restarts` are those after a failure of an actor's own or of one it depends on.

    `raised` are exceptions of the observer, `lost` lines that the disk did not take.
    """

    bets: int = 0
    won: int = 0
    gain_micro: int = 0
    crashes: int = 0
    restarts: int = 0
    raised: int = 0
    lost: int = 0


class _Minute(Struct, frozen=True):
    """The timer's message."""


class ReporterActor(Worker):
    """Receives `Notice`s and the tree's own events; writes and shows them, and sums up every minute.

    Nothing waits for it, and nothing it cannot write stops money: a full disk and an observer that raises are told with
    the next minute.

    Args:
        agent_id: stands in every line.
        log: the file of JSON lines; it may be rotated from outside.
        wall: UTC microseconds.
        observer: called with each notice above DEBUG, in this actor's thread; it should return quickly.
        hide: takes keys out of a text.
    """

    def __init__(
        self,
        agent_id: str,
        log: Path,
        *,
        wall: Callable[[], int],
        observer: Callable[[Notice], None] | None = None,
        hide: Callable[[str], str] = str,
    ) -> None:
        super().__init__()
        self._agent_id = agent_id
        self._log = log
        self._wall = wall
        self._observer = observer
        self._hide = hide
        self._happenings = Happenings()
        self._counts = _Counts()
        self._balance = "not reconciled yet"
        self._lines: _Lines | None = None

    def setup(self) -> None:
        """Open the log file."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._lines = _Lines(self._log, self._lose)
        self.every(MINUTE_S, _Minute())

    def receive(self, message: Any) -> None:
        """Take a notice or an event of the tree."""
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
            case _:
                super().receive(message)

    def teardown(self, exit: Exit) -> None:  # noqa: A002, ARG002  the field's word
        """Flush and close the log file."""
        if self._lines is not None:
            self._lines.close()

    def _report(self, notice: Notice) -> None:
        self._count(notice)
        extra = {name: self._hide(one) if isinstance(one, str) else one for name, one in notice.extra.items()}
        notice = replace(notice, text=self._hide(notice.text), extra=extra)
        if self._lines is not None:  # straight to the file: no host's loggers see it, two agents do not mix
            self._lines.handle(logging.makeLogRecord({"msg": log_line(self._agent_id, notice)}))
        if self._observer is not None and notice.level != "DEBUG":
            try:
                self._observer(notice)
            except Exception:  # noqa: BLE001  the host's code must not end ours
                self._counts.raised += 1

    def _lose(self) -> None:
        self._counts.lost += 1

    def _count(self, notice: Notice) -> None:
        counts, how = self._counts, (notice.action, notice.outcome)
        if how in (("bet", "won"), ("bet", "lost")):
            counts.bets += 1
            counts.won += notice.outcome == "won"
            counts.gain_micro += notice.amount_micro or 0
        counts.crashes += how == ("crash", "failed")
        counts.restarts += notice.outcome == "restarted"
        if notice.action == "reconcile":
            self._balance = "book = venue" if notice.outcome == "ok" else f"book and venue: {notice.outcome}"

    def _minute(self) -> Notice:
        one, self._counts = self._counts, _Counts()
        text = f"1 min: {_n(one.bets, 'bet')}, {one.won} won, {signed_usd(one.gain_micro)} | "
        text += f"{_n(one.crashes, 'crash', 'es')}, {_n(one.restarts, 'restart')} | {self._balance}"
        text += f" | the observer raised {_n(one.raised, 'time')}" if one.raised else ""
        text += f" | {_n(one.lost, 'line')} of this log lost" if one.lost else ""
        level: Level = "WARNING" if one.raised or one.lost else "INFO"
        return Notice(self._wall(), "reporter", "minute", "ok", text, one.gain_micro, level=level)


def _n(count: int, noun: str, plural: str = "s") -> str:
    return f"{count} {noun}{'' if count == 1 else plural}"


class _Lines(WatchedFileHandler):
    """A file of JSON lines. `lose` hears of what the disk does not take, where logging would print a traceback."""

    def __init__(self, path: Path, lose: Callable[[], None]) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self.setFormatter(JsonFormatter([], json_serializer=_compact))
        self._lose = lose

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  logging's name
        self._lose()


def _compact(fields: Mapping[str, object], **_: object) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False, default=str)
