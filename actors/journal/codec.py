"""Events and state as text: what the journal stores, and back. A payload that is not an event is never guessed at."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from actors.journal.errors import JournalCorrupt
from actors.journal.records import Entry, Row
from actors.money.book import Bucket, Posting
from actors.money.events import Event
from actors.money.state import State

_EVENTS: tuple[type[Event], ...] = get_args(Event)
_KINDS = {cls: re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower() for cls in _EVENTS}
_FIELDS = {cls: tuple(field.name for field in fields(cls)) for cls in _EVENTS}
_CLASSES: dict[str, Any] = {kind: cls for cls, kind in _KINDS.items()}


def _plain(value: Any) -> Any:
    return (
        str(value)
        if isinstance(value, Decimal)
        else {field.name: getattr(value, field.name) for field in fields(value)}
    )


def _text(values: Mapping[str, Any]) -> str:
    try:
        return to_json(values).decode()  # on the way of every bet: a third of what json takes
    except PydanticSerializationError:  # text that is not Unicode: the journal refuses it by name
        return json.dumps(values, ensure_ascii=False, default=_plain)


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)  # made when it is needed first: all together take a tenth of a start


def kind_of(event: Event) -> str:
    """Return an event's kind as the journal stores it: IntentOpened is "intent_opened"."""
    return _KINDS[type(event)]


def encode(event: Event) -> Entry:
    """Return the journal entry of an event; postings as [account, source, target, micro-USD]."""
    values: dict[str, Any] = {name: getattr(event, name) for name in _FIELDS[type(event)]}
    if "postings" in values:
        values["postings"] = [(p.account, str(p.source), str(p.target), p.amount_micro) for p in values["postings"]]
    return Entry(kind_of(event), _text(values), values.get("intent"), values.get("venue_ref"))


def decode(row: Row) -> Event:
    """Return the event of a journal row.

    Raises:
        JournalCorrupt: the row is no event that this version knows.
    """
    try:
        values = json.loads(row.payload)
        if "postings" in values:
            values["postings"] = tuple(Posting(a, Bucket(s), Bucket(t), n) for a, s, t, n in values["postings"])
        event: Event = _adapter(_CLASSES[row.kind]).validate_python(values)
    except (KeyError, ValueError, TypeError, ValidationError) as error:
        raise JournalCorrupt(f"row {row.seq} ({row.kind}) is no event of this version: {error}") from None
    return event


def dump_state(state: State) -> str:
    """Return the state as JSON, for a snapshot."""
    return _adapter(State).dump_json(state).decode()


def load_state(text: str) -> State:
    """Return the state of a snapshot.

    Raises:
        JournalCorrupt: the text is no state that this version knows.
    """
    try:
        state: State = _adapter(State).validate_json(text)
    except ValidationError as error:
        raise JournalCorrupt(f"the snapshot is no state of this version: {error.error_count()} fields differ") from None
    return state
