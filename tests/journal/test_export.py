"""The ledger as lines, CSV and JSON."""

import csv
import io
import json

import pytest

from actors.journal import Entry, LedgerLine, ledger_rows, to_csv, to_json
from actors.journal.export import iso_utc

OPEN = '{"kind":"intent_opened","postings":[["casino","available","reserved",450000]]}'
CLOSE = '{"postings":[["casino","reserved","external",450000],["casino","external","available",945000]]}'
AT = "2026-09-21T14:13:20.000000Z"
LINES = [
    LedgerLine(1, AT, "intent_opened", "i1", None, "casino", "available", "reserved", 450_000),
    LedgerLine(3, AT, "intent_closed", "i1", "b,7", "casino", "reserved", "external", 450_000),
    LedgerLine(3, AT, "intent_closed", "i1", "b,7", "casino", "external", "available", 945_000),
]


@pytest.fixture
def lines(journal):
    journal.append([
        [Entry("intent_opened", OPEN, "i1")],
        [Entry("lane_paused", '{"lane":"coin"}')],
        [Entry("intent_closed", CLOSE, "i1", "b,7")],
    ])  # fmt: skip
    return list(ledger_rows(journal.replay()))


def test_each_posting_is_a_line_and_other_events_are_none(lines):
    assert lines == LINES


def test_csv_reads_back(lines):
    stream = io.StringIO()
    to_csv(lines, stream)
    header, *records = csv.reader(io.StringIO(stream.getvalue()))
    assert header[:3] == ["seq", "at", "kind"]
    assert records[1] == ["3", AT, "intent_closed", "i1", "b,7", "casino", "reserved", "external", "450000"]
    assert records[0][4] == ""


def test_json_reads_back(lines):
    stream = io.StringIO()
    to_json(lines, stream)
    assert [LedgerLine(**line) for line in json.loads(stream.getvalue())] == LINES


@pytest.mark.parametrize(("write", "empty"), [(to_csv, "seq,at,kind,"), (to_json, "[\n]\n")])
def test_an_empty_ledger_is_well_formed(write, empty):
    stream = io.StringIO()
    write([], stream)
    assert stream.getvalue().startswith(empty)


def test_times_are_exact_to_the_microsecond():
    assert iso_utc(1_790_000_000_123_456) == "2026-09-21T14:13:20.123456Z"
    assert iso_utc(9_007_199_254_740_993) == "2255-06-05T23:47:34.740993Z"
