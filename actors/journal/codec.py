"""Events and state as text: what the journal stores, and back. A payload that is not an event is never guessed at."""

import json
import re
from collections import deque
from functools import cache
from typing import Any, get_args

from msgspec import MsgspecError, convert, to_builtins
from msgspec.json import Decoder, Encoder

from actors.journal.errors import JournalCorrupt
from actors.journal.records import Entry, Row
from actors.money.events import Event
from actors.money.state import State

_EVENTS: tuple[type[Event], ...] = get_args(Event)
_KINDS = {cls: re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower() for cls in _EVENTS}
_CLASSES = {kind: cls for cls, kind in _KINDS.items()}


def _plain(value: object) -> object:
    """Return what msgspec does not know as what it is: a deque, or a text or number of a host's own kind."""
    if isinstance(value, deque):
        return list(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    raise TypeError(f"{type(value).__name__} cannot be journaled")


_to_json = Encoder(enc_hook=_plain).encode


@cache
def _decoder(cls: Any) -> Decoder[Any]:
    return Decoder(cls, dec_hook=lambda _, values: deque(convert(values, list[int])))  # of times: there are no others


def kind_of(event: Event) -> str:
    """Return an event's kind as the journal stores it: IntentOpened is "intent_opened"."""
    return _KINDS[type(event)]


def encode(event: Event) -> Entry:
    """Return the journal entry of an event; postings as [account, source, target, micro-USD].

    Raises:
        TypeError: it holds what no event may hold, such as a float for an amount. Once written, it could not be read
            back, and the journal would not open again.
    """
    try:
        text = _to_json(event).decode()
        _decoder(type(event)).decode(text)
    except UnicodeEncodeError:  # text that is not Unicode: the journal refuses it by name
        text = json.dumps(to_builtins(event, enc_hook=_plain), ensure_ascii=False)
    except MsgspecError as error:
        raise TypeError(f"{kind_of(event)} cannot be journaled: {error}") from None
    return Entry(kind_of(event), text, getattr(event, "intent", None), getattr(event, "venue_ref", None))


def decode(row: Row) -> Event:
    """Return the event of a journal row.

    Raises:
        JournalCorrupt: the row is no event that this version knows.
    """
    try:
        event: Event = _decoder(_CLASSES[row.kind]).decode(row.payload)
    except (KeyError, MsgspecError) as error:
        raise JournalCorrupt(f"row {row.seq} ({row.kind}) is no event of this version: {error}") from None
    return event


def dump_state(state: State) -> str:
    """Return the state as JSON, for a snapshot."""
    return _to_json(state).decode()


def is_state(text: str) -> bool:
    """Tell whether a snapshot's state is one that this version knows."""
    try:
        load_state(text)
    except JournalCorrupt:
        return False
    return True


def load_state(text: str) -> State:
    """Return the state of a snapshot.

    Raises:
        JournalCorrupt: the text is no state that this version knows.
    """
    try:
        state: State = _decoder(State).decode(text)
    except MsgspecError as error:
        raise JournalCorrupt(f"the snapshot is no state of this version: {error}") from None
    return state
