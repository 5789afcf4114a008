"""The double-entry book: every movement takes from one bucket of an account and gives to another.

Two-phase, as TigerBeetle's pending transfers: an intent first reserves its stake, and its reservation is later
resolved exactly once, by posting it (the venue took it) or voiding it (the venue did not). Nothing expires by
itself: to free a reservation without evidence would be to make money.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from msgspec import Struct


class Bucket(StrEnum):
    """Where money of an account can be. The first five are ours and never negative."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    ESCROW_HELD = "escrow_held"
    MARGIN = "margin"
    SUSPENSE = "suspense"
    EXTERNAL = "external"
    FEES = "fees"
    PROFIT = "profit"


COUNTED_ON = (Bucket.AVAILABLE, Bucket.RESERVED, Bucket.ESCROW_HELD, Bucket.MARGIN)
OURS = (*COUNTED_ON, Bucket.SUSPENSE)
AT_VENUE = (Bucket.AVAILABLE, Bucket.RESERVED, Bucket.MARGIN)
"""What the venue counts as ours: margin stays cash of the account; what an escrow holds does not."""


class BookError(Exception):
    """A posting would break an invariant of the book. The book is unchanged."""


class Posting(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One movement inside an account, in micro-USD; the amount is always above zero. As text it is a list."""

    account: str
    source: Bucket
    target: Bucket
    amount_micro: int


def moved(account: str, source: Bucket, target: Bucket, amount_micro: int) -> tuple[Posting, ...]:
    """Return what moves an amount: the other way round if it is below zero, and nothing if it is zero."""
    if amount_micro < 0:
        source, target = target, source
    return (Posting(account, source, target, abs(amount_micro)),) if amount_micro else ()


@dataclass(slots=True)
class Book:
    """Balances by account and bucket, and the reservations that are still open.

    Not thread-safe: it belongs to the one actor that writes it.
    """

    balances: dict[str, dict[Bucket, int]] = field(default_factory=dict)
    reservations: dict[str, Posting] = field(default_factory=dict)

    def balance(self, account: str, bucket: Bucket) -> int:
        """Return what lies in a bucket, in micro-USD."""
        return self.balances.get(account, {}).get(bucket, 0)

    def reserve(self, intent: str, posting: Posting) -> None:
        """Set an intent's stake aside: available -> reserved.

        Raises:
            BookError: not such a posting, more than is available, or the intent has a reservation already.
        """
        if intent in self.reservations:
            raise BookError(f"intent {intent} has reserved already")
        if (posting.source, posting.target) != (Bucket.AVAILABLE, Bucket.RESERVED):
            raise BookError(f"intent {intent} reserves from available, not {posting.source} -> {posting.target}")
        self.post([posting])
        self.reservations[intent] = posting

    def resolve(self, intent: str, postings: Iterable[Posting]) -> None:
        """Resolve an intent's reservation, posting or voiding exactly what it reserved.

        Raises:
            BookError: no open reservation, or the postings take another amount out of it.
        """
        postings = tuple(postings)
        held = self.reservations.get(intent)
        if held is None:
            raise BookError(f"intent {intent} has no open reservation")
        taken = sum(p.amount_micro for p in postings if p.source is Bucket.RESERVED and p.account == held.account)
        if taken != held.amount_micro:
            raise BookError(f"intent {intent} reserved {held.amount_micro} micro-USD, {taken} are resolved")
        self.post(postings)
        del self.reservations[intent]

    def post(self, postings: Iterable[Posting]) -> None:
        """Carry out postings, all or none.

        Raises:
            BookError: an amount is not above zero, or a bucket of ours would fall below zero.
        """
        after: dict[str, dict[Bucket, int]] = {}
        for p in postings:
            if p.amount_micro <= 0:
                raise BookError(f"a posting of {p.amount_micro} micro-USD is none")
            buckets = after.get(p.account) or after.setdefault(p.account, dict(self.balances.get(p.account, {})))
            buckets[p.source] = buckets.get(p.source, 0) - p.amount_micro
            buckets[p.target] = buckets.get(p.target, 0) + p.amount_micro
        for account, buckets in after.items():
            for bucket in OURS:
                if buckets.get(bucket, 0) < 0:
                    raise BookError(f"{account}.{bucket} would be {buckets[bucket]} micro-USD")
        self.balances |= after

    def equity(self, account: str) -> int:
        """Return all that is ours in an account, in micro-USD, wherever it lies; suspense is not counted on."""
        buckets, total = self.balances.get(account, {}), 0
        for bucket in COUNTED_ON:
            total += buckets.get(bucket, 0)
        return total

    def at_venue(self, account: str) -> int:
        """Return what the venue's balance must be, in micro-USD."""
        buckets = self.balances.get(account, {})
        return sum([buckets.get(bucket, 0) for bucket in AT_VENUE])

    def violations(self) -> list[str]:
        """Return every broken invariant as a sentence; an empty list is a sound book."""
        found = []
        for account, buckets in self.balances.items():
            if total := sum(buckets.values()):
                found.append(f"the buckets of {account} sum to {total} micro-USD, not zero")
            found += [
                f"{account}.{bucket} is {buckets[bucket]} micro-USD" for bucket in OURS if buckets.get(bucket, 0) < 0
            ]
            held = sum(p.amount_micro for p in self.reservations.values() if p.account == account)
            if held != buckets.get(Bucket.RESERVED, 0):
                reserved = buckets.get(Bucket.RESERVED, 0)
                found.append(f"{account}.reserved is {reserved} micro-USD, its open intents hold {held}")
        return found
