"""Whether a journal is whole: pages, guards, chain, snapshot, head file."""

from collections.abc import Callable
from itertools import islice, takewhile

from actors.journal.anchor import RESTORE
from actors.journal.chain import Break, follow
from actors.journal.records import Head
from actors.journal.sqlite import Connection

SLICE_ROWS = 100
"""Rows checked between two pauses of a check beside the writer."""


def inspect(connection: Connection, start: Head, anchor: Head | None, *, whole: bool) -> Head:
    """Check everything, and return the end of the chain.

    Args:
        connection: The journal.
        start: The genesis of its chain.
        anchor: Its head file, read before this call, since the writer may go on meanwhile.
        whole: Check each row and index; otherwise only the rows since the newest snapshot, and without one the pages.

    Raises:
        Break: The first fault.
    """
    found = connection.snapshot()
    if whole or found is None:
        _check_pages(connection, thorough=whole)
    if missing := connection.guards_missing():
        raise Break(None, f"it lacks its guards {', '.join(sorted(missing))}")
    if whole or found is None:
        end = follow(start, connection.rows(None))
    if found is not None:
        snapshot, is_sound = found
        if not is_sound:
            raise Break(snapshot.seq, f"the snapshot at row {snapshot.seq} is damaged")
        if connection.hash_at(snapshot.seq) != snapshot.hash:
            raise Break(snapshot.seq, f"row {snapshot.seq} is not the one its snapshot was taken at")
        if not whole:
            end = follow(Head(snapshot.seq, snapshot.hash), connection.rows(snapshot.seq))
    _compare(connection, start, end, anchor)
    return end


def inspect_rest(connection: Connection, start: Head, pause: Callable[[], bool]) -> None:
    """Check what an opening leaves to later: the rows up to the newest snapshot, and the pages.

    Args:
        connection: The journal; not the writer's.
        start: The genesis of its chain.
        pause: Called after each slice of rows; what it returns tells whether to give up.

    Raises:
        Break: The first fault.
    """
    found = connection.snapshot()
    if found is None:
        return  # the opening has checked all there was
    kept = found[0]
    head, rows = start, takewhile(lambda row: row.seq <= kept.seq, connection.rows(None))
    while part := list(islice(rows, SLICE_ROWS)):
        head = follow(head, part)
        if pause():
            return
    if head != (kept.seq, kept.hash):
        raise Break(kept.seq, f"row {kept.seq} is not the one its snapshot was taken at")
    _check_pages(connection, thorough=False)


def mend(fault: Break) -> str:
    """Return the sentence for a fault, with its mend."""
    return f"{fault}: {RESTORE}."


def _check_pages(connection: Connection, *, thorough: bool) -> None:
    if damage := connection.page_damage(thorough=thorough):
        raise Break(None, f"its pages are damaged: {damage}")


def _compare(connection: Connection, start: Head, end: Head, anchor: Head | None) -> None:
    if anchor is None:
        if end != start:
            raise Break(end.seq, f"the head file is missing beside {end.seq} rows")
        return
    if anchor.seq > end.seq:
        raise Break(end.seq + 1, f"the table ends at row {end.seq}, but its head file at row {anchor.seq}")
    if anchor.hash != (start.hash if anchor.seq == 0 else connection.hash_at(anchor.seq)):
        raise Break(anchor.seq, f"row {anchor.seq} is not the one in the head file")
