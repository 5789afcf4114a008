"""Events as text: whatever one holds is read back as it was written; what is no event is refused."""

from decimal import Decimal
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec import Struct

from actors.journal import JournalCorrupt, Row
from actors.journal.codec import decode, dump_state, encode, is_state, load_state
from actors.money.events import AgentStarted, CreditBooked, Event, IncidentNoted
from actors.money.state import State

NUMBERS = some.integers(-(10**25), 10**25)
EXACT = some.decimals(allow_nan=False, allow_infinity=False)

CREDIT = '{"at":1,"account":"casino","venue_ref":"r","reason":"bonus","amount_micro":5,"postings":[%s]}'


def any_of(hint):
    """Return a strategy for whatever fits a type hint."""
    parts = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return some.one_of(*map(any_of, parts))
    if get_origin(hint) is tuple:
        return some.lists(any_of(parts[0]), max_size=2).map(tuple)
    if get_origin(hint) is dict:
        return some.dictionaries(any_of(parts[0]), any_of(parts[1]), max_size=2)
    if get_origin(hint) is Literal:
        return some.sampled_from(parts)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return some.builds(hint, **{name: any_of(one) for name, one in get_type_hints(hint).items()})
    return NUMBERS if hint is int else EXACT if hint is Decimal else some.from_type(hint)


def row_of(event):
    entry = encode(event)
    return Row(1, "", 1, 0, entry.kind, entry.intent, entry.venue_ref, entry.payload, "", "")


@pytest.mark.parametrize("kind", get_args(Event))
def test_an_event_of_any_kind_and_content_is_read_back_as_it_was_written(kind):
    @settings(max_examples=25, deadline=None)
    @given(any_of(kind))
    def holds(event):
        assert decode(row_of(event)) == event

    holds()


def test_a_posting_is_four_values_in_a_row():
    # The form of journals from before: it must never change.
    row = row_of(CreditBooked(1, "casino", "row_1", "bonus", 5))
    old = row._replace(payload=row.payload.replace('"postings":[]', '"postings":[["casino","external","available",5]]'))
    assert decode(old).postings[0].amount_micro == 5
    assert row_of(decode(old)).payload == old.payload


class Text(str):
    """A text of a host's own kind, as libraries have."""

    __slots__ = ()


class Number(int):
    """As above."""


def test_texts_and_numbers_of_a_hosts_own_kind_are_written_as_what_they_are():
    event = AgentStarted(Number(1), 1, Text("run"), "0", {Text("a"): Text("b")})
    assert decode(row_of(event)) == event
    assert '"run":"run"' in encode(event).payload


@pytest.mark.parametrize("amount", [5.0, "5", True, None, [5], Decimal(5), object()])
def test_what_could_not_be_read_back_is_not_written(amount):
    # Once on disk, it would keep the journal from ever opening again.
    with pytest.raises(TypeError, match="cannot be journaled"):
        encode(CreditBooked(1, "casino", "row_1", "bonus", amount))


def test_the_times_of_a_snapshots_bets_are_numbers():
    state = State()
    state.account("casino").bets_at.append(1)
    text = dump_state(state)
    assert load_state(text) == state
    assert not is_state(text.replace('"bets_at":[1]', '"bets_at":"1"'))


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("incident_noted", "{}"),
        ("incident_noted", "nothing"),
        ("incident_noted", '{"at":"noon","name":"x","text":"y"}'),
        ("incident_noted", '{"at":1.5,"name":"x","text":"y"}'),
        ("hint_taken", '{"at":1,"venue_ref":null,"type":"y"}'),
        ("credit_booked", CREDIT % '["casino","external","available"]'),
        ("credit_booked", CREDIT % '["casino","external","available",5,6]'),
        ("credit_booked", CREDIT % '["casino","external","nowhere",5]'),
        ("intent_dreamt", '{"at":1,"name":"x","text":"y"}'),
    ],
)
def test_what_is_no_event_is_refused_and_never_guessed_at(kind, payload):
    row = row_of(IncidentNoted(1, "x", "y"))._replace(kind=kind, payload=payload)
    with pytest.raises(JournalCorrupt, match=f"row 1 \\({kind}\\) is no event of this version"):
        decode(row)


def test_a_field_that_a_later_version_added_is_passed_over():
    row = row_of(IncidentNoted(1, "x", "y"))
    assert decode(row._replace(payload=row.payload[:-1] + ',"later":1}')) == IncidentNoted(1, "x", "y")
