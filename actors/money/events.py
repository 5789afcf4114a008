"""The events of the journal: what happened, in the past tense. State is a fold over them.

Times (`at`) are UTC in microseconds since 1970, amounts are micro-USD, probabilities and multipliers exact decimal
text. An event that moves money carries its postings; nothing else ever moves money. Events are read back for ever: a
field that is added later has a default.
"""

from typing import Literal

from msgspec import Struct

from actors.money.book import Posting
from actors.money.evidence import Referred
from actors.money.positions import Holdings
from actors.money.wagers import Kind

Outcome = Literal["executed", "refused", "not_sent", "void", "incomplete"]
"""How an intent ended: the venue did it, said no, never got it, provably never did it, or took money without a bet."""

StrayKind = Literal["foreign", "duplicate", "resurrected"]
"""A bet of the venue that is no open intent's: another user of the key, a second copy, or found after its intent was
closed as not executed."""


class AgentStarted(Struct, frozen=True):
    """The journal was opened: by a new run, or by the same `run` after a crash of the journal's actor.

    `config` is the configuration in force, without secrets.
    """

    at: int
    epoch: int
    run: str
    version: str
    config: dict[str, str]


class AgentStopped(Struct, frozen=True):
    """The process ended in order; the next start is a new session."""

    at: int
    reason: str


class SessionStarted(Struct, frozen=True):
    """The stop-loss counts from here; after a stop that an operator lifted, so do peak, day and streak."""

    at: int
    account: str
    equity_micro: int
    after_stop: bool


class AccountAdopted(Struct, frozen=True):
    """An account at the venue was met for the first time, with its balance as the opening entry.

    `holder` tells it from others of its service ("": not known).
    """

    at: int
    account: str
    balance_micro: int
    nonces: int
    cursor_at: str
    cursor_refs: tuple[str, ...]
    known_refs: tuple[str, ...] = ()
    postings: tuple[Posting, ...] = ()
    venue_at: int = 0
    holder: str = ""


class IntentOpened(Struct, frozen=True):
    """J1: from here on the request may have been sent. Everything needed to find out is in it.

    `quiet_boot` is `quiet_until` in microseconds since the machine's `boot` began, which no set of the clock moves.
    """

    at: int
    intent: str
    lane: str
    account: str
    kind: Kind
    subject: str
    params: dict[str, str]
    stake_micro: int
    tag: str
    service: str
    path: str
    body: str
    epoch: int
    send_by: int
    quiet_until: int
    nonces: int
    balance_micro: int
    probability: str = ""
    multiplier: str = ""
    kelly: str = ""
    fun: bool = False
    boot: str = ""
    quiet_boot: int = 0
    postings: tuple[Posting, ...] = ()


class OutcomeUnknown(Struct, frozen=True):
    """The answer proves nothing (or there was none, or the process restarted): only evidence moves the intent now."""

    at: int
    intent: str
    reason: str


class LookedUp(Struct, frozen=True):
    """A complete look-up behind the account barrier, after the quiet period, did not find the intent."""

    at: int
    intent: str
    rows: int
    nonces: int
    balance_micro: int


class IntentClosed(Struct, frozen=True):
    """J2: the outcome and its postings. `shown` is the row of the venue's history that they explain, if any."""

    at: int
    intent: str
    lane: str
    account: str
    outcome: Outcome
    reason: str
    venue_ref: str | None = None
    won: bool | None = None
    payout_micro: int = 0
    nonces: int = 0
    seed_hash: str = ""
    nonce: int = -1
    result_hash: str = ""
    by: str = "answer"
    postings: tuple[Posting, ...] = ()
    shown: str = ""


class WithdrawalMoved(Struct, frozen=True):
    """A withdrawal of ours is under way at the venue, or has ended: completed, or failed and given back."""

    at: int
    account: str
    withdrawal_id: str
    status: str
    total_micro: int

    @property
    def under_way(self) -> bool:
        """Whether its end is to be awaited."""
        return self.status in ("pending", "reviewing")

    @property
    def reason(self) -> str:
        """For people."""
        return f"withdrawal {self.withdrawal_id} is {self.status}"


class ReferralsNoted(Struct, frozen=True):
    """The venue's list of whom we brought to it has changed. What they earn us comes as credits."""

    at: int
    referred: tuple[Referred, ...]


class EscrowOpened(Struct, frozen=True):
    """A contract is watched from here on: ours as creator (its amount is held), or one we work for."""

    at: int
    escrow_id: str
    account: str
    role: Literal["creator", "counterparty"]
    amount_micro: int
    commission_micro: int
    auto_release_at: int
    intent: str


