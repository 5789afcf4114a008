"""The hash chain: each row vouches for all rows before it. Pure."""

from collections.abc import Iterable
from hashlib import sha256

from actors.journal.records import Head, Row


class Break(Exception):  # noqa: N818  it says what is
    """A journal is not whole; the text says why.

    Attributes:
        seq: The first row that is wrong or missing, or None if the file as a whole is wrong.
    """

    def __init__(self, seq: int | None, why: str) -> None:
        super().__init__(why)
        self.seq = seq


def genesis(agent: str, binding: str) -> Head:
    """Return what the first row follows; it ties the chain to one agent and one venue account."""
    text = f"stakekeeper journal,{len(agent)},{len(binding)},{agent}{binding}"
    return Head(0, sha256(text.encode()).hexdigest())


def row_hash(
    prev_hash: str,
    seq: int,
    agent: str,
    epoch: int,
    at_micros: int,
    kind: str,
    intent: str | None,
    venue_ref: str | None,
    payload: str,
) -> str:
    """Return the SHA-256, in hex, of the previous hash and every other column.

    The lengths in front (in characters, -1 for null) make the encoding unambiguous: no two different rows
    have the same text.

    Raises:
        UnicodeEncodeError: If a text holds a lone surrogate, which no file can hold either.
    """
    intent_length = -1 if intent is None else len(intent)
    ref_length = -1 if venue_ref is None else len(venue_ref)
    text = (
        f"{prev_hash},{seq},{epoch},{at_micros},"
        f"{len(agent)},{len(kind)},{intent_length},{ref_length},{len(payload)},"
        f"{agent}{kind}{intent or ''}{venue_ref or ''}{payload}"
    )
    return sha256(text.encode()).hexdigest()


def follow(head: Head, rows: Iterable[Row]) -> Head:
    """Walk ``rows``, which should continue after ``head``, and return the new head.

    Raises:
        Break: At the first row that does not continue the chain.
    """
    seq, prev_hash = head
    for row in rows:
        seq += 1
        if row.seq != seq:
            raise Break(seq, f"row {seq} is missing: the next row found is {row.seq}")
        if row.prev_hash != prev_hash:
            raise Break(seq, f"row {seq} does not follow row {seq - 1}")
        if row.hash != row_hash(prev_hash, *row[:8]):
            raise Break(seq, f"row {seq} was changed after it was written")
        prev_hash = row.hash
    return Head(seq, prev_hash)


def snapshot_digest(seq: int, head_hash: str, state_json: str) -> str:
    """Return the SHA-256, in hex, that guards a snapshot's text against damage."""
    return sha256(f"{seq},{head_hash},{state_json}".encode()).hexdigest()
