"""Fairness: every settled bet is computed again when its seed is shown, and a broken proof stops its lane."""

import hashlib
import json

import pytest
from msgspec.structs import replace

from actors.desk import prover
from actors.journal.codec import dump_state, load_state
from actors.messages import Drain, RotateSeed
from actors.money import state
from actors.money.events import AgentStopped, IncidentNoted, LaneFailed, SeedChecked
from actors.money.evidence import Executed, Seed
from actors.money.fairness import result_hash, roll_of
from tests.desk.kit import ACCOUNT, SECOND, Table
from tests.desk.venue import PAYS, Venue

EVERY = 10 * SECOND


class Fair(Venue):
    """Commits to seeds, decides by them, and shows them when it is asked to."""

    texts = ("first",)
    draws = (0,)

    def draw(self, tag, *, won):
        nonce, self.draws = self.draws[-1], (*self.draws[:-1], self.draws[-1] + 1)
        result = result_hash(self.texts[-1], tag, nonce)
        return roll_of(result) < 50, nonce, committed(self.texts[-1]), result

    def listed(self):
        last = len(self.texts) - 1
        pairs = enumerate(zip(self.texts, self.draws, strict=True))
        return tuple(Seed(committed(text), text if n < last else "", draws) for n, (text, draws) in pairs)

    def rotate(self):
        self.texts, self.draws = (*self.texts, f"seed {len(self.texts)}"), (*self.draws, 0)


def committed(text):
    return hashlib.sha256(text.encode()).hexdigest()


def fair_table(**how):
    return Table(venue=Fair, reconcile_every=EVERY, **how).reconciled()


def play(table, times=3, lie=lambda row: row):
    """Play some bets; the last one's answer is a lie."""
    for number in range(times):
        opened = table.propose()
        row = table.execute(opened)
        table.answer(opened, Executed(bet=lie(row) if number == times - 1 else row))
    return opened


def end(table):
    table.tell(Drain("the end"))
    table.run(5 * SECOND)
    return table


def test_an_orderly_end_proves_every_bet():
    table = fair_table()
    play(table)
    end(table)
    (checked,) = table.of(SeedChecked)
    assert (checked.seed, checked.bets, checked.broken) == ("first", 3, ())
    assert table.of(AgentStopped)
    assert not table.state.unproven
    assert not table.incidents()


def test_an_end_without_a_bet_asks_for_no_seed():
    assert not end(fair_table()).of(RotateSeed)


def test_an_end_does_not_hang_on_a_venue_that_shows_nothing(monkeypatch):
    table = fair_table()
    play(table)
    monkeypatch.setattr(Table, "rotate", lambda self: setattr(self, "rotating", None))
    end(table)
    assert table.of(AgentStopped)
    assert len(table.state.unproven) == 3


def test_what_an_end_left_unproven_is_proven_by_the_next_run():
    table = fair_table()
    play(table)
    table.venue.rotate()
    table.crash().reconciled()
    assert table.of(SeedChecked)[0].bets == 3


def test_bets_that_wait_are_proven_without_an_end(monkeypatch):
    monkeypatch.setattr(prover, "ROTATE_AT", 3)
    table = fair_table()
    play(table)
    table.run(2 * EVERY)
    assert [checked.bets for checked in table.of(SeedChecked)] == [3]
    assert play(table, 1)


def test_while_a_seed_is_asked_for_nothing_is_opened(monkeypatch):
    monkeypatch.setattr(prover, "ROTATE_AT", 1)
    table = fair_table()
    play(table, 1)
    table.now += EVERY
    table.tick()
    table.look()
    assert table.rotating
    assert table.propose() is None


def test_a_seed_is_asked_for_once_by_a_venue_that_shows_none(monkeypatch):
    monkeypatch.setattr(prover, "ROTATE_AT", 1)
    monkeypatch.setattr(Fair, "rotate", lambda self: None)
    table = fair_table()
    play(table, 1)
    table.run(3 * EVERY)
    assert len(table.of(RotateSeed)) <= 3


def lying(change):
    """Let the venue change what it drew, and move the money accordingly."""
    honest = Fair.draw
    return lambda self, tag, *, won: change(*honest(self, tag, won=won))


