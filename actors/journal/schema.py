"""The tables, their guards, and how older files become current ones."""

from collections.abc import Callable
from typing import Any

from peewee import SQL, BigIntegerField, Check, IntegerField, Model, SchemaManager, TextField

APPLICATION_ID = 0x534B4A31
"""Marks the file as ours ("SKJ1")."""


class EventTable(Model):
    """The events, append only."""

    seq = IntegerField(primary_key=True)
    agent = TextField()
    epoch = IntegerField()
    at_micros = BigIntegerField()
    kind = TextField()
    intent = TextField(null=True)
    venue_ref = TextField(null=True)
    payload = TextField()
    prev_hash = TextField()
    hash = TextField()

    class Meta:
        """Intents open and close once; what a venue reference books is booked once."""

        table_name = "events"
        constraints = (Check("intent IS NOT NULL OR kind NOT IN ('intent_opened', 'intent_closed')"),)


ONE_OPEN, ONE_CLOSE, ONE_VENUE_REF = "events_one_open", "events_one_close", "events_one_venue_ref"
for _name, _column, _where in (
    (ONE_OPEN, EventTable.intent, "kind = 'intent_opened'"),
    (ONE_CLOSE, EventTable.intent, "kind = 'intent_closed'"),
    (ONE_VENUE_REF, EventTable.venue_ref, "venue_ref IS NOT NULL"),
):
    EventTable.add_index(EventTable.index(_column, unique=True, name=_name, where=SQL(_where)))


class OwnerTable(Model):
    """One row: whose journal it is, and the epoch that fences older writers."""

    id = IntegerField(primary_key=True, constraints=[Check("id = 1")])
    agent = TextField()
    binding = TextField()
    epoch = IntegerField()

    class Meta:
        """Beside the file lock, as a lock cannot stop a process that was suspended while it held it."""

        table_name = "owner"


class SnapshotTable(Model):
    """The newest fold of the events; a cache, so it may be replaced."""

    seq = IntegerField(primary_key=True)
    hash = TextField()
    at_micros = BigIntegerField()
    state_json = TextField()
    digest = TextField()

    class Meta:
        """Holds one row, or none."""

        table_name = "snapshots"


NOT_THE_END = "events are only appended"
"""What the database says to a row whose number is not the next one."""

TRIGGERS = {
    "events_no_update": "BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END",
    "events_no_delete": "BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END",
    "events_in_order": (
        "BEFORE INSERT ON events WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events) "  # noqa: S608
        f"BEGIN SELECT RAISE(ABORT, '{NOT_THE_END}'); END"
    ),
}
GUARDS = frozenset({ONE_OPEN, ONE_CLOSE, ONE_VENUE_REF, *TRIGGERS})
"""Indexes and triggers without which the table would accept a second bet; checked at every opening."""


def _create_events(database: Any) -> None:
    for table in (EventTable, OwnerTable):
        _create(database, table)
    for name, rule in TRIGGERS.items():
        database.execute_sql(f"CREATE TRIGGER {name} {rule}")
    database.execute_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def _create_snapshots(database: Any) -> None:
    _create(database, SnapshotTable)


def _create(database: Any, table: type[Model]) -> None:
    manager: Any = SchemaManager(table, database=database)
    manager.create_all(safe=False)


MIGRATIONS: tuple[Callable[[Any], None], ...] = (_create_events, _create_snapshots)
"""Step n turns version n into n + 1; an empty file is version 0, so a new journal takes the same path."""

VERSION = len(MIGRATIONS)
