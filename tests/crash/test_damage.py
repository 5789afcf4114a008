"""A journal that was changed behind the agent's back: the agent says so and does not trade."""

import shutil
import sqlite3

import pytest

from tests.crash.kit import KILLED
from tests.journal.tamper import flip_bit, tamper

REFUSES = 3


@pytest.fixture
def settled(arena):
    """An agent that made some bets and ended in order."""
    arena.settle(bets=3)
    return arena


def says(arena, *words):
    assert arena.start("--bets", "1").wait() == REFUSES, arena.output()
    said = arena.output()
    assert all(word in said for word in words), said
    return said


def backup(arena, place):
    place.mkdir(exist_ok=True)
    for suffix in ("", ".head"):
        source = arena.journal.with_name(arena.journal.name + suffix)
        shutil.copy2(source, place / source.name)
    return place


def restore(arena, place, *suffixes):
    for suffix in ("-wal", "-shm"):
        arena.journal.with_name(arena.journal.name + suffix).unlink(missing_ok=True)
    for suffix in suffixes:
        shutil.copy2(place / (arena.journal.name + suffix), arena.data)


def test_a_flipped_bit_in_a_row(settled):
    flip_bit(settled.journal, b'"stake_micro"')
    said = says(settled, "was changed after it was written")
    assert "restore the newest complete copy" in " ".join(said.split())


def test_a_flipped_bit_in_a_page(settled):
    content = bytearray(settled.journal.read_bytes())
    content[100] ^= 0x40  # the type of the root page
    settled.journal.write_bytes(content)
    says(settled, "is damaged")


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["DELETE FROM events WHERE seq = 5"], "row 5 is missing"),
        (["DELETE FROM events WHERE seq >= 5"], "the table ends at row 4"),
        (
            [
                "UPDATE events SET seq = -5 WHERE seq = 5",
                "UPDATE events SET seq = 5 WHERE seq = 6",
                "UPDATE events SET seq = 6 WHERE seq = -5",
            ],
            "row 5",
        ),
        (["UPDATE events SET payload = replace(payload, 'won', 'lost')"], "was changed after it was written"),
        (["UPDATE owner SET agent = 'eve'"], "belongs to agent eve"),
    ],
)
def test_changed_rows(settled, statements, words):
    tamper(settled.journal, *statements)
    says(settled, words)


def test_missing_guards(settled):
    with sqlite3.connect(settled.journal) as connection:
        connection.execute("DROP INDEX events_one_venue_ref")
    says(settled, "lacks its guards")


def test_an_old_backup_without_its_head(settled, tmp_path):
    old = backup(settled, tmp_path / "backup")
    settled.settle(bets=2)
    restore(settled, old, "")
    says(settled, "but its head file at row")


def test_a_head_file_that_is_gone(settled):
    settled.journal.with_name(settled.journal.name + ".head").unlink()
    says(settled, "head file is missing")


def test_an_old_backup_with_its_head_is_completed_from_the_venue(settled, tmp_path):
    # It is whole, so nothing in it tells its age: the venue does, and its rows are booked before anything is bet.
    old = backup(settled, tmp_path / "backup")
    settled.settle(bets=2)
    restore(settled, old, "", ".head")
    after = settled.settle().check()
    assert len(after.venue_rows) > 5


def test_a_journal_that_is_gone(settled):
    for suffix in ("", ".head", "-wal", "-shm"):
        settled.journal.with_name(settled.journal.name + suffix).unlink(missing_ok=True)
    after = settled.settle()
    assert (after.book_micro, after.state.open) == (after.venue_micro, {})


def test_a_cut_wal(arena):
    # What the kill left in the WAL is part of the journal; without it the head file knows better.
    arena.settle(bets=1)
    assert arena.die_at("notify") == KILLED
    arena.journal.with_name(arena.journal.name + "-wal").write_bytes(b"")
    says(arena, "but its head file at row")
