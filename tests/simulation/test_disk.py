"""The simulated disk keeps the journal's rules, and loses what a real one may lose."""

import pytest

from actors.journal import Committed, Entry, EpochLost, Rejected
from actors.simulation.disk import Disk, SimulatedJournal


class Peace:
    """A world in which nothing strikes."""

    def strike(self, what):
        return False

    def mortal(self, where):
        pass

    def wall(self):
        return 0

    def acknowledged(self, rows):
        pass


def journal(disk):
    return SimulatedJournal(disk, Peace())


def opened(intent):
    return [Entry("intent_opened", "{}", intent)]


def intents(disk):
    return [row.intent for row in disk.rows()]


def test_what_was_synced_survives_a_loss_of_power():
    disk = Disk()
    journal(disk).append([opened("a"), opened("b")])
    disk.lose_power([False])
    assert intents(disk) == ["a", "b"]


@pytest.mark.parametrize(
    ("survives", "left"), [([False, True], []), ([True, False], ["a"]), ([True, True], ["a", "b"])]
)
def test_the_log_ends_at_the_first_commit_that_is_not_whole(survives, left, monkeypatch):
    monkeypatch.setattr(SimulatedJournal, "sync", lambda self: None)
    disk = Disk()
    writer = journal(disk)
    writer.append([opened("a")])
    writer.append([opened("b")])
    disk.lose_power(survives)
    assert intents(disk) == left


def test_nothing_is_written_behind_a_group_that_breaks_a_rule():
    disk = Disk()
    first, again = journal(disk).append([opened("a"), opened("a"), opened("b")])
    assert first == Committed((1,))
    assert isinstance(again, Rejected)
    assert again.rule == "one_open"
    assert intents(disk) == ["a"]


def test_rules_hold_over_a_restart():
    disk = Disk()
    journal(disk).append([opened("a")])
    assert isinstance(journal(disk).append([opened("a")])[0], Rejected)


def test_an_owner_that_was_replaced_writes_no_more():
    disk = Disk()
    old, _new = journal(disk), journal(disk)
    with pytest.raises(EpochLost):
        old.append([opened("a")])
    assert intents(disk) == []


def test_a_snapshot_is_followed_by_the_rows_behind_it():
    disk = Disk()
    writer = journal(disk)
    writer.append([opened("a")])
    writer.save_snapshot(1, "state")
    writer.append([opened("b")])
    reopened = journal(disk)
    assert reopened.load_snapshot().state_json == "state"
    assert [row.intent for row in reopened.replay(1)] == ["b"]
