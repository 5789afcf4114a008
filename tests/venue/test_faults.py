"""Under faults of every kind, what `place` calls proof agrees with the venue's own books."""

import itertools
import json
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.money.evidence import Executed, NotSent, Query, Refused, Unknown
from actors.sandbox.launch import ensure_running
from actors.venue.breakers import Breakers
from actors.venue.casino import Casino
from actors.venue.escrow import Escrow
from actors.venue.registration import register
from tests.kit import VENUE_IDLE_S
from tests.venue.conftest import bet_ticket, make_line, quiet, wall

BETS = 150
KINDS = ("reset-before", "reset-after", "429", "500-before", "500-after", "500-debit", "400-after", "cut", "malformed")
LASTING = ("silence", "late")
FAULTS = [f"{kind}@/api/v1/games/=0.06" for kind in KINDS] + [f"{kind}@/api/v1/games/=0.05:0.15" for kind in LASTING]


@pytest.fixture(scope="module")
def stormy():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        yield ensure_running(Path(data), seed=11, limits="off", faults=",".join(FAULTS), idle_exit_s=VENUE_IDLE_S)
        os.kill(json.loads((Path(data) / "sandbox.json").read_text())["pid"], signal.SIGTERM)


@pytest.fixture(scope="module")
def played(stormy):
    """Bets with one ticket each: their answers, and the evidence of all."""
    made = register(f"{stormy}/api/v1", timeout_s=5)
    seconds = itertools.count(0, 1_000)  # no breaker stays open: this is about answers
    mine = {"key": made.api_key, "agent_id": made.agent_id, "timeout_s": 0.1}
    mine["breakers"] = Breakers(clock=lambda: float(next(seconds)), wall=wall, changed=quiet)
    casino = Casino(make_line(f"{stormy}/api/v1", **mine), Escrow(make_line(stormy, "escrow", **mine)))
    began, tags = wall(), [f"sk1-storm-{n}" for n in range(BETS)]
    answers = {tag: casino.place(bet_ticket(10_000, tag)) for tag in tags}
    calm = make_line(f"{stormy}/api/v1", **mine | {"timeout_s": 5.0})
    rows = Casino(calm, Escrow(calm)).evidence(Query("casino", began, 0, 0)).rows
    return answers, rows


def of(played, *kinds):
    return {tag: answer for tag, answer in played[0].items() if isinstance(answer, kinds)}


def test_every_kind_of_answer_came(played):
    kinds = Counter(type(answer) for answer in played[0].values())
    assert set(kinds) == {Executed, Refused, Unknown}, kinds


def test_no_ticket_became_two_bets(played):
    assert max(Counter(row.tag for row in played[1]).values()) == 1


def test_what_was_executed_is_in_the_books_as_answered(played):
    rows = {row.tag: row for row in played[1]}
    executed = of(played, Executed)
    listed = {tag: replace(rows[tag], at_seconds=0) for tag in executed}  # an answer does not date its bet
    assert {tag: answer.bet for tag, answer in executed.items()} == listed


def test_what_was_refused_or_not_sent_is_not_in_the_books(played):
    assert not {row.tag for row in played[1]} & of(played, Refused, NotSent).keys()


def test_negative_control_the_unknown_ones_are_partly_there(played):
    unknown, booked = of(played, Unknown).keys(), {row.tag for row in played[1]}
    assert unknown & booked
    assert unknown - booked
