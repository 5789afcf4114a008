"""Numbers as the venue has them: IEEE doubles, rounded half up, printed as JavaScript prints them."""

import json
import math
from typing import Any

MAX_EXACT_INT = 2**53  # up to here a double and an integer are the same number


def round_to(value: float, places: int) -> float:
    """Round half up to `places` decimals: floor(x * 10^places + 0.5) / 10^places; NaN and infinity stay."""
    if not math.isfinite(value):
        return value
    scale = 10**places
    return float(math.floor(value * scale + 0.5) / scale)


def cents(value: float) -> float:
    """Round half up to two decimals."""
    return round_to(value, 2)


def number_text(value: float) -> str:
    """A number without a needless fraction: 2.0 is "2", 1.99 is "1.99"."""
    return str(plain(float(value)))


def plain(value: Any) -> Any:
    """A JSON value as JavaScript would print it: 1000.0 becomes 1000, NaN and infinity become null."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < MAX_EXACT_INT else value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def json_text(value: Any) -> str:
    """Compact JSON text of `value`, numbers as in `plain`."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def number_field(body: dict[str, Any], name: str) -> float:
    """The number under `name`; NaN when it is missing or no number, so that every comparison with it is false."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
