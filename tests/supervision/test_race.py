"""The race of asks with the death of their actor: no ask may stay without an answer."""

import sys
import threading
from queue import Empty

import pytest

import supervision as s
from supervision import mailbox
from supervision.handle import Ask
from tests.supervision.kit import Puppet

ASKERS, ASKS = 3, 30
SWITCH = 1e-5  # seconds between thread switches: the race is found in a few thousand asks


@pytest.fixture
def eager_switching():
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    yield
    sys.setswitchinterval(before)


def unanswered(actors):
    """Let askers and a crash race over a number of short-lived actors; count the asks that got no answer."""
    handles = [None] * actors
    lost = []
    pool = s.DynamicSupervisor.spec("pool", s.ChildSpec("w", Puppet, restart=s.Restart.TEMPORARY))
    with s.System(pool) as system:
        children = system.children()
        handles = [children.start_child() for _ in range(actors)]

        def ask(number):
            for handle in handles:
                for turn in range(ASKS):
                    if number == 0 and turn == ASKS // 2:
                        handle.kill(ValueError("in the middle"))
                    try:
                        handle.ask(turn, timeout=2.0)
                    except s.AskTimeout:
                        lost.append(handle.path)
                    except s.ActorDown:
                        pass

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(ASKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return len(lost)


def test_no_ask_stays_unanswered_in_27_000(eager_switching):
    assert unanswered(actors=300) == 0


@pytest.mark.nightly
def test_no_ask_stays_unanswered_in_270_000(eager_switching):
    assert unanswered(actors=3000) == 0


class Interleaved(mailbox.Mailbox):
    """A mailbox whose actor dies exactly between the two looks of a `put`."""

    def __init__(self):
        super().__init__()
        really_put = self._put

        def die_then_put(item):
            self.close()
            really_put(item)

        self._put = die_then_put


def put_while_dying(box):
    refused = []
    box.refuse = lambda *items: refused.extend(items)
    box.put(Ask("question"))
    return refused


def test_an_ask_put_while_its_actor_dies_is_refused_exactly_once():
    assert len(put_while_dying(Interleaved())) == 1


def test_control_without_the_second_look_the_ask_is_lost():
    class OneLook(Interleaved):
        def put(self, item, /):
            if not self.closed:
                self._put(item)
            return not self.closed

    assert put_while_dying(OneLook()) == []


def test_a_closed_mailbox_holds_nothing():
    box = mailbox.Mailbox()
    box.put("early")
    box.close()
    assert not box.put("late")
    with pytest.raises(Empty):
        box._queue.get_nowait()
