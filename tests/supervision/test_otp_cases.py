"""OTP's supervisor_SUITE, case by case: its names, its meaning, our words.

Each test is named after its case; `[adapted]` says what differs because threads cannot be killed or because a Python
API has no atoms. Not portable: the six `significant_upgrade_*` cases and `significant_upgrade_child`, `code_change*`
(specs do not change at run time), `get_callback_module`.
"""

import gc
from itertools import product
from threading import Event
from weakref import ref

import pytest

import supervision as s
from tests.supervision.kit import Block, End, Puppet, Rig, child, declining, gate, one

PERMANENT, TRANSIENT, TEMPORARY = s.Restart.PERMANENT, s.Restart.TRANSIENT, s.Restart.TEMPORARY
ONE, ALL, REST = s.Strategy.ONE_FOR_ONE, s.Strategy.ONE_FOR_ALL, s.Strategy.REST_FOR_ONE
NEVER, ANY_SIGNIFICANT, ALL_SIGNIFICANT = (
    s.AutoShutdown.NEVER,
    s.AutoShutdown.ANY_SIGNIFICANT,
    s.AutoShutdown.ALL_SIGNIFICANT,
)
GAVE_UP = s.Exit(s.ExitKind.SHUTDOWN, "restart limit reached")
ENDS = {"normal": s.NORMAL, "shutdown": s.SHUTDOWN, "abnormal": None}


def bad(setup):
    return lambda: Puppet(on_setup=setup)


def dynamic(factory=Puppet, name="pool", **options):
    template = {key: options.pop(key) for key in ("restart", "shutdown", "significant") if key in options}
    return s.DynamicSupervisor.spec(name, s.ChildSpec("w", factory, **template), **options)


def finish(rig, path, how):
    """End an actor in one of OTP's three ways."""
    exit_ = ENDS[how]
    if exit_ is None:
        rig.fail(path)
    else:
        rig.end(path, exit_)


def refused(call, *arguments):
    with pytest.raises(s.ChildRefused) as caught:
        call(*arguments)
    return caught.value.answer


# Start


def test_sup_start_normal(rig):
    assert rig().system.stop().exit == s.SHUTDOWN


def test_sup_start_ignore_init(rig):
    """[adapted] a factory declines in the place of a supervisor."""
    made = rig(child("sub", declining), child("a"))
    assert made.states() == {".": "running", "sub": "stopped", "a": "running"}


def test_sup_start_ignore_child(rig):
    made = rig(child("a"), child("b", declining), child("c", bad(lambda _: declining())))
    assert made.states() == {".": "running", "a": "running", "b": "stopped", "c": "stopped"}
    assert made.children().count_children() == s.ChildCount(specs=3, active=1, supervisors=0, workers=3)


def test_sup_start_ignore_temporary_child(rig):
    made = rig(child("a"), child("b", declining, restart=TEMPORARY))
    assert [info.id for info in made.children().which_children()] == ["a"]


def test_sup_start_ignore_temporary_child_start_child(rig):
    made = rig()
    assert made.children().start_child(child("a", declining, restart=TEMPORARY)) is None
    assert made.children().which_children() == ()


def test_sup_start_ignore_temporary_child_start_child_simple(rig):
    made = rig(root=dynamic(declining, restart=TEMPORARY))
    assert made.children().start_child() is None
    assert made.children().which_children() == ()


def test_sup_start_ignore_permanent_child_start_child_simple(rig):
    made = rig(root=dynamic(declining))
    assert made.children().start_child() is None
    assert made.children().count_children().specs == 0
    assert made.system.stop().exit == s.SHUTDOWN


def test_sup_start_error_return():
    with pytest.raises(s.StartError, match="returned 'junk': it must return a Worker"):
        Rig(child("a", lambda: "junk")).start()


