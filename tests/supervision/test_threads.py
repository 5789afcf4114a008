"""What threads and Pykka add to OTP's cases: real threads, real blocking, foreign actors."""

import ctypes
import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from weakref import WeakSet, ref

import pykka
import pytest

import supervision as s
from tests.supervision.kit import PATIENCE, Block, Puppet, Raise, child, one

BACKLOG = 100_000


def blocked(system, path):
    """Block an actor in its handler; return the event that releases it."""
    entered, release = threading.Event(), threading.Event()
    system.handle(path).tell(Block(entered, release))
    assert entered.wait(PATIENCE)
    return release


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), ValueError("x")], ids=lambda one: type(one).__name__
)
@pytest.mark.parametrize("hook", ["factory", "setup", "receive", "teardown"])
def test_an_exit_in_any_hook_ends_no_other_actor(events, hook, error):
    armed = []

    def strike(*_):
        if armed:
            armed.clear()
            raise error

    def factory():
        if hook == "factory":
            strike()
        hooks = {f"on_{hook}": strike} if hook in ("setup", "teardown") else {}
        return Puppet(**hooks)

    with one(events, child("a", factory), child("bystander"), max_restarts=10) as system:
        armed.append(True)
        system.handle("a").tell(strike if hook == "receive" else Raise(ValueError("begin")))
        events.wait(s.ChildRestarted, "a")
        assert system.handle("bystander").ask(lambda me: me.incarnation) == 1
        assert system.handle("a").ask("alive") == "alive"
    assert not armed


def test_stop_overtakes_a_backlog_of_100_000(events):
    seen = []
    system = one(events, child("a", lambda: Puppet(seen)))
    system.start()
    release = blocked(system, "a")
    for number in range(BACKLOG):
        system.handle("a").tell(number)
    stopper = threading.Thread(target=system.stop)
    began = time.monotonic()
    stopper.start()
    release.set()
    stopper.join(PATIENCE)
    assert time.monotonic() - began < 0.5  # the guarantee is 100 ms on an idle machine; see tests.benchmarks
    assert len(seen) < BACKLOG
    assert system.stop().dead_letters == BACKLOG - len(seen)


def test_pending_asks_of_a_stopped_actor_are_answered_before_its_teardown_ends(events):
    release_teardown = threading.Event()
    factory = lambda: Puppet(on_teardown=lambda *_: release_teardown.wait(PATIENCE))  # noqa: E731
    system = one(events, child("a", factory))
    system.start()
    release = blocked(system, "a")
    answers = []

    def ask():
        with pytest.raises(s.ActorDown) as caught:
            system.handle("a").ask("too late")
        answers.append(str(caught.value))

    asker = threading.Thread(target=ask)
    asker.start()
    system.handle("a").kill(ValueError("x"))
    release.set()
    asker.join(PATIENCE)
    assert answers == ["a ended before it answered str"]
    release_teardown.set()
    system.stop()


def test_a_blocked_actor_is_abandoned_with_its_stack(events):
    system = one(events, child("a", shutdown=0.05))
    system.start()
    release = blocked(system, "a")
    assert system.stop().abandoned == ("a",)
    assert "release.wait(PATIENCE)" in events.of(s.Abandoned)[0].stack
    assert system.orphans() == ("a",)
    release.set()


def test_the_asker_of_an_abandoned_actor_is_told(events):
    with one(events, child("a", shutdown=0.0)) as system:
        entered, release = threading.Event(), threading.Event()
        answers = []

        def ask():
            with pytest.raises(s.ActorDown, match="abandoned"):
                system.handle("a").ask(Block(entered, release))
            answers.append("told")

        asker = threading.Thread(target=ask)
        asker.start()
        assert entered.wait(PATIENCE)
        system.children().terminate_child("a")
        asker.join(PATIENCE)
        release.set()
    assert answers == ["told"]


def test_an_abandoned_actor_that_wakes_up_late_cannot_act(events):
    tried, woken = [], threading.Event()

    def late(me):
        me.entered.set()
        me.release.wait(PATIENCE)
        tried.extend([me.is_current(), other.tell("from the grave"), me.after(0.0, "late timer")][:2])
        with pytest.raises(s.ActorDown):
            other.ask("from the grave")
        woken.set()

    def setup(me):
        me.entered, me.release = entered, release

    entered, release, seen = threading.Event(), threading.Event(), []
    specs = (child("other", lambda: Puppet(seen)), child("late", lambda: Puppet(on_setup=setup), shutdown=0.0))
    with one(events, *specs) as system:
        other = system.handle("other")
        system.handle("late").tell(late)
        assert entered.wait(PATIENCE)
        system.children().terminate_child("late")
        system.children().restart_child("late")
        release.set()
        assert woken.wait(PATIENCE)
        assert system.handle("late").ask(lambda me: me.incarnation) == 2
    assert tried == [False, False]
    assert seen == []


