"""Readers: they see each commit, change nothing, and stand in nobody's way."""

import os
import signal
import subprocess
import sys

import pytest

from actors.journal import Owner, Reader, sqlite
from tests.journal.entries import closed, note, notes, opened


@pytest.fixture
def reader(journal, path):
    with Reader.open(path) as reader:
        yield reader


def test_a_reader_sees_each_commit_of_a_living_writer(journal, reader):
    for number in (1, 2):
        journal.append([[note()]])
        assert (reader.verify().rows, reader.head(), reader.verify().head) == (number, journal.head, journal.head)


def test_a_reader_of_an_empty_journal(journal, reader):
    assert (reader.verify().rows, reader.head(), list(reader.rows())) == (0, journal.head, [])
    assert reader.verify().ok


def test_a_reader_knows_whose_journal_it_is(reader):
    assert reader.owner == Owner("ada", "paper:casino", 1)


def test_rows_of_one_intent(journal, reader):
    journal.append([[opened("i1"), opened("i2")], [note()], [closed("i1")]])
    assert [(row.seq, row.kind) for row in reader.rows(intent="i1")] == [(1, "intent_opened"), (4, "intent_closed")]


@pytest.mark.parametrize("number", [2, 3, 4, 6])
def test_pages_join_without_a_seam(journal, reader, monkeypatch, number):
    monkeypatch.setattr(sqlite, "PAGE_ROWS", 3)
    journal.append(notes(number))
    assert [row.seq for row in reader.rows()] == list(range(1, number + 1))
    assert [row.seq for row in reader.rows(after_seq=2)] == list(range(3, number + 1))
    assert reader.verify().ok


def test_a_slow_reader_holds_up_neither_writer_nor_checkpoint(journal, reader, monkeypatch):
    monkeypatch.setattr(sqlite, "PAGE_ROWS", 3)
    journal.append(notes(6))
    rows = reader.rows()
    next(rows)
    journal.append([[note()]])
    assert journal._connection.value("PRAGMA wal_checkpoint(TRUNCATE)") == 0  # 1 would mean: blocked by a reader
    assert [row.seq for row in rows] == [2, 3, 4, 5, 6, 7]


def test_a_reader_cannot_write(reader):
    with pytest.raises(Exception, match="readonly"):
        reader._connection.run("UPDATE owner SET epoch = 9")


def test_a_reader_after_a_crash_leaves_the_writers_log_alone(path):
    command = [sys.executable, "-m", "tests.journal.writer", path, "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(4):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
    files = [path, path.with_name(path.name + "-wal")]
    before = [file.read_bytes() for file in files]
    with Reader.open(path) as reader:
        assert reader.verify().ok
    assert [file.read_bytes() for file in files] == before
