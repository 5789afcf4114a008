"""Fairness with the real built-in venue: bets, a rotation at the end, the verdict in the journal."""

import contextlib
import sqlite3

from actors.money.events import IncidentNoted, LaneFailed, SeedChecked
from tests.agent.kit import BOOSTED, COIN, Script


def test_an_end_proves_every_bet_with_the_venues_seed(stage):
    stage.play(Script(BOOSTED, COIN, BOOSTED))
    stage.until(bets=3)
    stage.end()
    books = stage.books().check()
    (checked,) = books.of(SeedChecked)
    assert (checked.bets, checked.broken) == (3, ())
    assert not books.state.unproven


def test_a_venue_that_swaps_its_seed_is_found_out(stage):
    stage.play(Script(BOOSTED))
    stage.until(bets=1)
    with contextlib.closing(sqlite3.connect(stage.house.data / "sandbox.sqlite", timeout=5)) as books, books:
        books.execute("UPDATE seeds SET seed = 'another' WHERE agent_id = ?", (stage.player.agent_id,))
    stage.end()
    books = stage.books().check()
    assert [one.name for one in books.of(IncidentNoted)] == ["broken_proof"]
    assert len(books.of(LaneFailed)) == len(books.of(SeedChecked)[0].broken) == 1
