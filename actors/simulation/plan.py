"""Which faults a seed meets, and how often. Each seed draws a different mixture, so that rare ones also meet alone."""

from dataclasses import dataclass, field, replace
from random import Random

CRASH_RATES = (0.0, 0.0, 0.001, 0.004, 0.02)
"""Share of messages at which an actor fails."""

PAUSING = ("not sent", "429", "429 after", "refused")
"""Fates after which a lane rests for seconds by itself: too many of them, and nothing is left to happen."""

SLOWEST_S = (0.02, 0.05, 0.2)

MORTAL = 0.7
"""Share of seeds in which actors and processes die; in the others, long lives meet many unknown outcomes."""

RARE = ("too late", "cheat")
"""Fates beyond what the protocol assumes: money stays right and somebody is told, but much waits for it."""

RARELY = 0.1
"""Share of seeds in which each of those happens at all."""

PATIENT = 0.03
"""Share of seeds that wait long enough for a sweep, with a bet or more that arrives too late."""

PATIENCE_S = 67.0

LONG_S = 600.0
RARER = (20, 100, 100)
"""By how much what a few seconds meet is rarer in ten minutes."""

LEAST = 0.005
"""Share of messages and of steps, before it is made rarer, at which an actor or the process dies in any case."""

TOGETHER = ("late", "cut", "500", "not sent", "unbooked")
"""Fates that every seed of ten minutes meets."""

BET_FATES = (
    "lost", "late", "not sent", "cut", "500", "400", "429", "429 after", "refused",
    "incomplete", "duplicate", "garbled", "too late", "cheat",
)  # fmt: skip
ESCROW_FATES = ("lost", "late", "not sent", "cut", "500", "429", "refused")
"""What may happen to a request besides being executed and answered; see `Client` for each."""


@dataclass(slots=True)
class Plan:
    """The faults of one seed; rates are shares of the occasions.

    Attributes:
        chaos_s: virtual seconds with faults, before the calm in which everything must come to rest.
        patience_s: virtual seconds of a pause before that, in which sweeps find what arrived too late.
        crash_rate: of an actor, by message.
        death_rate: of the whole process, by scheduler step.
        seam_death_rate: of the whole process at a write or a send, by occasion.
        power_rate: share of the process's deaths that are losses of power.
        jump_rate: share of the process's starts at which the wall clock has jumped.
        slowest_s: longest that a message of the network, or the start of a thread, takes in virtual seconds.
        fates: by fate of a request.
        read_rate: of readings that fail.
        cut_rate: of exports that reach the venue's limit of rows, as they then do for a while.
        busy_rate, refused_rate, broken_rate: of commits that are busy, have a group refused, or fail for good.
        outside_rate: bets of others, credits and payments, by second.
        operator_rate: commands of an operator, by second.
    """

    chaos_s: float = 0.0
    patience_s: float = 0.0
    crash_rate: float = 0.0
    death_rate: float = 0.0
    seam_death_rate: float = 0.0
    power_rate: float = 0.0
    jump_rate: float = 0.0
    slowest_s: float = 0.02
    fates: dict[str, float] = field(default_factory=dict)
    read_rate: float = 0.0
    cut_rate: float = 0.0
    busy_rate: float = 0.0
    refused_rate: float = 0.0
    broken_rate: float = 0.0
    outside_rate: float = 0.0
    operator_rate: float = 0.0

    @classmethod
    def draw(cls, rng: Random) -> "Plan":
        """Draw a mixture."""

        def often(most: float) -> float:
            return rng.random() * most if rng.random() < 0.5 else 0.0

        names = sorted({*BET_FATES, *ESCROW_FATES})
        mortal = rng.random() < MORTAL
        fates = {name: often(0.04 if name in PAUSING else 0.2) for name in names}
        patient = rng.random() < PATIENT
        fates |= {name: 0.05 * (rng.random() < RARELY) for name in RARE}
        if patient:
            fates |= {"too late": 0.2, "cheat": 0.0}
        if not mortal:
            fates |= {name: rng.uniform(0.05, 0.25) for name in ("lost", "late", "cut")}
        return cls(
            chaos_s=rng.uniform(2.0, 6.0),
            patience_s=PATIENCE_S * patient,
            crash_rate=mortal * rng.choice(CRASH_RATES),
            death_rate=mortal * often(0.01),
            seam_death_rate=mortal * often(0.1),
            power_rate=rng.random(),
            jump_rate=often(1.0),
            slowest_s=rng.choice(SLOWEST_S),
            fates=fates,
            read_rate=often(0.3),
            cut_rate=often(0.2),
            busy_rate=often(0.05),
            refused_rate=often(0.03),
            broken_rate=often(0.03),
            outside_rate=often(2.0),
            operator_rate=often(0.5),
        )

    @classmethod
    def draw_long(cls, rng: Random) -> "Plan":
        """Draw a mixture for ten minutes and all services: everything strikes more rarely, but most of it does."""
        plan, rarer = cls.draw(rng), rng.choice(RARER)
        fates = {name: rng.uniform(0.02, 0.1) for name in TOGETHER}
        return replace(
            plan,
            chaos_s=LONG_S,
            patience_s=0.0,
            crash_rate=(plan.crash_rate + LEAST) / rarer,
            death_rate=(plan.death_rate + LEAST) / rarer,
            seam_death_rate=plan.seam_death_rate / rarer,
            fates=plan.fates | fates | {"lost": plan.fates["lost"] * RARELY},
            read_rate=rng.uniform(0.02, 0.1),
            busy_rate=plan.busy_rate / rarer,
            refused_rate=plan.refused_rate / rarer,
            broken_rate=plan.broken_rate / rarer,
            outside_rate=plan.outside_rate / rarer,
            operator_rate=plan.operator_rate / rarer,
        )

    def fate(self, kinds: tuple[str, ...], rng: Random) -> str:
        """Draw the fate of a request: one of `kinds`, or "answered"."""
        point = rng.random()
        for kind in kinds:
            point -= self.fates.get(kind, 0.0)
            if point < 0:
                return kind
        return "answered"