def test_the_end_of_an_old_incarnation_is_ignored(events):
    with one(events, child("a", shutdown=0.0)) as system:
        old = system.handle("a").ask(lambda _me: threading.current_thread())
        release = blocked(system, "a")
        system.children().terminate_child("a")
        system.children().restart_child("a")
        release.set()
        old.join(PATIENCE)
        assert system.orphans() == ()
        assert system.handle("a").ask(lambda me: me.incarnation) == 2
    assert events.of(s.ChildRestarted) == []


def test_setup_that_hangs_is_abandoned_at_its_limit():
    release = threading.Event()
    spec = child("a", lambda: Puppet(on_setup=lambda _: release.wait(PATIENCE)), start_timeout=0.05)
    with pytest.raises(s.StartError, match=r"TimeoutError: setup\(\) did not return within 0.05 s"):
        one(None, spec).start()
    release.set()


def test_an_abandoned_setup_that_returns_late_is_not_up(events):
    second, others, begun = threading.Event(), threading.Event(), threading.Semaphore(0)
    threads = []

    def setup(me):
        if me.incarnation > 1:
            threads.append(threading.current_thread())
            begun.release()
            (second if me.incarnation == 2 else others).wait(PATIENCE)

    spec = child("a", lambda: Puppet(on_setup=setup), start_timeout=0.2)
    with one(events, spec, max_restarts=100) as system:
        system.handle("a").kill(ValueError("x"))
        for _ in range(2):
            assert begun.acquire(timeout=PATIENCE)
        second.set()
        threads[0].join(PATIENCE)
        assert not system.handle("a").is_up()
        others.set()


def test_a_supervisor_that_fails_while_it_stops_fences_off_what_is_left(events):
    with one(events, s.Supervisor.spec("sub", [child("stuck", shutdown=None)])) as system:
        release = blocked(system, "sub/stuck")
        system.handle("sub").kill(ValueError("begins to stop its children"))
        system.handle("sub").kill(ValueError("and fails at that"))
        assert events.wait(s.Abandoned, "sub/stuck").reason == "its supervisor failed"
        events.wait(s.ChildRestarted, "sub")
        release.set()


def test_a_teardown_that_hangs_does_not_hold_up_the_restart(events):
    release = threading.Event()
    hangs = [True]

    def teardown(*_):
        if hangs.pop() if hangs else False:
            release.wait(PATIENCE)

    with one(events, child("a", lambda: Puppet(on_teardown=teardown), shutdown=0.05)) as system:
        system.handle("a").tell(Raise(ValueError("x")))
        events.wait(s.ChildRestarted, "a")
        assert events.of(s.Abandoned, "a")[0].reason == "teardown() did not return within 0.05 s"
        release.set()


def test_the_asker_whose_question_waits_in_an_abandoned_actor_is_told(events):
    with one(events, child("a", shutdown=0.0)) as system:
        release, answers, asking = blocked(system, "a"), [], threading.Event()

        def ask():
            asking.set()
            with pytest.raises(s.ActorDown):
                system.handle("a").ask("still waiting", timeout=1.0)
            answers.append("told")

        asker = threading.Thread(target=ask)
        asker.start()
        assert asking.wait(PATIENCE)
        system.children().terminate_child("a")
        asker.join(PATIENCE)
        release.set()
    assert answers == ["told"]


def test_an_abandoned_supervisor_is_fenced_with_all_below_it(events):
    sub = s.Supervisor.spec("sub", [child("idle"), child("stuck", shutdown=None)], shutdown=0.05)
    with one(events, sub, child("b")) as system:
        idle = system.handle("sub/idle").ask(lambda _me: threading.current_thread())
        release = blocked(system, "sub/stuck")
        system.children().terminate_child("sub")
        assert "sub/stuck" in system.orphans()
        assert not system.handle("sub/idle").is_up()
        idle.join(PATIENCE)
        assert not idle.is_alive()
        release.set()


def test_who_waits_for_a_supervisor_that_ends_is_told(events):
    entered, release, answers = threading.Event(), threading.Event(), []

    def setup(_me):
        entered.set()
        release.wait(PATIENCE)

    def start_child():
        with pytest.raises(s.ActorDown):
            system.children().start_child(child("slow", lambda: Puppet(on_setup=setup), shutdown=0.05))
        answers.append("told")

    system = one(events, child("a"))
    system.start()
    asker = threading.Thread(target=start_child)
    asker.start()
    assert entered.wait(PATIENCE)
    system.stop()
    asker.join(PATIENCE)
    release.set()
    assert answers == ["told"]


