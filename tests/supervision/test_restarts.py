"""Counting, backoff, stalls, group restarts: what OTP's cases leave open."""

from math import inf
from random import Random
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

import supervision as s
from supervision.child import RestartWindow
from supervision.spec import ChildState
from supervision.worker import Notice
from tests.supervision.kit import Block, Puppet, Raise, Rig, child, gate, one

REST, ALL = s.Strategy.REST_FOR_ONE, s.Strategy.ONE_FOR_ALL


# The window


def test_an_attempt_exactly_as_old_as_the_window_still_counts():
    window = RestartWindow(1, 5.0)
    assert window.admit(0.0)
    assert not window.admit(5.0)
    assert not window.admit(5.1)


def test_a_limit_of_zero_ends_at_the_first_failure(rig):
    made = rig(child("a"), max_restarts=0)
    made.fail("a")
    assert made.ended().reason == "restart limit reached"


@given(st.lists(st.floats(0, 20), max_size=30), st.integers(0, 4), st.floats(0.5, 10))
def test_the_window_counts_as_otp_does(gaps, limit, period):
    """Against OTP's words, said naively: drop older than the period, add, compare."""
    window, kept, now = RestartWindow(limit, period), [], 0.0
    for gap in gaps:
        now += gap
        kept = [*(time for time in kept if time >= now - period), now]
        assert window.admit(now) == (len(kept) <= limit)
        assert window.figures[0] == len(kept)


def test_a_group_restart_counts_once(rig):
    made = rig(*(child(name) for name in "abcd"), strategy=ALL, max_restarts=2)
    made.fail("a")
    assert made.events.of(s.ChildRestarted, "a")[0].count == 1
    made.fail("b")
    assert made.events.of(s.ChildRestarted, "b")[0].count == 2


def test_stops_and_starts_by_hand_count_nothing(rig):
    made = rig(child("a"), max_restarts=0)
    for _ in range(3):
        made.children().terminate_child("a")
        made.children().restart_child("a")
    assert made.up("a") == (4,)


def test_a_clean_end_of_a_transient_subtree_is_not_restarted(rig):
    options = {"max_restarts": 0, "restart": s.Restart.TRANSIENT}
    made = rig(s.Supervisor.spec("sub", [child("a")], **options), child("b"))
    made.fail("sub/a")
    assert made.states() == {".": "running", "sub": "stopped", "b": "running"}


def test_nested_limits_multiply(rig):
    made = rig(s.Supervisor.spec("sub", [child("a")], max_restarts=2), max_restarts=2)
    failures = 0
    while made.ended() is None:
        made.fail("sub/a")
        failures += 1
    assert failures == 3 * 3


def test_siblings_that_fail_together_are_both_restarted(rig):
    made = rig(child("a"), child("b"), child("c"))
    for path in "ab":
        made.system.handle(path).kill(ValueError("together"))
    made.settle()
    assert made.up("a", "b", "c") == (2, 2, 1)


def test_siblings_that_fail_together_under_one_for_all_count_once(rig):
    made = rig(child("a"), child("b"), strategy=ALL, max_restarts=1)
    for path in "ab":
        made.system.handle(path).tell(Raise(ValueError("together")))
    made.settle()
    assert made.states()["."] == "running"


def test_a_supervisor_that_fails_itself_takes_its_children_along(rig):
    made = rig(s.Supervisor.spec("sub", [child("a"), child("b")]))
    made.system.handle("sub").kill(RuntimeError("bug in the supervisor"))
    made.settle()
    assert made.up("sub", "sub/a", "sub/b") == (2, 2, 2)
    assert [event.path for event in made.events.of(s.ChildEnded)] == ["sub/b", "sub/a"]


def test_a_stop_overtakes_a_boot():
    made = Rig(
        child("a"), child("slow", lambda: Puppet(on_setup=lambda me: me.sleep(3.0)), start_timeout=5.0), child("c")
    )
    made.sim.call_after(1.0, made.system._request_stop)
    with pytest.raises(s.StartError, match="it ended while starting: shutdown"):
        made.start()
    assert made.sim.now < 2.0
    assert [event.path for event in made.events.of(s.ChildEnded)] == ["slow", "a"]
    assert made.events.of(s.ChildStarted, "c") == []


def test_a_supervisor_killed_while_it_starts_has_not_started():
    slow = child("slow", lambda: Puppet(on_setup=lambda me: me.sleep(3.0)))
    made = Rig(s.Supervisor.spec("sub", [slow]))
    made.sim.call_after(1.0, lambda: made.system.handle("sub").kill(ValueError("x")))
    with pytest.raises(s.StartError, match=r"sub did not start: .*failed \(ValueError: x\)"):
        made.start()


def test_a_start_by_hand_is_no_restart(rig):
    made = rig(child("a", backoff=s.Backoff(first=9.0)))
    made.fail("a")
    made.children().terminate_child("a")
    made.children().restart_child("a")
    assert made.events.of(s.ChildRestarted) == []


