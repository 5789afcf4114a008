"""The webhook's actor between its server and a bankroll: what senders are told, and when."""

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from actors import webhook as room
from actors.bankroll import BankrollActor
from actors.errors import ConfigError
from actors.journal import Journal
from actors.messages import Append, AppendRefused, Hint, HintHeard
from actors.money.risk import Limits
from actors.persistence import PersistenceActor
from actors.venue.webhook import Pushed
from actors.webhook import WebhookActor
from supervision import ChildSpec, StartError, Supervisor, System, Worker
from tests.benchmarks._null_venue import terms

WON = Pushed("evt_1", "bet.won")
MINUTE = 60_000_000


class Server:
    """A server without a network: the test calls what it was given."""

    port, rejected, complaint = 4711, 0, ""

    def __init__(self, take):
        self.take = take

    def start(self):
        pass

    def close(self):
        pass

    def is_serving(self):
        return True


class Ear(Worker):
    def __init__(self, heard, answer=None):
        super().__init__()
        self._heard = heard
        self._answer = answer

    def receive(self, message):
        self._heard.put(message)
        if self._answer:
            self._answer(message)


class Rig:
    """The actor, a bankroll that says what the test wants, and a reporter, on threads."""

    def __init__(self, say="taken", make=Server):
        self.servers, self.hints, self.notices, self.now = [], SimpleQueue(), SimpleQueue(), 0
        self.say = say

        def answer(message):
            if isinstance(message, Hint) and self.say:
                self.system.handle("webhook").tell(HintHeard(message.event_id, self.say))

        def receiver(take):
            self.servers.append(make(take))
            return self.servers[-1]

        def webhook():
            find = self.system.handle
            return WebhookActor(receiver, find("bankroll"), find("reporter"), lambda: self.now)

        children = [
            ChildSpec("reporter", lambda: Ear(self.notices)),
            ChildSpec("bankroll", lambda: Ear(self.hints, answer)),
            ChildSpec("webhook", webhook),
        ]
        self.system = System(Supervisor.spec("top", children))

    def __enter__(self):
        self.system.start()
        return self

    def __exit__(self, *_):
        self.system.stop()

    def take(self, pushed=WON):
        said = SimpleQueue()
        self.servers[-1].take(pushed, said.put)
        return said.get(timeout=5)


@pytest.mark.parametrize("outcome", ["taken", "duplicate", "refused"])
def test_a_sender_is_told_what_the_bankroll_said_of_its_event(outcome):
    with Rig(outcome) as rig:
        assert rig.take() == outcome
        assert rig.hints.get(timeout=1) == Hint("evt_1", "bet.won")


def test_copies_at_the_same_time_are_one_hint():
    with Rig(say=None) as rig, ThreadPoolExecutor(4) as pool:
        takes = [pool.submit(rig.take) for _ in range(4)]
        rig.hints.get(timeout=1)
        while sum(len(one.answers) for one in rig.system.handle("webhook").worker._waiting.values()) < 4:
            pass
        rig.system.handle("webhook").tell(HintHeard("evt_1", "taken"))
        assert [take.result(1) for take in takes] == ["taken"] * 4
        assert rig.hints.empty()


def test_a_flood_is_told_to_come_later_and_the_next_minute_is_a_new_one(monkeypatch):
    monkeypatch.setattr(room, "HINTS_PER_MINUTE", 3)
    with Rig() as rig:
        assert [rig.take(Pushed(f"evt_{n}", "bet.won")) for n in range(5)] == ["taken"] * 3 + ["flood"] * 2
        rig.now += MINUTE
        assert rig.take() == "taken"


def test_senders_that_wait_when_the_actor_ends_are_asked_to_come_again():
    with Rig(say=None) as rig, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(rig.take)
        rig.hints.get(timeout=1)
        rig.system.handle("webhook").kill(RuntimeError("told to fail"))
        assert waiting.result(1) == "refused"


def test_a_port_that_cannot_be_had_is_a_sentence_about_the_configuration():
    def taken(_):
        raise OSError("Address already in use")

    with pytest.raises(StartError) as failed, Rig(make=taken):
        pass
    assert isinstance(failed.value.cause, ConfigError)


# the bankroll and the journal


class Stubborn(PersistenceActor):
    """A journal that another program keeps locked while hints are to be written."""

    refusals = 1

    def receive(self, message):
        if isinstance(message, Append) and self.refusals and type(message.events[0]).__name__ == "HintTaken":
            self.refusals -= 1
            self._flush()  # what came before it is answered before it, as ever
            self._bankroll.tell(AppendRefused(message.token, message.incarnation, "the journal is locked"))
        else:
            super().receive(message)


def test_a_hint_that_the_journal_refuses_costs_no_bankroll_and_is_taken_when_it_comes_again(tmp_path):
    heard, others = SimpleQueue(), SimpleQueue()

    def opened():
        return Journal.open(tmp_path / "j.sqlite", agent="a", binding="b", wall_micros=lambda: MINUTE)

    def journal():
        return Stubborn(opened, system.handle("bankroll"))

    def find(to):
        return system.handle(to if to == "webhook" else "others")

    def bankroll():
        return BankrollActor(terms(Limits()), {"casino": "casino"}, system.handle("journal"), find, lambda: MINUTE)

    children = [
        ChildSpec("webhook", lambda: Ear(heard)),
        ChildSpec("others", lambda: Ear(others)),
        ChildSpec("journal", journal),
        ChildSpec("bankroll", bankroll),
    ]
    system = System(Supervisor.spec("top", children, max_restarts=0))
    with system:
        for outcome in ("refused", "taken", "duplicate"):
            system.handle("bankroll").tell(Hint("evt_1", "bet.won"))
            assert heard.get(timeout=5) == HintHeard("evt_1", outcome)
        assert system.handle("bankroll").incarnation == 1
