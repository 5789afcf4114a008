"""What a peer's own books say when it has settled."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Books:
    """Operations that the agent meant, the venue's bets that it booked, and its balance in micro-USD."""

    operations: frozenset[str]
    booked: frozenset[str]
    balance_micro: int
