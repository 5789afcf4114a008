"""Who owns the journal: owners that are stopped, replaced, asked to end."""

import signal

import pytest

from actors.money.events import AgentStopped, IntentOpened
from tests.crash.kit import KILLED

REFUSES = 3
POLLS = 500
FREEZE = {"actors.crashpoints:_BLOW": signal.SIGSTOP}
ASK_TO_END = {"actors.crashpoints:_BLOW": signal.SIGTERM}
LONG_AFTER_S = 0.8
"""Longer than a send may take (seconds), and shorter than an answer is waited for."""


@pytest.fixture
def other(zygotes):
    """A second zygote, for an agent beside the first."""
    taken = zygotes.get()
    yield taken
    zygotes.put(taken)


def frozen(arena, point):
    """Start an agent that is stopped at a point, as a process that lost its processor would be."""
    life = arena.start("--bets", "1", crash_at=point, changes=FREEZE)
    for _ in range(POLLS):
        assert life.wait(0.01) is None, arena.output()
        if life.stopped():
            return life
    raise AssertionError(f"never came to {point}")


def steal_the_lock(arena):
    """Do what nobody should: the lock then no longer keeps a second owner out, and the epoch must."""
    arena.journal.with_name(arena.journal.name + ".lock").unlink()


def test_a_stopped_owner_keeps_others_out_until_it_is_dead(arena, other):
    owner = frozen(arena, "place")
    assert arena.start("--bets", "1", zygote=other).wait() == REFUSES
    assert f"held by process {owner.pid}" in arena.output()
    assert owner.kill() == KILLED
    assert arena.settle().check().ends(epoch=1) == [("void", "look-up")]


def test_an_owner_that_was_stopped_too_long_does_not_send_any_more(arena):
    owner = frozen(arena, "place")
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