def test_an_orphan_that_has_ended_meanwhile_is_none(events):
    with one(events, child("a")) as system:
        worker = system.handle("a").ask(lambda me: me)
        system.children().terminate_child("a")
        system._hub.orphan(worker)
        assert system.orphans() == ()


def test_a_system_that_does_not_end_in_time_is_abandoned_whole(events):
    system = one(events, s.Supervisor.spec("sub", [child("a", shutdown=None)]), child("b"))
    system.start()
    release = blocked(system, "sub/a")
    report = system.stop(timeout=0.05)
    assert report.exit.kind is s.ExitKind.ABANDONED
    assert report.abandoned == ("sub/a",)
    release.set()


def test_an_exception_injected_into_an_idle_thread_is_a_failure(events):
    with one(events, child("a")) as system:
        ident = system.handle("a").ask(lambda _me: threading.get_ident())
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))
        system.handle("a").tell("wake up")
        events.wait(s.ChildRestarted, "a")
        assert system.handle("a").ask("alive") == "alive"


def out_of_memory(_exit):
    raise MemoryError


def test_an_actor_that_cannot_close_down_is_down(events):
    with one(events, child("a", restart=s.Restart.TEMPORARY)) as system:
        a = system.handle("a")
        a.ask(lambda me: setattr(me, "_close_down", out_of_memory))
        a.tell(Raise(ValueError("x")))
        events.wait(s.ChildFailed, "a")
        assert not a.is_up()
        assert not a.tell("nobody")


def test_a_thread_that_cannot_even_close_down_is_seen(events):
    made = []

    def factory():
        made.append(Puppet())
        if len(made) == 1:
            made[0]._close_down = out_of_memory
        return made[-1]

    with one(events, child("a", factory)) as system:
        system.handle("a").tell(Raise(ValueError("x")))
        assert events.wait(s.ChildFailed, "a").reason == "MemoryError"
        events.wait(s.ChildRestarted, "a")


def test_an_actor_that_asks_itself_is_told_at_once(events):
    with one(events, child("a")) as system:
        a = system.handle("a")
        with pytest.raises(s.AskCycle, match="a -> a"):
            a.ask(lambda _me: a.ask("me"))


def test_actors_that_ask_each_other_are_told_at_once(events):
    with one(events, child("a"), child("b"), child("c"), max_restarts=10) as system:
        a, b, c = (system.handle(name) for name in "abc")
        with pytest.raises(s.AskCycle, match="c -> a -> b -> c"):
            a.ask(lambda _a: b.ask(lambda _b: c.ask(lambda _c: a.ask("round"))))


def test_control_asks_down_a_chain_are_no_cycle(events):
    with one(events, child("a"), child("b"), child("c")) as system:
        a, b, c = (system.handle(name) for name in "abc")
        assert a.ask(lambda _a: b.ask(lambda _b: c.ask("end"))) == "end"
        assert c.ask(lambda _c: a.ask("again")) == "again"


def test_an_expired_ask_is_dropped_before_its_effect(events):
    seen = []
    with one(events, child("a", lambda: Puppet(seen))) as system:
        release = blocked(system, "a")
        with pytest.raises(s.AskTimeout, match=r"a did not answer str within 0.01 s"):
            system.handle("a").ask("pay", timeout=0.01)
        release.set()
        system.handle("a").ask("next")
        assert seen == ["next"]
        assert system.stop().dead_letters == 1


def test_the_host_has_its_own_actors(events):
    class Hosted(pykka.ThreadingActor):
        def on_receive(self, message):
            return message

    foreign = Hosted.start()
    with one(events, child("a")) as system:
        assert pykka.ActorRegistry.get_all() == [foreign]
        system.handle("a").tell(Raise(SystemExit()))
        events.wait(s.ChildRestarted, "a")
    assert foreign.ask("alive") == "alive"
    foreign.stop()


def test_a_worker_can_be_reached_through_pykka(events):
    with one(events, child("a"), max_restarts=10) as system:
        ref = system.handle("a").ask(lambda me: me.actor_ref)
        assert ref.ask("hello") == "hello"
        assert ref.proxy().incarnation.get() == 1
        with pytest.raises(ValueError, match="bang"):
            ref.ask(Raise(ValueError("bang")))
        events.wait(s.ChildRestarted, "a")
        with pytest.raises(pykka.ActorDeadError):
            ref.ask("stale")
        system.handle("a").ask(lambda me: me.actor_ref).stop()
        events.wait(s.ChildRestarted, "a", number=2)


def test_a_worker_that_redefines_the_machinery_is_told():
    with pytest.raises(TypeError, match="Bad defines finish, which its supervisor calls: name it otherwise"):
        type("Bad", (s.Worker,), {"finish": lambda _me: None})


