"""Whether a journal is whole: pages, guards, chain, snapshot, head file."""

from actors.journal.anchor import RESTORE
from actors.journal.chain import Break, follow
from actors.journal.records import Head
from actors.journal.sqlite import Connection


def inspect(connection: Connection, start: Head, anchor: Head | None, *, whole: bool) -> Head | Break:
    """Check everything, and return the end of the chain or the first fault.

    Args:
        connection: The journal.
        start: The genesis of its chain.
        anchor: Its head file, read before this call, since the writer may go on meanwhile.
        whole: Check each row and index; otherwise only the rows since the newest snapshot.
    """
    damage = connection.page_damage(thorough=whole)
    if damage is not None:
        return Break(None, f"its pages are damaged: {damage}")
    missing = connection.guards_missing()
    if missing:
        return Break(None, f"it lacks its guards {', '.join(sorted(missing))}")
    end = _chain_end(connection, start, whole=whole)
    if isinstance(end, Break):
        return end
    return _anchor_break(connection, start, end, anchor) or end


def mend(fault: Break) -> str:
    """Return the sentence for a fault, with its mend."""
    return f"{fault.why}: {RESTORE}."


def _chain_end(connection: Connection, start: Head, *, whole: bool) -> Head | Break:
    found = connection.snapshot()
    if whole or found is None:
        end = follow(start, connection.rows(None))
        if found is None or isinstance(end, Break):
            return end
    snapshot, is_sound = found
    if not is_sound:
        return Break(snapshot.seq, f"the snapshot at row {snapshot.seq} is damaged")
    if connection.hash_at(snapshot.seq) != snapshot.hash:
        return Break(snapshot.seq, f"row {snapshot.seq} is not the one its snapshot was taken at")
    return end if whole else follow(Head(snapshot.seq, snapshot.hash), connection.rows(snapshot.seq))


def _anchor_break(connection: Connection, start: Head, end: Head, anchor: Head | None) -> Break | None:
    if anchor is None:
        return None if end == start else Break(end.seq, f"the head file is missing beside {end.seq} rows")
    if anchor.seq > end.seq:
        return Break(end.seq + 1, f"the table ends at row {end.seq}, but its head file at row {anchor.seq}")
    noted = start.hash if anchor.seq == 0 else connection.hash_at(anchor.seq)
    return None if anchor.hash == noted else Break(anchor.seq, f"row {anchor.seq} is not the one in the head file")
