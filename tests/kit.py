"""What several rooms' tests need."""

import json
from decimal import Decimal
from typing import Any

VENUE_IDLE_S = 900
"""How long a venue that tests share outlives its last user, in seconds: other files may be played in between."""


def decimals(text: str) -> Any:
    """Parse JSON with exact numbers."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)
