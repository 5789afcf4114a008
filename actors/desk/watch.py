"""What this process knows of an account's standing at the venue, and the look-up that is under way."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

Purpose = Literal["resolve", "reconcile", "sweep"]


@dataclass(slots=True)
class Asked:
    """A look-up that is under way.

    `later` is what a reconcile has been wanted for since this one was asked for, which it need not show.
    """

    number: int
    at: int
    purpose: Purpose
    barrier: bool
    since: int
    later: str | None = None


@dataclass(slots=True)
class Watch:
    """What this process knows of an account's standing at the venue.

    `shown` are the commitments of the seeds that the last whole reading showed: no bet that began later may name one.
    `accept` is an operator's reason to accept what differs, `accepts_micro` the difference it was given for (None: the
    one that the stop names, which an earlier process read). `hinted`: an event came in the midst of a reconcile that
    another had asked for. `blind_since` is when it could not be read for the first time (0: it can be), `alarmed`
    whether that was an incident already. `latest` is the greatest lateness that was one (microseconds), `listed` are
    the bets whose stakes lie in suspense and of which it was told that they are listed after all.
    """

    service: str
    wanted: str | None = "start"
    asked: Asked | None = None
    next_at: int = 0
    sweep_at: int = 0
    failures: int = 0
    trouble: str = ""
    blind_since: int = 0
    alarmed: bool = False
    ready: bool = False
    differs_micro: int | None = None
    differed: int = 0
    venue_micro: int | None = None
    checked_at: int = 0
    accept: str | None = None
    accepts_micro: int | None = None
    risk_factor: Fraction | None = None
    shown: frozenset[str] = frozenset()
    kept_back: bool = False
    hinted: bool = False
    latest: int = 0
    vanished: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)

    def want(self, why: str) -> None:
        """Reconcile as soon as nothing is open."""
        self.next_at = 0
        if self.asked and self.asked.purpose == "reconcile":
            self.asked.later = why
        else:
            self.wanted = why

    def taken(self, asked: Asked) -> str | None:
        """Return why a reconcile that has been read was wanted; what came later is wanted still."""
        because, self.wanted = self.wanted, asked.later
        return because

    def give_up(self) -> None:
        """Want nothing any more."""
        self.wanted = None
        if self.asked:
            self.asked.later = None
