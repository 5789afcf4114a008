"""What several rooms' tests need."""

import json
from decimal import Decimal
from typing import Any


def decimals(text: str) -> Any:
    """Parse JSON with exact numbers."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)
