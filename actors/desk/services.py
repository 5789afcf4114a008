"""The services as the desk knows them: which are up, whose breaker is open, and what to turn to meanwhile."""

from dataclasses import dataclass, field

from actors.desk.till import Till, clock
from actors.messages import Poll, ServiceHealth, ServiceUp
from actors.money.risk import Denial

INSTEAD = {
    "referral": "referral income", "trading": "trading", "escrow": "escrow contracts", "domains": "domains",
    "wallet": "wallets",
}  # fmt: skip
"""What the agent turns to while the casino is closed, as people call it."""


@dataclass(slots=True)
class Services:
    """Knows which services can take a request now."""

    till: Till
    up: dict[str, ServiceUp] = field(default_factory=dict)
    breakers: dict[str, ServiceHealth] = field(default_factory=dict)

    def came_up(self, message: ServiceUp) -> bool:
        """Take note of a service that is ready. Returns whether an earlier incarnation of it is gone."""
        before = self.up.get(message.service)
        self.up[message.service] = message
        return before is not None and before.incarnation != message.incarnation

    def working(self) -> frozenset[str]:
        """Return the services in use whose breaker is not open."""
        return frozenset(name for name in self.till.terms.services if self._breaker(name) is None)

    def denial(self, name: str) -> Denial | None:
        """Return what keeps a service from taking a request, or None."""
        now = self.till.now
        if name not in self.till.terms.services:
            return Denial("service", f"{name} is on", "switched off in [services]")
        if name not in self.up:
            return Denial("service", f"{name} is up", "not running", now)
        if breaker := self._breaker(name):
            return Denial("service", f"breaker of {name} closed", "open", breaker.until)
        return None

    def turned(self, breaker: ServiceHealth) -> None:
        """Tell that a breaker opened or closed; while the casino's is open there are other things to do."""
        self.breakers[breaker.service] = breaker
        outcome, until = ("open", f" until {clock(breaker.until)}") if breaker.open else ("closed", "")
        text = f"breaker of {breaker.service} {outcome}{until}"
        self.till.say(breaker.service, "breaker", outcome, text, level="WARNING" if breaker.open else "INFO")
        if breaker.service == "casino":
            self._fall_back(breaker)

    def _breaker(self, name: str) -> ServiceHealth | None:
        breaker = self.breakers.get(name)
        return breaker if breaker and breaker.open and breaker.until > self.till.now else None

    def _fall_back(self, casino: ServiceHealth) -> None:
        till, others = self.till, self.working() - {"casino"}
        if not casino.open:
            till.say("bankroll", "fallback", "over", "the casino is open again")
            return
        if "referral" in others:
            till.send("referral", Poll("referral", "income"))
            till.send("referral", Poll("referral", "bonus"))
        named = [words for service, words in INSTEAD.items() if service in others]
        what = f"looking after {', '.join(named)}" if named else "nothing else is on"
        till.say("bankroll", "fallback", "begun", f"the casino is closed until {clock(casino.until)}: {what}")