def test_a_factory_that_always_fails_does_not_deafen_its_supervisor(rig):
    closed = []

    def factory():
        if closed:
            raise ConnectionError("the gate is shut")
        return Puppet()

    made = rig(child("a", factory), max_restarts=10**9)
    closed.append("shut")
    made.fail("a")
    assert made.children().count_children().active == 0
    made.children().terminate_child("a")


def test_a_child_that_stops_itself_in_setup_has_started_and_ended(rig):
    made = rig(child("a", lambda: Puppet(on_setup=lambda me: me.stop()), restart=s.Restart.TEMPORARY))
    made.settle()
    assert [event.exit for event in made.events.of(s.ChildEnded)] == ["normal"]


def test_a_notice_of_an_old_incarnation_is_ignored(rig):
    made = rig(child("a", lambda: Puppet(on_setup=lambda me: me.incarnation == 1 or me.sleep(1.0))))
    old = made.system.handle("a").ask(lambda me: me)
    made.fail("a")
    assert made.states()["a"] == "restarting"
    for state in (ChildState.ENDED, ChildState.ENDING, ChildState.RUNNING):
        made.system._root.worker.mailbox.post(Notice(old, state))
    made.settle(2.0)
    assert made.up("a") == (2,)


def test_a_stale_retry_is_ignored(rig):
    made = rig(child("a", backoff=s.Backoff(first=10.0, jitter=0.0)))
    made.fail("a")
    made.settle(5.0)
    made.children().terminate_child("a")
    made.children().restart_child("a")
    made.fail("a")
    made.settle(6.0)
    assert made.states()["a"] == "restarting"


def test_a_retry_that_waited_while_another_failed_is_ignored(rig):
    made = rig(child("a", backoff=s.Backoff(first=10.0)))
    made.fail("a")
    supervisor = made.system._root.worker
    entry = supervisor.children["a"]
    supervisor.jobs.append(supervisor.retry(entry, entry.attempts - 1))
    made.children().get_childspec("a")  # the jobs that wait are done in order
    assert made.states()["a"] == "restarting"


def test_those_restarted_before_the_one_that_failed_are_down_while_it_waits(rig):
    setup, closed = gate(shut=False)
    slow = child("b", lambda: Puppet(on_setup=setup), backoff=s.Backoff(first=5.0))
    made = rig(child("a"), slow, child("c"), strategy=ALL)
    closed.append("shut")
    made.fail("a")
    assert made.states() == {".": "running", "a": "stopped", "b": "restarting", "c": "stopped"}
    closed.clear()
    made.settle(10.0)
    assert made.up("a", "b", "c") == (3, 3, 2)
    assert len(made.events.of(s.ChildRestarted, "b")) == 1


# Fatal


def test_the_first_fatal_is_the_one_that_counts(rig):
    def teardown(_me, _exit):
        raise s.Fatal("second")

    made = rig(child("a"), child("b", lambda: Puppet(on_teardown=teardown)))
    made.system.handle("a").tell(Raise(s.Fatal("first")))
    made.settle()
    assert [event.reason for event in made.events.of(s.SystemFatal)] == ["Fatal: first"]
    assert str(made.system.fatal) == "first"


@pytest.mark.parametrize("hook", ["setup", "receive", "teardown"])
def test_fatal_in_any_hook_ends_the_system(rig, hook):
    def strike(me, *_):
        if me.incarnation == 2 or hook == "teardown":
            raise s.Fatal("chain broken")

    hooks = {f"on_{hook}": strike} if hook != "receive" else {}
    made = rig(child("before"), s.Supervisor.spec("sub", [child("a", lambda: Puppet(**hooks))]), max_restarts=10)
    made.fail("sub/a")
    if hook == "receive":
        made.system.handle("sub/a").tell(Raise(s.Fatal("chain broken")))
        made.settle()
    assert made.ended().error is made.system.fatal
    assert str(made.system.fatal) == "chain broken"
    assert made.system.handle("sub/a").incarnation == (1 if hook == "teardown" else 2)
    assert made.events.of(s.ChildEnded, "before") != []


# Backoff


@given(st.integers(1, 10_000), st.floats(0, 100), st.floats(1, 1e6), st.floats(0, 10), st.integers())
def test_a_delay_never_exceeds_the_cap(attempt, first, factor, jitter, seed):
    backoff = s.Backoff(first=first, cap=first + 30, factor=factor, jitter=jitter)
    assert 0 <= backoff.delay(attempt, Random(seed)) <= first + 30


