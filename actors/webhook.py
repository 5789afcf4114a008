"""WebhookActor: takes in what the venue pushes. An event is a hint: it makes somebody look, and books nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import Struct

from actors.errors import ConfigError
from actors.messages import Hint, HintHeard, Notice
from actors.venue.webhook import Pushed
from actors.webhook_server import TAKE_S, Answer, Outcome, Take
from supervision import Exit, Handle, Worker

HINTS_PER_MINUTE = 600
"""More are not taken in: each costs a row of the journal. What they would tell is polled anyway."""

BEAT_S = 1.0
COMPLAIN_S = 60.0
"""How often at most it is told that requests were refused, in seconds."""


class Receiver(Protocol):
    """A server with threads of its own; see `actors.webhook_server.WebhookServer`."""

    port: int
    rejected: int
    complaint: str

    def start(self) -> None:
        """Begin; returns at once."""

    def close(self) -> None:
        """End within a second or so."""

    def is_serving(self) -> bool:
        """Return whether it works."""


MakeReceiver = Callable[[Take], Receiver]


class _Came(Struct, frozen=True):
    pushed: Pushed
    answer: Answer


@dataclass(slots=True)
class _Waiting:
    type: str
    until: float
    answers: list[Answer] = field(default_factory=list)


class _Beat(Struct, frozen=True):
    pass


class WebhookActor(Worker):
    """Hands each genuine event to the bankroll, whose journal takes it once, and only then says 200.

    Args:
        receiver: makes the server from what takes an event; it binds the port.
        bankroll: who journals hints.
        reporter: who hears of requests that were refused.
        wall: UTC microseconds.
    """

    def __init__(self, receiver: MakeReceiver, bankroll: Handle, reporter: Handle, wall: Callable[[], int]) -> None:
        super().__init__()
        self._make = receiver
        self._receiver: Receiver | None = None
        self._bankroll = bankroll
        self._reporter = reporter
        self._wall = wall
        self._waiting: dict[str, _Waiting] = {}
        self._minute = self._this_minute = 0
        self._counts: dict[str, int] = {"taken": 0, "duplicate": 0}
        self._told = self._told_at = 0

    def setup(self) -> None:
        """Bind the port and serve.

        Raises:
            ConfigError: the port cannot be had.
        """
        handle = self.handle

        def take(pushed: Pushed, answer: Answer) -> None:
            if not handle.tell(_Came(pushed, answer)):
                answer("refused")

        try:
            self._receiver = self._make(take)
        except OSError as error:
            raise ConfigError(f"The webhook's port cannot be had: {error}; set webhook.port and host.") from None
        self._receiver.start()
        self._show()
        self.every(BEAT_S, _Beat())

    def teardown(self, _: Exit, /) -> None:
        """Close the server; senders that wait are told to come again."""
        for waiting in self._waiting.values():
            self._tell_senders(waiting, "refused")
        if self._receiver:
            self._receiver.close()

    def receive(self, message: Any) -> None:
        """Pass an event on, or its answer back."""
        match message:
            case _Came():
                self._came(message)
            case HintHeard():
                if waiting := self._waiting.pop(message.event_id, None):
                    self._tell_senders(waiting, message.outcome)
                    self._note_down(waiting.type, message)
            case _Beat():
                self._beat()
            case _:
                super().receive(message)

    def _came(self, message: _Came) -> None:
        minute = self._wall() // 60_000_000
        if minute != self._minute:
            self._minute, self._this_minute = minute, 0
        self._this_minute += 1
        if self._this_minute > HINTS_PER_MINUTE:
            message.answer("flood")
            return
        pushed = message.pushed
        waiting = self._waiting.setdefault(pushed.event_id, _Waiting(pushed.type, self.clock() + TAKE_S))
        waiting.answers.append(message.answer)
        if len(waiting.answers) == 1:
            self._bankroll.tell(Hint(pushed.event_id, pushed.type))

    def _note_down(self, kind: str, message: HintHeard) -> None:
        self._counts[message.outcome] = self._counts.get(message.outcome, 0) + 1
        self._show()
        text = f"{kind} {message.event_id}: {message.outcome}"
        self._reporter.tell(Notice(self._wall(), "webhook", "hint", message.outcome, text, level="DEBUG"))

    def _tell_senders(self, waiting: _Waiting, outcome: Outcome) -> None:
        for answer in waiting.answers:
            answer(outcome)

    def _beat(self) -> None:
        if not self._receiver or not self._receiver.is_serving():
            raise RuntimeError("the webhook's thread ended")
        now = self.clock()
        self._waiting = {name: one for name, one in self._waiting.items() if one.until > now}
        self._show()
        rejected, at = self._receiver.rejected, self._wall()
        if rejected > self._told and at >= self._told_at + COMPLAIN_S * 1_000_000:
            text = f"{rejected - self._told} requests to the webhook refused, the last: {self._receiver.complaint}"
            self._told, self._told_at = rejected, at
            self._reporter.tell(Notice(at, "webhook", "receive", "refused", text, level="WARNING"))

    def _show(self) -> None:
        if self._receiver:
            counts = ", ".join(f"{count} {outcome}" for outcome, count in self._counts.items())
            self.note(f"port {self._receiver.port}: {counts}, {self._receiver.rejected} rejected")
