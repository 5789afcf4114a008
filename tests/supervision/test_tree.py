"""What one can see: tree, events, log lines, public names."""

import dataclasses
import json
import logging
import re

import pytest

import supervision as s
from supervision.simulation import Simulation
from tests.supervision.kit import Puppet, child

LINE = re.compile(r'^[a-z_]+( [a-z_]+=("[^"]*"|[^ "]+))+$')


def test_the_tree_shows_state_restarts_and_notes(rig):
    core = s.Supervisor.spec(
        "core", [child("a", lambda: Puppet(on_setup=lambda me: me.note("ready"))), child("b")], max_restarts=9
    )
    made = rig(child("waiting", backoff=s.Backoff(first=9.0)), core)
    made.fail("waiting", "core/a", "core/a", "core/b")
    assert made.system.render().splitlines() == [
        "top                      one_for_one  3 restarts",
        "|- waiting               RESTARTING",
        "`- core                  one_for_one",
        "   |- a                  RUNNING      ready  (2 restarts)",
        "   `- b                  RUNNING      (1 restart)",
    ]


def test_the_snapshot_is_frozen_and_plain(rig):
    made = rig(child("a"))
    made.system.handle("a").tell("waits")
    node = made.system.tree().children[0]
    assert (node.path, node.state, node.incarnation, node.waiting) == ("a", "running", 1, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        node.state = "stopped"
    assert json.loads(json.dumps(made.system.tree().to_dict()))["children"][0]["path"] == "a"


def test_the_snapshot_shows_age_business_and_the_last_end(rig):
    made = rig(child("a"), child("b"))
    made.fail("b")
    made.settle(5.0)
    seen = []
    made.sim.call_after(1.0, lambda: seen.extend(made.system.tree().children))
    made.system.handle("a").ask(lambda me: me.sleep(2.0))
    assert seen[0].busy_seconds == pytest.approx(1.0, abs=0.01)
    assert seen[0].up_seconds == pytest.approx(6.2, abs=0.1)
    assert made.system.tree().children[0].busy_seconds is None
    assert seen[1].busy_seconds is None
    made.fail("b")
    made.children().terminate_child("b")
    assert made.system.tree().children[1].last_exit == "shutdown"


def test_a_sub_tree_is_readable_while_it_is_down(rig):
    made = rig(s.Supervisor.spec("sub", [child("a")], backoff=s.Backoff(first=9.0)))
    made.fail("sub")
    node = made.system.tree().children[0]
    assert (node.state, node.strategy, node.children) == ("restarting", "one_for_one", ())


def test_every_event_is_one_line_that_parses_and_a_plain_mapping(rig):
    made = rig(child("a", backoff=s.Backoff(first=0.1)), child("b", restart=s.Restart.TEMPORARY), max_restarts=1)
    made.end("b")
    made.system.handle("b").tell("dead letter")
    made.fail("a")
    made.settle(1.0)
    made.fail("a")
    made.settle(1.0)
    kinds = {type(event) for event in made.events.all}
    assert {s.ChildStarted, s.ChildEnded, s.ChildFailed, s.ChildRestarted, s.RestartDelayed, s.LimitReached} <= kinds
    for event in made.events.all:
        assert LINE.match(str(event)), str(event)
        assert json.loads(json.dumps(event.mapping()))["event"] == event.name


def test_events_are_logged_with_their_mapping_under_one_logger(rig, caplog):
    caplog.set_level(logging.INFO, "supervision")
    made = rig(child("a"))
    made.fail("a")
    lines = [record for record in caplog.records if hasattr(record, "supervision")]
    assert [record.supervision["event"] for record in lines] == [
        "child_started",
        "child_failed",
        "child_started",
        "child_restarted",
    ]
    assert {record.name for record in caplog.records} == {"supervision"}
    failed = next(record for record in lines if record.supervision["event"] == "child_failed")
    assert failed.levelno == logging.WARNING
    assert failed.getMessage() == str(made.events.of(s.ChildFailed)[0])


def test_the_tree_is_logged_at_start_and_after_a_restart(rig, caplog):
    caplog.set_level(logging.INFO, "supervision")
    made = rig(child("a"))
    made.fail("a")
    made.system.log_tree()
    trees = [record.getMessage() for record in caplog.records if record.getMessage().startswith("tree\n")]
    assert [text.splitlines()[-1] for text in trees] == [
        "`- a                     RUNNING",
        "`- a                     RUNNING      (1 restart)",
        "`- a                     RUNNING      (1 restart)",
    ]


def test_the_library_sets_up_no_logging():
    logger = logging.getLogger("supervision")
    assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]
    assert logger.level == logging.NOTSET
    assert logger.propagate


def test_public_names_are_sorted_and_documented():
    assert list(s.__all__) == sorted(s.__all__, key=lambda name: (not name.isupper(), name))
    for name in s.__all__:
        thing = getattr(s, name)
        assert isinstance(thing, s.Exit) or thing.__doc__, name


def test_the_exits_read_well():
    assert str(s.Exit.failed(ValueError("no\n such  game"))) == "failed (ValueError: no such game)"
    assert str(s.NORMAL) == "normal"
    assert s.SHUTDOWN.is_clean
    assert not s.Exit(s.ExitKind.ABANDONED).is_clean


def test_an_ordinary_failure_keeps_no_exception():
    """A kept exception would pin the frames and the actor behind it."""
    assert s.Exit.failed(ValueError("x")).error is None
    assert s.Exit.failed(s.Fatal("x")).error is not None


def test_the_host_is_told_when_the_tree_has_changed():
    drawn, sim = [], Simulation(0)

    def draw():
        drawn.append(system.render())
        raise OSError("the terminal is gone")

    system = s.System(s.Supervisor.spec("top", [child("a")]), runtime=sim, on_tree=draw)
    with system:
        system.handle("a").kill(ValueError("x"))
        sim.run(1.0)
        assert system.handle("a").ask("alive") == "alive"
    assert drawn == [
        "top                      one_for_one  1 restart\n`- a                     RUNNING      (1 restart)"
    ]
