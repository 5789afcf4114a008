"""What the venue says: answers to the one send of an intent, and the evidence that is looked up afterwards.

All amounts are micro-USD. An answer is one of four: only `Executed` and `Refused` are proof by themselves, `NotSent`
means that no byte left, and everything else is `Unknown`, which only evidence can settle.
"""

from fractions import Fraction

from msgspec import Struct, field

from actors.money.positions import TradeDone, TradingView

WINDOW_MARGIN = 10_000_000
"""How far before the moment from which on something is unknown the export is read (microseconds)."""


class BetRow(Struct, frozen=True):
    """A bet as the venue records it: in export.csv, or in the answer to the bet, which does not say `at_seconds`."""

    bet_id: str
    game: str
    stake_micro: int
    reported_won_micro: int
    multiplier: str
    won: bool
    tag: str
    nonce: int
    seed_hash: str
    result_hash: str
    at_seconds: int = 0


class LedgerRow(Struct, frozen=True):
    """One row of the account's ledger (the venue shows the newest 50)."""

    row_id: str
    credit: bool
    amount_micro: int
    reason: str
    reference: str
    at_seconds: int
    at: str


class HistoryRow(Struct, frozen=True):
    """One row of the account's complete history: signed change, reason, the venue's time (whole seconds, ISO).

    Rows of the exchange have a reference of their own (`ref`). What was `earned` is a result of trading, not money that
    came or went; `fee_micro` of it went to the exchange and is in the change.
    """

    change_micro: int
    reason: str
    at: str
    ref: str = ""
    earned: bool = False
    fee_micro: int = 0


class EscrowView(Struct, frozen=True):
    """An escrow contract as the venue shows it. Times are UTC seconds."""

    escrow_id: str
    status: str
    amount_micro: int
    net_micro: int
    commission_micro: int
    description: str
    creator: str
    counterparty: str
    auto_release_at: int


class Referred(Struct, frozen=True):
    """An agent that was brought to the venue: its name as the venue shows it, its level, what it has earned us."""

    agent: str
    level: int
    earned_micro: int


class Withdrawal(Struct, frozen=True):
    """A withdrawal as the venue lists it: pending, reviewing, completed or failed. `at_seconds` is its beginning."""

    withdrawal_id: str
    status: str
    amount_micro: int
    fee_micro: int
    address: str
    at_seconds: int

    @property
    def total_micro(self) -> int:
        """What it takes off the balance."""
        return self.amount_micro + self.fee_micro


class Outgoing(Struct, frozen=True):
    """Money that the venue sent out for us.

    Attributes:
        spent_micro: what it took in all.
        reference: the venue's own, or "".
        status: paid, registered, or how the withdrawal stands.
        shown: the row by which the venue's history shows it (see `outgoing.row_key`).
    """

    spent_micro: int
    reference: str
    status: str
    shown: str


class Executed(Struct, frozen=True):
    """200, complete, our tag, our amount: the venue did it. One of these is set."""

    bet: BetRow | None = None
    escrow: EscrowView | None = None
    outgoing: Outgoing | None = None
    trade: TradeDone | None = None


class Refused(Struct, frozen=True):
    """An answer on the endpoint's list of refusals that precede any effect.

    `temporary` refusals (rate limits) may be tried again as a new intent, not before `retry_at` (UTC microseconds; 0:
    unknown).
    """

    code: str
    temporary: bool = False
    retry_at: int = 0


class NotSent(Struct, frozen=True):
    """No byte left: no connection, an open breaker, a spent budget. `retry_at`: as of Refused."""

    reason: str
    retry_at: int = 0


class Unknown(Struct, frozen=True):
    """Anything else. Silence, a cut, a 5xx, an unlisted 4xx, a body that is not ours."""

    reason: str


Answer = Executed | Refused | NotSent | Unknown


class Seed(Struct, frozen=True):
    """A server seed as the venue lists it: its commitment, its text ("" until it is shown), the draws made under it."""

    seed_hash: str
    text: str
    draws: int


class Query(Struct, frozen=True):
    """What to read for an account.

    `since` (UTC microseconds by the venue's clock; 0: just before the reading) opens the window of the export. The
    complete history is read only if the balance or the nonce total is not the expected one, or `full` is set, and the
    ledger's window does not reach back to `cursor_at`, the venue's time behind which no movement is new. `escrow_ids`
    are always read, and the list of `withdrawals` if it is asked for. `known` are references of the venue (bet ids,
    escrow ids) that the book has already. With `sweep` only the export is read, and nonce total and balance are told as
    expected.
    """

    account: str
    since: int
    expected_micro: int
    expected_nonces: int
    full: bool = False
    bets: bool = True
    escrow_ids: tuple[str, ...] = ()
    withdrawals: bool = False
    cursor_at: str = ""
    sweep: bool = False
    known: frozenset[str] = field(default_factory=frozenset)


class Evidence(Struct, frozen=True):
    """What was read, in this order: export rows, seeds and their nonce total, ledger and history, escrows, balance.

    `started` is our time (UTC microseconds) before the first read, `venue_at` the same moment by the venue's clock.
    `rows_complete` is false when the export reached its row limit inside the window. `detailed` says whether `history`
    has everything that is new, and unknown locks were read. `grain_micro` is how far rounding may take the shown
    balance from the true one. `trading` is what only a trading account has.
    """

    account: str
    started: int
    rows: tuple[BetRow, ...]
    rows_complete: bool
    nonces: int
    balance_micro: int
    detailed: bool = False
    ledger: tuple[LedgerRow, ...] = ()
    history: tuple[HistoryRow, ...] = ()
    escrows: tuple[EscrowView, ...] = ()
    venue_at: int = 0
    seeds: tuple[Seed, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    grain_micro: int = 0
    risk_factor: Fraction | None = None
    trading: TradingView | None = None
