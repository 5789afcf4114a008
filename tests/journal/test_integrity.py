"""Each kind of damage is found by `verify`, at the right row, and refused by the next opening."""

import json

import pytest

from actors.journal import JournalCorrupt, Reader, chain
from tests.journal.conftest import START
from tests.journal.entries import notes, opened
from tests.journal.tamper import flip_bit, raw, tamper

ROWS = 9


@pytest.fixture
def closed_path(open_journal, path):
    with open_journal() as journal:
        journal.append([*notes(ROWS - 1), [opened("i1")]])
    return path


def verify(path):
    with Reader.open(path) as reader:
        return reader.verify()


def refused(open_journal):
    with pytest.raises(JournalCorrupt, match="restore the newest complete copy") as caught:
        open_journal()
    return str(caught.value)


def move_up(seq):
    """Make room for a row at ``seq``."""
    return (
        f"UPDATE events SET seq = -seq - 1 WHERE seq >= {seq}",
        "UPDATE events SET seq = -seq WHERE seq < 0",
    )


FORGED = (
    "INSERT INTO events SELECT {}, agent, epoch, at_micros, kind, NULL, NULL, payload, prev_hash, hash "
    "FROM events WHERE seq = {}"
)
SWAP = (
    "UPDATE events SET seq = 99 WHERE seq = 4",
    "UPDATE events SET seq = 4 WHERE seq = 5",
    "UPDATE events SET seq = 5 WHERE seq = 99",
)


def test_an_untouched_journal_is_whole(closed_path):
    report = verify(closed_path)
    assert (report.ok, report.rows, report.bad_seq, report.why) == (True, ROWS, None, "")
    assert report.head.seq == ROWS


@pytest.mark.parametrize(
    ("statements", "bad_seq", "why"),
    [
        (["UPDATE events SET payload = 'other' WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET agent = 'eve' WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET epoch = 2 WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET at_micros = at_micros + 1 WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET kind = 'other' WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET intent = 'i4' WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET intent = '' WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET venue_ref = 'bet' WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET hash = prev_hash WHERE seq = 4"], 4, "row 4 was changed"),
        (["UPDATE events SET prev_hash = hash WHERE seq = 4"], 4, "row 4 does not follow row 3"),
        (["DELETE FROM events WHERE seq = 4"], 4, "row 4 is missing: the next row found is 5"),
        (["DELETE FROM events WHERE seq = 1"], 1, "row 1 is missing"),
        ([f"DELETE FROM events WHERE seq > {ROWS - 2}"], ROWS - 1, "ends at row 7, but its head file at row 9"),
        (["DELETE FROM events"], 1, "ends at row 0, but its head file at row 9"),
        (SWAP, 4, "row 4 does not follow row 3"),
        ([*move_up(4), FORGED.format(4, 3)], 4, "row 4 does not follow row 3"),
        ([FORGED.format(ROWS + 1, ROWS - 1)], ROWS + 1, "row 10 does not follow row 9"),
        ([FORGED.format(-3, 2)], 1, "row 1 is missing: the next row found is -3"),
    ],
)  # fmt: skip
def test_tampering_is_found_where_it_happened(closed_path, open_journal, statements, bad_seq, why):
    tamper(closed_path, *statements)
    report = verify(closed_path)
    assert (report.ok, report.bad_seq) == (False, bad_seq)
    assert why in report.why
    if "-3" not in why:  # before the first row only `verify` looks
        assert why in refused(open_journal)


def test_a_bit_that_flips_on_the_disk_is_found(closed_path, open_journal):
    flip_bit(closed_path, b"payload-5")
    assert verify(closed_path).bad_seq == 5
    assert "row 5 was changed" in refused(open_journal)