def test_sup_start_fail():
    setup, _gate = gate()
    made = Rig(child("a", bad(setup)))
    with pytest.raises(s.StartError, match="ConnectionError: the gate is shut"):
        made.start()
    assert made.ended().kind is s.ExitKind.START_FAILED


def test_sup_start_child_returns_error(rig):
    setup, _gate = gate()
    made = rig(child("a"))
    for factory in (bad(setup), lambda: None):
        with pytest.raises(s.StartError):
            made.children().start_child(child("b", factory))
    assert [info.id for info in made.children().which_children()] == ["a"]


def test_sup_start_restart_child_returns_error(rig):
    setup, closed = gate(shut=False)
    made = rig(child("a", bad(setup)))
    made.children().terminate_child("a")
    closed.append("shut")
    with pytest.raises(s.StartError):
        made.children().restart_child("a")
    assert made.states()["a"] == "stopped"


def test_sup_start_child_returns_error_simple(rig):
    made = rig(root=dynamic(bad(gate()[0])))
    with pytest.raises(s.StartError):
        made.children().start_child()
    assert made.children().which_children() == ()


def test_sup_start_map(rig):
    made = rig(s.ChildSpec("a", Puppet), s.Supervisor.spec("sub", []))
    spec = made.children().get_childspec("a")
    assert (spec.restart, spec.shutdown, spec.significant) == (PERMANENT, 5.0, False)
    assert made.children().get_childspec("sub").shutdown is None
    assert refused(made.children().get_childspec, "c") == "not_found"


def test_sup_start_map_simple(rig):
    made = rig(root=dynamic(restart=TRANSIENT))
    handle = made.children().start_child()
    assert made.children().get_childspec(handle).restart is TRANSIENT


def test_sup_start_map_faulty_specs():
    """[adapted] strict: an unknown field is an error."""
    for arguments, options in (((), {}), (("a",), {}), (("a", Puppet), {"colour": "red"})):
        with pytest.raises(TypeError):
            s.ChildSpec(*arguments, **options)
    with pytest.raises(ValueError, match="children='a': must be ChildSpec objects"):
        s.Supervisor.spec("top", ["a"])


# Stop


def test_sup_stop_infinity(rig):
    made = rig(child("a", shutdown=None), s.Supervisor.spec("sub", [child("b")], shutdown=None))
    assert made.system.stop().is_clean


def hang(system, events, *paths):
    """Block actors in a handler; return what releases them."""
    release = Event()
    for path in paths:
        entered = Event()
        system.handle(path).tell(Block(entered, release))
        assert entered.wait(5.0)
    return release


def test_sup_stop_timeout(events):
    """[adapted] a child that does not end is abandoned, not killed."""
    system = one(events, child("a"), child("slow", shutdown=0.05), child("c"))
    system.start()
    release = hang(system, events, "slow")
    report = system.stop()
    assert report.abandoned == ("slow",)
    assert [(event.path, event.exit) for event in events.of(s.ChildEnded)] == [("c", "shutdown"), ("a", "shutdown")]
    release.set()


def test_sup_stop_timeout_dynamic(events):
    """[adapted] as sup_stop_timeout."""
    system = s.System(dynamic(shutdown=0.05), on_event=events)
    system.start()
    for _ in range(3):
        system.children().start_child()
    release = hang(system, events, "w-2")
    assert system.stop().abandoned == ("w-2",)
    assert sorted(event.path for event in events.of(s.ChildEnded)) == ["w-1", "w-3"]
    release.set()


def test_sup_stop_brutal_kill(rig):
    """[adapted] it is fenced off at once; its thread ends when it next looks."""
    made = rig(child("a"), child("brutal", shutdown=0))
    made.system.stop()
    assert [event.path for event in made.events.of(s.ChildEnded)] == ["a"]
    assert [event.path for event in made.events.of(s.Abandoned)] == ["brutal"]
    assert made.system.orphans() == ()


