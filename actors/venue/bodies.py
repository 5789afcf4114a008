"""Numbers in the bodies we send: exact decimal text, never through a float."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from actors.money.amounts import MICRO_PER_USD


def plain(number: Decimal) -> str:
    """Write a number without exponent and trailing zeros: 0.45, 12, 1.0001."""
    return "0" if not number else format(number.normalize(), "f")


def dollars(micro: int) -> Decimal:
    """Return an amount in dollars."""
    return Decimal(micro) / MICRO_PER_USD


def body(fields: Mapping[str, str | int | Decimal]) -> str:
    """Write a flat JSON object with its fields in order, decimals as JSON numbers."""
    return "{" + ",".join(f"{_quoted(name)}:{_value(value)}" for name, value in sorted(fields.items())) + "}"


def _value(value: str | int | Decimal) -> str:
    return plain(value) if isinstance(value, Decimal) else json.dumps(value)


@lru_cache(maxsize=256)
def _quoted(name: str) -> str:
    return json.dumps(name)
