"""The retry table: the only place that says whether, when and how often anything is tried again.

A retry of something that spends is a new intent with a new tag, made by BankrollActor, and only after an answer that
proves that the first had no effect. An unknown outcome is never retried; it is looked up.
"""

import random
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct, to_builtins

from actors.venue.errors import VenueDown

T = TypeVar("T")


class Retry(Struct, frozen=True):
    """One row.

    Attributes:
        retries: how often after the first try; None is without limit.
        first_s: seconds before the first retry.
        cap_s: the longest wait, in seconds.
        factor: what each wait is multiplied by for the next.
        jitter: by how much of itself a wait varies, up and down, so that agents do not come back in step.
        note: what must hold before a retry.
    """

    operation: str
    retries: int | None
    first_s: float
    cap_s: float
    note: str
    factor: float = 2.0
    jitter: float = 0.2


RETRIES = {
    row.operation: row
    for row in (
        Retry("casino bet", 2, 0.5, 60, "a new intent, only after a proof that nothing happened; never when unknown"),
        Retry("escrow create", 3, 2, 60, "as for a bet"),
        Retry("escrow act", 0, 0, 0, "never: status and ledger say what became of it"),
        Retry("trade order", 0, 0, 0, "never: the order's fate is asked for first"),
        Retry("payment", 0, 0, 0, "never, also withdrawals: nothing marks them"),
        Retry("domain registration", 0, 0, 0, "never: the list of domains says what became of it"),
        Retry("price feed", None, 1, 30, "it must stay connected"),
        Retry("wallet balance", 5, 1, 30, "read only"),
        Retry("evidence", 2, 0.2, 1, "one read of a look-up; the look-up itself is repeated until it is complete"),
    )
}


READS = {"wallet": "wallet balance"}
"""Services whose reads have a row of their own; the others' have "evidence"."""


def delay(row: Retry, attempt: int, rng: random.Random) -> float | None:
    """Return the seconds to wait before a retry, or None if there is none.

    Args:
        row: of the table.
        attempt: how many tries have failed, from 1.
        rng: source of the jitter. A wait is never shorter than `first_s` nor longer than `cap_s`.
    """
    if row.retries is not None and attempt > row.retries:
        return None
    steps = min(attempt - 1, 64)  # beyond it every wait is at its cap, and a float would overflow
    wait = min(row.cap_s, row.first_s * row.factor**steps)
    return min(row.cap_s, max(row.first_s, wait * rng.uniform(1 - row.jitter, 1 + row.jitter)))


def reading(row: Retry, read: Callable[[], T], *, rng: random.Random, wait: Callable[[float], object]) -> T:
    """Read, and again as the row allows while the venue is down. Other errors pass at once.

    Raises:
        VenueError: the last try's.
    """
    failed = 0
    while True:
        try:
            return read()
        except VenueDown:
            failed += 1
            pause = delay(row, failed, rng)
            if pause is None:
                raise
            wait(pause)


def as_rows() -> list[dict[str, Any]]:
    """Return the table for JSON."""
    return [to_builtins(row) for row in RETRIES.values()]


def as_text() -> str:
    """Return the table for people, one operation a line."""
    lines = [f"{'operation':<21}{'retries':>9}{'first':>8}{'cap':>7}  note"]
    for row in RETRIES.values():
        often = "no limit" if row.retries is None else str(row.retries)
        first, cap = (f"{row.first_s:g} s", f"{row.cap_s:g} s") if row.retries != 0 else ("-", "-")
        lines.append(f"{row.operation:<21}{often:>9}{first:>8}{cap:>7}  {row.note}")
    return "\n".join(lines)
