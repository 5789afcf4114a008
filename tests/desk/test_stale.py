"""An answer to what a bankroll asked before it crashed is no answer to what the next one asks."""

from actors.messages import Found
from actors.money.events import Reconciled
from tests.desk.kit import SECOND, Table


def test_a_reading_that_a_crashed_bankroll_asked_for_is_not_taken():
    table = Table().reconciled()
    table.restart_bankroll()
    table.tick()
    stale = table.asked
    table.now += SECOND
    table.restart_bankroll()
    table.tick()
    agreed = len(table.of(Reconciled))
    table.tell(Found(stale.number, table.venue.evidence(stale.query, table.now, None)))
    assert len(table.of(Reconciled)) == agreed
    table.look()
    assert len(table.of(Reconciled)) == agreed + 1
