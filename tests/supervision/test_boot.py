"""Start and stop of a tree."""

import pytest

import supervision as s
from tests.supervision.kit import Puppet, child, one


def failing(error):
    def setup(_worker):
        raise error

    return lambda: Puppet(on_setup=setup)


def test_children_start_in_order_and_stop_in_reverse(events):
    with one(events, child("b"), child("a"), child("c")):
        pass
    assert [event.path for event in events.of(s.ChildStarted)] == ["b", "a", "c", "."][:3]
    assert [event.path for event in events.of(s.ChildEnded)] == ["c", "a", "b"]


def test_boot_fails_fast_with_path_and_cause_and_stops_what_had_started(events):
    inner = s.Supervisor.spec("core", [child("good"), child("bad", failing(ValueError("no disk"))), child("never")])
    with pytest.raises(s.StartError, match="core/bad did not start: ValueError: no disk") as caught:
        one(events, child("first"), inner).start()
    assert caught.value.path == "core/bad"
    assert isinstance(caught.value.cause, ValueError)
    assert [event.path for event in events.of(s.ChildEnded)] == ["core/good", "first"]
    assert events.of(s.ChildStarted, "core/never") == []


def test_a_fatal_at_boot_is_the_cause_and_is_kept(events):
    system = one(events, child("a", failing(s.Fatal("chain broken"))))
    with pytest.raises(s.StartError) as caught:
        system.start()
    assert caught.value.cause is system.fatal


def test_the_tree_can_be_read(events):
    core = s.Supervisor.spec("core", [child("a"), child("b")], strategy=s.Strategy.REST_FOR_ONE)
    with s.System(s.Supervisor.spec("keeper", [child("ops"), core])) as system:
        system.handle("core/a").ask(lambda me: me.note("100.00 USD"))
        assert system.render().splitlines() == [
            "keeper                   one_for_one  0 restarts",
            "|- ops                   RUNNING",
            "`- core                  rest_for_one",
            "   |- a                  RUNNING      100.00 USD",
            "   `- b                  RUNNING",
        ]
