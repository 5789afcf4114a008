"""The actor of the journal: what was decided behind a refusal is not believed, neither as events nor as a snapshot."""

from queue import SimpleQueue

import pytest

from actors import persistence
from actors.journal import Journal, JournalBusy
from actors.messages import Append, Appended, AppendRefused, Replay
from actors.money.events import CreditBooked, HintTaken, IncidentNoted
from actors.persistence import PersistenceActor
from supervision import ChildSpec, Supervisor, System, Worker

PATIENCE_S = 10
BOOKED = CreditBooked(1, "casino", "row_1", "bonus", 1)
NOTED = IncidentNoted(1, "x", "y")
HINT = HintTaken(1, "event:1", "bet.won")


class Grouping(PersistenceActor):
    """Takes several appends as they are when they share a transaction."""

    def receive(self, message):
        if isinstance(message, tuple):
            self._group = list(message)
            self._flush()
        else:
            super().receive(message)


class Ear(Worker):
    """Stands for a bankroll, and shows what it hears."""

    def __init__(self, heard):
        super().__init__()
        self._heard = heard

    def receive(self, message):
        self._heard.put(message)


class Desk:
    """A bankroll's side of a journal that has been replayed."""

    def __init__(self, open_journal):
        self._heard = SimpleQueue()
        children = [
            ChildSpec("journal", lambda: Grouping(open_journal, self.system.handle("bankroll"))),
            ChildSpec("bankroll", lambda: Ear(self._heard)),
        ]
        self.system = System(Supervisor.spec("top", children))

    def ask(self, message):
        self.system.handle("journal").tell(message)
        return self.hear()

    def hear(self):
        return self._heard.get(timeout=PATIENCE_S)

    def replay(self):
        return self.ask(Replay(1))


@pytest.fixture
def desk(open_journal):
    made = Desk(open_journal)
    with made.system:
        assert made.replay().events == ()
        yield made


def append(token, *events, snapshot=None):
    return Append(token, 1, events, snapshot)


def test_what_was_decided_behind_a_refusal_is_refused_until_the_next_replay(desk):
    assert isinstance(desk.ask(append(1, BOOKED)), Appended)
    assert isinstance(desk.ask(append(2, BOOKED)), AppendRefused)
    assert isinstance(desk.ask(append(3, NOTED)), AppendRefused)
    assert desk.replay().events == (BOOKED,)
    assert isinstance(desk.ask(append(4, NOTED)), Appended)


def test_a_journal_that_was_locked_for_a_while_takes_nothing_that_was_decided_meanwhile(desk, monkeypatch):
    with monkeypatch.context() as locked:
        locked.setattr(Journal, "append", lambda _self, _groups: (_ for _ in ()).throw(JournalBusy("locked")))
        assert isinstance(desk.ask(append(1, BOOKED)), AppendRefused)
    assert isinstance(desk.ask(append(2, NOTED)), AppendRefused)
    assert desk.replay().events == ()


def test_nothing_is_kept_that_was_decided_behind_a_refusal_in_the_same_commit(desk):
    desk.ask(append(1, BOOKED))
    assert isinstance(desk.ask((append(2, BOOKED), append(3, NOTED, snapshot="{}"))), AppendRefused)
    assert isinstance(desk.hear(), AppendRefused)
    replayed = desk.replay()
    assert (replayed.snapshot, replayed.events) == (None, (BOOKED,))


def test_a_refused_hint_moved_nothing_so_the_rest_goes_on(desk):
    desk.ask(append(1, HINT))
    assert isinstance(desk.ask(append(2, HINT)), AppendRefused)
    assert isinstance(desk.ask(append(3, NOTED)), Appended)


def test_a_long_replay_is_asked_for_in_parts_that_join_without_a_gap(desk, monkeypatch):
    monkeypatch.setattr(persistence, "REPLAY_ROWS", 2)
    desk.ask(append(1, BOOKED, NOTED, HINT, NOTED))
    first = desk.replay()
    assert (first.events, first.seq, first.head) == ((BOOKED, NOTED), 2, 4)
    rest = desk.ask(Replay(1, first.seq))
    assert (rest.events, rest.seq, rest.snapshot) == ((HINT, NOTED), 4, None)
    assert desk.ask(Replay(1, rest.seq)).events == ()


def test_rows_that_are_gone_when_they_are_replayed_end_the_run(desk, monkeypatch):
    desk.ask(append(1, BOOKED, NOTED))
    monkeypatch.setattr(Journal, "replay", lambda _self, _after: iter(()))
    desk.system.handle("journal").tell(Replay(1))
    assert desk.system.wait(PATIENCE_S) is not None
    assert "lost rows" in str(desk.system.fatal)


def test_what_shares_a_commit_is_answered_in_one_message_and_a_refusal_in_its_place(desk):
    desk.ask(append(1, HINT))
    shared = append(2, NOTED), append(3, NOTED), append(4, HINT), append(5, NOTED)
    assert desk.ask(shared) == Appended((2, 3), 1)
    assert (desk.hear().token, desk.hear()) == (4, Appended((5,), 1))
