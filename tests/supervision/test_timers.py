"""Timers, sleep and watching, in virtual time."""

import pytest

import supervision as s
from supervision.simulation import Simulation
from tests.supervision.kit import ManualClock, Puppet, child


@pytest.fixture
def timed(rig):
    """A rig with one actor that logs (time, message), and a way to run code in it."""
    log = []

    class Timed(Puppet):
        def receive(self, message):
            if callable(message):
                return message(self)
            log.append((round(self.clock(), 1), message))
            return None

    made = rig(child("a", Timed))
    made.log = log
    made.do = made.system.handle("a").ask
    return made


def test_after_tells_once(timed):
    timed.do(lambda me: me.after(2.0, "now"))
    timed.settle(10.0)
    assert timed.log == [(2.0, "now")]


def test_every_tells_at_a_fixed_rate(timed):
    timed.do(lambda me: me.every(2.0, "beat"))
    timed.settle(6.5)
    assert timed.log == [(2.0, "beat"), (4.0, "beat"), (6.0, "beat")]


def test_a_slow_actor_misses_beats_instead_of_collecting_them(timed):
    timed.do(lambda me: me.every(1.0, "beat"))
    timed.do(lambda me: me.sleep(3.5))
    timed.settle(1.2)
    assert [message for _at, message in timed.log] == ["beat", "beat"]


def test_the_same_key_replaces(timed):
    timed.do(lambda me: me.after(1.0, "old", key="deadline"))
    timed.do(lambda me: me.after(2.0, "new", key="deadline"))
    timed.settle(5.0)
    assert timed.log == [(2.0, "new")]


def test_a_cancelled_message_is_not_delivered_even_if_it_waits(timed):
    def cancel_while_it_waits(me):
        key = me.after(1.0, "never")
        me.sleep(2.0)
        assert me.mailbox.depth() == 1
        me.cancel(key)

    timed.do(cancel_while_it_waits)
    timed.do(lambda me: me.cancel("unknown keys are ignored"))
    timed.settle(5.0)
    assert timed.log == []


def test_timers_die_with_their_incarnation(timed):
    timed.do(lambda me: me.every(1.0, "beat", key="k"))
    timed.settle(1.5)
    timed.fail("a")
    timed.settle(10.0)
    assert timed.log == [(1.0, "beat")]


def test_a_timer_of_an_old_incarnation_is_not_delivered_from_a_kept_mailbox(rig):
    log = []
    made = rig(child("a", lambda: Puppet(log), mailbox=s.MailboxSpec(keep=True)))

    def leave_one_waiting(me):
        me.after(1.0, "stale")
        me.sleep(2.0)
        raise ValueError("now")

    made.system.handle("a").tell(leave_one_waiting)
    made.settle(5.0)
    assert made.up("a") == (2,)
    assert log == []


@pytest.mark.parametrize("seconds", [-1, float("nan"), "1", None])
def test_a_wrong_delay_is_named(timed, seconds):
    with pytest.raises(ValueError, match=f"seconds={seconds!r}: must be"):
        timed.do(lambda me: me.after(seconds, "x"))


def test_a_period_has_a_lower_bound(timed):
    with pytest.raises(ValueError, match=r"must be a period of at least 0.001 s"):
        timed.do(lambda me: me.every(0.0, "x"))


def test_sleep_passes_virtual_time_and_ends_with_a_stop_request(timed):
    assert timed.do(lambda me: (me.sleep(2.0), round(me.clock(), 1))) == (True, 2.0)
    timed.sim.call_after(1.0, timed.system._request_stop)
    slept = []
    timed.system.handle("a").tell(lambda me: slept.append((me.sleep(100.0), me.stopping)))
    assert timed.system.wait(50.0) == s.SHUTDOWN
    assert slept == [(False, True)]


def test_timers_of_threads_follow_the_injected_clock(events):
    clock = ManualClock()
    log = []
    system = s.System(s.Supervisor.spec("top", [child("a", lambda: Puppet(log))]), clock=clock)
    with system:
        system.handle("a").ask(lambda me: me.after(3600.0, "an hour later"))
        clock.now += 3599.0
        assert system.handle("a").ask("not yet") == "not yet"
        clock.now += 1.0
        while len(log) < 2:
            system.handle("a").ask(lambda _me: None)
    assert log == ["not yet", "an hour later"]


# Watching


def test_a_watch_made_too_late_is_called_at_once(rig):
    made = rig(child("a", restart=s.Restart.TRANSIENT))
    made.end("a")
    downs = []
    made.system.handle("a").watch(downs.append)
    assert downs == [s.Down("a", 1, s.NORMAL)]


def test_a_watch_made_before_the_start_waits(rig):
    downs = []
    made = rig(child("a", lambda: Puppet(on_setup=lambda me: me.note(str(downs)))))
    made.system.handle("later").watch(downs.append)
    assert downs == []


def test_an_ended_watch_is_not_called(rig):
    made = rig(child("a"))
    downs = []
    made.system.handle("a").watch(downs.append)()
    made.fail("a")
    assert downs == []


def test_a_watch_made_in_a_handler_ends_with_its_incarnation(rig):
    made = rig(child("a"), child("watcher"))
    downs = []
    made.system.handle("watcher").ask(lambda _me: made.system.handle("a").watch(downs.append))
    made.fail("a", "watcher", "a")
    assert [down.incarnation for down in downs] == [1]


def test_simulated_time_does_not_pass_by_itself():
    assert Simulation(1).clock() == 0.0
