"""A casino in memory, played by hand: what it executed, and the evidence it shows of that."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from actors.money.amounts import TOLERANCE_MICRO
from actors.money.audit import payout_of
from actors.money.evidence import (
    WINDOW_MARGIN,
    BetRow,
    EscrowView,
    Evidence,
    HistoryRow,
    LedgerRow,
    Query,
    Seed,
    Withdrawal,
)
from actors.money.history import recent_history
from actors.venue.times import iso

SECOND = 1_000_000
LEDGER_ROWS = 50
SLACK_S = 5
PAYS = {"coin_flip": "1.99", "boosted_coin": "2.10"}


@dataclass
class Venue:
    """One account. Its truth is `balance`; everything else is what it can show of how it came about."""

    balance: int = 100_000_000
    nonces: int = 0
    rows: list[tuple[int, int, BetRow]] = field(default_factory=list)  # executed at, visible from, row
    ledger: list[LedgerRow] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    escrows: dict[str, EscrowView] = field(default_factory=dict)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    references: int = 0

    def bet(self, tag, stake_micro, at, *, won=False, game="boosted_coin", lag=0):
        """Execute a bet, as often as it is asked to. Its row is in the export after `lag`."""
        reference, self.nonces = self._reference("bet"), self.nonces + 1
        won, *proof = self.draw(tag, won=won)
        row = BetRow(reference, game, stake_micro, 0, PAYS[game], won, tag, *proof, at_seconds=at // SECOND)
        payout = payout_of(row)
        row = replace(row, reported_won_micro=(payout + 5_000) // 10_000 * 10_000)
        self._move(-stake_micro, "reservation", reference, at)
        if payout:
            self._move(payout, "reservation_release", reference, at)
        self.rows.append((at, at + lag, row))
        return row

    def parlay(self, stake_micro, payout_micro, at):
        """Let somebody play a parlay: a row of its own game, money of its own reasons, a draw a leg."""
        reference, self.nonces = self._reference("par"), self.nonces + 2
        self._move(-stake_micro, "parlay_bet", reference, at)
        if payout_micro:
            self._move(payout_micro, "parlay_win", reference, at)
        row = BetRow(reference, "parlay", stake_micro, payout_micro, "3.56", payout_micro > 0, "parlay_", 0, "", "")
        self.rows.append((at, at, row))

    def draw(self, tag, *, won):
        """Return the outcome that a test wants, with a proof that nobody can check."""
        return won, self.nonces, "seed", "result"

    def listed(self):
        """Return the seeds: one, which is never shown."""
        return (Seed("seed", "", self.nonces),)

    def rotate(self):
        """Be asked to show the seed in use; this one has better things to do."""

    def half_a_bet(self, stake_micro, at):
        """Take the stake and crash: a debit and a draw, no row."""
        self.nonces += 1
        self._move(-stake_micro, "reservation", self._reference("bet"), at)

    def credit(self, change_micro, at, reason="daily_bonus"):
        """Move the balance without us."""
        self._move(change_micro, reason, self._reference("cr"), at)

    def pay(self, amount_micro, at):
        """Pay another agent; return the payment's reference."""
        reference = self._reference("pay")
        self._move(-amount_micro, "payment_sent", reference, at)
        return reference

    def withdraw(self, amount_micro, address, at, status="completed"):
        """Take a withdrawal on, as far as its status says."""
        reference, total = self._reference("wd"), amount_micro + 500_000
        self._move(-total, "reservation", reference, at)
        if status != "reviewing":
            self._move(total, "reservation_release", reference, at)
            self._move(-total, "withdrawal", reference, at)
        if status == "failed":
            self._move(total, "withdrawal_refund", reference, at)
        self.withdrawals.append(Withdrawal(reference, status, amount_micro, 500_000, address, at // SECOND))
        return self.withdrawals[-1]

    def end_withdrawal(self, reference, status, at):
        """Let the chain, or a person, decide about a withdrawal that is under way."""
        number = next(n for n, one in enumerate(self.withdrawals) if one.withdrawal_id == reference)
        old = self.withdrawals[number]
        total = old.amount_micro + old.fee_micro
        if old.status == "reviewing":
            self._move(total, "reservation_release", reference, at)
            self._move(-total, "withdrawal", reference, at)
        if status == "failed":
            self._move(total, "withdrawal_refund", reference, at)
        self.withdrawals[number] = replace(old, status=status)

    def lock(self, tag, amount_micro, at, counterparty="ag_other"):
        """Fund an escrow whose description carries the tag."""
        escrow_id = self._reference("esc")
        fee = amount_micro // 100
        self._move(-amount_micro, f"escrow_lock: {escrow_id}", escrow_id, at)
        net, text = amount_micro - fee, f"work [{tag}]"
        view = EscrowView(escrow_id, "funded", amount_micro, net, fee, text, "ag_me", counterparty, at // SECOND + 3600)
        self.escrows[escrow_id] = view
        return view

    def turn(self, escrow_id, status):
        """Give an escrow another status."""
        old = self.escrows[escrow_id]
        self.escrows[escrow_id] = EscrowView(
            escrow_id, status, old.amount_micro, old.net_micro, old.commission_micro,
            old.description, old.creator, old.counterparty, old.auto_release_at,
        )  # fmt: skip
        return self.escrows[escrow_id]

    def refund(self, escrow_id, at):
        """Let an escrow's deadline pass: the creator gets it back, less the commission."""
        self._move(self.escrows[escrow_id].net_micro, f"escrow_timeout_refund: {escrow_id}", f"{escrow_id}_timeout", at)
        return self.turn(escrow_id, "refunded")

    def evidence(self, query: Query, now: int, started: int | None = None) -> Evidence:
        """Read the account as the real client does: details only where something is not as expected."""
        expected = abs(self.balance - query.expected_micro) <= TOLERANCE_MICRO and self.nonces == query.expected_nonces
        ledger = tuple(self.ledger[-LEDGER_ROWS:])
        history = recent_history(ledger, query.cursor_at)
        if history is None and (query.full or not expected):
            history = tuple(self.history)
        opens = (query.since or now - WINDOW_MARGIN) // SECOND - SLACK_S
        rows = tuple(row for at, seen, row in reversed(self.rows) if at // SECOND >= opens and seen <= now)
        locks = [row.reason.removeprefix("escrow_lock: ") for row in self.history if "escrow_lock: " in row.reason]
        wanted = (*query.escrow_ids, *(lock for lock in locks if history is not None and lock not in query.known))
        return Evidence(
            account=query.account,
            started=now if started is None else started,
            rows=rows,
            rows_complete=True,
            nonces=self.nonces,
            balance_micro=self.balance,
            detailed=history is not None,
            ledger=ledger,
            history=history or (),
            escrows=tuple(self.escrows[one] for one in dict.fromkeys(wanted) if one in self.escrows),
            venue_at=now,
            seeds=self.listed(),
            withdrawals=tuple(self.withdrawals) if query.withdrawals else (),
        )

    def _reference(self, kind):
        self.references += 1
        return f"{kind}_{self.references}"

    def _move(self, change_micro, reason, reference, at):
        self.balance += change_micro
        seconds, text = at // SECOND, iso(at // SECOND)
        row_id = f"row_{len(self.ledger)}"
        self.ledger.append(LedgerRow(row_id, change_micro > 0, abs(change_micro), reason, reference, seconds, text))
        self.history.append(HistoryRow(change_micro, reason, text))