def test_a_worker_is_not_started_by_hand():
    with pytest.raises(TypeError, match="Puppet is started by a supervisor"):
        Puppet.start()


def test_two_systems_do_not_see_each_other(events):
    with one(events, child("a")) as first, one(events, child("a")) as second:
        first.handle("a").tell(Raise(s.Fatal("only here")))
        assert first.wait(PATIENCE).kind is s.ExitKind.FAILED
        assert second.handle("a").ask("alive") == "alive"
        assert second.fatal is None


def test_nothing_is_left_behind_by_300_restarts(events):
    before = threading.active_count()
    made = WeakSet()

    def factory():
        puppet = Puppet()
        made.add(puppet)
        return puppet

    with one(events, child("a", factory), max_restarts=10_000) as system:
        for number in range(1, 301):
            system.handle("a").kill(ValueError("again"))
            events.wait(s.ChildRestarted, "a", number)
        assert threading.active_count() <= before + 4
        gc.collect()
        assert len(made) <= 3
    assert threading.active_count() == before


def test_an_actor_cannot_stop_its_own_system(events):
    with one(events, child("a")) as system, pytest.raises(RuntimeError, match="raise Fatal, or tell the host"):
        system.handle("a").ask(lambda _me: system.stop())


def test_a_system_runs_once(events):
    system = one(events, child("a"))
    with system:
        pass
    with pytest.raises(RuntimeError, match="make a new one"):
        system.start()


def test_stop_can_be_called_again_and_before_the_start(events):
    assert one(events, child("a")).stop().exit.reason == "never started"
    system = one(events, child("a"))
    system.start()
    assert system.stop().exit == system.stop().exit == s.SHUTDOWN


def test_a_system_that_was_stopped_can_be_freed(events):
    system = one(None, child("a"))
    system.start()
    system.stop()
    seen = ref(system)
    del system
    gc.collect()
    assert seen() is None


def test_a_hook_that_raises_hurts_nobody(events):
    again = threading.Event()

    def bad_hook(_event):
        raise SystemExit

    def setup(me):
        if me.incarnation == 2:
            again.set()

    spec = child("a", lambda: Puppet(on_setup=setup))
    with s.System(s.Supervisor.spec("top", [spec]), on_event=bad_hook) as system:
        system.handle("a").watch(bad_hook)
        system.handle("a").kill(ValueError("x"))
        assert again.wait(PATIENCE)
        assert system.handle("a").ask("alive") == "alive"


def test_a_factory_whose_class_forgets_super_is_told():
    class Forgetful(s.Worker):
        def __init__(self):
            pass

    with pytest.raises(s.StartError, match=r"Forgetful.__init__ must call super\(\).__init__\(\)"):
        one(None, child("a", Forgetful)).start()


def test_the_order_of_stop_seconds_is_bounded_by_the_specs(events):
    """Two blocked children of 0.05 s each take 0.1 s, not for ever."""
    system = one(events, child("a", shutdown=0.05), child("b", shutdown=0.05))
    system.start()
    releases = [blocked(system, name) for name in "ab"]
    report = system.stop()
    assert 0.1 <= report.seconds < 1.0
    for release in releases:
        release.set()


def no_threads(_thread):
    raise RuntimeError("no threads")


def test_a_thread_that_cannot_be_started_is_a_failed_start(events, monkeypatch):
    system = one(events, child("a"))
    with system:
        monkeypatch.setattr(
            threading.Thread, "start", lambda _thread: (_ for _ in ()).throw(RuntimeError("no threads"))
        )
        with pytest.raises(s.StartError, match="RuntimeError: no threads"):
            system.children().start_child(child("b"))
        assert not system.handle("b").tell("nobody")
        monkeypatch.undo()
        assert system.handle("a").ask("alive") == "alive"


def test_ctrl_c_while_starting_stops_what_had_started(events, monkeypatch):
    system = one(events, child("a"))
    monkeypatch.setattr(system._settled, "wait", lambda _timeout: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        system.start()
    assert system.wait(0) == s.SHUTDOWN


def test_the_exit_of_the_interpreter_stops_a_forgotten_system():
    program = """
import supervision as s

class A(s.Worker):
    def teardown(self, exit_):
        print("closed:", exit_)

s.System(s.Supervisor.spec("top", [s.ChildSpec("a", A)])).start()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert (done.stdout, done.stderr) == ("closed: shutdown\n", "")


def test_a_signal_handler_of_the_host_can_log_the_tree(events, caplog):
    caplog.set_level(logging.INFO, "supervision")
    with one(events, child("a")) as system:
        caplog.clear()
        before = signal.signal(signal.SIGUSR1, lambda *_: system.log_tree())
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.signal(signal.SIGUSR1, before)
    assert caplog.messages[0].startswith("tree\ntop ")
