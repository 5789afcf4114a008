"""Reading answers: exact numbers, strict types. Unknown fields pass; a missing or wrong one is a BadAnswer."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from actors.money.amounts import from_venue
from actors.venue.errors import BadAnswer

NUMBER_DIGITS = 40
"""Digits before and after the point that a number may have: doubles of dollars, with all their dust, need fewer."""

WHOLE_MAX = 2**53

MADE = frozenset({"bet_id", "escrow_id", "tx_id", "withdrawal_id", "position_id", "order_id", "domain_id", "claim_id"})
"""What the venue names when it has done something."""

_CODE = re.compile(r"[a-z][a-z0-9_]{1,63}")

S = TypeVar("S", bound="Shape")


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


class Shape(BaseModel):
    """What an answer must have; each service's shapes stand in `shapes`."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


def read_json(body: bytes) -> Any:
    """Parse JSON with exact decimals; a NaN stays a float, which no field takes.

    Raises:
        BadAnswer: not UTF-8, not JSON, nested too deep, or an object with one name twice.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal, object_pairs_hook=_once_each)
    except (ValueError, RecursionError, InvalidOperation):
        raise BadAnswer("body", "it is not JSON") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("which of two fields of one name is meant, nobody knows")
    return fields


def read_answer(shape: type[S], body: bytes) -> S:
    """Parse an answer and check its shape.

    Raises:
        BadAnswer: with the first field that is missing or wrong.
    """
    return shaped(shape, read_json(body))


def shaped(shape: type[S], content: object, prefix: str = "") -> S:
    """Check the shape of parsed content; `prefix` says where in the answer it stands.

    Raises:
        BadAnswer: with the first field that is missing or wrong.
    """
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadAnswer(prefix + field, first["msg"]) from None
    except (ArithmeticError, RecursionError):
        raise BadAnswer(prefix + "body", "a number is out of all range") from None


def error_of(body: bytes) -> str:
    """Return the venue's error code, or "" if the body is no refusal in the venue's own form."""
    code = _refusal(body).get("error")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def message_of(body: bytes) -> str:
    """Return the message beside the code of a refusal, or ""."""
    message = _refusal(body).get("message")
    return message if isinstance(message, str) else ""


def _refusal(body: bytes) -> dict[str, Any]:
    # What names something that was made is no refusal, whatever else it says.
    try:
        answer = read_json(body)
    except BadAnswer:
        return {}
    return answer if isinstance(answer, dict) and not MADE & answer.keys() else {}


def reset_of(body: bytes) -> int:
    """Return `reset_at` of a 429 in UTC microseconds, or 0 where there is none (the limiter by address)."""
    try:
        return int(datetime.fromisoformat(read_json(body)["reset_at"]).timestamp() * 1_000_000)
    except (BadAnswer, ValueError, KeyError, TypeError, OverflowError, IndexError):
        return 0