class EscrowMoved(Struct, frozen=True):
    """A watched contract changed its status at the venue and is still open."""

    at: int
    escrow_id: str
    status: str


class EscrowClosed(Struct, frozen=True):
    """A watched contract ended: released to the counterparty or refunded to the creator."""

    at: int
    escrow_id: str
    account: str
    status: str
    postings: tuple[Posting, ...] = ()


class StrayBooked(Struct, frozen=True):
    """A bet that the venue shows and no open intent explains: money is what the venue says."""

    at: int
    account: str
    venue_ref: str
    kind: StrayKind
    intent: str | None
    stake_micro: int
    payout_micro: int
    nonces: int = 0
    postings: tuple[Posting, ...] = ()


class CreditBooked(Struct, frozen=True):
    """The balance moved without us: referral, bonus, deposit, payment (`amount_micro` below zero: money went)."""

    at: int
    account: str
    venue_ref: str
    reason: str
    amount_micro: int
    postings: tuple[Posting, ...] = ()


class TradeBooked(Struct, frozen=True):
    """A result of trading that the exchange booked: of a fill (its fee is in it), or funding."""

    at: int
    account: str
    venue_ref: str
    reason: str
    amount_micro: int
    postings: tuple[Posting, ...] = ()


class HoldingsTaken(Struct, frozen=True):
    """The trading account holds something else than before; its margin is set aside."""

    at: int
    account: str
    holdings: Holdings
    postings: tuple[Posting, ...] = ()


class Reconciled(Struct, frozen=True):
    """Book and venue agree, at `venue_at` by the venue's clock; the evidence baselines are taken anew."""

    at: int
    account: str
    book_micro: int
    venue_micro: int
    nonces: int
    cursor_at: str
    cursor_refs: tuple[str, ...]
    venue_at: int = 0
    holder: str = ""


class DifferenceAccepted(Struct, frozen=True):
    """An operator's word on a difference between book and venue."""

    at: int
    account: str
    amount_micro: int
    because: str
    postings: tuple[Posting, ...] = ()


class SuspenseResolved(Struct, frozen=True):
    """An operator's word on money that went without a bet."""

    at: int
    intent: str
    account: str
    verdict: Literal["executed", "void"]
    payout_micro: int
    because: str
    postings: tuple[Posting, ...] = ()


class StopSet(Struct, frozen=True):
    """A stop is in force until an operator resumes or, with `until` above zero, until that time."""

    at: int
    account: str
    rule: str
    limit: str
    value: str
    until: int = 0


class StopLifted(Struct, frozen=True):
    """A stop is over: an operator resumed, its time came, or book and venue agree again."""

    at: int
    account: str
    rule: str
    by: str


class LaneFailed(Struct, frozen=True):
    """A person must look at this lane, because of this intent: it is in ERROR."""

    at: int
    lane: str
    reason: str
    intent: str
    account: str = "casino"


class LaneCleared(Struct, frozen=True):
    """An operator cleared a lane's ERROR, into which an intent had brought it."""

    at: int
    lane: str
    because: str
    intent: str | None = None


class IncidentNoted(Struct, frozen=True):
    """Something that must never happen happened, or nearly; kept for the audit."""

    at: int
    name: str
    text: str
    intent: str | None = None


class SeedChecked(Struct, frozen=True):
    """The venue showed a server seed, and every booked bet of ours under it was computed again.

    `seed` is its text ("": the venue does not list it); `broken` are the intents that are not what it makes of them.
    """

    at: int
    account: str
    seed_hash: str
    seed: str
    bets: int
    broken: tuple[str, ...] = ()


class HintTaken(Struct, frozen=True):
    """An event that was pushed to us is known from here on, so what comes again has no effect.

    It moves nothing: what it tells is read at the venue. `venue_ref` is "event:" and its id; by this the journal takes
    it once. Id and `type` are its sender's words.
    """

    at: int
    venue_ref: str
    type: str

    @property
    def event_id(self) -> str:
        """The id that its sender gave it."""
        return self.venue_ref.removeprefix("event:")


Event = (
    AgentStarted
    | AgentStopped
    | SessionStarted
    | AccountAdopted
    | IntentOpened
    | OutcomeUnknown
    | LookedUp
    | IntentClosed
    | WithdrawalMoved
    | ReferralsNoted
    | EscrowOpened
    | EscrowMoved
    | EscrowClosed
    | StrayBooked
    | CreditBooked
    | TradeBooked
    | HoldingsTaken
    | Reconciled
    | DifferenceAccepted
    | SuspenseResolved
    | StopSet
    | StopLifted
    | LaneFailed
    | LaneCleared
    | IncidentNoted
    | SeedChecked
    | HintTaken
)
