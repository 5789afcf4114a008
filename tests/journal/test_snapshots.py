"""Snapshots: the newest is kept, its text and its place in the chain are guarded."""

from contextlib import nullcontext

import pytest

from actors.journal import EpochLost, JournalCorrupt, Reader
from actors.journal.codec import is_state
from tests.journal.entries import notes
from tests.journal.tamper import raw, tamper


def test_there_is_none_at_first(journal):
    assert journal.load_snapshot() is None


def test_a_fold_goes_on_where_the_snapshot_ends(open_journal):
    with open_journal() as journal:
        journal.append(notes(5))
        journal.save_snapshot(3, '{"sum": 6}')
    journal = open_journal()
    snapshot = journal.load_snapshot()
    rows = list(journal.replay(snapshot.seq))
    assert (snapshot.state_json, [row.seq for row in rows]) == ('{"sum": 6}', [4, 5])
    assert rows[0].prev_hash == snapshot.hash


def test_only_the_newest_is_kept(journal):
    journal.append(notes(5))
    for seq in (2, 5, 4):
        journal.save_snapshot(seq, f'"{seq}"')
    assert journal.load_snapshot().state_json == '"4"'
    assert journal._connection.value("SELECT count(*) FROM snapshots") == 1


OLDER = '{"epoch":"of another version"}'


def test_one_that_this_version_does_not_know_is_passed_over_until_the_next_is_saved(open_journal):
    with open_journal() as journal:
        journal.append(notes(5))
        journal.save_snapshot(3, OLDER)
    with open_journal(knows=is_state) as journal:
        assert journal.load_snapshot() is None
        assert len(list(journal.replay())) == 5
    with open_journal() as older:  # the version that wrote it still finds it
        assert older.load_snapshot().state_json == OLDER
    with open_journal(knows=is_state) as journal:
        journal.save_snapshot(5, "{}")
        assert journal.load_snapshot().seq == 5


@pytest.mark.parametrize(("text", "checked"), [(OLDER, True), ("{}", False)])
def test_with_one_that_is_not_known_every_row_is_checked_before_it_is_replayed(open_journal, path, text, checked):
    with open_journal() as journal:
        journal.append(notes(5))
        journal.save_snapshot(3, text)
    tamper(path, "UPDATE events SET payload = '' WHERE seq = 2")
    with pytest.raises(JournalCorrupt, match="row 2 was changed") if checked else nullcontext():
        open_journal(knows=is_state)


@pytest.mark.parametrize("seq", [0, 6])
def test_a_snapshot_needs_a_row(journal, seq):
    journal.append(notes(5))
    with pytest.raises(ValueError, match="the last one is 5"):
        journal.save_snapshot(seq, "{}")


def test_an_older_owner_saves_none(journal, path):
    journal.append(notes(1))
    with raw(path) as newer:
        newer.execute("UPDATE owner SET epoch = epoch + 1")
    with pytest.raises(EpochLost):
        journal.save_snapshot(1, "{}")


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        ("UPDATE snapshots SET state_json = '[]'", "the snapshot at row 3 is damaged"),
        ("UPDATE snapshots SET seq = 2", "the snapshot at row 2 is damaged"),
        ("UPDATE events SET hash = prev_hash WHERE seq = 3", "row 3 is not the one its snapshot was taken at"),
        ("UPDATE events SET payload = '' WHERE seq = 4", "row 4 was changed"),
    ],
)
def test_damage_from_the_snapshot_on_stops_an_opening(open_journal, path, harm, why):
    with open_journal() as journal:
        journal.append(notes(5))
        journal.save_snapshot(3, "{}")
    tamper(path, harm)
    with pytest.raises(JournalCorrupt, match=why):
        open_journal()
    with Reader.open(path) as reader:
        assert not reader.verify().ok


def test_damage_before_the_snapshot_is_left_to_verify(open_journal, path):
    with open_journal() as journal:
        journal.append(notes(5))
        journal.save_snapshot(3, "{}")
    tamper(path, "UPDATE events SET payload = '' WHERE seq = 2")
    open_journal().close()
    with Reader.open(path) as reader:
        assert reader.verify().bad_seq == 2
