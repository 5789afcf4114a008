"""Proposals of the lanes: each is sized and opened, or denied with a reason that people are told once."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from actors.desk.gate import Gate
from actors.desk.opening import open_intent
from actors.desk.till import Till, clock
from actors.messages import Denied, Level
from actors.money.amounts import usd
from actors.money.fields import Nonsense
from actors.money.records import Lane
from actors.money.risk import Denial
from actors.money.sizing import Sized, size
from actors.money.wagers import checked

NONSENSE_CHARS = 300
"""Of what a strategy proposed, in the refusal: its fields may be of any length."""

QUIET_RULES = frozenset({"account", "rate", "lane", "run"})
"""Denials that pass by themselves; they go to the log at DEBUG."""


@dataclass(slots=True)
class Proposals:
    """Opens an intent for what passes the gate, the rules and the sizing. `denied` is each lane's last denial."""

    till: Till
    gate: Gate
    denied: dict[str, tuple[str, str]] = field(default_factory=dict)

    def take(self, lane: Lane, wager: object) -> None:
        """Size a wager and open an intent for it, or deny it."""
        denial, nonsense = self.gate.lane(lane.name), False
        if denial is None:
            try:
                denial = self._size_and_open(lane, wager)
            except Nonsense as error:
                denial, nonsense = Denial("wager", "one that makes sense", str(error)[:NONSENSE_CHARS]), True
        if denial:
            self._deny(lane.name, denial, nonsense=nonsense)

    def _size_and_open(self, lane: Lane, wanted: object) -> Denial | None:
        till = self.till
        wager = checked(wanted, builtin_venue=till.terms.builtin_venue)
        denial = self.gate.wager(wager, lane)
        if denial:
            return denial
        at, factor = till.exposure(lane.account), self.gate.resolver.watches[lane.account].risk_factor
        sized = size(wager, till.terms.limits, at if factor is None else replace(at, risk_factor=factor))
        if isinstance(sized, Sized) and till.terms.dry_run:
            return Denial("dry run", "nothing is sent", f"would stake {usd(sized.stake_micro)} USD", till.now)
        if isinstance(sized, Denial):
            return sized
        open_intent(till, lane.name, lane.account, wager, sized)
        return None

    def _deny(self, lane: str, denial: Denial, *, nonsense: bool) -> None:
        till = self.till
        till.send(f"lane:{lane}", Denied(lane, denial, nonsense))
        repeated = self.denied.get(lane) == (denial.rule, denial.limit)
        self.denied[lane] = (denial.rule, denial.limit)
        quiet = repeated or denial.rule in QUIET_RULES
        level: Level = "WARNING" if nonsense else "DEBUG" if quiet else "INFO"
        lifts = f", lifts at {clock(denial.until)}" if denial.until > till.now else ""
        text = f"{lane} is idle: {denial}{lifts}"
        till.say("bankroll", "propose", "denied", text, lane=lane, level=level, rule=denial.rule)