def test_sup_stop_brutal_kill_dynamic(rig):
    made = rig(root=dynamic(shutdown=0))
    handles = [made.children().start_child() for _ in range(10)]
    made.system.stop()
    assert not any(handle.is_up() for handle in handles)
    assert len(made.events.of(s.Abandoned)) == 10


@pytest.mark.parametrize("how", ENDS)
def test_sup_stop_race(rig, how):
    """While the last child is being stopped the others end by themselves: no restarts, the stop completes."""
    made = rig()

    def others_end(_worker, _exit):
        for restart in s.Restart:
            handle = made.system.handle(restart.value)
            handle.kill(ValueError("x")) if ENDS[how] is None else handle.tell(End(ENDS[how]))

    for restart in s.Restart:
        made.children().start_child(child(restart.value, restart=restart))
    made.children().start_child(child("last", lambda: Puppet(on_teardown=others_end)))
    assert made.system.stop().exit == s.SHUTDOWN
    assert made.events.of(s.ChildRestarted) == []


@pytest.mark.parametrize("restart", s.Restart)
def test_sup_stop_non_shutdown_exit_dynamic(rig, restart):
    def odd(_worker, _exit):
        raise ValueError("odd reason")

    made = rig(root=dynamic(lambda: Puppet(on_teardown=odd), restart=restart))
    for _ in range(5):
        made.children().start_child()
    assert made.system.stop().exit == s.SHUTDOWN
    assert len(made.events.of(s.ChildFailed)) == 5
    assert made.events.of(s.ChildRestarted) == []


# Administration


def test_child_adm(rig):
    made = rig(child("a"))
    adm = made.children()
    assert refused(adm.start_child, child("a")) == "already_started"
    assert refused(adm.restart_child, "a") == "running"
    assert refused(adm.delete_child, "a") == "running"
    adm.terminate_child("a")
    adm.terminate_child("a")
    assert made.states()["a"] == "stopped"
    assert refused(adm.start_child, child("a")) == "already_present"
    assert adm.restart_child("a").incarnation == 2
    adm.terminate_child("a")
    adm.delete_child("a")
    assert adm.which_children() == ()
    assert {refused(call, "a") for call in (adm.restart_child, adm.delete_child, adm.terminate_child)} == {"not_found"}
    with pytest.raises(s.ActorDown):
        made.children("nowhere").which_children()


def test_child_adm_simple(rig):
    made = rig(dynamic(name="pool"), dynamic(name="other"))
    adm, other = made.children("pool"), made.children("other")
    handle, foreign = adm.start_child(), other.start_child()
    assert refused(adm.terminate_child, foreign) == "not_found"
    assert foreign.is_up()
    assert refused(adm.restart_child, "w-1") == refused(adm.delete_child, "w-1") == "not_supported"
    adm.terminate_child(handle)
    assert adm.which_children() == ()
    assert adm.count_children() == s.ChildCount(0, 0, 0, 0)


def test_extra_return(rig):
    """[adapted] what start_child returns, the handle, stays good over automatic restarts."""
    made = rig()
    handle = made.children().start_child(child("a"))
    made.fail("a")
    assert handle.ask("still there") == "still there"
    assert handle.incarnation == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""), ("id", "a/b"), ("id", "."), ("id", 7), ("factory", None), ("restart", "permanent"),
        ("shutdown", -1), ("shutdown", "5"), ("shutdown", True), ("shutdown", float("nan")), ("start_timeout", -1),
        ("significant", 1), ("backoff", 3), ("stall_after", -1), ("mailbox", 100), ("restart_stalled", "yes"),
    ],
)  # fmt: skip
def test_child_specs(field, value):
    with pytest.raises(ValueError, match=rf"{field}={value!r}: must be "):
        s.ChildSpec(**({"id": "a", "factory": Puppet} | {field: value}))


