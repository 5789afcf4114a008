"""How a run ended, for people and for the file of `--summary`."""

from typing import Self

from msgspec import Struct

from actors.messages import Status
from actors.money.machine import LaneState
from actors.witness import Witness


class Summary(Struct, frozen=True):
    """How a run ended; amounts in micro-USD. `difference`: venue minus book; None: not compared at the end.

    `holdings`: what stays open at the exchange, a sentence an account. `in_error`: lanes that wait for an
    operator, with the intent of each. `open_intents`: whose outcome the next start has to find out. `strays`: what was
    booked and is no open intent's.
    """

    agent_id: str
    seconds: float
    uptime: float
    bets: int
    won: int
    lost: int
    void: int
    unknown: int
    sent: int
    strays: int
    crashes: int
    restarts: int
    book_balance: int
    venue_balance: int | None
    difference: int | None
    peak: int
    state: str
    stop_reason: str | None
    holdings: tuple[str, ...] = ()
    in_error: tuple[tuple[str, str], ...] = ()
    open_intents: tuple[str, ...] = ()

    @classmethod
    def of(cls, agent_id: str, seconds: float, witness: Witness, status: Status | None) -> Self:
        """Sum up a run from what the bankroll says last (None: it does not answer) and what the tree went through."""
        lanes = status.lanes if status else ()
        return cls(
            agent_id=agent_id,
            seconds=round(seconds, 3),
            uptime=round(max(0.0, 1 - witness.down_s / seconds), 6) if seconds else 1.0,
            bets=status.bets if status else 0,
            won=status.won if status else 0,
            lost=status.lost if status else 0,
            void=status.void if status else 0,
            unknown=status.unknown if status else 0,
            sent=status.sent if status else 0,
            strays=status.strays if status else 0,
            crashes=witness.crashes,
            restarts=witness.restarts,
            book_balance=status.book_micro if status else 0,
            venue_balance=status.venue_micro if status and status.difference_micro is not None else None,
            difference=status.difference_micro if status else None,
            peak=status.peak_micro if status else 0,
            state=status.phase if status else "FAILED",
            stop_reason=status.stop_reason if status else None,
            holdings=status.holdings if status else (),
            in_error=tuple((one.lane, one.intent or "") for one in lanes if one.state == LaneState.ERROR),
            open_intents=status.open_intents if status else (),
        )
