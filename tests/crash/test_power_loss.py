"""The power goes at a random write or sync of the real journal: what it acknowledged is there, and the chain is whole.

The journal runs here on the SQLite that apsw brings, whose files can be put on a disk that loses power; it is opened
again on the interpreter's own.
"""

import random
import shutil
import tempfile
from collections import Counter
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import apsw
import pytest
from playhouse.apsw_ext import APSWDatabase

from actors.journal import Journal, JournalBroken, JournalCorrupt, JournalError, sqlite
from actors.journal.anchor import anchor_path
from tests.crash import mutants
from tests.crash.disk import Disk
from tests.crash.kit import random_of
from tests.journal.conftest import SECOND, START
from tests.journal.entries import note, opened

# A write that fails while SQLite cleans up after another one has nobody to be raised to.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

TRIALS = 500
NIGHTLY_TRIALS = 3_000
MOST_STROKES = 260
"""Writes and syncs before the power goes, at the most; the first 40 or so make the tables."""

MOST_COMMITS = 200
NAMES = count()
MEMORY = Path("/dev/shm")  # a real disk would only be slower: what it keeps is decided here


def scratch() -> Path:
    return Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))


def life(path: Path, disk: Disk, chance: random.Random) -> tuple[dict[int, str], list[bytes]]:
    """Write until the power goes; return the acknowledged heads, and what the head file was before and is now."""
    acknowledged, anchors = {}, [b""]
    ticks = count(START, SECOND)  # so that the head file is written after every commit
    try:
        with Journal.open(path, agent="ada", binding="paper:casino", wall_micros=ticks.__next__) as journal:
            journal._connection.run("PRAGMA wal_autocheckpoint = 20")
            for number in range(MOST_COMMITS):
                intents = [f"{number}-{n}" for n in range(chance.randint(1, 3))]
                groups = [[opened(intent), note("y" * chance.randrange(900))] for intent in intents]
                anchors = [anchor_path(path).read_bytes()]
                journal.append(groups)
                acknowledged[journal.head.seq] = journal.head.hash
                if chance.random() < 0.1:
                    journal.save_snapshot(journal.head.seq, "{}")
    except (JournalError, apsw.Error):
        pass
    if anchor_path(path).exists():
        anchors.append(anchor_path(path).read_bytes())
    return acknowledged, anchors


@contextmanager
def on(disk: Disk, patch: pytest.MonkeyPatch):
    """Open journals on that disk."""

    def database(name, *, uri, **options):
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI
        return APSWDatabase(name, vfs=disk.name, flags=flags, **options)

    with patch.context() as inside:
        inside.setattr(sqlite, "SqliteDatabase", database)
        inside.setattr(sqlite, "FAILURES", (*sqlite.FAILURES, apsw.Error))
        yield


def trial(chance: random.Random, patch: pytest.MonkeyPatch) -> str:
    """Lose power once; return what became of the journal."""
    place = scratch()
    path = place / "stakekeeper.sqlite"
    disk = Disk(f"disk-{next(NAMES)}", chance.randint(1, MOST_STROKES))
    try:
        with on(disk, patch):
            acknowledged, anchors = life(path, disk, chance)
        disk.lose_power(chance)
        if len(anchors) == 2 and anchors[0] and chance.random() < 0.5:  # the renaming was not synced
            anchor_path(path).write_bytes(anchors[0])
        return verdict(path, acknowledged) + (" in a checkpoint" if disk.in_checkpoint else "")
    finally:
        disk.vfs.unregister()
        shutil.rmtree(place)


def verdict(path: Path, acknowledged: dict[int, str]) -> str:
    try:
        with Journal.open(path, agent="ada", binding="paper:casino", wall_micros=lambda: START) as journal:
            rows = list(journal.replay())
    except JournalCorrupt:
        return "corrupt"
    kept = {row.seq: row.hash for row in rows}
    kinds = [row.kind for row in rows]
    assert set(zip(kinds[::2], kinds[1::2], strict=True)) <= {("intent_opened", "incident_noted")}, "half a group"
    return "whole" if acknowledged.items() <= kept.items() else "lost"


def trials(number: int, seed: int, patch: pytest.MonkeyPatch) -> Counter:
    chance = random_of(seed)
    found = Counter(trial(chance, patch) for _ in range(number))
    print(dict(found))  # noqa: T201
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("number", "seed"), [(TRIALS, 1), pytest.param(NIGHTLY_TRIALS, 2, marks=pytest.mark.nightly)])
def test_nothing_acknowledged_is_lost_with_the_power(number, seed, monkeypatch):
    found = trials(number, seed, monkeypatch)
    assert set(found) <= {"whole", "whole in a checkpoint"}, found
    assert found["whole in a checkpoint"] > number / 20


def test_the_trials_catch_a_journal_that_does_not_wait_for_the_disk(monkeypatch):
    # The negative control: with synchronous=NORMAL a commit is acknowledged before it is synced.
    mutants.syncs_hastily(monkeypatch.setattr)
    found = trials(40, 3, monkeypatch)
    assert found["lost"] + found["corrupt"] > 10, found


def test_a_sync_that_failed_once_is_not_tried_again(monkeypatch):
    # The kernel has dropped the pages by then, and a second sync would succeed without them.
    place = scratch()
    disk = Disk(f"disk-{next(NAMES)}", left=MOST_STROKES * 100)
    with (
        on(disk, monkeypatch),
        Journal.open(
            place / "journal.sqlite", agent="ada", binding="paper:casino", wall_micros=lambda: START
        ) as journal,
    ):
        disk.left = disk.strokes + 2  # the first write of the commit passes
        with pytest.raises(JournalBroken):
            journal.append([[note()]])
        disk.left, strokes = MOST_STROKES * 100, disk.strokes
        with pytest.raises(JournalBroken):
            journal.append([[note()]])
        assert disk.strokes == strokes
    shutil.rmtree(place)
