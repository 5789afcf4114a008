"""The casino: bets that carry our tag, and the evidence of what became of them."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction
from functools import partial

from actors.money.evidence import (
    WINDOW_MARGIN,
    Answer,
    BetRow,
    EscrowView,
    Evidence,
    Executed,
    HistoryRow,
    LedgerRow,
    Query,
    Refused,
    Seed,
)
from actors.money.games import SOUND_GAMES, Param
from actors.money.history import as_expected, at_rest, recent_history
from actors.money.wagers import CheckedBet, Request
from actors.ticket import Ticket
from actors.venue.answers import read_answer
from actors.venue.bodies import body, dollars, plain
from actors.venue.errors import BadAnswer, VenueDown
from actors.venue.escrow import Escrow
from actors.venue.line import READINGS, Line, ServiceClient
from actors.venue.shapes import (
    BalanceAnswer,
    BetAnswer,
    ExportRow,
    HistoryAnswer,
    LedgerAnswer,
    SeedsAnswer,
    read_export,
)
from actors.venue.times import iso
from actors.venue.transfers import PROOFS, pays, withdrawals

SERVICE = "casino"

ROUNDING_MICRO = 5_000
"""The venue reports what a bet won rounded to cents: half a cent to either side."""

SLACK_S = 5
"""Seconds by which the export's window opens early: the venue counts whole seconds, and answers take their time."""

EXPORT_ROWS = 10_000
"""The venue's row limit; an export of this length may be cut off."""

EXPORT_PAGES = 10

UNKNOWN_LOCKS = 200
"""How many locks that the book does not know are looked up; more make the evidence incomplete."""

_TEXT_PARAMS = frozenset({"side", "direction", "bet_type"})
_LOCK = "escrow_lock: "


def bet_request(bet: CheckedBet, stake_micro: int, tag: str) -> Request:
    """Return the one request of a bet: its parameters, the stake as an exact number, and the tag as client seed."""
    fields: dict[str, str | int | Decimal] = {name: _param(name, value) for name, value in bet.params}
    fields |= {"amount": dollars(stake_micro), "client_seed": tag}
    return Request(SERVICE, f"/games/{SOUND_GAMES[bet.game].path}", body(fields))


