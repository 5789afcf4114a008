"""The state machine of a lane, as a table of data with a reason on each row.

It is the published design's table, with its holes mended: there, PENDING -> ERROR -> IDLE frees the lane while the
fate of its bet is unknown, and nothing leads from SIZING or SETTLING to a stop or an error. Here an unknown
outcome is no error (the lane stays PENDING), and ERROR is left only by an operator, never with an open intent.
"""

from enum import StrEnum


class LaneState(StrEnum):
    """What a lane is doing."""

    IDLE = "IDLE"
    SIZING = "SIZING"
    PENDING = "PENDING"
    SETTLING = "SETTLING"
    STOPPED = "STOPPED"
    ERROR = "ERROR"


S = LaneState

TRANSITIONS: dict[tuple[LaneState, LaneState], str] = {
    (S.IDLE, S.SIZING): "a wager passed the rules; its stake is reserved and its intent is on its way to disk",
    (S.IDLE, S.STOPPED): "a stop rule or an operator; nothing is open",
    (S.IDLE, S.ERROR): "a person must look: unexplained money on the account",
    (S.SIZING, S.PENDING): "the intent is on disk (J1): it may be sent, once",
    (S.SIZING, S.IDLE): "the intent could not be written: nothing was sent",
    (S.SIZING, S.STOPPED): "a stop came before the intent was written",
    (S.SIZING, S.ERROR): "a person must look: the journal contradicts the book",
    (S.PENDING, S.SETTLING): "evidence of the outcome: an answer, a row of the venue, or its proven absence",
    (S.PENDING, S.ERROR): "a person must look: contradictory answers, or the intent's money went and left no bet",
    (S.SETTLING, S.IDLE): "the outcome is on disk (J2)",
    (S.SETTLING, S.STOPPED): "the outcome is on disk (J2) and a stop was waiting for it",
    (S.SETTLING, S.ERROR): "the outcome is on disk (J2) and a person must look at it",
    (S.STOPPED, S.IDLE): "an operator resumed, or the stop's time is over",
    (S.STOPPED, S.ERROR): "a person must look: found while stopped",
    (S.ERROR, S.IDLE): "an operator's word; no intent is open",
    (S.ERROR, S.STOPPED): "an operator's word while a stop is in force; no intent is open",
}


class IllegalTransition(Exception):  # noqa: N818  the field's name for it
    """A move that the table does not have. Nothing has changed."""

    def __init__(self, lane: str, source: LaneState, target: LaneState) -> None:
        super().__init__(f"lane {lane}: {source} -> {target} is not in the table")


def move(lane: str, source: LaneState, target: LaneState, *, open_intent: bool = False) -> LaneState:
    """Return the target state if the table allows the move.

    Args:
        lane: the lane's name, for the error.
        source: the state it is in.
        target: the state it is to enter.
        open_intent: whether the lane still has an intent whose fate is not on disk.

    Raises:
        IllegalTransition: the table has no such row, or a lane with an open intent would be freed.
    """
    frees = open_intent and target in (S.IDLE, S.STOPPED) and source in (S.ERROR, S.STOPPED, S.SETTLING)
    if (source, target) not in TRANSITIONS or frees:
        raise IllegalTransition(lane, source, target)
    return target
