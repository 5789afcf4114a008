"""Times as the venue writes them."""

from datetime import UTC, datetime


def iso(seconds: int, milliseconds: int = 0) -> str:
    """Return a UTC time as the venue writes it in its history: sorted as text, it is sorted in time."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"