class Casino(ServiceClient):
    """The casino for one account. Blocks its caller; usable by several threads.

    Args:
        line: to the casino.
        escrow: reads the contracts that evidence names.
    """

    def __init__(self, line: Line, escrow: Escrow) -> None:
        super().__init__(line)
        self._escrow = escrow

    def place(self, ticket: Ticket) -> Answer:
        """Send the ticket of a bet, a payment or a withdrawal, once; see Line.send.

        Raises:
            TicketSpent: it was consumed before.
        """
        if pays(ticket, self._line.agent_id):
            return Refused("same_agent")
        return self._line.send(ticket, partial(PROOFS.get(ticket.kind, _won_or_lost), ticket))

    def balance(self) -> int:
        """Return the account's balance in micro-USD.

        Raises:
            VenueError: it could not be read.
        """
        return self._account().balance_usd

    def evidence(self, query: Query) -> Evidence:
        """Read an account, all or nothing.

        A quiet account that is as expected takes one reading. Otherwise it is read until two readings agree in nonce
        total, ledger and balance: then nothing moved between them, and everything in the second belongs together.

        Raises:
            VenueError: a part could not be read, or the account did not come to rest within `READINGS`.
        """
        if self._line.lag_s is None:
            self.balance()  # any answer tells how far the venue's clock, which dates the rows, is behind ours
        if query.sweep:
            return self._listing(query)
        before: Evidence | None = None
        for _ in range(READINGS):
            seen = self._reading(query, detailed=before is not None)
            if at_rest(before, seen) if before else as_expected(seen, query):
                return seen
            before = seen
        raise VenueDown(f"the account {query.account} moved during each of {READINGS} readings")

    def rotate(self) -> None:
        """Ask the venue, once, to show the seed in use and to commit to a new one; it costs nothing to ask again.

        Raises:
            VenueError: it was not asked, or its answer is not known.
        """
        self._line.act("/fairness/rotate", "{}")

    def _listing(self, query: Query) -> Evidence:
        started, venue_at, opens = self._window(query)
        rows, complete = self._rows(opens)
        nonces, balance = query.expected_nonces, query.expected_micro
        return Evidence(query.account, started, rows, complete, nonces, balance, venue_at=venue_at)

    def _window(self, query: Query) -> tuple[int, int, int]:
        started = self._line.wall()
        venue_at = started - (self._line.lag_s or 0) * 1_000_000
        return started, venue_at, (query.since or venue_at - WINDOW_MARGIN) // 1_000_000 - SLACK_S

    def _reading(self, query: Query, *, detailed: bool) -> Evidence:
        started, venue_at, opens = self._window(query)
        rows, complete = self._rows(opens) if query.bets else ((), True)
        listed = read_answer(SeedsAnswer, self._line.get("/fairness/seeds")).seeds
        seeds = tuple(Seed(seed.seed_hash, "" if seed.active else seed.seed, seed.bets_made) for seed in listed)
        ledger = self._ledger()
        history = recent_history(ledger, query.cursor_at)
        if history is None and detailed:
            history = self._history()
        locks = _unknown_locks(history or (), opens, query.known.union(query.escrow_ids))
        escrows: tuple[EscrowView, ...] = self._escrow.look((*query.escrow_ids, *locks[-UNKNOWN_LOCKS:]))
        account = self._account()
        return Evidence(
            account=query.account,
            started=started,
            rows=rows,
            rows_complete=complete and len(locks) <= UNKNOWN_LOCKS,
            nonces=sum(seed.draws for seed in seeds),
            balance_micro=account.balance_usd,
            detailed=history is not None,
            ledger=ledger,
            history=history or (),
            escrows=escrows,
            venue_at=venue_at,
            withdrawals=withdrawals(self._line) if query.withdrawals else (),
            seeds=seeds,
            risk_factor=Fraction(account.risk_factor) if account.risk_factor else None,
        )

    def _account(self) -> BalanceAnswer:
        return read_answer(BalanceAnswer, self._line.get("/auth/balance"))

    def _rows(self, opens: int) -> tuple[tuple[BetRow, ...], bool]:
        found: dict[str, BetRow] = {}
        window = {"since": _asked(opens)}
        oldest = None
        for _ in range(EXPORT_PAGES):
            rows = read_export(self._line.get("/bets/export.csv", **window))
            found |= {row.bet_id: _bet_row(row) for row in rows}
            if len(rows) < EXPORT_ROWS:
                return tuple(found.values()), True
            if oldest == (oldest := rows[-1].timestamp_utc):
                break
            window["until"] = _asked(oldest)
        return tuple(found.values()), False

    def _ledger(self) -> tuple[LedgerRow, ...]:
        entries = read_answer(LedgerAnswer, self._line.get("/auth/ledger")).entries
        return tuple(
            LedgerRow(e.id, e.type == "credit", e.amount, e.reason, e.reference or "", e.createdAt, iso(e.createdAt))
            for e in entries
        )

    def _history(self) -> tuple[HistoryRow, ...]:
        points = read_answer(HistoryAnswer, self._line.get("/kelly/history")).bankroll_curve
        return tuple(HistoryRow(point.change, point.reason, point.at) for point in points)


def _won_or_lost(ticket: Ticket, content: bytes) -> Executed:
    bet = read_answer(BetAnswer, content)
    if bet.proof.client_seed != ticket.tag:
        raise BadAnswer("proof.client_seed", "it is not our tag")
    if bet.amount_bet != ticket.stake_micro:
        raise BadAnswer("amount_bet", "it is not our stake")
    payout = Fraction(bet.payout_multiplier) * ticket.stake_micro if bet.won else Fraction(0)
    if abs(payout - bet.amount_won) > ROUNDING_MICRO:
        raise BadAnswer("amount_won", "it is not what stake and multiplier make")
    return Executed(
        bet=BetRow(
            bet_id=bet.bet_id,
            game=bet.game,
            stake_micro=bet.amount_bet,
            reported_won_micro=bet.amount_won,
            multiplier=plain(bet.payout_multiplier),
            won=bet.won,
            tag=bet.proof.client_seed,
            nonce=bet.proof.nonce,
            seed_hash=bet.proof.server_seed_hash,
            result_hash=bet.proof.result_hash,
        )
    )


def _bet_row(row: ExportRow) -> BetRow:
    return BetRow(
        bet_id=row.bet_id,
        game=row.game,
        stake_micro=row.amount_usd,
        reported_won_micro=row.amount_won_usd,
        multiplier=plain(row.payout_multiplier),
        won=row.won,
        tag=row.client_seed,
        nonce=row.nonce,
        seed_hash=row.server_seed_hash,
        result_hash=row.result_hash,
        at_seconds=row.timestamp_utc,
    )


def _unknown_locks(history: Iterable[HistoryRow], opens: int, known: AbstractSet[str]) -> list[str]:
    since = iso(opens)
    locks = (row.reason.removeprefix(_LOCK) for row in history if row.reason.startswith(_LOCK) and row.at >= since)
    return [lock for lock in dict.fromkeys(locks) if lock not in known]


def _param(name: str, value: Param) -> Param:
    return value if name in _TEXT_PARAMS else Decimal(value)


def _asked(seconds: int) -> str:
    return iso(seconds).replace(".000Z", "Z")  # as it was seen to be taken
