"""One actor: messages, answers, ways of ending."""

import pytest

import supervision as s
from tests.supervision.kit import End, Puppet, Raise, child, one


def test_tell_and_ask_reach_the_worker_in_order(events):
    log = []
    with one(events, child("a", lambda: Puppet(log))) as system:
        a = system.handle("a")
        assert all(a.tell(number) for number in range(3))
        assert a.ask("last") == "last"
    assert log == [0, 1, 2, "last"]


def test_a_refusal_is_an_answer_and_the_actor_lives(events):
    with one(events, child("a")) as system:
        with pytest.raises(s.Refuse, match="not now"):
            system.handle("a").ask(Raise(s.Refuse("not now")))
        assert system.handle("a").ask(lambda me: me.incarnation) == 1


def test_a_failure_in_an_ask_reaches_the_asker_and_ends_the_actor(events):
    with one(events, child("a")) as system:
        with pytest.raises(ZeroDivisionError):
            system.handle("a").ask(Raise(ZeroDivisionError("odds")))
        failed = events.wait(s.ChildFailed, "a")
        events.wait(s.ChildRestarted, "a")
        assert system.handle("a").ask(lambda me: me.incarnation) == 2
    assert failed.reason == "ZeroDivisionError: odds"
    assert "kit.py" in failed.traceback


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), ValueError("x")])
def test_any_exception_ends_only_its_actor(events, error):
    with one(events, child("a"), child("bystander")) as system:
        system.handle("a").tell(Raise(error))
        events.wait(s.ChildRestarted, "a")
        assert system.handle("bystander").ask(lambda me: me.incarnation) == 1


def test_the_asker_of_a_system_exit_does_not_exit(events):
    with one(events, child("a")) as system, pytest.raises(s.ActorDown, match="SystemExit: 3"):
        system.handle("a").ask(Raise(SystemExit(3)))


def test_an_incarnation_that_has_ended_is_not_current(events):
    with one(events, child("a")) as system:
        first = system.handle("a").ask(lambda me: me)
        assert first.is_current()
        system.handle("a").kill(ValueError("x"))
        events.wait(s.ChildRestarted, "a")
        assert not first.is_current()


def test_kill_ends_the_actor_as_if_its_handler_had_raised(events):
    with one(events, child("a")) as system:
        system.handle("a").kill(RuntimeError("crash command"))
        assert events.wait(s.ChildFailed, "a").reason == "RuntimeError: crash command"
        events.wait(s.ChildRestarted, "a")


def test_a_message_to_an_actor_that_is_down_is_a_counted_dead_letter(events):
    system = one(events, child("a", restart=s.Restart.TEMPORARY))
    assert not system.handle("a").tell("too early")
    with system:
        system.handle("a").ask(End())
        events.wait(s.ChildEnded, "a")
        assert not system.handle("a").tell("too late")
        with pytest.raises(s.ActorDown):
            system.handle("a").ask("too late")
        assert system.stop().dead_letters == 3


def test_teardown_runs_once_for_every_way_of_ending(events):
    ends = []

    def puppet():
        return Puppet(on_teardown=lambda _me, exit_: ends.append(str(exit_)))

    with one(events, child("a", puppet)) as system:
        system.handle("a").tell(Raise(ValueError("x")))
        events.wait(s.ChildRestarted, "a")
        system.handle("a").tell(End())
        events.wait(s.ChildRestarted, "a", number=2)
    assert ends == ["failed (ValueError: x)", "normal", "shutdown"]


def test_fatal_ends_the_system_in_order_and_reaches_the_host(events):
    with one(events, child("a"), child("b")) as system:
        system.handle("b").tell(Raise(s.Fatal("the disk is gone")))
        exit_ = system.wait(5.0)
        assert exit_.kind is s.ExitKind.FAILED
        assert exit_.error is system.fatal
    assert str(system.fatal) == "the disk is gone"
    assert events.of(s.ChildRestarted) == []
    assert [event.path for event in events.of(s.ChildEnded)] == ["a"]


def test_watchers_hear_of_each_end(events):
    downs = []
    with one(events, child("a")) as system:
        system.handle("a").watch(downs.append)
        system.handle("a").tell(Raise(ValueError("x")))
        events.wait(s.ChildRestarted, "a")
    assert [(down.incarnation, down.exit.kind.value) for down in downs] == [(1, "failed"), (2, "shutdown")]
