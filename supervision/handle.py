"""Stable references to actors, and the asks that go through them."""

from __future__ import annotations

import threading
from _thread import allocate_lock
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pykka
from pykka._envelope import Envelope

from supervision.exits import ActorDown, AskCycle, AskTimeout, Exit, describe
from supervision.mailbox import Mailbox, Wrapped

if TYPE_CHECKING:
    from supervision.hub import Hub
    from supervision.worker import Worker

_asking = threading.Lock()  # orders the edges "waits for" while a cycle is looked for


@dataclass(frozen=True, slots=True)
class Down:
    """The end of one incarnation, as watchers get it."""

    path: str
    incarnation: int
    exit: Exit


class Reply:
    """The place of one answer: set once, the first answer wins."""

    __slots__ = ("_lock", "error", "given_up", "value")

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._lock.acquire()
        self.value: Any = None
        self.error: BaseException | None = None
        self.given_up = False

    def answer(self, value: Any, error: BaseException | None = None) -> None:
        """Give the answer, or the error that the asker is to raise."""
        if self._lock.locked():
            self.value, self.error = value, error
            with suppress(RuntimeError):  # another thread has answered: the actor was abandoned and woke up late
                self._lock.release()

    def fail(self, error: BaseException) -> None:
        """Let the asker raise `error`."""
        self.answer(None, error)

    def is_set(self) -> bool:
        """Return True if it was answered."""
        return not self._lock.locked()

    def wait(self, timeout: float | None = None) -> bool:
        """Block the one asker until it is answered."""
        if not self._lock.acquire(timeout=-1 if timeout is None else timeout):
            return False
        self._lock.release()
        return True


class Ask(Wrapped):
    """A message that waits for its answer."""

    __slots__ = ("message", "reply")

    def __init__(self, message: Any) -> None:
        self.message = message
        self.reply = Reply()


