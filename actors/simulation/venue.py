"""A venue in memory that keeps the contract: one account, its balance, and what it shows of how that came about."""

import hashlib
import heapq
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import count
from random import Random

from msgspec.structs import replace

from actors.money.amounts import MICRO_PER_CENT, parse_usd, times
from actors.money.evidence import BetRow, EscrowView, HistoryRow, LedgerRow, Seed
from actors.money.games import SOUND_GAMES
from actors.money.wagers import Request
from actors.venue.times import iso

SECOND = 1_000_000
LEDGER_ROWS = 50
DRAWS_PER_SEED = 12
"""A seed of the real venue makes 1,000 draws; so few, and the seeds change while outcomes are unknown."""

COMMISSION = 100
"""The escrow's commission is one part in so many."""

GAMES = {f"/games/{game.path}": name for name, game in SOUND_GAMES.items()}
MULTIPLIER = "2.10"
CREDITS = ("daily_bonus", "referral_commission", "deposit")


@dataclass(slots=True)
class Flight:
    """A request on its way. It lives on when its sender is dead.

    Attributes:
        tag: what it carries.
        how: "whole", "incomplete" (a stake is taken, no bet is recorded), "garbled" (another stake), "cheat" (another
            outcome than the seed makes).
        result: what the venue did with it, when it has arrived: a row, a contract or a refusal's code.
    """

    request: Request
    tag: str
    how: str = "whole"
    result: BetRow | EscrowView | str | None = None


