"""The shapes of the answers of casino, escrow and faucet, and of what all services have alike."""

import csv
import io
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field, SecretStr, StringConstraints

from actors.money.evidence import EscrowView
from actors.venue.answers import Exact, Micro, Name, Seconds, Shape, Whole, read_json, shaped
from actors.venue.errors import BadAnswer


class Proof(Shape):
    """What makes a bet checkable."""

    server_seed_hash: Name
    client_seed: str
    nonce: Whole
    result_hash: Name


class BetAnswer(Shape):
    """200 to a bet."""

    bet_id: Name
    game: Name
    amount_bet: Micro
    won: bool
    payout_multiplier: Exact
    amount_won: Micro
    proof: Proof


class BalanceAnswer(Shape):
    """200 to /auth/balance."""

    balance_usd: Micro
    risk_factor: Exact | None = None


class _Seed(Shape):
    bets_made: Whole
    seed_hash: Name
    seed: str
    active: bool


class SeedsAnswer(Shape):
    """200 to /fairness/seeds."""

    seeds: list[_Seed]


class _Entry(Shape):
    id: Name
    type: Annotated[str, StringConstraints(pattern="^(credit|debit)$")]
    amount: Micro
    reason: str
    reference: str | None = None
    createdAt: Whole  # noqa: N815  the venue's name


class LedgerAnswer(Shape):
    """200 to /auth/ledger."""

    entries: list[_Entry]


class _Point(Shape):
    change: Micro
    reason: str
    at: Name


class HistoryAnswer(Shape):
    """200 to /kelly/history."""

    bankroll_curve: list[_Point]


class EscrowAnswer(Shape):
    """201 to /escrow/create, 200 to GET /escrow/ID."""

    escrow_id: Name
    status: Name
    amount_micro: Micro = Field(alias="amount_usd")
    commission_micro: Micro = Field(alias="commission_usd")
    net_micro: Micro = Field(alias="net_to_counterparty")
    description: str
    creator: Name = Field(alias="creator_id")
    counterparty: Name = Field(alias="counterparty_id")
    auto_release_at: Seconds

    @property
    def view(self) -> EscrowView:
        """The contract as the money room knows it."""
        return EscrowView(**self.model_dump())


class ActAnswer(Shape):
    """200 to complete, release and dispute."""

    escrow_id: Name
    status: Name


class Credentials(Shape):
    """201 to /auth/register: an account and its only key; the venue gives no second one."""

    agent_id: Name
    api_key: SecretStr


class ClaimAnswer(Shape):
    """200 to /faucet/claim."""

    credited: Micro
    claim_id: Name


class AnnouncementAnswer(Shape):
    """200 to /sandbox, which only the built-in venue has: its seed, and its limiters ("contract" or "off")."""

    sandbox: bool
    seed: int = 0
    limits: str = "contract"


class ExportRow(Shape):
    """One row of export.csv: also of games and by users that are not ours, so empty texts pass."""

    bet_id: Name
    game: str
    amount_usd: Micro
    amount_won_usd: Micro
    payout_multiplier: Exact
    won: bool
    server_seed_hash: str
    client_seed: str
    nonce: Whole
    result_hash: str
    timestamp_utc: Seconds


def read_export(body: bytes) -> list[ExportRow]:
    """Parse export.csv; newest row first, as the venue sends it.

    Raises:
        BadAnswer: with the row (from 1) and the field.
    """
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8"), newline=""), strict=True))
    except (ValueError, csv.Error):
        raise BadAnswer("body", "it is not CSV") from None
    names = lines[0] if lines else []
    if missing := set(ExportRow.model_fields) - set(names):
        raise BadAnswer("header", f"{min(missing)} is missing")
    rows = []
    for number, cells in enumerate(lines[1:], 1):
        if len(cells) != len(names):
            raise BadAnswer(f"row {number}", f"{len(cells)} cells instead of {len(names)}")
        rows.append(shaped(ExportRow, _typed(dict(zip(names, cells, strict=True))), f"row {number}."))
    return rows


def _typed(cells: dict[str, str]) -> dict[str, Any]:
    # CSV has only text, written as in JSON; what is none stays text and fails as the wrong type, by its name.
    typed: dict[str, Any] = dict(cells)
    for name in ("amount_usd", "amount_won_usd", "payout_multiplier", "nonce", "won"):
        with suppress(BadAnswer):
            typed[name] = read_json(cells[name].encode())
    return typed
