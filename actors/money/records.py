"""What the state remembers of an account, a lane and a contract. Amounts in micro-USD, times in UTC microseconds."""

from collections import deque
from dataclasses import dataclass, field

from actors.money.events import EscrowOpened, IntentOpened, StopSet
from actors.money.machine import LaneState
from actors.money.wagers import OpenEscrow

TRADING = "trading"
"""The account at the exchange."""

HOUSE = "(house)"
"""The lane by which the desk itself takes risk off an account; no stop holds it up, and no configuration names it."""

INTENT_DIGITS = 6
"""Of an intent's number at the least, so that people may name it without its zeros."""


def intent_id(number: int | str) -> str:
    """Return the id of an agent's intent by its number, from 1.

    They are counted, as neighbours in time are then neighbours in the journal's indexes too: of ids by chance, each
    would touch a page of its own.
    """
    return str(number).lstrip("0").zfill(INTENT_DIGITS)


@dataclass(slots=True)
class Account:
    """What is known of one account besides its balances.

    `shown` are rows of the venue's history that are explained by intents which were closed since the last reconcile.
    `reconciled_at` is our time of the last agreement with the venue, `venue_at` the venue's (0: an older journal),
    `agreed_nonces` the draws there were, `holder` what told it from others of its service. `late` counts what turned up
    in this session after it was closed as void.
    """

    name: str
    nonces: int = 0
    reconciled_at: int = 0
    venue_at: int = 0
    agreed_nonces: int = 0
    holder: str = ""
    late: int = 0
    cursor_at: str = ""
    cursor_refs: tuple[str, ...] = ()
    session_start_micro: int = 0
    peak_micro: int = 0
    day: int = 0
    day_start_micro: int = 0
    fun_today_micro: int = 0
    loss_streak: int = 0
    bets_at: deque[int] = field(default_factory=deque)
    stop: StopSet | None = None
    pause: StopSet | None = None
    shown: tuple[str, ...] = ()

    @property
    def halt(self) -> StopSet | None:
        """The stop in force, or the operator's pause: they stand beside each other, and either halts the lanes."""
        return self.stop or self.pause


@dataclass(slots=True)
class Lane:
    """One strategy's state machine on one account.

    `failed`, `culprit`: why it is in ERROR, and through which intent.
    """

    name: str
    account: str
    state: LaneState = LaneState.IDLE
    failed: str | None = None
    culprit: str | None = None
    intent: str | None = None


@dataclass(slots=True)
class Contract:
    """An escrow that is watched: its amount is held as long as it is open and ours.

    `release_spent`: a release was sent once and its outcome stayed unknown; it is never sent again.
    """

    opened: EscrowOpened
    status: str = "funded"
    release_spent: bool = False

    @property
    def seen(self) -> OpenEscrow:
        """The contract as a strategy may know it."""
        made = self.opened
        return OpenEscrow(made.escrow_id, made.role, self.status, made.amount_micro, made.auto_release_at)


@dataclass(slots=True)
class Void:
    """An intent that was closed as not executed, in case it turns up after all.

    `hold_micro` is what sizing leaves out of account for a while; `bet`: it would turn up among the bets. `subject`: a
    domain is known by its name; `order`: one at the exchange by all its terms.
    """

    intent: str
    account: str
    at: int
    hold_micro: int
    bet: bool
    subject: str = ""
    order: IntentOpened | None = None


@dataclass(slots=True)
class Tally:
    """Counts over the journal's life.

    `intents` are all that were opened, and number the next; `strays` are what no open intent explained.
    """

    intents: int = 0
    bets: int = 0
    won: int = 0
    lost: int = 0
    void: int = 0
    sent: int = 0
    strays: int = 0