@dataclass(slots=True)
class OwnSeed:
    """A server seed: committed to by its hash, used by nonce, shown when it is rotated."""

    text: str
    draws: int = 0
    shown: bool = False

    @property
    def seed_hash(self) -> str:
        """The commitment."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def draw(self, tag: str) -> tuple[int, str]:
        """Use a nonce up; return it and the result."""
        nonce, self.draws = self.draws, self.draws + 1
        return nonce, hmac.new(self.text.encode(), f"{tag}:{nonce}".encode(), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Venue:
    """The other party, and the only one who knows the truth. Times are true UTC microseconds."""

    rng: Random
    balance: int = 100 * SECOND
    nonces: int = 0
    seeds: list[OwnSeed] = field(default_factory=list)
    rows: list[tuple[int, BetRow]] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    escrows: dict[str, EscrowView] = field(default_factory=dict)
    executed: Counter[str] = field(default_factory=Counter)
    incomplete: dict[str, int] = field(default_factory=dict)  # tags of stakes that left no bet: where in the ledger
    flying: Counter[str] = field(default_factory=Counter)
    cheated: set[str] = field(default_factory=set)
    _arrivals: list[tuple[int, int, Flight | None]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def post(self, flight: Flight, at: int) -> Flight:
        """Let a request arrive at a time; None for `flight` would be somebody else's doing."""
        self.flying[flight.tag] += 1
        heapq.heappush(self._arrivals, (at, next(self._numbers), flight))
        return flight

    def credit(self, amount: int, reason: str, at: int) -> None:
        """Let money come to the account."""
        self._move(amount, reason, self._reference("cr"), at)

    def disturb(self, at: int) -> None:
        """Let somebody else do something with the account at a time."""
        heapq.heappush(self._arrivals, (at, next(self._numbers), None))

    def advance(self, now: int) -> None:
        """Do everything that arrives up to now, in order."""
        while self._arrivals and self._arrivals[0][0] <= now:
            at, _, flight = heapq.heappop(self._arrivals)
            if flight is None:
                self._outside(at)
                continue
            self.flying[flight.tag] -= 1
            flight.result = self._execute(flight, at)

    def bet_rows(self, opens: int) -> tuple[BetRow, ...]:
        """Return the export from a second on, newest first."""
        return tuple(row for at, row in reversed(self.rows) if at // SECOND >= opens)

    def rotate(self) -> None:
        """Show the seed in use and commit to another."""
        if self.seeds:
            self.seeds[-1].shown = True
        self.seeds.append(OwnSeed(f"{self.rng.getrandbits(256):064x}"))

    def listed(self) -> tuple[Seed, ...]:
        """Return the seeds as the venue lists them."""
        return tuple(Seed(one.seed_hash, one.text if one.shown else "", one.draws) for one in self.seeds)

    def _draw(self, tag: str) -> tuple[str, int, str]:
        if not self.seeds or self.seeds[-1].draws >= DRAWS_PER_SEED:
            self.rotate()
        seed = self.seeds[-1]
        self.nonces += 1
        return seed.seed_hash, *seed.draw(tag)

    def forgot_stake(self, tag: str) -> bool:
        """Whether a stake that left no bet is no longer among the rows that the ledger shows."""
        return tag in self.incomplete and len(self.ledger) - self.incomplete[tag] > LEDGER_ROWS

    def _execute(self, flight: Flight, at: int) -> BetRow | EscrowView | str:
        fields, path = json.loads(flight.request.body, parse_float=Decimal), flight.request.path
        if path in GAMES:
            stake = parse_usd(fields["amount"])
            if flight.how == "garbled":
                stake += MICRO_PER_CENT
            if stake > self.balance:
                return "insufficient_balance"
            if flight.how == "incomplete":
                self.incomplete[flight.tag] = len(self.ledger)
                self._draw(flight.tag)
                self._move(-stake, "reservation", self._reference("bet"), at)
                return "internal_error"
            side = fields.get("side", "heads")
            if flight.how == "cheat":
                self.cheated.add(flight.tag)
                side = "heads" if side == "tails" else "tails"
            return self._bet(GAMES[path], stake, fields["client_seed"], side, at)
        if path == "/escrow/create":
            return self._lock(fields, flight.tag, at)
        _, act, escrow_id = path.rsplit("/", 2)
        return self._act(act, escrow_id, flight.tag)

    def _bet(self, game: str, stake: int, tag: str, side: str, at: int) -> BetRow:
        self.executed[tag] += 1
        seed_hash, nonce, result = self._draw(tag)
        roll = int(result[:8], 16) % 10_000
        reference, won = self._reference("bet"), (roll < 5_000) == (side == "heads")
        payout = times(stake, Fraction(MULTIPLIER)) if won else 0
        self._move(-stake, "reservation", reference, at)
        if payout:
            self._move(payout, "reservation_release", reference, at)
        reported = (payout + MICRO_PER_CENT // 2) // MICRO_PER_CENT * MICRO_PER_CENT
        row = BetRow(reference, game, stake, reported, MULTIPLIER, won, tag, nonce, seed_hash, result)
        self.rows.append((at, row))
        return row

    def _lock(self, fields: dict[str, str], tag: str, at: int) -> EscrowView | str:
        amount = parse_usd(fields["amount_usd"])
        if amount > self.balance:
            return "insufficient_balance"
        self.executed[tag] += 1
        escrow_id, fee = self._reference("esc"), amount // COMMISSION
        self._move(-amount, f"escrow_lock: {escrow_id}", escrow_id, at)
        ends = at // SECOND + 3600 * int(fields["timeout_hours"])
        view = EscrowView(
            escrow_id, "funded", amount, amount - fee, fee, fields["description"], "ag_me",
            fields["counterparty_agent_id"], ends,
        )  # fmt: skip
        self.escrows[escrow_id] = view
        return view

    def _act(self, act: str, escrow_id: str, tag: str) -> EscrowView | str:
        view = self.escrows.get(escrow_id)
        if view is None or view.status != "funded" or act != "release":
            return "invalid_status"
        self.executed[tag] += 1
        view = self.escrows[escrow_id] = replace(view, status="released")
        return view

    def _outside(self, at: int) -> None:
        what = self.rng.random()
        if what < 0.4:
            stake = self.rng.choice((10_000, 450_000, 1_000_000))
            if stake <= self.balance:
                self._bet("boosted_coin", stake, "by-hand", "heads", at)
        elif what < 0.7:
            reason = self.rng.choice(CREDITS)
            self._move(self.rng.choice((2, 10_000, 450_000)), reason, self._reference("cr"), at)
        elif what < 0.85 and self.balance > SECOND:
            self._move(-self.rng.choice((10_000, 450_000)), "payment_sent", self._reference("pay"), at)
        elif funded := [view for view in self.escrows.values() if view.status == "funded"]:
            view = self.rng.choice(funded)
            self._move(view.net_micro, f"escrow_timeout_refund: {view.escrow_id}", f"{view.escrow_id}_timeout", at)
            self.escrows[view.escrow_id] = replace(view, status="refunded")

    def _reference(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers)}"

    def _move(self, change: int, reason: str, reference: str, at: int) -> None:
        self.balance += change
        seconds, text = at // SECOND, iso(at // SECOND)
        row_id = f"row_{len(self.ledger)}"
        self.ledger.append(LedgerRow(row_id, change > 0, abs(change), reason, reference, seconds, text))
        self.history.append(HistoryRow(change, reason, text))
