"""The journal: an append-only, hash-chained table of events with one writer and any number of readers."""

from actors.journal.errors import (
    EpochLost,
    JournalBroken,
    JournalBusy,
    JournalCorrupt,
    JournalError,
    JournalForeign,
    JournalFull,
    JournalMissing,
    JournalNewer,
    JournalOlder,
    JournalOwned,
)
from actors.journal.export import LedgerLine, ledger_rows, to_csv, to_json
from actors.journal.journal import Journal
from actors.journal.reader import Reader, VerifyReport
from actors.journal.records import Committed, Entry, Head, Owner, Rejected, Row, Snapshot

__all__ = [
    "Committed",
    "Entry",
    "EpochLost",
    "Head",
    "Journal",
    "JournalBroken",
    "JournalBusy",
    "JournalCorrupt",
    "JournalError",
    "JournalForeign",
    "JournalFull",
    "JournalMissing",
    "JournalNewer",
    "JournalOlder",
    "JournalOwned",
    "LedgerLine",
    "Owner",
    "Reader",
    "Rejected",
    "Row",
    "Snapshot",
    "VerifyReport",
    "ledger_rows",
    "to_csv",
    "to_json",
]
