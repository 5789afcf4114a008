"""A worker that does what it is told, and a log of events that a test can wait for."""

import threading
from dataclasses import dataclass

import supervision as s
from supervision.simulation import Simulation

PATIENCE = 5.0  # seconds until a wait counts as a failure; passing tests do not come near it


@dataclass(frozen=True)
class Raise:
    error: BaseException


@dataclass(frozen=True)
class End:
    exit: s.Exit = s.NORMAL


@dataclass(frozen=True)
class Block:
    """Block the handler until the test releases it; `entered` is set when it blocks."""

    entered: threading.Event
    release: threading.Event


class Puppet(s.Worker):
    def __init__(self, log=None, on_setup=None, on_teardown=None):
        super().__init__()
        self.log = [] if log is None else log
        self.on_setup = on_setup
        self.on_teardown = on_teardown

    def setup(self):
        if self.on_setup is not None:
            self.on_setup(self)

    def receive(self, message):
        match message:
            case Raise(error):
                raise error
            case End(exit_):
                self.stop(exit_)
            case Block(entered, release):
                entered.set()
                release.wait(PATIENCE)
            case _ if callable(message):
                return message(self)
            case _:
                self.log.append(message)
        return message

    def teardown(self, exit_):
        if self.on_teardown is not None:
            self.on_teardown(self, exit_)


class ManualClock:
    """A clock that stands still until the test moves it."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Events:
    """Collects events; `wait` returns the first one that fits, past or to come."""

    def __init__(self):
        self.all = []
        self._changed = threading.Condition()

    def __call__(self, event):
        with self._changed:
            self.all.append(event)
            self._changed.notify_all()

    def of(self, kind, path=None):
        return [one for one in list(self.all) if isinstance(one, kind) and path in (None, one.path)]

    def wait(self, kind, path=None, number=1):
        with self._changed:
            done = self._changed.wait_for(lambda: len(self.of(kind, path)) >= number, PATIENCE)
        assert done, f"no {kind.__name__} number {number} of {path}; seen: {[str(one) for one in self.all]}"
        return self.of(kind, path)[number - 1]


def child(name, factory=Puppet, **options):
    return s.ChildSpec(name, factory, **options)


def one(events, *children, **options):
    """Return a system with one supervisor over `children`."""
    return s.System(s.Supervisor.spec("top", children, **options), on_event=events)


def gate(shut=True):
    """Return a setup that raises while the gate is shut, and the gate: a list to clear."""
    closed = ["shut"] if shut else []

    def setup(_worker):
        if closed:
            raise ConnectionError("the gate is shut")

    return setup, closed


def declining():
    raise s.Decline


class Rig:
    """A system in virtual time; every call returns when all that follows from it has happened."""

    def __init__(self, *children, seed=0, root=None, **options):
        self.sim = Simulation(seed)
        self.events = Events()
        self.system = s.System(
            root or s.Supervisor.spec("top", children, **options), runtime=self.sim, on_event=self.events
        )

    def start(self):
        self.system.start()
        return self

    def settle(self, seconds=0.2):
        self.sim.run(seconds)

    def end(self, path, exit_=s.NORMAL):
        self.system.handle(path).tell(End(exit_))
        self.settle()

    def fail(self, *paths):
        """Let actors fail, each after the other has been dealt with."""
        for path in paths:
            self.system.handle(path).kill(ValueError("told to fail"))
            self.settle()

    def up(self, *paths):
        """Return the incarnation at each path, 0 for what is not up."""
        handles = [self.system.handle(path) for path in paths]
        return tuple(one.incarnation if one.is_up() else 0 for one in handles)

    def states(self):
        return {node.path: node.state for node in self.system.tree().walk()}

    def ended(self):
        return self.system.wait(0)

    def children(self, path="."):
        return self.system.children(path)
