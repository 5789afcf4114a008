"""A disk in memory with the journal's table on it. What was not synced may be gone, or torn, after a loss of power."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.journal import (
    Committed,
    Entry,
    EpochLost,
    Head,
    JournalBroken,
    JournalBusy,
    JournalCorrupt,
    Rejected,
    Row,
    Snapshot,
)
from actors.journal.records import Rule

if TYPE_CHECKING:
    from actors.simulation.world import SimulatedWorld


@dataclass(slots=True)
class Commit:
    """One transaction as it stands in the log."""

    rows: list[Row] = field(default_factory=list)
    snapshot: Snapshot | None = None
    synced: bool = False


@dataclass(slots=True)
class Disk:
    """What outlives the process: the commits in order."""

    commits: list[Commit] = field(default_factory=list)
    epoch: int = 0

    def rows(self) -> list[Row]:
        """Return all rows."""
        return [row for commit in self.commits for row in commit.rows]

    def snapshot(self) -> Snapshot | None:
        """Return the newest snapshot."""
        return next((commit.snapshot for commit in reversed(self.commits) if commit.snapshot), None)

    def lose_power(self, survives: Sequence[bool]) -> None:
        """Drop what was not synced: each such commit survives or not, and the log ends at the first gap.

        Sectors reach the disk in any order and in part; recovery reads the log up to the first commit that is not
        whole, so whatever stands behind it is gone too.
        """
        for number, commit in enumerate(self.commits):
            if not commit.synced and not survives[number % len(survives)]:
                del self.commits[number:]
                return


class SimulatedJournal:
    """A `Writer` on such a disk, with the journal's rules, fence and errors."""

    def __init__(self, disk: Disk, world: "SimulatedWorld") -> None:
        world.mortal("opening the journal")
        self._disk = disk
        self._world = world
        disk.epoch += 1
        self.epoch = disk.epoch
        rows = disk.rows()
        for commit in disk.commits:
            commit.synced = True  # opening recovers the log, and syncs it
        self.head = Head(len(rows), "")
        self._taken = {key for row in rows for key in _keys(row.kind, row.intent, row.venue_ref)}
        world.acknowledged(rows)

    def inspect(self, report: Callable[[JournalCorrupt], object]) -> None:
        """Find nothing: this disk is not damaged."""

    def distrust(self) -> None:
        """Forget nothing, as nothing was found."""

    def append(self, groups: Sequence[Sequence[Entry]]) -> list[Committed | Rejected]:
        """Write groups in one commit; see `actors.journal.Journal.append`."""
        self._fence()
        if self._world.strike("busy"):
            raise JournalBusy("another program holds the write lock")
        commit = Commit()
        outcomes: list[Committed | Rejected] = []
        for group in groups:
            outcomes.append(self._group(group, commit))
            if isinstance(outcomes[-1], Rejected):
                break
        self._world.mortal("before a commit")
        self._disk.commits.append(commit)
        self._world.mortal("before a sync")
        if self._world.strike("broken"):
            raise JournalBroken("the disk failed under a commit")
        self.sync()
        self._world.mortal("after a sync")
        self.head = Head(self.head.seq + len(commit.rows), "")
        self._world.acknowledged(commit.rows)
        return outcomes

    def sync(self) -> None:
        """Wait for the disk."""
        for commit in reversed(self._disk.commits):
            if commit.synced:
                return
            commit.synced = True

    def replay(self, after_seq: int = 0) -> Iterator[Row]:
        """Return the rows after a number."""
        return iter(self._disk.rows()[after_seq:])

    def load_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot."""
        return self._disk.snapshot()

    def save_snapshot(self, seq: int, state_json: str) -> None:
        """Keep a snapshot, in a commit of its own."""
        self._fence()
        self._disk.commits.append(Commit(snapshot=Snapshot(seq, "", self._world.wall(), state_json)))
        self._world.mortal("before a snapshot's sync")
        self.sync()

    def close(self) -> None:
        """Leave the disk as it is."""

    def _fence(self) -> None:
        if self.epoch != self._disk.epoch:
            raise EpochLost(f"epoch {self.epoch} was replaced by {self._disk.epoch}")

    def _group(self, group: Sequence[Entry], commit: Commit) -> Committed | Rejected:
        if self._world.strike("refused"):
            return Rejected("schema", "refused by the simulation")
        keys = [key for entry in group for key in _keys(entry.kind, entry.intent, entry.venue_ref)]
        clash = next((key for number, key in enumerate(keys) if key in self._taken or key in keys[:number]), None)
        if clash:
            return Rejected(clash[0], f"{clash[1]} is taken")
        self._taken.update(keys)
        first, at = self.head.seq + len(commit.rows) + 1, self._world.wall()
        commit.rows += [
            Row(first + n, "", self.epoch, at, entry.kind, entry.intent, entry.venue_ref, entry.payload, "", "")
            for n, entry in enumerate(group)
        ]
        return Committed(tuple(range(first, first + len(group))))


def _keys(kind: str, intent: str | None, venue_ref: str | None) -> list[tuple[Rule, str]]:
    keys: list[tuple[Rule, str]] = []
    if kind == "intent_opened":
        keys.append(("one_open", intent or ""))
    if kind == "intent_closed":
        keys.append(("one_close", intent or ""))
    if venue_ref:
        keys.append(("one_venue_ref", venue_ref))
    return keys