def test_child_specs_good_values_and_duplicates(rig):
    values = product(s.Restart, (0, 0.5, None), (1.0, None), (None, 2.0))
    specs = [
        child(f"c{number}", restart=restart, shutdown=shutdown, start_timeout=timeout, stall_after=stall)
        for number, (restart, shutdown, timeout, stall) in enumerate(values)
    ]
    assert rig(*specs).children().count_children().active == len(specs)
    with pytest.raises(ValueError, match="children='a': must be unique ids"):
        s.Supervisor.spec("top", [child("a"), child("a")])


@pytest.mark.parametrize(("significant", "mode", "restart"), list(product((True, False), s.AutoShutdown, s.Restart)))
def test_child_specs_map(significant, mode, restart):
    legal = not significant or (mode is not NEVER and restart is not PERMANENT)
    try:
        s.Supervisor.spec("top", [child("a", significant=significant, restart=restart)], auto_shutdown=mode)
    except ValueError as error:
        assert not legal
        assert "a: significant=True: must be False" in str(error)  # noqa: PT017 - both outcomes are tested
    else:
        assert legal


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strategy", "one_for_one"), ("max_restarts", -1), ("max_restarts", 1.5), ("max_restarts", True),
        ("max_seconds", 0), ("max_seconds", -1), ("max_seconds", "5"), ("auto_shutdown", "never"),
    ],
)  # fmt: skip
def test_sup_flags(field, value):
    with pytest.raises(ValueError, match=rf"{field}={value!r}: must be "):
        s.Supervisor.spec("top", [], **{field: value})


# Restart types


def test_multiple_restarts(rig):
    made = rig(child("a"), max_restarts=1, max_seconds=1.0)
    for _ in range(3):
        made.fail("a")
        made.settle(2.1)
    assert made.up("a") == (4,)


@pytest.mark.parametrize("how", ENDS)
def test_permanent(rig, how):
    """permanent_normal, permanent_shutdown, permanent_abnormal: always restarted."""
    made = rig(child("a"), max_restarts=1)
    finish(made, "a", how)
    assert made.up("a") == (2,)


@pytest.mark.parametrize(("how", "incarnation"), [("normal", 0), ("shutdown", 0), ("abnormal", 2)])
def test_transient(rig, how, incarnation):
    """transient_normal, transient_shutdown: the entry stays, stopped; transient_abnormal: restarted."""
    made = rig(child("a", restart=TRANSIENT), max_restarts=1)
    finish(made, "a", how)
    assert made.up("a") == (incarnation,)
    assert made.children().count_children().specs == 1


@pytest.mark.parametrize("how", ENDS)
def test_temporary(rig, how):
    """temporary_normal, temporary_shutdown, temporary_abnormal: the entry is gone."""
    made = rig(child("a", restart=TEMPORARY), max_restarts=1)
    finish(made, "a", how)
    assert made.children().which_children() == ()


def test_transient_shutdown_with_a_reason_is_clean(rig):
    made = rig(child("a", restart=TRANSIENT))
    made.end("a", s.Exit(s.ExitKind.SHUTDOWN, "some reason"))
    assert made.up("a") == (0,)


def test_faulty_application_shutdown():
    deep = s.Supervisor.spec("outer", [s.Supervisor.spec("inner", [child("a", bad(gate()[0]))])])
    made = Rig(root=deep)
    with pytest.raises(s.StartError, match="inner/a") as caught:
        made.start()
    assert caught.value.path == "inner/a"
    assert "the gate is shut" in made.ended().traceback


# Strategies


def test_one_for_one(rig):
    made = rig(child("a"), child("b"), max_restarts=2)
    made.fail("a", "a")
    assert made.up("a", "b") == (3, 1)
    made.fail("a")
    assert made.ended() == GAVE_UP


def test_one_for_one_escalation(rig):
    setup, closed = gate(shut=False)
    made = rig(child("a", bad(setup)), child("b"), max_restarts=4)
    closed.append("shut")
    made.fail("a")
    assert made.ended() == GAVE_UP
    assert made.events.of(s.LimitReached)[0].count == 5
    assert made.events.of(s.ChildEnded, "b") != []