def test_delays_double_up_to_the_cap_and_carry_jitter_below_it():
    plain = s.Backoff(first=1.0, cap=5.0, factor=2.0, jitter=0.0)
    assert [plain.delay(number, Random(0)) for number in (1, 2, 3, 4, 5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    jittery = s.Backoff(first=1.0, cap=5.0, factor=2.0, jitter=0.5)
    delays = {jittery.delay(2, Random(seed)) for seed in range(50)}
    assert min(delays) >= 2.0
    assert max(delays) <= 3.0
    assert len(delays) == 50


@pytest.mark.parametrize(
    ("field", "value"),
    [("first", -1), ("cap", inf), ("factor", 0.5), ("jitter", "x"), ("reset_after", None), ("cap", 0.01)],
)
def test_a_wrong_backoff_names_the_field(field, value):
    with pytest.raises(ValueError, match=rf"backoff.{field}={value!r}: must be"):
        s.Backoff(**{field: value})


def delays(made):
    return [round(event.delay, 3) for event in made.events.of(s.RestartDelayed)]


def test_a_restart_waits_and_health_resets_the_wait(rig):
    made = rig(child("a", backoff=s.Backoff(first=1.0, jitter=0.0, reset_after=60.0)), max_restarts=100)
    for health in (5.0, 5.0, 100.0, 5.0):
        made.fail("a")
        assert made.states()["a"] == "restarting"
        assert made.up("a") == (0,)
        made.settle(health + delays(made)[-1])
    assert delays(made) == [1.0, 2.0, 4.0, 1.0]


def test_a_failed_attempt_waits_longer_each_time(rig):
    setup, closed = gate(shut=False)
    backoff = s.Backoff(first=1.0, cap=4.0, jitter=0.0)
    made = rig(child("a", lambda: Puppet(on_setup=setup), backoff=backoff), max_restarts=100)
    closed.append("shut")
    made.fail("a")
    made.settle(14.0)
    assert delays(made) == [1.0, 2.0, 4.0, 4.0, 4.0]
    closed.clear()
    made.settle(4.0)
    assert made.up("a") != (0,)


def test_waiting_restarts_count_when_they_are_tried(rig):
    made = rig(child("a", backoff=s.Backoff(first=4.0, factor=1.0, jitter=0.0)), max_restarts=1, max_seconds=3.0)
    for _ in range(3):
        made.fail("a")
        made.settle(5.0)
    assert made.up("a") == (4,)


def test_the_supervisor_answers_while_a_child_waits(rig):
    made = rig(child("a", backoff=s.Backoff(first=10.0)), child("b"))
    made.fail("a", "b")
    assert made.up("a", "b") == (0, 2)
    made.children().terminate_child("a")
    made.settle(20.0)
    assert made.states()["a"] == "stopped"


def test_those_that_depend_on_a_waiting_child_are_down_with_it(rig):
    made = rig(child("a"), child("b", backoff=s.Backoff(first=5.0, jitter=0.0)), child("c"), strategy=REST)
    made.fail("b")
    assert made.states() == {".": "running", "a": "running", "b": "restarting", "c": "stopped"}
    made.settle(6.0)
    assert made.up("a", "b", "c") == (1, 2, 2)


# Stalls


def test_a_stall_is_reported_once_with_its_stack(rig):
    made = rig(child("a", stall_after=2.0))
    made.system.handle("a").ask(lambda me: me.sleep(10.0), timeout=20.0)
    (stalled,) = made.events.of(s.Stalled)
    assert 2.0 <= stalled.seconds <= 3.1
    assert stalled.stack.startswith("simulated: a")
    assert made.up("a") == (1,)


def test_control_a_busy_actor_below_its_limit_is_no_stall(rig):
    made = rig(child("a", stall_after=2.0))
    for _ in range(5):
        made.system.handle("a").ask(lambda me: me.sleep(1.0))
    assert made.events.of(s.Stalled) == []


def test_a_stalled_child_can_be_abandoned_and_restarted(events):
    entered, release = Event(), Event()
    with one(events, child("a", stall_after=0.05, restart_stalled=True)) as system:
        system.handle("a").tell(Block(entered, release))
        stalled = events.wait(s.Stalled, "a")
        events.wait(s.ChildRestarted, "a")
        assert system.handle("a").ask(lambda me: me.incarnation) == 2
        assert system.orphans() == ("a",)
        release.set()
    assert "release.wait" in stalled.stack


@pytest.mark.parametrize("limit", [-1, "3", True])
def test_a_wrong_number_of_dynamic_children_is_named(limit):
    with pytest.raises(ValueError, match=f"max_children={limit!r}: must be an integer >= 0"):
        s.DynamicSupervisor.spec("pool", child("w"), max_children=limit)


def test_a_dynamic_supervisor_forgets_the_handles_of_its_former_children(rig):
    made = rig(root=s.DynamicSupervisor.spec("pool", child("w", restart=s.Restart.TEMPORARY)))
    for _ in range(50):
        made.children().terminate_child(made.children().start_child())
    assert len(made.system._hub._handles) == 1
    assert made.system._root.worker._asked_by == set()


def test_dynamic_supervisor_counts_waiting_children_towards_its_limit(rig):
    template = child("w", backoff=s.Backoff(first=10.0))
    made = rig(root=s.DynamicSupervisor.spec("pool", template, max_children=2))
    for _ in range(2):
        made.children().start_child()
    made.fail("w-1")
    with pytest.raises(s.ChildRefused, match="max_children"):
        made.children().start_child()
    made.children().terminate_child("w-1")
    assert made.children().start_child().path == "w-3"
