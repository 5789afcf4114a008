"""The ledger: every posting of the journal as a line, for people and for other programs."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TextIO

from msgspec import Struct
from msgspec.structs import asdict

from actors.journal.records import Row

_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


class LedgerLine(Struct, frozen=True):
    """One movement of money between two buckets of one account.

    Attributes:
        seq: The journal row that made it.
        at: When that row was committed, ISO 8601 in UTC with microseconds.
        kind: The row's kind.
        intent: The intent it belongs to, if any.
        venue_ref: The venue's reference, if any.
        account: The account, such as ``casino``.
        from_bucket: Where the money left, such as ``available``.
        to_bucket: Where it went.
        amount_micro: How much, in micro-USD, above zero.
    """

    seq: int
    at: str
    kind: str
    intent: str | None
    venue_ref: str | None
    account: str
    from_bucket: str
    to_bucket: str
    amount_micro: int


def ledger_rows(rows: Iterable[Row]) -> Iterator[LedgerLine]:
    """Yield the postings of ``rows``; a row whose payload has no ``postings`` yields nothing.

    Raises:
        ValueError: A payload is not what the agent writes.
        TypeError: A posting is not.
    """
    for row in rows:
        postings = json.loads(row.payload).get("postings", ())
        at = iso_utc(row.at_micros) if postings else ""
        for posting in postings:
            yield LedgerLine(row.seq, at, row.kind, row.intent, row.venue_ref, *posting)


def to_csv(lines: Iterable[LedgerLine], stream: TextIO) -> None:
    """Write a header and a record per line, nulls as empty fields; the stream needs ``newline=""`` if a file."""
    writer = csv.DictWriter(stream, LedgerLine.__struct_fields__, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(line) for line in lines)


def to_json(lines: Iterable[LedgerLine], stream: TextIO) -> None:
    """Write one JSON array with an object per line, as they come, so that any length fits in memory."""
    stream.write("[")
    separator = "\n"
    for line in lines:
        stream.write(separator + json.dumps(asdict(line)))
        separator = ",\n"
    stream.write("\n]\n")


def iso_utc(micros: int) -> str:
    """Return the time, in microseconds since 1970 UTC, as ISO 8601 text."""
    moment = _EPOCH_START + timedelta(microseconds=micros)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
