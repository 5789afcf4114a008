"""Appending: order, group commit, refusals that spoil nothing else, failures that end the writer."""

import sqlite3
from itertools import pairwise

import pytest

from actors.journal import Committed, EpochLost, Journal, JournalBroken, JournalBusy, Rejected, held_files, sqlite
from actors.journal.journal import ROWS_AT_ONCE
from tests.journal.conftest import SECOND, START
from tests.journal.entries import closed, credit, note, notes, opened
from tests.journal.tamper import raw


def statements(journal):
    """Return the list that every statement of the journal's connection will be added to."""
    seen = []
    journal._connection.database.connection().set_trace_callback(seen.append)
    return seen


def test_rows_come_back_as_they_were_written(journal):
    journal.append([[opened("i1", '{"stake":"ä"}')], [closed("i1", "bet-7")]])
    first, second = journal.replay()
    assert first[:8] == (1, "ada", 1, START, "intent_opened", "i1", None, '{"stake":"ä"}')
    assert second[:8] == (2, "ada", 1, START, "intent_closed", "i1", "bet-7", "{}")
    assert second.prev_hash == first.hash
    assert journal.head == (2, second.hash)


def test_each_group_learns_its_numbers(journal):
    outcomes = journal.append([[note(), note()], [], [note()]])
    assert outcomes == [Committed((1, 2)), Committed(()), Committed((3,))]


def test_groups_that_arrive_together_share_one_transaction(journal):
    seen = statements(journal)
    journal.append(notes(50))
    assert [seen.count(sql) for sql in (sqlite.BEGIN, sqlite.COMMIT)] == [1, 1]


def test_groups_that_come_alone_have_a_transaction_each(journal):
    seen = statements(journal)
    for group in notes(3):
        journal.append([group])
    assert seen.count(sqlite.COMMIT) == 3


@pytest.mark.parametrize(
    ("group", "rule"),
    [
        ([note(), opened("i1")], "one_open"),
        ([note(), closed("i1")], "one_close"),
        ([note(), credit("bet-1")], "one_venue_ref"),
        ([note(), opened(None)], "schema"),
        ([note(), closed(None)], "schema"),
        ([note(), note("\ud800")], "text"),
        ([opened("i9"), opened("i9")], "one_open"),
        ([opened("i1")], "one_open"),
    ],
)
def test_a_refused_group_leaves_no_trace_and_neither_does_what_comes_behind_it(journal, group, rule):
    journal.append([[opened("i1"), closed("i1", "bet-1")]])
    before, refused = journal.append([[note("before")], group, [note("after")]])
    assert before == Committed((3,))
    assert isinstance(refused, Rejected)
    assert refused.rule == rule
    assert [row.payload for row in journal.replay(after_seq=2)] == ['{"text":"before"}']
    assert journal.append([[note("after")]]) == [Committed((4,))]


@pytest.mark.parametrize("rows", [ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 2 * ROWS_AT_ONCE + 1])
def test_a_group_of_any_length_is_whole_or_not_at_all(journal, rows):
    group = [credit(f"bet-{number}") for number in range(rows)]
    (refused,) = journal.append([[*group, credit("bet-0")]])
    assert refused.rule == "one_venue_ref"
    assert list(journal.replay()) == []
    assert journal.append([group]) == [Committed(tuple(range(1, rows + 1)))]


def failing(journal, statement, code, nth):
    """Let the nth such statement of the journal fail."""
    run, seen = journal._connection.run, []

    def execute(sql, parameters=()):
        seen.append(sql)
        if sql == statement and seen.count(sql) == nth:
            error = sqlite3.OperationalError("it was to fail")
            error.sqlite_errorcode = code
            raise error
        run(sql, parameters)

    journal._connection.run = execute


def test_a_disk_that_is_full_behind_a_refusal_writes_nothing_twice(journal):
    journal.append([[opened("i1")]])
    failing(journal, sqlite.COMMIT, sqlite3.SQLITE_FULL, nth=2)
    *written, refused = journal.append([[note("first")], [note("second")], [opened("i1")]])
    assert (written, refused.rule) == ([Committed((2,)), Committed((3,))], "one_open")
    assert [row.payload for row in journal.replay(1)] == ['{"text":"first"}', '{"text":"second"}']


def test_a_lock_behind_a_refusal_spoils_nothing_that_was_written(journal):
    journal.append([[opened("i1")]])
    failing(journal, sqlite.BEGIN, sqlite3.SQLITE_BUSY, nth=3)
    assert journal.append([[note("first")], [note("second")], [opened("i1")]]) == [Committed((2,))]
    assert [row.payload for row in journal.replay(1)] == ['{"text":"first"}']


