"""The negative controls: for each rule, what must hold with it, and a mutant without it that must be caught."""

import pytest

from actors.journal import EpochLost, Journal, Rejected
from tests.crash import mutants
from tests.crash.kit import KILLED, Arena, abreast, venue
from tests.crash.test_owners import A_WHILE_S, J1, frozen, locked
from tests.crash.test_power_loss import trials
from tests.crash.test_six_services import OF_TRADERS
from tests.journal.conftest import START
from tests.journal.entries import closed, credit, note, opened
from tests.kit import end_venue

FAULTS = ("late@/api/v1/games/multiplier=1:1", "reset-after@/api/v1/games/crash=1", "400-after@/api/v1/games/dice=1")
LIFE = ("--for", "2")
POWER_LOSSES = 25


# what whole agents must do, with a rule or without it


def a_late_bet_is_found(arena, mutant):
    arena.configure(game="multiplier", send_timeout=0.3, quiet_period=2.0)
    executed_in_the_end(arena, mutant)


def a_bet_without_an_answer_is_sent_once(arena, mutant):
    arena.configure(game="crash")
    executed_in_the_end(arena, mutant)


def a_400_proves_nothing(arena, mutant):
    arena.configure(game="dice")
    executed_in_the_end(arena, mutant)


def recovery_only_asks(arena, mutant):
    assert arena.configure().die_at("answered") == KILLED
    assert arena.start(*LIFE, mutant=mutant).wait() is not None
    assert arena.compare().check().ends(epoch=1) == [("executed", "look-up")]


def nothing_leaves_before_j1(arena, mutant):
    life = frozen(arena.configure(), J1, mutant=mutant)
    with locked(arena, life):
        life.wait(A_WHILE_S)
        sent = arena.compare().venue_rows
    life.kill()
    assert sent == {}


def executed_in_the_end(arena, mutant):
    assert arena.start(*LIFE, mutant=mutant).wait() is not None
    after = arena.compare()
    assert set(after.ends(epoch=1)) == {("executed", "look-up")}
    assert set(after.tags.values()) == {1}


# what the journal must do


def journal_at(place):
    return Journal.open(place / "journal.sqlite", agent="ada", binding="paper:casino", wall_micros=lambda: START)


def nothing_is_booked_twice(place, patch):
    with journal_at(place) as journal:
        for twice in (opened("i1"), closed("i1", "bet-1"), credit("ref-1")):
            first, second = journal.append([[twice]])[0], journal.append([[twice]])[0]
            assert not isinstance(first, Rejected)
            assert isinstance(second, Rejected)


def a_replaced_owner_writes_nothing(place, patch):
    with journal_at(place) as old:
        (place / "journal.sqlite.lock").unlink()
        with journal_at(place):
            try:
                old.append([[note()]])
            except EpochLost:
                return
            raise AssertionError("an owner that was replaced could write")


def power_losses_lose_nothing(place, patch):
    assert set(trials(POWER_LOSSES, 5, patch)) <= {"whole", "whole in a checkpoint"}


OF_AGENTS = {
    mutants.waits_for_no_quiet: a_late_bet_is_found,
    mutants.frees_on_a_timer: a_late_bet_is_found,
    mutants.retries_on_timeout: a_bet_without_an_answer_is_sent_once,
    mutants.sends_before_the_disk: nothing_leaves_before_j1,
    mutants.takes_400_for_refused: a_400_proves_nothing,
    mutants.sends_on_recovery: recovery_only_asks,
}
OF_JOURNALS = {
    mutants.has_no_uniqueness: nothing_is_booked_twice,
    mutants.checks_no_epoch: a_replaced_owner_writes_nothing,
    mutants.syncs_hastily: power_losses_lose_nothing,
}


@pytest.fixture(scope="module")
def lives(zygotes, tmp_path_factory):
    """For each rule of an agent, the error with the rule and without it, or None."""
    directory = tmp_path_factory.mktemp("venue")
    root = venue(directory, seed=5, faults=",".join(FAULTS))

    def run(item, zygote):
        demand, mutant = item
        demand(Arena(tmp_path_factory.mktemp("agent") / "data", root, zygote), mutant)

    items = [(demand, name) for mutant, demand in OF_AGENTS.items() for name in ("", mutant.__name__)]
    yield dict(zip(items, abreast(run, items, zygotes), strict=True))
    end_venue(directory)


def broken(demand, place, patch):
    """Return how a journal breaks a demand, or None."""
    place.mkdir()
    try:
        demand(place, patch)
    except AssertionError as error:
        return error
    return None


def test_whole_agents_do_what_is_demanded(lives):
    assert [error for (_, mutant), error in lives.items() if not mutant and error] == []


def test_journals_do_what_is_demanded(tmp_path, monkeypatch):
    found = [broken(demand, tmp_path / demand.__name__, monkeypatch) for demand in OF_JOURNALS.values()]
    assert found == [None] * len(found)


def test_no_mutant_survives(lives, tmp_path, monkeypatch):
    survivors = [mutant for (_, mutant), error in lives.items() if mutant and error is None]
    for mutant, demand in OF_JOURNALS.items():
        with monkeypatch.context() as patch:
            mutant(patch.setattr)
            if broken(demand, tmp_path / mutant.__name__, patch) is None:
                survivors.append(mutant.__name__)
    assert survivors == []


def test_every_mutant_is_tried():
    rules = {one for one in vars(mutants).values() if getattr(one, "__module__", "") == mutants.__name__}
    assert {*OF_AGENTS, *OF_JOURNALS, *OF_TRADERS} == rules
