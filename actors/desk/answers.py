"""Answers to what was sent, and their absence: only an answer that proves something closes an intent."""

from dataclasses import dataclass

from actors.desk import settle
from actors.desk.resolver import Resolver
from actors.desk.till import SECOND
from actors.messages import Answered
from actors.money.events import IntentOpened, OutcomeUnknown
from actors.money.evidence import Executed, NotSent, Refused, Unknown

ANSWER_GRACE = SECOND
"""How long after `send_by` an answer may still come in before the outcome counts as unknown (microseconds)."""


@dataclass(slots=True)
class Answers:
    """Closes what an answer decides, and hands what it does not to the resolver."""

    resolver: Resolver

    def take(self, message: Answered) -> IntentOpened | None:
        """Take an answer in. Returns its intent; None if that is closed, and then it changes nothing."""
        till = self.resolver.till
        opened = till.state.open.get(message.intent)
        if opened is None:
            if isinstance(message.answer, Executed):
                text = f"a late answer for {message.intent}, which is closed; reconciling"
                till.say("bankroll", "answer", "late", text, intent=message.intent, level="WARNING")
                self.resolver.want("a late answer")
            return None
        match message.answer:
            case Executed() as executed:
                self.resolver.close(opened, executed, "answer")
            case Refused(code, temporary, retry_at):
                settle.close_unexecuted(till, opened, "refused", code, "answer", retry_at if temporary else None)
            case NotSent(reason, retry_at):
                settle.close_unexecuted(till, opened, "not_sent", reason, "answer", retry_at)
            case Unknown(reason):
                self.lose_sight(opened, reason)
        if opened.service == "trading":
            self.resolver.watches[opened.account].want("a trade")  # what it cost and what is held: the exchange knows
        return opened

    def none_from(self, service: str) -> None:
        """Count the outcome of whatever a service that is gone was doing as unknown."""
        for opened in self._inflight():
            if opened.service == service:
                self.lose_sight(opened, f"{service} restarted")

    def overdue(self) -> None:
        """Count what was not answered in time as unknown."""
        for opened in self._inflight():
            if self.resolver.till.now > opened.send_by + ANSWER_GRACE:
                self.lose_sight(opened, "no answer in time")

    def lose_sight(self, opened: IntentOpened, reason: str) -> None:
        """Leave an intent to the resolver: from here on only evidence moves it."""
        till = self.resolver.till
        track = till.tracks[opened.intent]
        track.phase, track.next_look = "unknown", till.now
        if opened.intent not in till.state.unknown:
            till.record(OutcomeUnknown(till.now, opened.intent, reason))
            text = f"{opened.intent}  outcome unknown ({reason}); asking the venue"
            lane, service = opened.lane, opened.service
            till.say(service, opened.kind, "unknown", text, intent=opened.intent, lane=lane, level="WARNING")

    def _inflight(self) -> list[IntentOpened]:
        till = self.resolver.till
        return [opened for opened in till.state.open.values() if till.tracks[opened.intent].phase == "inflight"]
