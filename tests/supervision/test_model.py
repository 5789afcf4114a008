"""Random trees, random orders of failures, stops and starts by hand: what must hold in every one of them."""

from collections import Counter
from random import Random

import pytest

import supervision as s
from supervision.simulation import Simulation
from tests.supervision.kit import Events

SEEDS = [*range(120), 328, 1675, 2328]  # beyond 120: once found a bug
ACTIONS = 30
QUIET = 3000.0  # virtual seconds after which every backoff and every kept message is over


class Census:
    """Who is set up; it fails the run if a path is ever there twice."""

    def __init__(self):
        self.there = Counter()
        self.setups = Counter()
        self.ends = Counter()

    def enter(self, worker):
        self.there[worker.path] += 1
        self.setups[worker.path] += 1
        assert self.there[worker.path] == 1, f"{worker.path} runs twice"

    def leave(self, worker):
        self.there[worker.path] -= 1


def make_worker(census, rng):
    class Member(s.Worker):
        def setup(self):
            census.enter(self)
            if rng.random() < 0.1:
                raise ConnectionError("this time it does not start")

        def receive(self, message):
            if message == "fail":
                raise ValueError("told to")
            if message == "end":
                self.stop()

        def teardown(self, exit_):
            census.leave(self)
            if rng.random() < 0.05:
                raise OSError("could not close")

    return Member()


def random_tree(rng, census, depth=0):
    """Return a supervisor spec over up to four children, some of them supervisors."""
    children = []
    for index in range(rng.randint(1, 4)):
        if depth < 2 and rng.random() < 0.35:
            children.append(random_tree(rng, census, depth + 1))
            continue
        children.append(
            s.ChildSpec(
                f"w{index}",
                lambda: make_worker(census, rng),
                restart=rng.choice(list(s.Restart)),
                shutdown=rng.choice([0.5, None]),
                backoff=rng.choice([None, s.Backoff(first=rng.random())]),
                mailbox=s.MailboxSpec(keep=rng.random() < 0.3),
            )
        )
    named = {spec.id: spec for spec in children}
    limit = rng.choice([0, 1, 3, 1000])
    name = f"s{depth}{rng.randint(0, 9)}"
    return s.Supervisor.spec(name, named.values(), strategy=rng.choice(list(s.Strategy)), max_restarts=limit)


def act(rng, system):
    nodes = [node for node in system.tree().walk() if node.path != "."]
    if not nodes:
        return
    node = rng.choice(nodes)
    handle = system.handle(node.path)
    door = system.children(node.path.rpartition("/")[0] or ".", timeout=500.0)
    match rng.randrange(6):
        case 0 | 1:
            handle.tell("fail")
        case 2:
            handle.kill(RuntimeError("killed"))
        case 3:
            handle.tell("end")
        case 4:
            by_hand(door.terminate_child, node.id)
        case 5:
            by_hand(door.restart_child, node.id)


def by_hand(order, name):
    try:
        order(name)
    except (s.ChildRefused, s.StartError, s.ActorDown):
        return


def answers(handle):
    """Ask; who is down must say so at once."""
    try:
        handle.ask("anything", timeout=5.0)
    except s.ActorDown:
        return False
    return True


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens(seed):
    rng, census, events = Random(seed), Census(), Events()
    sim = Simulation(seed)
    system = s.System(random_tree(rng, census), runtime=sim, on_event=events)
    try:
        system.start(timeout=500.0)
    except s.StartError:
        assert not +census.there, f"seed {seed}: a failed start left something behind"
        return
    for _ in range(ACTIONS):
        act(rng, system)
        sim.run(rng.random())
    sim.run(QUIET)
    states = Counter(node.state for node in system.tree().walk())
    assert set(states) <= {"running", "stopped"}, f"seed {seed}: {states}"
    up = {node.path for node in system.tree().walk() if node.state == "running" and node.strategy is None}
    assert up == {path for path, number in census.there.items() if number}, f"seed {seed}"
    for path in census.setups:
        assert answers(system.handle(path)) == (path in up), f"seed {seed}: {path}"
    system.stop(timeout=500.0)
    assert not +census.there, f"seed {seed}: {+census.there} outlived the stop"
    assert system.orphans() == ()
    ended = Counter(event.path for event in events.all if isinstance(event, (s.ChildEnded, s.ChildFailed, s.Abandoned)))
    for path, setups in census.setups.items():
        assert ended[path] == setups, f"seed {seed}: {path} began {setups} times and ended {ended[path]} times"


def test_control_the_census_notices_a_second_one():
    census, worker = Census(), s.Worker()
    worker.path = "a"
    census.enter(worker)
    with pytest.raises(AssertionError, match="a runs twice"):
        census.enter(worker)
