"""The shapes of the venue's answers. Unknown fields pass; a missing or wrong one is a BadAnswer that names it."""

import csv
import io
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from actors.money.amounts import from_venue
from actors.money.evidence import EscrowView
from actors.venue.errors import BadAnswer

NUMBER_DIGITS = 40
"""Digits before and after the point that a number may have: doubles of dollars, with all their dust, need fewer."""

WHOLE_MAX = 2**53

_CODE = re.compile(r"[a-z][a-z0-9_]{1,63}")

Shape = TypeVar("Shape", bound=BaseModel)


def _exact(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a number")  # noqa: TRY004  pydantic reports only this kind by field
    number = Decimal(value)
    digits = max(abs(number.adjusted()), len(number.as_tuple().digits)) if number.is_finite() else NUMBER_DIGITS + 1
    if digits > NUMBER_DIGITS:
        raise ValueError("not a finite number of reasonable size")
    return number


def _micro(value: object) -> int:
    return from_venue(_exact(value))


def _seconds(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("not a time")  # noqa: TRY004  as above
    moment = datetime.fromisoformat(value)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


Exact = Annotated[Decimal, BeforeValidator(_exact)]
Micro = Annotated[int, BeforeValidator(_micro)]
Seconds = Annotated[int, BeforeValidator(_seconds)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Whole = Annotated[int, Field(ge=0, le=WHOLE_MAX)]


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class Proof(_Answer):
    """What makes a bet checkable."""

    server_seed_hash: Name
    client_seed: str
    nonce: Whole
    result_hash: Name


class BetAnswer(_Answer):
    """200 to a bet."""

    bet_id: Name
    game: Name
    amount_bet: Micro
    won: bool
    payout_multiplier: Exact
    amount_won: Micro
    proof: Proof


class BalanceAnswer(_Answer):
    """200 to /auth/balance."""

    balance_usd: Micro


class _Seed(_Answer):
    bets_made: Whole


class SeedsAnswer(_Answer):
    """200 to /fairness/seeds."""

    seeds: list[_Seed]


class _Entry(_Answer):
    id: Name
    type: Annotated[str, StringConstraints(pattern="^(credit|debit)$")]
    amount: Micro
    reason: str
    reference: str | None = None
    createdAt: Whole  # noqa: N815  the venue's name


class LedgerAnswer(_Answer):
    """200 to /auth/ledger."""

    entries: list[_Entry]


class _Point(_Answer):
    change: Micro
    reason: str
    at: Name


class HistoryAnswer(_Answer):
    """200 to /kelly/history."""

    bankroll_curve: list[_Point]


class EscrowAnswer(_Answer):
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


class ActAnswer(_Answer):
    """200 to complete, release and dispute."""

    escrow_id: Name
    status: Name


class Credentials(_Answer):
    """201 to /auth/register: an account and its only key; the venue gives no second one."""

    agent_id: Name
    api_key: SecretStr


class ClaimAnswer(_Answer):
    """200 to /faucet/claim."""

    credited: Micro
    claim_id: Name


class AnnouncementAnswer(_Answer):
    """200 to /sandbox, which only the built-in venue has: its seed, and its limiters ("contract" or "off")."""

    sandbox: bool
    seed: int = 0
    limits: str = "contract"


class ExportRow(_Answer):
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


def read_json(body: bytes) -> Any:
    """Parse JSON with exact decimals; a NaN stays a float, which no field takes.

    Raises:
        BadAnswer: not UTF-8, not JSON, or nested too deep.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal)
    except (ValueError, RecursionError, InvalidOperation):
        raise BadAnswer("body", "it is not JSON") from None


def read_answer(shape: type[Shape], body: bytes) -> Shape:
    """Parse an answer and check its shape.

    Raises:
        BadAnswer: with the first field that is missing or wrong.
    """
    return _shaped(shape, read_json(body), "")


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
        rows.append(_shaped(ExportRow, _typed(dict(zip(names, cells, strict=True))), f"row {number}."))
    return rows


def error_of(body: bytes) -> str:
    """Return the venue's error code, or "" if the body is no refusal in the venue's own form."""
    try:
        answer = read_json(body)
    except BadAnswer:
        return ""
    code = answer.get("error") if isinstance(answer, dict) and "bet_id" not in answer else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def reset_of(body: bytes) -> int:
    """Return `reset_at` of a 429 in UTC microseconds, or 0 where there is none (the limiter by address)."""
    try:
        return int(datetime.fromisoformat(read_json(body)["reset_at"]).timestamp() * 1_000_000)
    except (BadAnswer, ValueError, KeyError, TypeError, OverflowError, IndexError):
        return 0


def _shaped(shape: type[Shape], content: object, prefix: str) -> Shape:
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadAnswer(prefix + field, first["msg"]) from None
    except (ArithmeticError, RecursionError):
        raise BadAnswer(prefix + "body", "a number is out of all range") from None


def _typed(cells: dict[str, str]) -> dict[str, Any]:
    # CSV has only text, written as in JSON; what is none stays text and fails as the wrong type, by its name.
    typed: dict[str, Any] = dict(cells)
    for name in ("amount_usd", "amount_won_usd", "payout_multiplier", "nonce", "won"):
        with suppress(BadAnswer):
            typed[name] = read_json(cells[name].encode())
    return typed