def test_one_for_all(rig):
    made = rig(child("a"), child("b"), child("c"), strategy=ALL, max_restarts=2)
    made.fail("b")
    assert made.up("a", "b", "c") == (2, 2, 2)
    made.fail("a")
    assert made.up("a", "b", "c") == (3, 3, 3)
    made.fail("a")
    assert made.ended() == GAVE_UP


def test_one_for_all_escalation(rig):
    setup, closed = gate(shut=False)
    made = rig(child("a"), child("b", bad(setup)), strategy=ALL, max_restarts=4)
    closed.append("shut")
    made.fail("a")
    assert made.ended() == GAVE_UP


def once(number):
    """Return a setup that fails at its call number `number` only."""
    calls = []

    def setup(_worker):
        calls.append(1)
        if len(calls) == number:
            raise ConnectionError("this once")

    return bad(setup)


def test_one_for_all_other_child_fails_restart(rig):
    made = rig(child("a"), child("b", once(2)), strategy=ALL, max_restarts=2)
    made.fail("a")
    assert made.up("a", "b") == (3, 3)  # a was restarted, stopped for b's failure, and restarted again
    assert made.states()["."] == "running"


def test_simple_one_for_one(rig):
    made = rig(root=dynamic(max_restarts=2))
    first, second = made.children().start_child(), made.children().start_child()
    made.fail("w-1", "w-2")
    assert (first.incarnation, second.incarnation) == (2, 2)
    made.fail("w-1")
    assert made.ended() == GAVE_UP


def test_simple_one_for_one_shutdown(rig):
    """Three children with different stop times: all stop together, so it takes as long as the slowest."""

    def slow(seconds):
        return lambda worker, _exit: worker.handle and made.sim.wait(never, seconds)

    never = Event()
    made = rig(root=dynamic(lambda seconds: Puppet(on_teardown=slow(seconds)), shutdown=5.0))
    for seconds in (1.0, 3.0, 2.0):
        made.children().start_child(seconds)
    report = made.system.stop()
    assert report.is_clean
    assert 3.0 <= report.seconds < 4.0


def test_simple_one_for_one_extra(rig):
    made = rig(root=dynamic(Puppet))
    log = []
    made.children().start_child(log)
    made.fail("w-1")
    made.system.handle("w-1").ask("to the restarted one")
    assert log == ["to the restarted one"]


def test_simple_one_for_one_escalation(rig):
    setup, closed = gate(shut=False)
    made = rig(root=dynamic(bad(setup), max_restarts=4))
    made.children().start_child()
    closed.append("shut")
    made.fail("w-1")
    assert made.ended() == GAVE_UP


def test_simple_one_for_one_corruption(rig):
    """Start arguments of temporary children are let go of."""

    class Big:
        pass

    big = Big()
    seen = ref(big)
    made = rig(root=dynamic(lambda argument: Puppet(), restart=TEMPORARY))
    made.children().start_child(big)
    made.fail("w-1")
    made.children().start_child(None)
    del big
    gc.collect()
    assert seen() is None


def test_rest_for_one(rig):
    made = rig(child("a"), child("b"), child("c"), strategy=REST, max_restarts=2)
    made.fail("b")
    assert made.up("a", "b", "c") == (1, 2, 2)
    made.fail("c")
    assert made.up("a", "b", "c") == (1, 2, 3)
    made.fail("c")
    assert made.ended() == GAVE_UP


def test_rest_for_one_escalation(rig):
    setup, closed = gate(shut=False)
    made = rig(child("a"), child("b", bad(setup)), strategy=REST, max_restarts=4)
    closed.append("shut")
    made.fail("a")
    assert made.ended() == GAVE_UP


def test_rest_for_one_other_child_fails_restart(rig):
    made = rig(child("a"), child("b", once(2)), child("c"), strategy=REST, max_restarts=2)
    made.fail("a")
    assert made.up("a", "b", "c") == (2, 3, 2)  # a stays up, the second try begins at b
    assert made.states()["."] == "running"