def test_a_refused_venue_reference_can_name_what_it_met(journal):
    journal.append([[credit("bet-1")]])
    assert journal.append([[credit("bet-1")]]) == [Rejected("one_venue_ref", "venue reference bet-1 is booked already")]


def test_events_without_a_venue_reference_do_not_collide(journal):
    assert journal.append(notes(2)) == [Committed((1,)), Committed((2,))]


def test_a_bug_of_the_caller_leaves_nothing_written_and_the_journal_usable(journal):
    with pytest.raises(AttributeError):
        journal.append([[note()], [None]])
    assert journal.append([[note()]]) == [Committed((1,))]


@pytest.mark.parametrize(
    "sql", ["UPDATE events SET payload = ''", "DELETE FROM events", "REPLACE INTO events SELECT * FROM events"]
)
def test_the_database_itself_refuses_to_change_the_past(journal, path, sql):
    journal.append(notes(2))
    with raw(path) as intruder, pytest.raises(Exception, match="events are"):
        intruder.execute(sql)


def test_a_newer_owner_shuts_the_older_one_out(journal, path):
    journal.append(notes(1))
    with raw(path) as newer:
        newer.execute("UPDATE owner SET epoch = epoch + 1")
    for _ in range(2):
        with pytest.raises(EpochLost, match="epoch 1 must end, 2 is the owner"):
            journal.append(notes(1))
    assert len(list(journal.replay())) == 1


def test_a_fenced_owner_leaves_the_head_file_alone(open_journal, path):
    older = open_journal()
    path.with_name(path.name + ".lock").unlink()
    newer = open_journal()
    newer.append(notes(3))
    newer.close()
    noted = path.with_name(path.name + ".head").read_text()
    with pytest.raises(EpochLost):
        older.append(notes(1))
    older.close()
    assert path.with_name(path.name + ".head").read_text() == noted


def test_rows_of_a_writer_that_took_no_epoch_are_noticed(journal, path):
    journal.append(notes(1))
    with raw(path) as intruder:
        intruder.execute("INSERT INTO events SELECT 2, agent, epoch, 0, 'x', '', 'r', '', hash, '' FROM events")
    with pytest.raises(JournalBroken, match="rows that its owner did not write"):
        journal.append(notes(1))


def test_a_full_disk_ends_the_writer_and_loses_nothing_acknowledged(open_journal, path):
    journal = open_journal()
    journal.append(notes(5))
    journal._connection.run(f"PRAGMA max_page_count = {journal._connection.value('PRAGMA page_count') + 1}")
    with pytest.raises(JournalBroken, match="full"):
        journal.append([[note("z" * 50_000)]])
    with pytest.raises(JournalBroken):
        journal.append([[note()]])
    journal.close()
    assert open_journal().append([[note()]]) == [Committed((6,))]


def test_another_programs_lock_delays_and_then_refuses_but_breaks_nothing(open_journal, path, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0)
    journal = open_journal()
    with raw(path) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalBusy, match="nothing was written"):
            journal.append(notes(1))
        shell.execute("ROLLBACK")
    assert journal.append(notes(1)) == [Committed((1,))]


def remove(file):
    file.unlink()


def replace(file):
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    copy.replace(file)


def move(file):
    file.rename(file.with_name("elsewhere"))


@pytest.mark.parametrize("named", [True, False], ids=["by its name", "by its number"])
@pytest.mark.parametrize("harm", [remove, replace, move])
@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_file_deleted_or_replaced_under_the_writer_is_noticed(journal, path, harm, suffix, named, monkeypatch):
    monkeypatch.setattr(held_files, "NAMED", named)
    journal.append(notes(1))
    harm(path.with_name(path.name + suffix))
    with pytest.raises(JournalBroken, match="deleted or replaced"):
        journal.append(notes(1))


def test_a_clock_that_is_not_whole_writes_nothing(path):
    with Journal.open(path, agent="ada", binding="paper:casino", wall_micros=lambda: 1.5e15) as journal:
        with pytest.raises(TypeError):
            journal.append(notes(1))
        assert list(journal.replay()) == []


def test_a_closed_journal_takes_nothing(journal):
    journal.close()
    journal.close()
    with pytest.raises(JournalBroken, match="is closed"):
        journal.append(notes(1))


def test_the_head_file_is_written_at_most_once_a_second(path):
    now = START
    head_file = path.with_name(path.name + ".head")
    with Journal.open(path, agent="ada", binding="paper:casino", wall_micros=lambda: now) as journal:
        noted = []
        for step in (0, SECOND - 1, 1, -2 * SECOND):  # a clock that jumps back does not silence it
            now += step
            journal.append(notes(1))
            noted.append(head_file.stat().st_ino)
    assert [first == second for first, second in pairwise(noted)] == [True, False, False]
