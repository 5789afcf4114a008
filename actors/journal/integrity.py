"""Whether a journal is whole: pages, guards, chain, snapshot, head file."""

from actors.journal.anchor import RESTORE
from actors.journal.chain import Break, follow
from actors.journal.records import Head
from actors.journal.sqlite import Connection


def inspect(connection: Connection, start: Head, anchor: Head | None, *, whole: bool) -> Head:
    """Check everything, and return the end of the chain.

    Args:
        connection: The journal.
        start: The genesis of its chain.
        anchor: Its head file, read before this call, since the writer may go on meanwhile.
        whole: Check each row and index; otherwise only the rows since the newest snapshot.

    Raises:
        Break: The first fault.
    """
    if damage := connection.page_damage(thorough=whole):
        raise Break(None, f"its pages are damaged: {damage}")
    if missing := connection.guards_missing():
        raise Break(None, f"it lacks its guards {', '.join(sorted(missing))}")
    found = connection.snapshot()
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


def mend(fault: Break) -> str:
    """Return the sentence for a fault, with its mend."""
    return f"{fault}: {RESTORE}."


def _compare(connection: Connection, start: Head, end: Head, anchor: Head | None) -> None:
    if anchor is None:
        if end != start:
            raise Break(end.seq, f"the head file is missing beside {end.seq} rows")
        return
    if anchor.seq > end.seq:
        raise Break(end.seq + 1, f"the table ends at row {end.seq}, but its head file at row {anchor.seq}")
    if anchor.hash != (start.hash if anchor.seq == 0 else connection.hash_at(anchor.seq)):
        raise Break(anchor.seq, f"row {anchor.seq} is not the one in the head file")
