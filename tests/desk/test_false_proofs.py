"""What proves nothing: a clock that was set between two lives, an export that is cut off; and an end stays one."""

import pytest
from msgspec.structs import replace

from actors.messages import Drain, Found
from actors.money.events import AgentStopped
from actors.money.evidence import WINDOW_MARGIN
from tests.desk.kit import ACCOUNT, GAP, QUIET, SECOND, SEND_TIMEOUT, Table

HOUR = 3_600 * SECOND
PROOF = SEND_TIMEOUT + QUIET + GAP + SECOND
"""How long absence takes to be proven, from the start of the life that proves it."""


def restarted(jump):
    """Return a table with a bet that an earlier life sent, by a clock that was then set."""
    table = Table().reconciled()
    opened = table.propose()
    table.now += jump
    table.crash()
    return table, opened


@pytest.mark.parametrize("jump", [-HOUR, 0, HOUR])
def test_a_clock_that_is_set_neither_shortens_nor_lengthens_the_proof_of_absence(jump):
    table, opened = restarted(jump)
    table.run(SEND_TIMEOUT + QUIET - 1)
    assert table.outcome(opened) == "open"
    table.run(PROOF - SEND_TIMEOUT - QUIET)
    assert table.outcome(opened) == "void"


def test_the_proof_is_not_shortened_by_a_bankroll_that_restarts_in_the_same_life():
    table, opened = restarted(HOUR)
    table.restart_bankroll()
    table.run(SEND_TIMEOUT + QUIET - 1)
    assert table.outcome(opened) == "open"


def answered(table, **changes):
    """Answer a look-up, not quite as the venue would."""
    table.tick()
    asked, table.asked = table.asked, None
    table.tell(Found(asked.number, replace(table.venue.evidence(asked.query, table.now), **changes)))


def test_the_window_opens_where_the_venues_clock_was():
    table = Table()
    answered(table, venue_at=table.now - HOUR)
    table.crash().tick()
    assert table.asked.query.since == table.now - HOUR - WINDOW_MARGIN


def test_no_account_is_adopted_by_an_export_that_is_cut_off():
    table = Table()
    answered(table, rows_complete=False)
    assert not table.state.account(ACCOUNT).reconciled_at
    assert table.reconciled().state.account(ACCOUNT).reconciled_at


def test_nothing_is_reconciled_by_an_export_that_is_cut_off():
    table = Table().reconciled()
    before = table.state.account(ACCOUNT).reconciled_at
    table.crash()
    answered(table, rows_complete=False)
    assert table.state.account(ACCOUNT).reconciled_at == before


def test_a_run_that_has_ended_stays_ended_over_a_crash_of_the_bankroll():
    table = Table().reconciled()
    table.tell(Drain("the end"))
    table.run(SECOND)
    assert len(table.of(AgentStopped)) == 1
    table.restart_bankroll()
    table.run(SECOND)
    assert table.propose() is None
    assert table.crash().reconciled().propose()
