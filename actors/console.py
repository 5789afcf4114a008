"""What a person reads while the agent runs: plain lines in a pipe, colours on a terminal."""

import os
import threading
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.text import Text

from actors.messages import Notice
from actors.money.amounts import usd

FOR_THE_LOG = (("crash", "failed"), ("stop", "ok"), ("dead_letters", "seen"), ("late_letters", "seen"))
"""Action and outcome of what the screen tells in another line, or what means nothing to people."""

LABEL_WIDTH = 12
BANKROLL_COLUMN = 86
STYLES = {"WARNING": "yellow", "ERROR": "bold red"}
OUTCOME_STYLES = {"won": "green"}


class Screen:
    """Prints notices, trees and sentences to one stream; safe from any thread.

    Nothing is wrapped, and without a terminal there are no control codes. A stream that fails (a closed pipe) ends
    the display, never the agent.

    Args:
        stream: where to; standard output if None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._console = _Terminal(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._lock = threading.Lock()
        self._reconciled: set[object] = set()

    def line(self, text: str, style: str = "") -> None:
        """Print a line, or a block of lines, as it stands."""
        self._print(Text(text, style=style))

    def label(self, name: str, text: str, style: str = "") -> None:
        """Print a line of the start: what was looked at, and what was found."""
        self._print(Text.assemble((f"{name:<{LABEL_WIDTH}}", "bold"), (text, style)))

    def notice(self, notice: Notice) -> None:
        """Print a notice, unless it is of interest to the log alone."""
        if (notice.action, notice.outcome) in FOR_THE_LOG:
            return
        if notice.action == "tree":
            self.line(notice.text)
        elif notice.action in ("venue", "doctor"):
            self.label(notice.action, notice.text)
        elif (notice.action, notice.outcome) == ("reconcile", "ok"):
            self._reconcile(notice)
        else:
            self._print(_timed(notice))

    def _reconcile(self, notice: Notice) -> None:
        with self._lock:
            account = notice.extra.get("account")
            is_first = account not in self._reconciled
            self._reconciled.add(account)
        if is_first:  # later ones are summed up in the line of the minute
            self.label("reconcile", notice.text)

    def _print(self, text: Text) -> None:
        with self._lock:
            try:
                self._console.print(text)
            except (OSError, ValueError):
                self._console.quiet = True


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        """Fall silent, where rich would end the process; what is still buffered goes nowhere."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


def _timed(notice: Notice) -> Text:
    moment = datetime.fromtimestamp(notice.at / 1_000_000, UTC).isoformat(timespec="milliseconds")[11:23]
    style = STYLES.get(notice.level) or OUTCOME_STYLES.get(notice.outcome, "")
    line = Text.assemble((moment, "dim"), "  ", (notice.text, style))
    bankroll = notice.extra.get("bankroll")
    if isinstance(bankroll, int):
        line.append(" " * max(BANKROLL_COLUMN - len(line.plain), 2))
        line.append(f"bankroll {usd(bankroll)}", "bold")
    return line
