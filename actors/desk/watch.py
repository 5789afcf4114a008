"""What this process knows of an account's standing at the venue, and the look-up that is under way."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

Purpose = Literal["resolve", "reconcile", "sweep"]


@dataclass(slots=True)
class Asked:
    """A look-up that is under way."""

    number: int
    at: int
    purpose: Purpose
    barrier: bool
    since: int


@dataclass(slots=True)
class Watch:
    """What this process knows of an account's standing at the venue.

    `shown` are the commitments of the seeds that the last whole reading showed: no bet that began later may name one.
    """

    service: str
    wanted: str | None = "start"
    asked: Asked | None = None
    next_at: int = 0
    sweep_at: int = 0
    failures: int = 0
    trouble: str = ""
    ready: bool = False
    differs_micro: int | None = None
    differed: int = 0
    venue_micro: int | None = None
    checked_at: int = 0
    accept: str | None = None
    risk_factor: Fraction | None = None
    shown: frozenset[str] = frozenset()
    kept_back: bool = False
    vanished: set[str] = field(default_factory=set)

    def want(self, why: str) -> None:
        """Reconcile as soon as nothing is open."""
        self.wanted, self.next_at = why, 0