# Significant children


@pytest.mark.parametrize("restart", [TEMPORARY, TRANSIENT])
@pytest.mark.parametrize("mode", s.AutoShutdown)
@pytest.mark.parametrize("how", ENDS)
def test_nonsignificant(rig, restart, mode, how):
    """nonsignificant_temporary, nonsignificant_transient: they never end their supervisor."""
    made = rig(child("a", restart=restart), child("b"), auto_shutdown=mode)
    finish(made, "a", how)
    assert made.states()["."] == "running"


@pytest.mark.parametrize(
    ("restart", "how", "ends"),
    [
        (TEMPORARY, "normal", True), (TEMPORARY, "shutdown", True), (TEMPORARY, "abnormal", True),
        (TRANSIENT, "normal", True), (TRANSIENT, "shutdown", True), (TRANSIENT, "abnormal", False),
    ],
)  # fmt: skip
def test_significant(rig, restart, how, ends):
    """significant_temporary, significant_transient under any_significant."""
    made = rig(child("a", restart=restart, significant=True), child("b"), auto_shutdown=ANY_SIGNIFICANT)
    finish(made, "a", how)
    assert (made.ended() is not None) is ends
    assert not ends or made.ended().kind is s.ExitKind.SHUTDOWN


@pytest.mark.parametrize("restart", [TEMPORARY, TRANSIENT])
def test_significant_all(rig, restart):
    """significant_temporary, significant_transient under all_significant: only the last one ends it."""
    specs = [child(name, restart=restart, significant=True) for name in ("a", "b")]
    made = rig(*specs, child("c"), auto_shutdown=ALL_SIGNIFICANT)
    made.end("a")
    made.children().count_children()
    assert made.ended() is None
    made.end("b")
    assert made.ended().reason == "significant children ended"


def test_significant_simple(rig):
    made = rig(root=dynamic(restart=TEMPORARY, significant=True, auto_shutdown=ALL_SIGNIFICANT))
    made.children().start_child()
    made.children().start_child()
    made.end("w-1")
    assert made.ended() is None
    made.end("w-2")
    assert made.ended().kind is s.ExitKind.SHUTDOWN


@pytest.mark.parametrize("strategy", [ALL, REST])
@pytest.mark.parametrize("mode", [ANY_SIGNIFICANT, ALL_SIGNIFICANT])
def test_significant_bystander(rig, strategy, mode):
    mates = [child("b", restart=TRANSIENT, significant=True), child("c", restart=TEMPORARY, significant=True)]
    made = rig(child("a"), *mates, strategy=strategy, auto_shutdown=mode)
    made.fail("a")
    assert made.up("a", "b", "c") == (2, 2, 0)
    assert made.states()["."] == "running"


def test_significant_does_not_end_it_when_stopped_by_hand(rig):
    made = rig(child("a", restart=TRANSIENT, significant=True), child("b"), auto_shutdown=ANY_SIGNIFICANT)
    made.children().terminate_child("a")
    made.settle()
    assert made.states()["."] == "running"


@pytest.mark.parametrize("significant", [True, False])
def test_significant_escalation(rig, significant):
    worker = child("worker", restart=TRANSIENT, significant=True)
    options = {"restart": TRANSIENT, "significant": significant, "auto_shutdown": ANY_SIGNIFICANT}
    made = rig(s.Supervisor.spec("sub", [worker], **options), child("b"), auto_shutdown=ANY_SIGNIFICANT)
    made.end("sub/worker")
    assert made.up("sub") == (0,)
    assert (made.ended() is not None) is significant


# Odd children, trees, numbers


def test_child_unlink(events):
    """[adapted] a child that ignores the stop request cannot hang the supervisor."""
    system = one(events, child("deaf", shutdown=0.05))
    system.start()
    release = hang(system, events, "deaf")
    system.children().terminate_child("deaf")
    assert events.of(s.Abandoned, "deaf") != []
    release.set()
    system.stop()


