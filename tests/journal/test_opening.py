"""Opening: one owner, one account, one version, and durable for sure."""

import os
import stat
import subprocess
import sys

import pytest

from actors.journal import (
    Journal,
    JournalBroken,
    JournalBusy,
    JournalCorrupt,
    JournalError,
    JournalForeign,
    JournalMissing,
    JournalNewer,
    JournalOlder,
    JournalOwned,
    Reader,
    errors,
    schema,
    sqlite,
)
from tests.journal.entries import notes, opened
from tests.journal.tamper import raw


def test_a_new_journal_is_empty_and_in_its_first_epoch(journal):
    assert (journal.epoch, journal.head.seq, list(journal.replay())) == (1, 0, [])


def test_each_opening_has_its_epoch_and_continues_the_chain(open_journal):
    for _ in range(3):
        with open_journal() as journal:
            journal.append(notes(2))
    last = open_journal()
    assert [row.epoch for row in last.replay()] == [1, 1, 2, 2, 3, 3]
    assert (last.epoch, last.head) == (4, journal.head)


def test_a_second_owner_in_this_process_is_refused(journal, open_journal):
    with pytest.raises(JournalOwned, match=f"held by process {os.getpid()}: stop that agent"):
        open_journal()
    journal.append(notes(1))
    journal.close()
    assert open_journal().head.seq == 1


def test_a_second_owner_in_another_process_is_refused(journal, path):
    other = subprocess.run(
        [sys.executable, "-m", "tests.journal.writer", path, "1"], capture_output=True, text=True, check=False
    )
    assert f"JournalOwned: {path}.lock is held by process {os.getpid()}" in other.stderr
    assert other.stdout == ""


def test_a_symbolic_link_is_no_second_journal(journal, path, tmp_path):
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(JournalOwned):
        Journal.open(tmp_path / "link", agent="ada", binding="paper:casino", wall_micros=lambda: 0)


def test_any_directory_name_will_do(tmp_path):
    (tmp_path / "a b?c#d%41").mkdir()
    path = tmp_path / "a b?c#d%41" / "journal"
    with Journal.open(path, agent="ada", binding="paper:casino", wall_micros=lambda: 0) as journal:
        journal.append(notes(1))
        with Reader.open(path) as reader:
            assert reader.verify().rows == 1


def test_the_lock_of_a_refused_opening_is_given_back(journal, open_journal):
    journal.close()
    with pytest.raises(JournalForeign):
        open_journal(agent="bob")
    open_journal()


@pytest.mark.parametrize("other", [{"binding": "live:casino"}, {"agent": "bob"}])
def test_a_journal_belongs_to_one_agent_on_one_account(journal, open_journal, path, other):
    journal.append(notes(1))
    journal.close()
    before = path.read_bytes()
    with pytest.raises(JournalForeign, match="belongs to agent ada on paper:casino, not to"):
        open_journal(**other)
    assert path.read_bytes() == before


def test_a_newer_journal_is_refused_untouched(journal, open_journal, path):
    journal.close()
    with raw(path) as future:
        future.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(JournalNewer, match="install the newer release"):
        open_journal()
    with pytest.raises(JournalNewer):
        Reader.open(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_untouched(open_journal, path):
    with raw(path) as other:
        other.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    with pytest.raises(JournalForeign, match="no journal"):
        open_journal()
    assert path.read_bytes() == before


def test_a_text_file_is_refused_untouched(open_journal, path):
    path.write_text("my notes\n" * 100)
    with pytest.raises(JournalCorrupt, match="not a database"):
        open_journal()
    assert path.read_text() == "my notes\n" * 100


def test_a_missing_directory_is_named(open_journal, path):
    path.parent.rmdir()
    with pytest.raises(JournalBroken, match="check the data directory"):
        open_journal()


def test_a_locked_database_is_busy(open_journal, path, monkeypatch):
    open_journal().close()
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0)
    with raw(path) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalBusy, match="end its transaction"):
            open_journal()


def version_1(path):
    """Make a file as the first version did: events and an owner, but no snapshots yet."""
    connection = sqlite.Connection(path, read_only=False)
    connection.make_durable()
    connection.run(sqlite.BEGIN)
    schema.MIGRATIONS[0](connection.database)
    connection.run("PRAGMA user_version = 1")
    connection.run(sqlite.CLAIM, ("ada", "paper:casino"))
    connection.run(sqlite.COMMIT)
    connection.close()


def test_an_older_journal_is_migrated_with_all_it_holds(open_journal, path, monkeypatch):
    path.touch()
    with monkeypatch.context() as past:
        past.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        past.setattr(schema, "VERSION", 1)
        past.setattr(sqlite.Connection, "snapshot", lambda _self: None)
        with open_journal() as old:
            old.append([[opened("i1")]])
    with pytest.raises(JournalOlder, match="start the agent once"):
        Reader.open(path)
    journal = open_journal()
    journal.save_snapshot(1, "{}")
    assert [row.intent for row in journal.replay()] == ["i1"]
    assert journal._connection.version() == schema.VERSION


def test_a_migration_that_dies_leaves_the_step_before(open_journal, path, monkeypatch):
    def dies(database):
        database.execute_sql("CREATE TABLE half_done (x)")
        raise KeyboardInterrupt

    open_journal().close()
    with monkeypatch.context() as future:
        future.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, dies))
        future.setattr(schema, "VERSION", schema.VERSION + 1)
        with pytest.raises(KeyboardInterrupt):
            open_journal()
    with raw(path) as connection:
        assert connection.execute("SELECT * FROM sqlite_master WHERE name = 'half_done'").fetchall() == []
    assert open_journal().epoch == 2


def test_an_opening_that_died_before_its_first_row_is_repeated(open_journal, path):
    path.touch()
    version_1(path)
    assert (open_journal().epoch, path.with_name(path.name + ".head").exists()) == (1, True)


def test_every_commit_waits_for_the_disk(journal):
    """Mission 2.7."""
    assert journal._connection.value("PRAGMA journal_mode") == "wal"
    assert journal._connection.value("PRAGMA synchronous") == 2


@pytest.mark.parametrize(("rule", "mutant"), [("= FULL", "= NORMAL"), ("= WAL", "= DELETE")])
def test_a_connection_that_does_not_wait_is_refused(open_journal, monkeypatch, rule, mutant):
    run = sqlite.Connection.run
    monkeypatch.setattr(
        sqlite.Connection, "run", lambda self, sql, values=(): run(self, sql.replace(rule, mutant), values)
    )
    with pytest.raises(JournalBroken, match="cannot be kept durable"):
        open_journal()


def test_only_its_owner_may_read_it(journal, path):
    journal.append(notes(1))
    suffixes = ("", "-wal", "-shm", ".lock", ".head")
    modes = [stat.S_IMODE(path.with_name(path.name + suffix).stat().st_mode) for suffix in suffixes]
    assert modes == [0o600] * 5


def test_a_file_that_others_could_read_is_closed_to_them(open_journal, path):
    path.touch(mode=0o644)
    open_journal()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_reader_of_nothing_says_so(path):
    with pytest.raises(JournalMissing, match="start the agent once"):
        Reader.open(path)
    path.touch()
    with pytest.raises(JournalMissing, match="is empty"):
        Reader.open(path)


def test_every_error_is_a_journal_error():
    named = [thing for thing in vars(errors).values() if isinstance(thing, type)]
    assert all(issubclass(thing, JournalError) for thing in named)
