"""The crash table: every peer on the same venue, under the same faults and the same kills."""

import json
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from random import Random

from actors.version import VERSION
from tests.peers.books import Books
from tests.peers.nest import Nest
from tests.peers.venue import NETWORKS, Executed, executed, open_venue

MODULES = {"ours": "ours", "article": "article", "dbos": "dbos_transact"}
PEERS = tuple(MODULES)

LONGEST_LIFE_S = 0.25
"""A child is killed so long at the most after it said that it is ready, in seconds."""

PROGRESS_EVERY = 25

Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """What the kills did to one peer; amounts in micro-USD.

    Attributes:
        doubles: operations that the venue executed more than once.
        unbooked: operations that the venue executed and no bet of which is in the peer's books.
        invented: bets in the peer's books that the venue never executed.
    """

    peer: str
    network: str
    kills: int
    operations: int
    doubles: int
    unbooked: int
    invented: int
    book_micro: int
    venue_micro: int

    @property
    def difference_micro(self) -> int:
        """How far the book is from the venue."""
        return self.book_micro - self.venue_micro

    @property
    def is_clean(self) -> bool:
        """Whether nothing was doubled, lost or invented."""
        return not (self.doubles or self.unbooked or self.invented or self.difference_micro)


def schedule(seed: int, kills: int) -> list[float]:
    """Return after how many seconds each life is killed; the same for every peer."""
    chance = Random(f"kills/{seed}")
    return [chance.uniform(0, LONGEST_LIFE_S) for _ in range(kills)]


def rows(peers: Sequence[str], *, kills: int, seed: int, say: Say) -> Iterator[Row]:
    """Run every peer on every network, one after the other, each in a directory of its own that is removed."""
    for network in NETWORKS:
        for peer in peers:
            with tempfile.TemporaryDirectory(prefix="stakekeeper-crash-") as folder:
                yield run(peer, network, Path(folder), kills=kills, seed=seed, say=say)


def run(peer: str, network: str, data: Path, *, kills: int, seed: int, say: Say) -> Row:
    """Start a peer in peace, kill it so often, let it settle, and compare its books with the venue's."""
    module = MODULES[peer]
    with open_venue(data, network=network, seed=seed) as account:
        (data / "account.json").write_text(json.dumps(asdict(account)))
        with Nest(module, data) as nest:
            nest.settle()  # makes its tables, adopts its account
            for number, seconds in enumerate(schedule(seed, kills), start=1):
                nest.live_and_die(seconds)
                if number % PROGRESS_EVERY == 0 or number == kills:
                    say(f"{peer}, {network}: {number} of {kills} kills")
            nest.settle()
        seen = executed(account)
    return compare(peer, network, kills, import_module(f"tests.peers.{module}").books(data), seen)


def compare(peer: str, network: str, kills: int, books: Books, seen: Executed) -> Row:
    """Count what is wrong."""
    rows_at_venue = set().union(*seen.bets.values())
    return Row(
        peer,
        network,
        kills,
        operations=len(books.operations | set(seen.bets)),
        doubles=sum(len(bets) > 1 for bets in seen.bets.values()),
        unbooked=sum(not bets & books.booked for bets in seen.bets.values()),
        invented=len(books.booked - rows_at_venue),
        book_micro=books.balance_micro,
        venue_micro=seen.balance_micro,
    )


def versions(peers: Sequence[str]) -> dict[str, str]:
    """Return the versions of everything that had a part in it."""
    found = {"stakekeeper": VERSION, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    if "article" in peers:
        found["requests"] = version("requests")
    if "dbos" in peers:
        found["dbos"] = version("dbos")
    return found


HEADS = ("peer", "network", "kills", "operations", "double bets", "not booked", "invented", "book - venue, USD")


def text(rows: Sequence[Row]) -> str:
    """Return the table for people, in Markdown."""
    cells = [HEADS, tuple("---" if number < 2 else "---:" for number in range(len(HEADS)))]
    for row in rows:
        counts = (row.kills, row.operations, row.doubles, row.unbooked, row.invented)
        difference = f"{row.difference_micro / 1_000_000:+.6f}" if row.difference_micro else "0"
        cells.append((row.peer, row.network, *(f"{count:,}" for count in counts), difference))
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    return "\n".join(f"| {line} |" for line in lines)


def as_data(row: Row) -> dict[str, object]:
    """Return a row as plain data."""
    return asdict(row) | {"difference_micro": row.difference_micro}
