"""Workers that share a thread: by turns, in the order of their messages, and otherwise as if each had its own."""

import threading
from queue import SimpleQueue

import pytest

import supervision as s
from tests.supervision.kit import PATIENCE, Block, Puppet, Raise, child, one


def thread(_worker):
    return threading.get_ident()


def pair(events, log=None, **options):
    """Return a system of two that share a thread, and one that has its own."""
    factory = lambda: Puppet(log)  # noqa: E731
    sharing = [child(name, factory, thread="both", **options) for name in ("a", "b")]
    return one(events, *sharing, child("c"), max_restarts=10)


def blocked(system, path):
    entered, release = threading.Event(), threading.Event()
    system.handle(path).tell(Block(entered, release))
    assert entered.wait(PATIENCE)
    return release


def idents(system, *paths):
    return [system.handle(path).ask(thread) for path in paths]


def test_who_names_the_same_thread_runs_on_it(events):
    with pair(events) as system:
        a, b, c = idents(system, "a", "b", "c")
    assert a == b != c


def test_messages_are_handled_in_the_order_in_which_they_came_to_either(events):
    log = []
    with pair(events, log) as system:
        release = blocked(system, "a")
        for number in range(0, 100, 2):
            system.handle("a").tell(number)
            system.handle("b").tell(number + 1)
        release.set()
        system.handle("b").ask("the end")
    assert log == [*range(100), "the end"]


def test_a_worker_knows_who_it_is(events):
    with pair(events) as system:
        for path in ("a", "b"):
            assert system.handle(path).ask(lambda me: (me.path, me._hub.runtime.current() is me)) == (path, True)


def test_the_failure_of_one_is_not_the_others_and_its_next_incarnation_shares_again(events):
    with pair(events) as system:
        before = idents(system, "b")
        for _ in range(3):
            system.handle("a").tell(Raise(ValueError("x")))
        events.wait(s.ChildRestarted, "a", number=1)
        assert system.handle("a").ask("alive") == "alive"
        assert idents(system, "a", "b") == 2 * before
        assert system.handle("b").ask(lambda me: me.incarnation) == 1


def test_one_that_blocks_holds_up_the_other(events):
    with pair(events) as system:
        release = blocked(system, "a")
        with pytest.raises(s.AskTimeout):
            system.handle("b").ask("are you there", timeout=0.01)
        assert system.handle("c").ask("are you there") == "are you there"
        release.set()
        assert system.handle("b").ask("and now") == "and now"


def test_the_thread_of_an_abandoned_worker_is_not_given_to_its_next_incarnation(events):
    with pair(events, stall_after=0.02, restart_stalled=True) as system:
        before = idents(system, "a")
        release = blocked(system, "a")
        events.wait(s.ChildRestarted, "a")
        assert idents(system, "a") != before
        release.set()
        assert system.handle("b").ask("alive") == "alive"


def test_an_ask_of_one_that_cannot_run_meanwhile_is_told_at_once(events):
    with pair(events) as system:
        other = system.handle("b")
        with pytest.raises(s.AskCycle, match="a -> b"):
            system.handle("a").ask(lambda _me: other.ask("hello"))


def test_a_circle_through_one_that_cannot_run_meanwhile_is_told_at_once(events):
    with pair(events) as system:
        b, c = system.handle("b"), system.handle("c")
        with pytest.raises(s.AskCycle):
            system.handle("a").ask(lambda _me: c.ask(lambda _other: b.ask("hello")))


def test_one_that_was_abandoned_before_its_turn_does_not_begin(events):
    begun = []
    factory = lambda: Puppet(on_setup=lambda me: begun.append((me.incarnation, me.is_current())))  # noqa: E731
    backoff = s.Backoff(first=0.01, cap=0.01)
    late = child("b", factory, thread="both", start_timeout=0.02, backoff=backoff)
    with one(events, child("a", thread="both"), late, max_restarts=10**6) as system:
        release = threading.Event()
        system.handle("b").tell(Raise(ValueError("x")))
        entered = threading.Event()
        system.handle("a").tell(Block(entered, release))
        events.wait(s.Abandoned, "b", number=2)
        release.set()
        events.wait(s.ChildRestarted, "b")
        assert system.handle("b").ask("alive") == "alive"
    assert all(current for _, current in begun)


def test_a_kept_mailbox_is_handled_by_the_next_incarnation(events):
    log = []
    with pair(events, log, mailbox=s.MailboxSpec(keep=True)) as system:
        release = blocked(system, "a")
        system.handle("a").tell(Raise(ValueError("x")))
        for number in range(3):
            system.handle("a").tell(number)
        release.set()
        events.wait(s.ChildRestarted, "a")
        assert system.handle("a").ask("the end") == "the end"
    assert log == [0, 1, 2, "the end"]


@pytest.mark.parametrize(
    "mailbox", [s.MailboxSpec(capacity=2, overflow=s.Overflow.DROP_OLDEST), s.MailboxSpec(latest_by=lambda _: "one")]
)
def test_a_mailbox_that_drops_leaves_no_turn_without_a_message(events, mailbox):
    log = []
    with pair(events, log, mailbox=mailbox) as system:
        release = blocked(system, "b")
        for number in range(100):
            system.handle("a").tell(number)
        release.set()
        system.handle("c").ask("a turn later")
        assert system.handle("a").ask("the end") == "the end"
    assert log[-2:] == [99, "the end"]


def test_timers_and_sleep_and_an_end_by_itself_work_as_ever(events):
    heard = SimpleQueue()
    with pair(events) as system:
        system.handle("a").tell(lambda me: me.after(0.001, lambda _me: heard.put("timer")))
        assert heard.get(timeout=PATIENCE) == "timer"
        assert system.handle("b").ask(lambda me: me.sleep(0.001)) is True
        system.handle("a").tell(lambda me: me.stop())
        events.wait(s.ChildRestarted, "a")
        assert len(set(idents(system, "a", "b"))) == 1


def test_a_stop_overtakes_what_waits_for_either(events):
    log = []
    system = pair(events, log)
    system.start()
    release = blocked(system, "a")
    for number in range(1000):
        system.handle("a").tell(number)
        system.handle("b").tell(number)
    stopper = threading.Thread(target=system.stop)
    stopper.start()
    events.wait(s.ChildEnded, "c")  # the last one is stopped first
    release.set()
    stopper.join(PATIENCE)
    assert len(log) < 2000


def test_a_system_that_is_started_after_another_has_a_thread_of_its_own(events):
    with pair(events) as first, pair(events) as second:
        assert len({*idents(first, "a", "b"), *idents(second, "a", "b")}) == 2


def test_a_supervisor_shares_no_thread():
    with pytest.raises(ValueError, match="thread='x'"):
        s.ChildSpec("a", s.Supervisor.spec("a", []).factory, thread="x")
