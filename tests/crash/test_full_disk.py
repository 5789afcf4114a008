"""The disk is full: nothing new is begun, and the outcome of what was sent still finds room.

The disk is a small one in memory, mounted for the test. Where that is not allowed (in most containers), the last test
stands for the others: there SQLite itself has no page left.
"""

import os
import signal
import sqlite3
import subprocess

import pytest

from actors.journal import Committed, Journal, JournalFull, ballast
from actors.money.events import IntentClosed, IntentOpened
from tests.crash.kit import Arena
from tests.journal.conftest import START
from tests.journal.entries import closed, note, opened

REFUSES = 3
DISK = "4m"
SMALL = {"actors.journal.ballast:BALLAST_BYTES": 400_000, "actors.journal.ballast:ROOM_BYTES": 800_000}
NO_BALLAST = SMALL | {"actors.journal.ballast:BALLAST_BYTES": 0}
FREEZE = {"actors.crashpoints:_BLOW": signal.SIGSTOP}
POLLS = 500


@pytest.fixture
def disk(tmp_path):
    """A small disk, or None where none can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", place]
    mount = subprocess.run(command, capture_output=True, check=False)
    if mount.returncode:
        print(f"no disk of our own: {mount.stderr.decode()}")  # noqa: T201
        yield None
        return
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def arena(disk, healthy, zygote):
    return disk and Arena(disk / "agent", healthy, zygote).configure()


def fill(disk, leave=0):
    """Take all that is free but so many bytes."""
    room = os.statvfs(disk)
    size = room.f_bavail * room.f_bsize - leave
    with (disk / "filler").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def frozen_before_j2(arena, changes):
    """Let an agent bet, and stop it when the answer is there and not yet on disk."""
    life = arena.start("--for", "2", crash_at="answered", changes=changes | FREEZE)
    for _ in range(POLLS):
        assert life.wait(0.01) is None, arena.output()
        if life.stopped():
            return life
    raise AssertionError("never bet")


def test_an_outcome_fits_on_a_full_disk(arena, disk):
    if disk is None:
        return
    life = frozen_before_j2(arena, SMALL)
    fill(disk)
    life.send(signal.SIGCONT)
    assert life.wait() == 0, arena.output()
    after = arena.compare().check()
    assert [(closed.outcome, closed.by) for closed in after.of(IntentClosed)] == [("executed", "answer")]
    assert not arena.journal.with_name(arena.journal.name + ".ballast").exists()
    (disk / "filler").unlink()
    assert len(arena.settle(bets=2, changes=SMALL).check().of(IntentClosed)) == 3


def test_without_ballast_the_outcome_waits_at_the_venue(arena, disk):
    # The negative control: J2 finds no room, the agent ends, and the next one asks the venue.
    if disk is None:
        return
    life = frozen_before_j2(arena, NO_BALLAST)
    fill(disk)
    life.send(signal.SIGCONT)
    assert life.wait() == REFUSES, arena.output()
    (disk / "filler").unlink()
    assert arena.settle(changes=SMALL).check().ends(epoch=1) == [("executed", "look-up")]


def test_nothing_is_sent_when_room_is_short(arena, disk):
    if disk is None:
        return
    arena.settle(changes=SMALL)
    fill(disk, leave=500_000)
    assert arena.start("--for", "1", changes=SMALL).wait() == 0, arena.output()
    after = arena.compare().check()
    assert len(after.of(IntentOpened)) == 1
    assert "room for an outcome" in arena.output()


def journal_at(path):
    return Journal.open(path / "journal.sqlite", agent="ada", binding="paper:casino", wall_micros=lambda: START)


def rows_of(path):
    """Read all rows as the next opening does, which checks the chain and the pages."""
    with journal_at(path) as journal:
        return [(row.seq, row.hash) for row in journal.replay()]


def test_a_wal_that_cannot_grow_loses_nothing_acknowledged(disk):
    if disk is None:
        return
    with journal_at(disk) as journal:
        journal._connection.run("PRAGMA wal_autocheckpoint = 0")
        fill(disk, leave=200_000)
        told = []

        def write_on():
            for _ in range(100):
                journal.append([[note("y" * 10_000)]])
                told.append(tuple(journal.head))

        with pytest.raises(JournalFull, match="the disk is full"):
            write_on()
        assert told
        (disk / "filler").unlink()
    assert rows_of(disk) == told


def test_a_checkpoint_on_a_full_disk_loses_nothing_acknowledged(disk):
    if disk is None:
        return
    with journal_at(disk) as journal:
        journal._connection.run("PRAGMA wal_autocheckpoint = 0")
        told = [journal.append([[note("y" * 10_000)]]) and tuple(journal.head) for _ in range(50)]
        fill(disk)
        with pytest.raises(sqlite3.Error, match="full"):
            journal._connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (disk / "journal.sqlite-wal").stat().st_size > 50 * 10_000  # nor could the last checkpoint, of the closing
    (disk / "filler").unlink()
    assert rows_of(disk) == told


def full_while(path, journal, kept):
    """Make a disk of the journal's table that has no page left while the ballast is there, or at all."""
    connection, run = journal._connection, journal._connection.run

    def refusing(sql, parameters=()):
        if sql.startswith("BEGIN"):
            room = 0 if not kept or (path / "journal.sqlite.ballast").exists() else 10
            run(f"PRAGMA max_page_count = {connection.value('PRAGMA page_count') + room}")
        run(sql, parameters)

    connection.run = refusing


def test_a_journal_gives_its_ballast_up_for_an_outcome(tmp_path):
    with journal_at(tmp_path) as journal:
        journal.append([[opened("i1")]])
        full_while(tmp_path, journal, kept=True)
        assert journal.append([[closed("i1"), note("y" * 20_000)]]) == [Committed((2, 3))]
        assert not (tmp_path / "journal.sqlite.ballast").exists()


def test_a_journal_without_room_writes_nothing_and_ends(tmp_path):
    with journal_at(tmp_path) as journal:
        full_while(tmp_path, journal, kept=False)
        for _ in range(2):
            with pytest.raises(JournalFull, match="the disk is full"):
                journal.append([[note("y" * 20_000)]])
    with journal_at(tmp_path) as journal:
        assert journal.head.seq == 0


def test_ballast_is_taken_again_when_there_is_room(tmp_path, monkeypatch):
    place = tmp_path / "journal.sqlite.ballast"
    monkeypatch.setattr(ballast, "has_room", lambda _: False)
    journal_at(tmp_path).close()
    assert not place.exists()
    monkeypatch.undo()
    with journal_at(tmp_path):
        assert place.stat().st_size == ballast.BALLAST_BYTES