class Handle:
    """Reference to the actor at a path; it stays valid over restarts. Get it from `System.handle`.

    All methods may be called from any thread. Messages from one sender arrive in order, each at most once: what
    waits when an actor ends is lost (asks fail, tells become counted dead letters) unless its mailbox has `keep`.
    """

    __slots__ = ("_hub", "_inbox", "_last", "_orphans", "_up", "_watchers", "incarnation", "path", "worker")

    def __init__(self, hub: Hub, path: str) -> None:
        self.path = path
        self.incarnation = 0
        self._hub = hub
        self._orphans = hub.orphans
        self._inbox: Mailbox | None = None
        self.worker: Worker | None = None
        self._up = False
        self._last: Down | None = None
        self._watchers: list[Callable[[Down], None]] = []

    def __repr__(self) -> str:
        return f"<Handle {self.path} incarnation {self.incarnation}{'' if self._up else ', down'}>"

    def is_up(self) -> bool:
        """Return True if an incarnation runs whose `setup()` has returned."""
        return self._up

    def tell(self, message: Any) -> bool:
        """Send `message` and go on; never raises, never blocks.

        Returns:
            False if it was certainly not delivered (then it is a counted dead letter).
        """
        inbox = self._inbox
        if inbox is None or (self._orphans and self._hub.sender_is_stale()):
            self._hub.dead_letter(self.path, message)
            return False
        return inbox.put(message)

    def ask(self, message: Any, timeout: float = 5.0) -> Any:
        """Send `message` and block this thread for the answer, at most `timeout` seconds.

        Inside a handler prefer to tell and get the answer as a message: an actor that asks answers nobody.

        Raises:
            AskTimeout: no answer in time; if its handling has not begun, it is dropped.
            ActorDown: the actor is not running or ended before it answered.
            AskCycle: the actor asked waits, directly or through others, for the asker.
            Exception: whatever the actor raised (`Refuse`, or the failure that ended it).
        """
        inbox = self._inbox
        if inbox is None or (self._orphans and self._hub.sender_is_stale()):
            self._hub.dead_letter(self.path, message)
            raise ActorDown(f"{self.path} is not running")
        ask = Ask(message)
        asker = self._hub.runtime.current()
        if asker is None:
            inbox.put(ask)
            answered = self._hub.runtime.wait(ask.reply, timeout)
        else:
            answered = self._ask_from(asker, inbox, ask, timeout)
        if not answered:
            ask.reply.given_up = True
            raise AskTimeout(f"{self.path} did not answer {type(message).__name__} within {timeout:g} s")
        if ask.reply.error is not None:
            raise ask.reply.error
        return ask.reply.value

    def _ask_from(self, asker: Worker, inbox: Mailbox, ask: Ask, timeout: float) -> bool:
        waits_for, here = self._hub.waits_for, asker.runs_on
        with _asking:
            chain: list[str] = [asker.path]
            target: Handle | None = self
            while target is not None:
                chain.append(target.path)
                there = target.worker.runs_on if target.worker is not None else None
                if there == here:
                    raise AskCycle(" -> ".join(chain))
                target = waits_for.get(there)
            before, waits_for[here] = waits_for.get(here), self
        try:
            inbox.put(ask)
            return self._hub.runtime.wait(ask.reply, timeout)
        finally:
            with _asking:
                waits_for[here] = before
                if before is None:
                    del waits_for[here]

    def watch(self, watcher: Callable[[Down], None]) -> Callable[[], None]:
        """Call `watcher` with a `Down` at each end of an incarnation; return a function that ends the watch.

        It is called in the thread of the actor that ends (or of its supervisor), so it must only tell. If the
        actor has ended before and is not running, it is called at once, here. A watch made in a worker's handler
        ends with that worker's incarnation. What it raises is logged.
        """
        with self._hub.lock:
            self._watchers.append(watcher)
            missed = self._last if self.worker is None else None

        def unwatch() -> None:
            with self._hub.lock:
                if watcher in self._watchers:
                    self._watchers.remove(watcher)

        owner = self._hub.runtime.current()
        if owner is not None:
            owner.at_end.append(unwatch)
        if missed is not None:
            self._hub.guard(watcher, missed)
        return unwatch

    def kill(self, error: BaseException) -> None:
        """End the actor as if its handler had raised `error`, before all messages that wait.

        A handler that runs is let finish. Does nothing if the actor is not running.
        """
        inbox = self._inbox
        if inbox is not None:
            inbox.post(End(Exit.failed(error)))

    def attach(self, worker: Worker, inbox: Mailbox) -> None:
        """Point to a new incarnation; called by its supervisor."""
        inbox.refuse = self.refuse
        with self._hub.lock:
            self.incarnation = worker.incarnation
            self.worker = worker
            self._inbox = inbox

    def mark_up(self, worker: Worker) -> None:
        """Note that the incarnation is up; called in its thread."""
        if self.worker is worker:
            self._up = True

    def detach(self, worker: Worker, *, keep: bool) -> None:
        """Stop pointing to an incarnation, and close its mailbox unless that is kept for the next one."""
        if self.worker is worker:
            self._up = False
            self._inbox = self._inbox if keep else None
        if not keep:
            worker.mailbox.close()

    def end(self, worker: Worker, exit_: Exit) -> None:
        """Tell the watchers that an incarnation has ended."""
        down = Down(self.path, worker.incarnation, exit_)
        with self._hub.lock:
            if self.worker is not worker:
                return
            self.worker = None
            self._last = down
            watchers = list(self._watchers)
        for watcher in watchers:
            self._hub.guard(watcher, down)

    def close(self) -> None:
        """Refuse what a kept mailbox still holds: there will be no further incarnation."""
        inbox, self._inbox = self._inbox, None
        if inbox is not None:
            inbox.close()

    def refuse(self, *items: Any) -> None:
        """Answer and count items that will not be handled."""
        for item in items:
            if type(item) is Ask:
                item.reply.fail(ActorDown(f"{self.path} ended before it answered {type(item.message).__name__}"))
            elif type(item) is Envelope and item.reply_to is not None:
                dead = pykka.ActorDeadError(f"{self.path} stopped before handling the message")
                item.reply_to.set_exception((type(dead), dead, None))
        self._hub.dead_letter(self.path, message_of(items[-1]), len(items))


@dataclass(frozen=True, slots=True)
class End(Wrapped):
    """Control message: end now, before all messages that wait; in the queue of one that finishes, after them."""

    reserved = True

    exit: Exit


def message_of(item: Any) -> Any:
    """Return the message inside a queued item."""
    return item.message if type(item) in (Ask, Envelope) else item


def for_asker(path: str, error: BaseException) -> BaseException:
    """Return what the asker gets for a failure: never a SystemExit, which would end the asker too."""
    return error if isinstance(error, Exception) else ActorDown(f"{path} ended by {describe(error)}")
