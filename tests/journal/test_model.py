"""Any groups, in any batches, over any restarts: the table is what a simple model says."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as some

from actors.journal import Committed, Entry, Journal, Reader, Rejected

KINDS = some.sampled_from(["intent_opened", "intent_closed", "credit_booked"])
NAMES = some.none() | some.sampled_from(["a", "b", "c"])
ENTRIES = some.builds(Entry, KINDS, some.text(max_size=5), NAMES, NAMES)
BATCHES = some.lists(some.lists(some.lists(ENTRIES, max_size=3), max_size=4), max_size=3)
LIVES = some.lists(BATCHES, min_size=1, max_size=3)  # each ends with a close


def obstacle(entry, table):
    """Say which rule of the table an entry would break, in the order in which nothing else hides it."""
    needs_intent = entry.kind in {"intent_opened", "intent_closed"}
    same = [old for old in table if needs_intent and (old.kind, old.intent) == (entry.kind, entry.intent)]
    if needs_intent and entry.intent is None:
        return {"schema"}
    broken = {"one_open" if entry.kind == "intent_opened" else "one_close"} if same else set()
    taken = entry.venue_ref is not None and entry.venue_ref in [old.venue_ref for old in table]
    return broken | ({"one_venue_ref"} if taken else set())


def expected(table, group):
    """Append the group to the model, whole or not at all; return the rules that stood in its way."""
    length = len(table)
    for entry in group:
        if rules := obstacle(entry, table):
            del table[length:]
            return rules
        table.append(entry)
    return set()


@settings(max_examples=60, deadline=None)
@given(LIVES)
def test_the_table_is_what_the_model_says(lives):
    table = []
    with TemporaryDirectory() as directory:
        path = Path(directory) / "journal"
        for batches in lives:
            with Journal.open(path, agent="ada", binding="paper:casino", wall_micros=lambda: 0) as journal:
                for groups in batches:
                    outcomes = journal.append(groups)
                    for group, outcome in zip(groups, outcomes, strict=False):
                        before, rules = len(table), expected(table, group)
                        if rules:
                            assert outcome.rule in rules
                            assert outcome is outcomes[-1]
                        else:
                            assert outcome == Committed(tuple(range(before + 1, len(table) + 1)))
                    assert len(outcomes) == len(groups) or isinstance(outcomes[-1], Rejected)
        with Reader.open(path) as reader:
            rows = list(reader.rows())
            assert reader.verify().ok
    assert [Entry(row.kind, row.payload, row.intent, row.venue_ref) for row in rows] == table
