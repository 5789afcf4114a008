"""What stands between a path and a journal that may be written: identity, version, integrity, epoch."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.journal import schema, sqlite
from actors.journal.anchor import RESTORE, read_anchor, write_anchor
from actors.journal.chain import Break, genesis
from actors.journal.errors import (
    JournalBroken,
    JournalBusy,
    JournalCorrupt,
    JournalForeign,
    JournalFull,
    JournalNewer,
)
from actors.journal.integrity import inspect, mend
from actors.journal.records import Head


def open_for_writing(
    path: Path, agent: str, binding: str, knows: Callable[[str], bool]
) -> tuple[sqlite.Connection, Head, int]:
    """Create or migrate the file, check it, and raise its epoch; the caller holds the file lock.

    Args:
        path: The database.
        agent: As of `actors.journal.Journal.open`.
        binding: As above.
        knows: As above.

    Returns:
        The connection, the end of the chain, and the new epoch.

    Raises:
        JournalError: As `actors.journal.Journal.open` says.
    """
    with named_failures(path):
        sqlite.create_private(path)
        connection = sqlite.Connection(path, read_only=False)
        try:
            _prepare(path, connection, agent, binding)
            kept = connection.snapshot()
            whole = kept is not None and not knows(kept[0].state_json)
            head = inspect(connection, genesis(agent, binding), read_anchor(path), whole=whole)
            write_anchor(path, head)  # before the first row, so that a journal with rows always has one
            _sync_directory(path.parent)
            return connection, head, _take_over(connection, agent, binding)
        except Break as fault:
            connection.close()
            raise JournalCorrupt(f"{path} is damaged, {mend(fault)}") from None
        except BaseException:
            connection.close()
            raise


def known_version(path: Path, connection: sqlite.Connection) -> int:
    """Return the schema version of a file that this program can deal with.

    Raises:
        JournalForeign: The file is something else.
        JournalNewer: The file is from the future.
    """
    version = connection.version()
    if version is None:
        raise JournalForeign(f"{path} is a database, but no journal: use another data directory.")
    if version > schema.VERSION:
        raise JournalNewer(
            f"{path} has version {version}, this program knows {schema.VERSION}: install the newer release."
        )
    return version


@contextmanager
def named_failures(path: Path) -> Iterator[None]:
    """Turn what the disk and the database library raise into the journal's errors."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise JournalFull(full_sentence(path)) from error
        raise JournalBroken(f"{path} cannot be opened ({error}): check the data directory.") from error
    except sqlite.FAILURES as error:
        if sqlite.is_damage(error):
            raise JournalCorrupt(f"{path} is damaged ({error}): {RESTORE}.") from error
        if sqlite.is_busy(error):
            raise JournalBusy(busy_sentence(path)) from error
        if sqlite.is_full(error):
            raise JournalFull(full_sentence(path)) from error
        raise JournalBroken(f"{path} cannot be used ({error}): check the disk.") from error


def full_sentence(path: Path) -> str:
    """Return the sentence of `JournalFull`."""
    return f"{path} cannot be written, the disk is full: make room, then start again."


def busy_sentence(path: Path) -> str:
    """Return the sentence of `JournalBusy`."""
    return (
        f"{path} has been locked by another program for {sqlite.BUSY_SECONDS} s: "
        "end its transaction (a backup, a shell); nothing was written."
    )


def _prepare(path: Path, connection: sqlite.Connection, agent: str, binding: str) -> None:
    version = known_version(path, connection)
    if not connection.make_durable():
        raise JournalBroken(f"{path} cannot be kept durable (WAL, synchronous FULL): use a local disk.")
    connection.migrate(version)
    owner = connection.owner()
    if owner is not None and (owner.agent, owner.binding) != (agent, binding):
        raise JournalForeign(
            f"{path} belongs to agent {owner.agent} on {owner.binding}, not to {agent} on {binding}: "
            "use another data directory."
        )


def _take_over(connection: sqlite.Connection, agent: str, binding: str) -> int:
    connection.run(sqlite.BEGIN)
    if connection.owner() is None:
        connection.run(sqlite.CLAIM, (agent, binding))
    connection.run(sqlite.TAKE_OVER)
    epoch = int(connection.value(sqlite.EPOCH))
    connection.run(sqlite.COMMIT)
    return epoch


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