LIES = {
    "result": lambda won, nonce, seed, result: (won, nonce, seed, "0" * 64),
    "outcome": lambda won, nonce, seed, result: (not won, nonce, seed, result),
    "commitment": lambda won, nonce, seed, result: (won, nonce, "never listed", result),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_stops_the_lane_and_is_kept(lie, monkeypatch):
    table = fair_table(lanes=("a", "b"))
    play(table)
    monkeypatch.setattr(Fair, "draw", lying(LIES[lie]))
    opened = play(table, 1)
    table.venue.rotate()
    table.run(2 * EVERY)
    assert (table.lane(), table.lane("b")) == ("ERROR", "IDLE")
    (incident,) = [one for one in table.of(IncidentNoted) if one.name == "broken_proof"]
    assert incident.intent == opened.intent
    assert opened.tag in incident.text
    assert opened.intent in [intent for checked in table.of(SeedChecked) for intent in checked.broken]
    assert table.sound()


def test_a_payout_beside_the_games_own_is_a_lie(monkeypatch):
    monkeypatch.setitem(PAYS, "boosted_coin", "2.11")
    table = fair_table()
    play(table, 8)  # one of them wins
    table.venue.rotate()
    table.run(2 * EVERY)
    assert table.lane() == "ERROR"
    assert table.sound()


def test_a_seed_that_is_not_the_one_committed_to_breaks_all_its_bets(monkeypatch):
    table = fair_table()
    play(table)
    honest = table.venue.listed
    monkeypatch.setattr(table.venue, "listed", lambda: tuple(replace(s, text=s.text and "other") for s in honest()))
    table.venue.rotate()
    table.run(2 * EVERY)
    assert len(table.of(SeedChecked)[0].broken) == 3
    assert len(table.of(LaneFailed)) == 1


def test_a_nonce_used_twice_stops_the_lane_at_once():
    table = fair_table()
    play(table, lie=lambda row: replace(row, nonce=1))
    assert (table.lane(), table.incidents()) == ("ERROR", ["broken_proof"])


def test_a_nonce_that_falls_stops_the_lane_at_once():
    table = fair_table()
    table.venue.draws = (5,)
    play(table, lie=lambda row: replace(row, nonce=3))
    assert (table.lane(), table.incidents()) == ("ERROR", ["broken_proof"])


def test_draws_of_others_between_ours_break_nothing():
    table = fair_table()
    play(table)
    table.venue.bet("human", 450_000, table.now)
    play(table)
    end(table)
    assert table.of(SeedChecked)[0].bets == 6
    assert not table.incidents()


def test_a_seed_that_was_shown_before_the_bet_proves_nothing():
    table = fair_table()
    play(table)
    table.venue.rotate()
    table.run(2 * EVERY)
    table.venue.texts, table.venue.draws = table.venue.texts[:1], table.venue.draws[:1]  # in use again
    play(table, 1)
    table.venue.rotate()
    table.run(2 * EVERY)
    assert [len(checked.broken) for checked in table.of(SeedChecked)] == [0, 1]


def test_proofs_survive_crashes_between_bet_and_seed():
    table = fair_table()
    for _ in range(3):
        play(table, 1)
        table.crash().reconciled()
    end(table)
    assert table.of(SeedChecked)[0].bets == 3
    assert table.journal.replayed().unproven == {}


def test_what_waits_is_bounded_and_a_venue_that_keeps_its_seeds_back_is_told_of(monkeypatch):
    monkeypatch.setattr(state, "UNPROVEN_MOST", 4)
    monkeypatch.setattr(prover, "UNPROVEN_MOST", 4)
    table = fair_table()
    play(table, 6)
    table.run(3 * EVERY)
    assert len(table.state.unproven) == 4
    assert table.incidents() == ["unproven"]


def test_a_snapshot_of_before_there_were_proofs_is_read():
    table = fair_table()
    play(table)
    fields = json.loads(dump_state(table.state))
    for later in ("unproven", "watched"):
        del fields[later]
    for later in ("agreed_nonces", "late"):
        del fields["accounts"][ACCOUNT][later]
    assert load_state(json.dumps(fields)).book == table.state.book


def test_a_snapshot_keeps_what_is_not_proven():
    table = fair_table()
    play(table)
    assert load_state(dump_state(table.state)).unproven == table.state.unproven