def test_tree(rig):
    subs = [
        s.Supervisor.spec("one", [child("a"), child("b")], max_restarts=1),
        s.Supervisor.spec("two", [child("c")], max_restarts=1),
        dynamic(max_restarts=1),
    ]
    made = rig(*subs, strategy=ALL)
    made.children("pool").start_child()
    made.fail("one/a")
    assert made.up("one", "one/a", "one/b", "two/c", "pool/w-1") == (1, 2, 1, 1, 1)
    made.fail("one/a")
    assert made.up("one", "one/a", "one/b", "two", "two/c") == (2, 3, 2, 2, 2)
    assert made.children("pool").which_children() == ()


def test_count_children(rig):
    made = rig(root=dynamic(restart=TEMPORARY))
    handles = [made.children().start_child() for _ in range(100)]
    assert made.children().count_children() == s.ChildCount(100, 100, 0, 100)
    assert len(made.children().which_children()) == 100
    for handle in handles:
        handle.kill(ValueError("x"))
    made.settle(5.0)
    assert made.children().count_children().specs == 0


def test_count_children_supervisor(rig):
    made = rig(s.Supervisor.spec("one", []), s.Supervisor.spec("two", []), child("a"))
    assert made.children().count_children() == s.ChildCount(3, 3, supervisors=2, workers=1)


def test_count_restarting_children(rig):
    made = rig(child("a", backoff=s.Backoff(first=10.0)), child("b"))
    made.fail("a")
    assert made.children().count_children() == s.ChildCount(2, active=1, supervisors=0, workers=2)


def test_do_not_save_start_parameters_for_temporary_children(rig):
    made = rig(child("a", restart=TEMPORARY), child("b", restart=TRANSIENT))
    made.end("a")
    made.end("b")
    assert [info.id for info in made.children().which_children()] == ["b"]


@pytest.mark.parametrize("strategy", s.Strategy)
@pytest.mark.parametrize("how", ENDS)
def test_do_not_save_child_specs_for_temporary_children(rig, strategy, how):
    made = rig(child("a", restart=TEMPORARY), child("b"), strategy=strategy)
    finish(made, "a", how)
    assert refused(made.children().restart_child, "a") == "not_found"
    assert made.children().start_child(child("a", restart=TEMPORARY)).is_up()


def test_simple_one_for_one_scale_many_temporary_children(rig):
    """[adapted] steps of work, not seconds: the stop of ten times the children takes about ten times the steps."""

    def steps(number):
        made = rig(root=dynamic(restart=TEMPORARY))
        for _ in range(number):
            made.children().start_child()
        before = made.sim.steps
        made.system.stop()
        return made.sim.steps - before

    assert steps(200) < 15 * steps(20)


def test_temporary_bystander(rig):
    for strategy in (ALL, REST):
        made = rig(child("a"), child("b", restart=TEMPORARY), strategy=strategy)
        made.fail("a")
        assert made.up("a", "b") == (2, 0)
        assert [info.id for info in made.children().which_children()] == ["a"]


@pytest.mark.parametrize("how", ENDS)
def test_simple_global_supervisor(rig, how):
    """[adapted] the handle is the name."""
    made = rig(s.Supervisor.spec("sub", [child("a")]))
    finish(made, "sub/a", how)
    assert made.system.handle("sub/a").ask("hello") == "hello"
    made.fail("sub")
    assert made.system.handle("sub/a").ask("hello") == "hello"


# A child that cannot restart


def hanging(rig, *before, after=(), strategy=ONE):
    setup, closed = gate(shut=False)
    made = rig(*before, child("stuck", bad(setup)), *after, strategy=strategy, max_restarts=10**9, max_seconds=1000.0)
    closed.append("shut")
    made.fail("stuck")
    assert made.states()["stuck"] == "restarting"
    return made, made.children()


