"""What a short start does not check is checked behind it, and damage found there ends the agent."""

from contextlib import suppress
from threading import Event

import pytest

from actors.journal import Journal, JournalCorrupt
from actors.messages import Replay, Replayed
from actors.persistence import PersistenceActor
from supervision import ChildSpec, StartError, Supervisor, System, Worker
from tests.journal.entries import notes
from tests.journal.tamper import tamper

PATIENCE_S = 10
HARMS = {
    "UPDATE events SET payload = '' WHERE seq = 2": "row 2 was changed",
    "DELETE FROM events WHERE seq = 3": "row 3 is missing",
    "DELETE FROM events WHERE seq < 4": "row 1 is missing",
}


@pytest.fixture
def old_path(open_journal, path):
    """A journal of five rows with a snapshot at the last."""
    with open_journal() as journal:
        journal.append(notes(5))
        journal.save_snapshot(5, "{}")
    return path


def inspected(journal):
    """Return what an inspection of the journal reports."""
    reported = []
    journal.inspect(reported.append)
    journal._inspection._thread.join(PATIENCE_S)
    return [str(error) for error in reported]


class Bankroll(Worker):
    """Asks for a replay, and tells when it is there."""

    def __init__(self, journal, replayed):
        super().__init__()
        self._journal, self._replayed = journal, replayed

    def setup(self):
        self._journal().tell(Replay(self.incarnation))

    def receive(self, message):
        assert isinstance(message, Replayed)
        self._replayed.set()


def run(open_journal):
    """Return a system with a journal's actor, and an event that is set when it has replayed."""
    replayed = Event()
    children = [
        ChildSpec("journal", lambda: PersistenceActor(open_journal, system.handle("bankroll"))),
        ChildSpec("bankroll", lambda: Bankroll(lambda: system.handle("journal"), replayed)),
    ]
    system = System(Supervisor.spec("top", children))
    return system, replayed


def played_out(open_journal):
    """Return a system that has ended; the damage may be found before all of it is up."""
    system, _ = run(open_journal)
    with suppress(StartError), system:
        assert system.wait(PATIENCE_S) is not None
    return system


def test_a_whole_journal_gives_nothing_to_report(old_path, open_journal):
    assert inspected(open_journal()) == []


@pytest.mark.parametrize("harm", HARMS)
def test_an_old_row_that_is_broken_is_found_behind_the_start(old_path, open_journal, harm):
    tamper(old_path, harm)
    (found,) = inspected(open_journal())
    assert HARMS[harm] in found
    assert "restore the newest complete copy" in found


def test_a_broken_old_row_ends_the_agent_for_good(old_path, open_journal):
    tamper(old_path, "UPDATE events SET payload = '' WHERE seq = 2")
    system = played_out(open_journal)
    assert "row 2 was changed" in str(system.fatal)


def test_after_that_no_start_trades_on_it(old_path, open_journal):
    tamper(old_path, "UPDATE events SET payload = '' WHERE seq = 2")
    played_out(open_journal)
    with pytest.raises(JournalCorrupt, match="row 2 was changed"):
        open_journal()


def test_without_the_inspection_the_agent_would_trade_on_it(old_path, open_journal, monkeypatch):
    monkeypatch.setattr(Journal, "inspect", lambda _self, _report: None)
    tamper(old_path, "UPDATE events SET payload = '' WHERE seq = 2")
    system, replayed = run(open_journal)
    with system:
        assert replayed.wait(PATIENCE_S)
        assert system.fatal is None


def test_an_inspection_ends_with_its_journal(open_journal, path, monkeypatch):
    monkeypatch.setattr("actors.journal.inspection.PAUSE_S", PATIENCE_S)
    with open_journal() as journal:
        journal.append(notes(5))
        journal.save_snapshot(4, "{}")
        journal.inspect(lambda error: pytest.fail(str(error)))
    assert not journal._inspection._thread.is_alive()
