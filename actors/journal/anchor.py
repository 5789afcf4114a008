"""The head file: where the chain ended, kept outside the database, so that a cut tail is noticed."""

import json
import os
from pathlib import Path

from actors.crashpoints import reached
from actors.journal.errors import JournalCorrupt
from actors.journal.records import Head

RESTORE = (
    "restore the newest complete copy together with its .head file, or begin in an empty data directory, "
    "where the account is adopted as it stands"
)
"""The mend of every damage: a journal with rows missing would send bets again."""


def anchor_path(path: Path) -> Path:
    """Return the head file's path beside the journal at ``path``."""
    return path.with_name(path.name + ".head")


def read_anchor(path: Path) -> Head | None:
    """Return the head noted beside the journal at ``path``, or None if there is no head file.

    Raises:
        JournalCorrupt: If the file is not a head file.
    """
    place = anchor_path(path)
    try:
        noted = json.loads(place.read_text())
        return Head(int(noted["seq"]), str(noted["hash"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise JournalCorrupt(f"{place} is damaged: {RESTORE}.") from None


def write_anchor(path: Path, head: Head) -> None:
    """Replace the head file atomically; the new content is synced before it takes the old one's place.

    Raises:
        OSError: If the disk refuses.
    """
    place = anchor_path(path)
    draft = place.with_name(place.name + ".new")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, json.dumps({"seq": head.seq, "hash": head.hash}).encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    reached("anchor")
    draft.replace(place)