def test_hanging_restart_loop(rig):
    made, adm = hanging(rig)
    assert refused(adm.start_child, child("stuck")) == "already_started"
    assert refused(adm.restart_child, "stuck") == "restarting"
    assert refused(adm.delete_child, "stuck") == "restarting"
    assert [info.state for info in adm.which_children()] == ["restarting"]
    adm.terminate_child("stuck")
    assert made.states()["stuck"] == "stopped"
    made.settle()
    assert made.states()["stuck"] == "stopped"


def test_hanging_restart_loop_can_be_stopped(rig):
    made, _adm = hanging(rig)
    assert made.system.stop().exit == s.SHUTDOWN


def test_hanging_restart_loop_rest_for_one(rig):
    made, adm = hanging(rig, child("before"), after=(child("after"),), strategy=REST)
    assert made.states() == {".": "running", "before": "running", "stuck": "restarting", "after": "stopped"}
    assert refused(adm.start_child, child("after")) == "already_present"
    assert made.up("before") == (1,)
    adm.terminate_child("stuck")
    assert made.states()["stuck"] == "stopped"


def test_hanging_restart_loop_simple(rig):
    setup, closed = gate(shut=False)
    made = rig(root=dynamic(bad(setup), max_restarts=10**9, max_seconds=1000.0))
    handle = made.children().start_child()
    closed.append("shut")
    made.fail("w-1")
    assert made.children().count_children() == s.ChildCount(1, 0, 0, 1)
    made.children().terminate_child(handle)
    assert made.children().which_children() == ()


# Order, scale, reports


def test_order_of_children(rig):
    names = ("b", "a", "d", "c", "e")
    made = rig(*(child(name) for name in names), strategy=REST)
    assert [event.path for event in made.events.of(s.ChildStarted)][:5] == list(names)
    made.events.all.clear()
    made.fail("a")
    assert [event.path for event in made.events.of(s.ChildEnded)] == ["e", "c", "d"]
    assert [event.path for event in made.events.of(s.ChildStarted)] == ["a", "d", "c", "e"]
    made.events.all.clear()
    made.system.stop()
    assert [event.path for event in made.events.of(s.ChildEnded)] == ["e", "c", "d", "a", "b"]


def test_scale_start_stop_many_children():
    """[adapted] steps of work, not seconds; the benchmark has the seconds."""

    def steps(number):
        made = Rig(*(child(f"c{index}") for index in range(number))).start()
        made.system.stop()
        return made.sim.steps

    assert steps(400) < 12 * steps(40)


def test_format_log_1(rig):
    """[adapted] one line of fixed key order."""
    made = rig(child("a"))
    made.system.handle("a").kill(ValueError("two\nlines"))
    made.settle()
    assert str(made.events.of(s.ChildFailed)[0]) == (
        'child_failed path=a incarnation=1 exit=failed reason="ValueError: two lines" restart=permanent'
    )


def test_format_log_2(rig):
    """[adapted] the mapping carries what the line leaves out; a traceback is bounded."""

    def deep(depth):
        return deep(depth - 1) if depth else 1 / 0

    made = rig(child("a"))
    made.system.handle("a").tell(lambda _me: deep(500))
    made.settle()
    mapping = made.events.of(s.ChildFailed)[0].mapping()
    assert list(mapping)[:3] == ["event", "path", "incarnation"]
    assert "ZeroDivisionError" in mapping["traceback"]
    assert len(mapping["traceback"].splitlines()) < 100


def test_child_adm_wrong_arguments_are_answers(rig):
    """A wrong request is named to who made it; the supervisor lives."""
    made = rig(child("a"))
    adm = made.children()
    for call, arguments in ((adm.start_child, ()), (adm.start_child, ("a",)), (adm.terminate_child, (7,))):
        with pytest.raises(ValueError, match="must be"):
            call(*arguments)
    assert made.up(".", "a") == (1, 1)
