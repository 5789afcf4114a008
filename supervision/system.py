"""A running tree: start it, look at it, stop it."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Self

from supervision.admin import Children
from supervision.child import Child
from supervision.events import Abandoned, Event, SystemEnded
from supervision.exits import ActorDown, Exit, ExitKind, Fatal, StartError
from supervision.handle import Handle
from supervision.hub import ROOT, Hub, logger
from supervision.runtime import Clock, Runtime, Threads
from supervision.spec import ChildSpec, ChildState
from supervision.tree import Node, render, snapshot
from supervision.worker import Notice

JOIN_SECONDS = 1.0  # for threads that have reported their end to get out of their last lines


@dataclass(frozen=True, slots=True)
class StopReport:
    """How a stop went.

    Attributes:
        exit: how the root ended.
        abandoned: paths of workers that did not end in time; their threads still run, fenced off.
        seconds: how long the stop took.
        dead_letters: messages that were not delivered over the life of the system.
    """

    exit: Exit
    abandoned: tuple[str, ...]
    seconds: float
    dead_letters: int

    @property
    def is_clean(self) -> bool:
        """True if the root ended cleanly and nothing was abandoned."""
        return self.exit.is_clean and not self.abandoned


class System:
    """A tree of workers under one root, apart from any other in the process.

    It sets up no logging and no signal handlers and touches no Pykka actors but its own. As a context manager it
    starts on entry and stops on exit. A system runs once.

    Args:
        root: usually a `Supervisor.spec(...)`. The root itself is never restarted.
        clock: monotonic seconds for windows, timers and limits.
        on_event: called with each event in the thread where it happens; it must not block; what it raises is logged.
        on_tree: called after each completed restart, in the supervisor's thread, to draw or send the tree.
        rng: source of jitter; the runtime's unless given.
        runtime: what the actors run on; threads unless given. A runtime brings its own clock.
    """

    def __init__(
        self,
        root: ChildSpec,
        *,
        clock: Clock = time.monotonic,
        on_event: Callable[[Event], None] | None = None,
        on_tree: Callable[[], None] | None = None,
        rng: Random | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        self._runtime = runtime or Threads(clock)
        self._hub = Hub(self._runtime, rng or self._runtime.rng, on_event, self._request_stop, self._tree_changed)
        self._on_tree = on_tree
        self._root = Child(root, self._hub.handle(ROOT))
        self._settled = threading.Event()
        self._ended = threading.Event()
        self._exit: Exit | None = None
        self._abandoned: tuple[str, ...] = ()

    def handle(self, path: str) -> Handle:
        """Return the stable handle of a path such as `core/bankroll` (`.` is the root), also before the start.

        May be called from any thread. A path that no child ever takes gives a handle that is never up.
        """
        return self._hub.handle(path)

    def children(self, path: str = ROOT, timeout: float = 30.0) -> Children:
        """Return the door to the children of the supervisor at `path`; each call through it takes at most `timeout`."""
        return Children(self._hub.handle(path), timeout)

    @property
    def fatal(self) -> Fatal | None:
        """The first `Fatal` that a worker raised, if any."""
        return self._hub.fatal

    def start(self, timeout: float = 30.0) -> None:
        """Start all children in order and return when the last is up; blocks the caller.

        Args:
            timeout: seconds for the whole tree.

        Raises:
            StartError: a child failed to start, with its path and the cause; what had started was stopped again.
            RuntimeError: the system was started before.
        """
        root = self._root
        used = root.worker is not None or self._exit is not None
        if used:
            raise RuntimeError(f"system {root.spec.id} has been started before: make a new one")
        root.state, root.began_at = ChildState.STARTING, self._runtime.clock()
        try:
            worker = root.build(self._hub, self._on_notice)
            atexit.register(self.stop)
            self._runtime.launch(worker)
        except Exception as error:  # noqa: BLE001 - a factory may raise anything
            self._finish(Exit.start_failed(ROOT, error))
        try:
            settled = self._runtime.wait(self._settled, timeout)
        except BaseException:  # Ctrl-C
            self.stop()
            raise
        if not settled:
            self.stop()
            raise StartError(ROOT, TimeoutError(f"the tree was not up within {timeout:g} s"))
        if self._exit is not None:
            self._close()
            raise self._start_error(self._exit)
        self.log_tree()

    def stop(self, timeout: float = 30.0) -> StopReport:
        """Stop the tree in reverse start order and return when it has ended; blocks the caller.

        May be called from any thread but an actor's, and again. What has not ended after `timeout` seconds is
        abandoned: fenced off and named in the report.

        Raises:
            RuntimeError: called by an actor of this system, which would wait for itself.
        """
        caller = self._runtime.current()
        if caller is not None and self._hub.handle(caller.path) is caller.handle:
            raise RuntimeError(f"{caller.path} cannot stop its own system: raise Fatal, or tell the host")
        began = self._runtime.clock()
        self._request_stop()
        if self._root.state is not ChildState.STOPPED and not self._runtime.wait(self._ended, timeout):
            self._abandon_all(timeout)
        self._close()
        exit_ = self._exit or Exit(ExitKind.SHUTDOWN, "never started")
        return StopReport(
            exit_, self._abandoned or self.orphans(), self._runtime.clock() - began, self._hub.dead_letters
        )

    def wait(self, timeout: float | None = None) -> Exit | None:
        """Block until the system has ended, by itself or by `stop`; return how, or None after `timeout` seconds.

        The exit carries the error if a worker raised `Fatal`. Signal handlers run meanwhile.
        """
        if not self._runtime.wait(self._ended, timeout):
            return None
        self._close()
        return self._exit

    def tree(self) -> Node:
        """Return a frozen snapshot of the tree; asks nobody, never blocks, from any thread."""
        return snapshot(self._root, self._runtime.clock())

    def render(self) -> str:
        """Return the tree as text, one line per child."""
        return render(self.tree())

    def log_tree(self, level: int = logging.INFO) -> None:
        """Log the tree; safe to call from a signal handler of the host, for instance for SIGUSR1."""
        if logger.isEnabledFor(level):
            logger.log(level, "tree\n%s", self.render())

    def orphans(self) -> tuple[str, ...]:
        """Return the paths of abandoned workers whose threads still run."""
        return tuple(sorted(self._hub.orphans.values()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _tree_changed(self) -> None:
        self.log_tree()
        if self._on_tree is not None:
            self._hub.guard(self._on_tree)

    def _request_stop(self) -> None:
        self._hub.begin_to_stop()
        worker = self._root.worker
        if worker is not None:
            worker.ask_to_end()

    def _on_notice(self, notice: Notice) -> None:
        root = self._root
        if notice.state is ChildState.RUNNING:
            root.state, root.up_at = ChildState.RUNNING, self._runtime.clock()
            self._settled.set()
        elif notice.state is ChildState.ENDED and root.worker is notice.worker:
            fatal = self._hub.fatal
            self._finish(Exit.failed(fatal) if fatal is not None and notice.exit.is_clean else notice.exit)

    def _finish(self, exit_: Exit) -> None:
        self._exit = self._root.exit = exit_
        self._root.state, self._root.worker = ChildState.STOPPED, None
        self._hub.emit(SystemEnded(ROOT, exit_.kind.value, exit_.reason))
        self._settled.set()
        self._ended.set()

    def _abandon_all(self, timeout: float) -> None:
        worker = self._root.worker
        if worker is None:
            return
        why = f"the system did not end within {timeout:g} s"
        workers = (node for node in self.tree().walk() if not node.strategy)
        self._abandoned = tuple(node.path for node in workers if node.state != "stopped")
        self._hub.emit(Abandoned(ROOT, worker.incarnation, why))
        self._hub.orphan(worker)
        self._finish(Exit(ExitKind.ABANDONED, why))

    def _close(self) -> None:
        atexit.unregister(self.stop)
        self._runtime.close(JOIN_SECONDS, self._hub.orphans)
        self._hub.report_dead_letters()

    def _start_error(self, exit_: Exit) -> StartError:
        if isinstance(exit_.error, StartError):
            return exit_.error
        return StartError(self._hub.fatal_path, self._hub.fatal or ActorDown(f"it ended while starting: {exit_}"))
