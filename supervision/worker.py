"""The base class of every actor."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pykka
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from supervision.events import TeardownFailed
from supervision.exits import DECLINED, NORMAL, SHUTDOWN, VANISHED, ActorDown, Decline, Exit, Refuse
from supervision.handle import Ask, End, Handle, for_asker
from supervision.mailbox import WAKE, Mailbox, Wake
from supervision.spec import ChildSpec, ChildState
from supervision.timers import Tick, Timers

if TYPE_CHECKING:
    from supervision.hub import Hub
    from supervision.runtime import Clock

SPECIAL = frozenset({Ask, Envelope, Tick, Wake, End})  # items that are not plain messages


@dataclass(frozen=True, slots=True)
class Notice:
    """Up the tree: `worker` has come up (`RUNNING`), takes no more messages (`ENDING`), or is over (`ENDED`)."""

    worker: Worker
    state: ChildState
    exit: Exit = NORMAL


class Worker(pykka.ThreadingActor):
    """An actor under a supervisor: one thread, one message at a time.

    Override `setup`, `receive` and `teardown`; all three run in the actor's own thread. `__init__` runs in the
    supervisor's thread and must not block. Any exception out of `setup` or `receive`, `SystemExit` included, ends
    this incarnation and no other actor; the supervisor decides what follows.

    Attributes:
        handle: the stable reference to this actor, to hand out to others.
        path: its place in the tree, for instance `core/bankroll`.
        incarnation: 1 for the first start, one more for each restart.
        clock: returns monotonic seconds; the only time a worker should read.
    """

    handle: Handle
    path: str = ""
    incarnation: int = 0
    clock: Clock

    announces_itself: ClassVar[bool] = False  # True: it is up when it says so, not when `setup` returned

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        taken = sorted(set(vars(cls)) & RESERVED)
        if taken and not cls.__module__.startswith("supervision."):
            raise TypeError(f"{cls.__name__} defines {', '.join(taken)}, which its supervisor calls: name it otherwise")

    def __init__(self) -> None:
        super().__init__()
        self.mailbox: Mailbox = cast("Mailbox", self.actor_inbox)
        self.at_end: list[Callable[[], None]] = []
        self.note_text = ""
        self.busy_since: float | None = None
        self._exit: Exit | None = None
        self._failure: BaseException | None = None
        self._asked: Ask | None = None
        self._fenced = False
        self.is_finished = False
        self.child_spec: ChildSpec
        self._hub: Hub
        self._notify: Callable[[Notice], None]
        self._timers: Timers

    @property
    def stopping(self) -> bool:
        """True once it was asked to stop; a long loop in a handler should look at it. From any thread."""
        return self.actor_stopped.is_set()

    @property
    def runs_on(self) -> object:
        """What only one worker at a time runs on: the thread that it shares, by name, or itself."""
        return self.child_spec.thread or self

    # What a subclass overrides

    def setup(self) -> None:
        """Open what the actor needs. It counts as started when this returns; messages wait meanwhile."""

    def receive(self, message: Any) -> Any:
        """Handle one message; what is returned answers an ask. `Refuse` answers and the actor lives on."""
        raise Refuse(f"{self.path} does not know {type(message).__name__}")

    def teardown(self, exit_: Exit, /) -> None:
        """Close what `setup` opened. Called once for every way of ending, also when `setup` raised half-way."""

    # What a subclass calls

    def stop(self, exit_: Exit = NORMAL, /) -> None:
        """End this incarnation after the current handler, before any message that waits.

        To be called in the actor's own thread.
        """
        if self._exit is None:
            self._conclude(exit_)

    def after(self, seconds: float, message: Any, *, key: Hashable = None) -> Hashable:
        """Tell `message` to this incarnation once, in `seconds`.

        Args:
            seconds: delay on the injected clock, >= 0.
            message: what `receive` gets.
            key: names the timer; a new timer with the same key replaces the old one. None makes a fresh key.

        Returns:
            the key, for `cancel`.
        """
        return self._timers.add(seconds, message, key, period=None)

    def every(self, seconds: float, message: Any, *, key: Hashable = None) -> Hashable:
        """Tell `message` to this incarnation every `seconds`, as `after`.

        At most one such message waits at a time: a slow actor misses beats instead of collecting them.
        """
        return self._timers.add(seconds, message, key, period=seconds)

    def cancel(self, key: Hashable) -> None:
        """Cancel a timer; its message is not delivered, even if it waits already. Unknown keys are ignored."""
        self._timers.cancel(key)

    def sleep(self, seconds: float) -> bool:
        """Block this actor for `seconds`, or until it is asked to stop; return False if it was.

        Nothing else is handled meanwhile: `after` is the better way.
        """
        return not self._hub.runtime.wait(self.actor_stopped, seconds)

    def note(self, text: str) -> None:
        """Publish one line that the tree shows beside this worker. Costs nothing to call often."""
        self.note_text = text

    def is_current(self) -> bool:
        """Return False once this incarnation was abandoned or has ended. May be called from any thread.

        To be checked before an effect on the outside world by code that may wake up late.
        """
        return not self._fenced

    # The life of one incarnation, called by its supervisor and its runtime

    def adopt(
        self, hub: Hub, spec: ChildSpec, handle: Handle, mailbox: Mailbox, notify: Callable[[Notice], None]
    ) -> None:
        """Take the place at `handle`; called by the supervisor before the loop starts."""
        self._hub = hub
        self.child_spec = spec
        self.handle = handle
        self.path = handle.path
        self.incarnation = handle.incarnation + 1
        self.clock = hub.runtime.clock
        self.mailbox = mailbox
        self.actor_inbox = self._actor_ref.actor_inbox = cast("Any", mailbox)
        self._notify = notify
        self._timers = Timers(self, hub.runtime)
        handle.attach(self, mailbox)

    def ask_to_end(self) -> None:
        """Let it end, before all messages that wait unless it is to finish them. From any thread.

        A handler that runs is let finish.
        """
        self.actor_stopped.set()
        self.mailbox.post(End(SHUTDOWN))

    def fence(self) -> None:
        """Cut an abandoned incarnation off: no messages, no timers, no answer, no notice from it any more."""
        self._fenced = True
        self.handle.detach(self, keep=False)
        self.ask_to_end()
        self._timers.close()
        asked = self._asked
        if asked is not None:
            asked.reply.fail(ActorDown(f"{self.path} was abandoned while handling {type(asked.message).__name__}"))

    @property
    def is_over(self) -> bool:
        """True if it has handled its last message; `finish` may not have run yet."""
        return self._exit is not None

    @property
    def is_orphan(self) -> bool:
        """True if it was abandoned and has not come to its end."""
        return self in self._hub.orphans

    def begin(self) -> None:
        """Run `setup`; called once, in the actor's thread."""
        try:
            self.setup()
        except Decline:
            self._exit = DECLINED
        except BaseException as error:  # noqa: BLE001 - every way of ending is contained
            self._exit = Exit.start_failed(self.path, error)
        else:
            if not self.announces_itself:
                self.announce()

    def announce(self) -> None:
        """Report that this incarnation is up."""
        self.handle.mark_up(self)
        self._notify(Notice(self, ChildState.RUNNING))

    def handle_item(self, item: Any) -> None:
        """Handle one item of the mailbox and all that is on the control lane."""
        if self.mailbox.control:
            self._serve_control()
            if self._exit is not None:
                if item is not WAKE:
                    self.handle.refuse(item)
                return
        self.busy_since = self.clock()
        try:
            if type(item) in SPECIAL:
                self._receive_special(item)
            else:
                self.receive(item)
        except Refuse:
            pass
        except BaseException as error:  # noqa: BLE001
            self._fail(error)
        self.busy_since = None

    def finish(self) -> None:
        """Close the mailbox, run `teardown`, report the end; called once, in the actor's thread."""
        exit_ = self._exit or VANISHED
        try:
            exit_ = self._close_down(exit_)
        except BaseException as error:  # noqa: BLE001 - the end is reported whatever happens
            exit_ = Exit.failed(error)
            self.handle.detach(self, keep=False)
        if not self._fenced:
            self._fenced = True
            self.handle.end(self, exit_)
            if exit_.fatal is not None:
                self._hub.raise_fatal(self.path, exit_.fatal)
            self._notify(Notice(self, ChildState.ENDED, exit_))
        self.is_finished = True
        self._hub.orphans.pop(self, None)

    def _close_down(self, exit_: Exit) -> Exit:
        self.actor_stopped.set()
        self.handle.detach(self, keep=self.child_spec.mailbox.keep)
        if self._asked is not None:
            failure = self._failure or ActorDown(f"{self.path} ended before it answered")
            self._asked.reply.fail(for_asker(self.path, failure))
            self._asked = self._failure = None
        self._timers.close()
        if not self._fenced:
            self._notify(Notice(self, ChildState.ENDING, exit_))
        exit_ = self._torn_down(exit_)
        for call in self.at_end:
            call()
        return exit_

    # Pykka's extension points

    @staticmethod
    def _create_actor_inbox() -> Any:
        return Mailbox()

    def _start_actor_loop(self) -> None:
        pykka.ActorRegistry.unregister(self.actor_ref)
        raise TypeError(f"{type(self).__name__} is started by a supervisor: give its class to a ChildSpec")

    def _actor_loop(self) -> None:
        try:
            self.begin()
            get, handle_item = self.mailbox.get, self.handle_item
            while self._exit is None:
                handle_item(get())
        except BaseException as error:  # noqa: BLE001 - an exception injected between two messages
            self._exit = self._exit or Exit.failed(error)
        finally:
            self.finish()

    def on_receive(self, message: Any) -> Any:
        """Hand a message that came through a Pykka ref to `receive`."""
        return self.receive(message)

    # Inside

    def _receive_special(self, item: Any) -> None:
        if type(item) is Ask:
            self._answer(item)
        elif type(item) is Tick:
            if self._timers.take(item):
                self.receive(item.message)
        elif type(item) is Envelope:
            self._answer_pykka(item)
        elif type(item) is End:
            self._conclude(item.exit)

    def _answer(self, ask: Ask) -> None:
        if ask.reply.given_up:
            self._hub.dead_letter(self.path, ask.message)
            return
        self._asked = ask
        try:
            ask.reply.answer(self.receive(ask.message))
        except Refuse as refusal:
            ask.reply.fail(refusal)
        self._asked = None

    def _answer_pykka(self, envelope: Envelope[Any]) -> None:
        """Serve a message, a proxy call or a stop that came through a Pykka ref."""
        reply, stops = envelope.reply_to, isinstance(envelope.message, _ActorStop)
        if stops:
            self.stop()
        try:
            answer = None if stops else self._handle_receive(envelope.message)
        except BaseException as error:
            if reply is not None:
                shown = for_asker(self.path, error)
                reply.set_exception((type(shown), shown, shown.__traceback__))
            raise
        if reply is not None:
            reply.set(answer)

    def _serve_control(self) -> None:
        control = self.mailbox.control
        for _ in range(len(control)):  # not "while": a supervisor that posts to itself must get to its messages
            if self._exit is not None:
                return
            item = control.popleft()
            try:
                if type(item) is not End:
                    self._control(item)
                elif item.exit is SHUTDOWN and self.child_spec.mailbox.finish and not self._fenced:
                    self.mailbox.put(item)
                else:
                    self._conclude(item.exit)
            except BaseException as error:  # noqa: BLE001
                self._fail(error)

    def _control(self, item: Any) -> None:
        raise TypeError(f"{self.path}: unknown control message {item!r}")

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._conclude(Exit.failed(error))

    def _conclude(self, exit_: Exit) -> None:
        self._exit = exit_

    def _torn_down(self, exit_: Exit) -> Exit:
        try:
            self.teardown(exit_)
        except BaseException as error:  # noqa: BLE001
            failed = Exit.failed(error)
            self._hub.emit(TeardownFailed(self.path, self.incarnation, failed.reason, failed.traceback))
            if exit_.is_clean or failed.fatal is not None:
                return failed
        return exit_


RESERVED = frozenset(name for name in vars(Worker) if not name.startswith("__")) - {"setup", "receive", "teardown"}
