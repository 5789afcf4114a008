"""PersistenceActor: the one writer of the journal. Appends that arrive together share one transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Protocol

from msgspec import Struct

from actors.crashpoints import armed, reached
from actors.journal import (
    Committed,
    Entry,
    Head,
    JournalBusy,
    JournalCorrupt,
    JournalError,
    Rejected,
    Row,
    Snapshot,
)
from actors.journal.codec import decode, encode, kind_of
from actors.messages import Append, Appended, AppendRefused, Replay, Replayed
from actors.money.events import HintTaken
from supervision import Exit, Fatal, Handle, Worker

GROUP_LIMIT = 1_000
"""Appends in one transaction at the most."""

REPLAY_ROWS = 10_000
"""Events replayed at once at the most, which bounds memory: without a snapshot a journal may have millions."""


class _Flush(Struct, frozen=True):
    pass


class _Damaged(Struct, frozen=True):
    error: JournalCorrupt


class Writer(Protocol):
    """What the actor needs of a journal; see `actors.journal.Journal`."""

    @property
    def epoch(self) -> int:
        """Of this opening."""

    @property
    def head(self) -> Head:
        """The newest row."""

    def inspect(self, report: Callable[[JournalCorrupt], object]) -> None:
        """Begin to check what the opening did not."""

    def distrust(self) -> None:
        """Make each later opening check everything."""

    def append(self, groups: Sequence[Sequence[Entry]]) -> list[Committed | Rejected]:
        """Write groups of entries, durably."""

    def replay(self, after_seq: int = 0) -> Iterator[Row]:
        """Return the rows after a sequence number."""

    def load_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot."""

    def save_snapshot(self, seq: int, state_json: str) -> None:
        """Keep a snapshot of the state at a row."""

    def close(self) -> None:
        """Close it."""


class PersistenceActor(Worker):
    """Writes events and answers when they are on disk; replays them to a new bankroll.

    An append behind which nothing waits is written at once. Else it tells the actor itself to flush, and whatever
    arrived before that message shares its transaction. An error after which going on would be a lie (a failed fsync, a
    lost ownership) is Fatal.

    Args:
        open_journal: opens the journal; called in this actor's thread, which alone uses it.
        bankroll: the handle to answer to.
    """

    def __init__(self, open_journal: Callable[[], Writer], bankroll: Handle) -> None:
        super().__init__()
        self._open_journal = open_journal
        self._bankroll = bankroll
        self._journal: Writer | None = None
        self._group: list[Append] = []
        self._served = 0  # the incarnation of the bankroll that may write

    def setup(self) -> None:
        """Open the journal, which checks its newest part; the older one is checked beside the work."""
        self._journal = self._open_journal()
        self._journal.inspect(lambda error: self.handle.tell(_Damaged(error)))
        self._show()

    def receive(self, message: Any) -> None:
        """Take an append into the group, flush it, or replay."""
        match message:
            case Append():
                self._group.append(message)
                if not self.mailbox.depth() or len(self._group) >= GROUP_LIMIT:
                    self._flush()
                elif len(self._group) == 1:
                    self.handle.tell(_Flush())
            case _Flush():
                self._flush()
            case Replay():
                self._flush()
                self._replay(message)
            case _Damaged(error):
                with suppress(JournalError):
                    self._own().distrust()
                raise Fatal(str(error)) from error

    def teardown(self, _: Exit, /) -> None:
        """Close the journal; what was not flushed was not acknowledged."""
        if self._journal:
            self._journal.close()

    def _flush(self) -> None:
        group, self._group = self._group, []
        while group := self._still_meant(group):
            group = group[self._write(group) :]
        self._show()

    def _still_meant(self, group: list[Append]) -> list[Append]:
        """Refuse what a replaced bankroll decided, and what was decided behind a refusal: on a memory that is wrong."""
        for append in group:
            if append.incarnation != self._served:
                self._refuse(append, f"incarnation {append.incarnation} of the bankroll was replaced")
        return [append for append in group if append.incarnation == self._served]

    def _write(self, group: list[Append]) -> int:
        """Write up to the first append that is refused; return how many were answered."""
        journal = self._own()
        _pass("append", group)
        try:
            outcomes = journal.append([[encode(event) for event in append.events] for append in group])
        except JournalBusy as error:
            for append in group:
                self._refuse(append, str(error))
            return len(group)
        except JournalError as error:
            raise Fatal(str(error)) from error
        _pass("commit", group)
        durable: list[int] = []
        for append, outcome in zip(group, outcomes, strict=False):
            if isinstance(outcome, Rejected):
                break
            if append.snapshot is not None:
                journal.save_snapshot(outcome.seqs[-1], append.snapshot)
            durable.append(append.token)
        if durable:
            self._bankroll.tell(Appended(tuple(durable), self._served))
        if isinstance(outcome, Rejected):
            self._refuse(append, outcome.reason)
        return len(outcomes)

    def _refuse(self, append: Append, reason: str) -> None:
        if append.incarnation == self._served and not all(isinstance(event, HintTaken) for event in append.events):
            self._served = 0  # what comes behind it was decided on a memory that is wrong: it must replay first
        self._bankroll.tell(AppendRefused(append.token, append.incarnation, reason))

    def _replay(self, message: Replay) -> None:
        journal = self._own()
        self._served = message.incarnation
        try:
            snapshot = journal.load_snapshot() if message.after is None else None
            seq = snapshot.seq if snapshot else message.after or 0
            events = tuple(decode(row) for row in islice(journal.replay(seq), REPLAY_ROWS))
        except JournalError as error:
            raise Fatal(str(error)) from error
        text, seq, head = snapshot.state_json if snapshot else None, seq + len(events), journal.head.seq
        if len(events) < REPLAY_ROWS and seq != head:
            raise Fatal(f"the journal has lost rows while in use: {seq} can be read, {head} were written")
        self._bankroll.tell(Replayed(message.incarnation, journal.epoch, head, text, events, seq))

    def _own(self) -> Writer:
        if self._journal is None:
            raise RuntimeError("the journal is not open")
        return self._journal

    def _show(self) -> None:
        journal = self._own()
        self.note(f"{journal.head.seq} events, epoch {journal.epoch}")


def _pass(point: str, group: list[Append]) -> None:
    if armed():  # only in tests
        for append in group:
            reached(point, kind_of(append.events[0]))