def rewrite_from(path, seq):
    """Change row ``seq`` and give it and all rows after it hashes that fit: the work of an expert."""
    with raw(path) as connection:
        rows = connection.execute(f"SELECT * FROM events WHERE seq >= {seq} ORDER BY seq").fetchall()
    last_hash, statements = rows[0][8], []
    for number, *columns in rows:
        columns[6] = json.dumps({"rewritten": number})
        new_hash = chain.row_hash(last_hash, number, *columns[:7])
        statements.append(
            f"UPDATE events SET payload = '{columns[6]}', prev_hash = '{last_hash}', hash = '{new_hash}' "
            f"WHERE seq = {number}"
        )
        last_hash = new_hash
    tamper(path, *statements)


def test_a_rewritten_history_differs_from_the_head_file(closed_path, open_journal):
    rewrite_from(closed_path, 4)
    assert "row 9 is not the one in the head file" in verify(closed_path).why
    assert "row 9 is not the one in the head file" in refused(open_journal)


def test_without_its_head_file_a_rewritten_history_would_pass(closed_path):
    rewrite_from(closed_path, 4)
    with raw(closed_path) as connection:
        seq, last_hash = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC").fetchone()
    closed_path.with_name(closed_path.name + ".head").write_text(json.dumps({"seq": seq, "hash": last_hash}))
    assert verify(closed_path).ok


def test_an_older_copy_is_refused(closed_path, open_journal):
    older = closed_path.read_bytes()
    with open_journal() as journal:
        journal.append(notes(3))
    closed_path.write_bytes(older)
    assert "the table ends at row 9, but its head file at row 12" in refused(open_journal)


def test_an_older_copy_without_a_head_file_is_refused(closed_path, open_journal):
    closed_path.with_name(closed_path.name + ".head").unlink()
    assert "the head file is missing beside 9 rows" in refused(open_journal)
    assert "the head file is missing" in verify(closed_path).why


def test_a_new_journal_in_place_of_a_lost_one_is_refused(closed_path, open_journal):
    closed_path.unlink()
    assert "the table ends at row 0, but its head file at row 9" in refused(open_journal)


def test_an_older_copy_together_with_its_head_file_is_accepted(closed_path, open_journal):
    head_file = closed_path.with_name(closed_path.name + ".head")
    older = closed_path.read_bytes(), head_file.read_bytes()
    with open_journal() as journal:
        journal.append(notes(3))
    closed_path.write_bytes(older[0])
    head_file.write_bytes(older[1])
    assert open_journal().head.seq == ROWS


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"seq": "x", "hash": ""}'])
def test_a_damaged_head_file_is_named(closed_path, open_journal, content):
    closed_path.with_name(closed_path.name + ".head").write_text(content)
    assert ".head is damaged" in refused(open_journal)
    assert ".head is damaged" in verify(closed_path).why


@pytest.mark.parametrize("guard", ["INDEX events_one_open", "TRIGGER events_no_delete"])
def test_a_journal_without_its_guards_is_refused(closed_path, open_journal, guard):
    with raw(closed_path) as connection:
        connection.execute(f"DROP {guard}")
    assert guard.split()[1] in refused(open_journal)
    assert guard.split()[1] in verify(closed_path).why


def test_an_index_that_lies_is_found(closed_path):
    with raw(closed_path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') WHERE name = 'events_one_venue_ref'"
        )
    assert "its pages are damaged" in verify(closed_path).why


def test_a_torn_page_is_found(closed_path, open_journal):
    content = bytearray(closed_path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    closed_path.write_bytes(content)
    assert not verify(closed_path).ok
    assert "damaged" in refused(open_journal)


def test_two_agents_have_different_chains():
    assert chain.genesis("ada", "paper:casino") != chain.genesis("ada", "live:casino")
    assert chain.genesis("ab", "c") != chain.genesis("a", "bc")


def test_no_two_rows_share_an_encoding():
    columns = ("0" * 64, 1, "ada", 1, START, "kind", None, None, "{}")
    variants = {
        columns,
        (*columns[:5], "kin", "d", None, "{}"),
        (*columns[:6], "", None, "{}"),
        (*columns[:7], "", "{}"),
        (*columns[:5], "kind{}", None, None, ""),
    }
    assert len({chain.row_hash(*variant) for variant in variants}) == len(variants)
