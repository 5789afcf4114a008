"""How a run ended, for people and for the file of `--summary`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run ended; amounts in micro-USD. `difference`: venue minus book; None: not compared at the end."""

    agent_id: str
    seconds: float
    uptime: float
    bets: int
    won: int
    lost: int
    void: int
    unknown: int
    sent: int
    crashes: int
    restarts: int
    book_balance: int
    venue_balance: int | None
    difference: int | None
    peak: int
    state: str
    stop_reason: str | None
