"""Who owns the journal: owners that are stopped, replaced, asked to end, and programs that only lock its file."""

import signal
import sqlite3
from contextlib import contextmanager

import pytest

from actors.money.events import AgentStopped, IntentClosed, IntentOpened
from tests.crash.kit import KILLED

REFUSES = 3
GAVE_UP = 70
POLLS = 500
FREEZE = {"actors.crashpoints:_BLOW": signal.SIGSTOP}
ASK_TO_END = {"actors.crashpoints:_BLOW": signal.SIGTERM}
LONG_AFTER_S = 0.8
"""Longer than a send may take (seconds), and shorter than an answer is waited for."""

PATIENCE = "actors.journal.sqlite:BUSY_SECONDS"
A_WHILE_S = 0.3
J1, J2 = "append/intent_opened", "append/intent_closed"


@pytest.fixture
def other(zygotes):
    """A second zygote, for an agent beside the first."""
    taken = zygotes.get()
    yield taken
    zygotes.put(taken)


def frozen(arena, point, *, changes=None, mutant=""):
    """Start an agent that is stopped at a point, as a process that lost its processor would be."""
    life = arena.start("--bets", "1", crash_at=point, changes=FREEZE | (changes or {}), mutant=mutant)
    for _ in range(POLLS):
        assert life.wait(0.01) is None, arena.output()
        if life.stopped():
            return life
    raise AssertionError(f"never came to {point}")


def steal_the_lock(arena):
    """Do what nobody should: the lock then no longer keeps a second owner out, and the epoch must."""
    arena.journal.with_name(arena.journal.name + ".lock").unlink()


@contextmanager
def locked(arena, life):
    """Hold SQLite's write lock as another program would, and let a frozen agent meet it."""
    shell = sqlite3.connect(arena.journal, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    life.send(signal.SIGCONT)
    yield
    shell.execute("ROLLBACK")
    shell.close()


def test_a_stopped_owner_keeps_others_out_until_it_is_dead(arena, other):
    owner = frozen(arena, "place")
    assert arena.start("--bets", "1", zygote=other).wait() == REFUSES
    assert f"held by process {owner.pid}" in arena.output()
    assert owner.kill() == KILLED
    assert arena.settle().check().ends(epoch=1) == [("void", "look-up")]


@pytest.mark.parametrize("point", ["place", "connected"])
def test_an_owner_that_was_stopped_too_long_does_not_send_any_more(arena, point):
    owner = frozen(arena, point)
    owner.wait(LONG_AFTER_S)
    owner.send(signal.SIGCONT)
    assert owner.wait() == 0
    assert arena.compare().check().ends(epoch=1)[0] == ("not_sent", "answer")


@pytest.mark.parametrize(("point", "end"), [("place", "void"), ("answered", "executed")])
def test_an_owner_that_was_replaced_neither_sends_nor_books(arena, other, point, end):
    owner = frozen(arena, point)
    steal_the_lock(arena)
    new = arena.start("--bets", "1", zygote=other)
    assert new.wait() == 0, arena.output()
    owner.send(signal.SIGCONT)
    assert owner.wait() == REFUSES
    assert "was taken over" in arena.output()
    assert arena.compare().check().ends(epoch=1) == [(end, "look-up")]


@pytest.mark.parametrize("point", ["connected", "sent"])
def test_an_orderly_end_waits_for_what_is_in_flight(arena, point):
    assert arena.start(crash_at=point, changes=ASK_TO_END).wait() == 0, arena.output()
    after = arena.compare().check()
    assert set(after.ends(epoch=1)) == {("executed", "answer")}
    assert len(after.of(AgentStopped)) == 1


def test_an_orderly_end_leaves_what_is_unknown_to_the_next_start(arena):
    arena.configure(quiet_period=6.0)
    assert arena.die_at("connected") == KILLED
    assert arena.start(crash_at="look_up", changes=ASK_TO_END).wait() == 0, arena.output()
    before = arena.compare()
    assert len(before.state.open) == 1
    assert not before.of(AgentStopped)
    after = arena.settle().check()
    assert (after.ends(epoch=1), len(after.of(IntentOpened))) == ([("void", "look-up")], 2)


@pytest.mark.parametrize(("send_timeout", "end"), [(5.0, ("executed", "answer")), (0.1, ("not_sent", "answer"))])
def test_a_lock_of_another_program_holds_a_bet_up_which_is_sent_if_it_is_not_too_late(arena, send_timeout, end):
    life = frozen(arena.configure(send_timeout=send_timeout), J1)
    with locked(arena, life):
        assert life.wait(A_WHILE_S) is None
        assert arena.compare().venue_rows == {}
    assert life.wait() == 0, arena.output()
    assert arena.compare().check().ends(epoch=1)[0] == end


def test_a_lock_of_another_program_holds_an_outcome_up(arena):
    life = frozen(arena, J2)
    with locked(arena, life):
        assert life.wait(A_WHILE_S) is None
        assert arena.compare().of(IntentClosed) == []
    assert life.wait() == 0, arena.output()
    assert arena.compare().check().ends(epoch=1) == [("executed", "answer")]


@pytest.mark.parametrize(("point", "end"), [(J1, ("executed", "answer")), (J2, ("executed", "look-up"))])
def test_what_a_lock_refused_begins_again_from_the_disk(arena, point, end):
    life = frozen(arena, point, changes={PATIENCE: A_WHILE_S})
    with locked(arena, life):
        while "CRASH bankroll (JournalRefused)" not in arena.output():
            assert life.wait(0.01) is None
        assert len(arena.compare().venue_rows) == (1 if point == J2 else 0)
    assert life.wait() == 0, arena.output()
    assert arena.compare().check().ends(epoch=1)[0] == end


@pytest.mark.parametrize(("point", "ends"), [(J1, []), (J2, [("executed", "look-up")])])
def test_a_lock_that_is_never_given_back_ends_the_agent_and_nothing_is_sent_meanwhile(arena, point, ends):
    life = frozen(arena, point, changes={PATIENCE: 0.02})
    with locked(arena, life):
        assert life.wait() == GAVE_UP
        assert "has been locked by another program for 0.02 s: end its transaction" in arena.output()
        assert len(arena.compare().venue_rows) == len(ends)
    assert arena.settle().check().ends(epoch=1) == ends
