"""The values that go into the journal and come out of it."""

from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

Rule: TypeAlias = Literal["one_open", "one_close", "one_venue_ref", "schema", "text"]
"""Why a group was refused: an intent opened or closed twice, a venue reference booked twice, another
constraint of the table, or text that is not Unicode."""


class Entry(Struct, frozen=True):
    """One event to be written.

    Attributes:
        kind: What happened, past tense, e.g. ``intent_opened``.
        payload: The event as canonical JSON text; the journal does not look inside.
        intent: The intent it belongs to. ``intent_opened`` and ``intent_closed`` need one, and occur once per intent.
        venue_ref: Bet id, escrow id or ledger reference at the venue; occurs once in a journal.
    """

    kind: str
    payload: str
    intent: str | None = None
    venue_ref: str | None = None


class Row(NamedTuple):
    """One event as it stands in the journal.

    Attributes:
        seq: 1 for the first event, then without a gap.
        agent: Who wrote it.
        epoch: Which opening of the journal wrote it, from 1.
        at_micros: Wall clock of the commit, microseconds since 1970 UTC; it may jump, ``seq`` never does.
        kind: As in `Entry`.
        intent: As in `Entry`.
        venue_ref: As in `Entry`.
        payload: As in `Entry`.
        prev_hash: Hash of the row before, in hex.
        hash: `actors.journal.chain.row_hash` of this row, in hex.
    """

    seq: int
    agent: str
    epoch: int
    at_micros: int
    kind: str
    intent: str | None
    venue_ref: str | None
    payload: str
    prev_hash: str
    hash: str


class Head(NamedTuple):
    """The end of the chain: the last row's number and hash; 0 and the genesis hash when there is none."""

    seq: int
    hash: str


class Committed(Struct, frozen=True):
    """The group is on disk, in order, as these rows."""

    seqs: tuple[int, ...]


class Rejected(Struct, frozen=True):
    """Nothing of the group was written; its neighbours in the same commit were."""

    rule: Rule
    reason: str


class Snapshot(Struct, frozen=True):
    """The fold of all rows up to and including ``seq``, whose hash was ``hash``."""

    seq: int
    hash: str
    at_micros: int
    state_json: str


class Owner(Struct, frozen=True):
    """Whose journal it is, and how often it was opened for writing.

    Attributes:
        agent: The agent's id.
        binding: Venue and account, e.g. ``paper:casino-account``.
        epoch: Number of the newest opening.
    """

    agent: str
    binding: str
    epoch: int
