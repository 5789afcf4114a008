"""A desk and everything around it, played by hand: journal, services, venue, clock. No threads."""

import itertools
from collections.abc import Iterable

from msgspec.structs import replace

from actors.desk import Boot, Desk, Step, Terms
from actors.journal.codec import decode, encode
from actors.journal.records import Row
from actors.messages import (
    Answered,
    Denied,
    Drain,
    EscrowsSeen,
    Found,
    Hint,
    LaneOpened,
    LookUp,
    LookUpFailed,
    Notice,
    Pause,
    Poll,
    Propose,
    Reconcile,
    Resume,
    RotateSeed,
    SeedRotated,
    ServiceHealth,
    ServiceUp,
    Settled,
)
from actors.money.amounts import usd
from actors.money.book import Bucket
from actors.money.events import Event, IntentClosed, IntentOpened
from actors.money.evidence import EscrowView, Executed
from actors.money.risk import Limits
from actors.money.state import State
from actors.money.wagers import Bet, Request
from tests.desk.venue import SECOND, Venue

NOON = 20_000 * 86_400 * SECOND + 12 * 3_600 * SECOND
SEND_TIMEOUT = 10 * SECOND
QUIET = 5 * SECOND
GAP = 2 * SECOND
ACCOUNT = "casino"

HANDLERS = {
    Propose: "propose",
    Answered: "answered",
    Found: "found",
    LookUpFailed: "look_up_failed",
    ServiceUp: "service_up",
    ServiceHealth: "service_health",
    SeedRotated: "seed_rotated",
    LaneOpened: "lane_opened",
    EscrowsSeen: "escrows_seen",
    Pause: "pause",
    Resume: "resume",
    Drain: "drain",
    Reconcile: "reconcile",
    Hint: "hint",
    Poll: "poll",
}


def request(wager, stake_micro, tag):
    """Build a request that shows what is in it."""
    return Request(wager.service, f"/{wager.service}", f"{stake_micro} {tag}")


def terms(**changes) -> Terms:
    """Return terms with short, round times, and chance that counts."""
    numbers = itertools.count(1)
    defaults = {
        "agent": "ada",
        "run": "run-1",
        "version": "0",
        "services": frozenset({"casino", "escrow"}),
        "config": {},
        "limits": Limits(),
        "send_timeout": SEND_TIMEOUT,
        "quiet_period": QUIET,
        "lookup_gap": GAP,
        "reconcile_every": 3_600 * SECOND,
        "builtin_venue": True,
        "dry_run": False,
        "requests": request,
        # The id is the first 12 of the 32 digits: count there, or ids would be equal.
        "boot": Boot("", 0),
        "entropy": lambda: f"{next(numbers):012x}" + "0" * 20,
        "bets_limit": lambda: None,
        "has_room": lambda: True,
    }
    return Terms(**(defaults | changes))


def bet(stake="0.45"):
    """Return a bet with an edge and a wish that Kelly allows, so that its stake is exactly the wish."""
    return Bet("boosted_coin", {"side": "heads"}, "0.5", "2.10", stake=stake)


class Journal:
    """What is on disk. Like the real one, it takes an intent's opening, its closing and a venue's reference once."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._taken: set[tuple[str, str]] = set()

    def write(self, events: Iterable[Event]) -> None:
        for event in events:
            entry = encode(event)
            keys = [("reference", entry.venue_ref)] if entry.venue_ref else []
            if isinstance(event, IntentOpened | IntentClosed):
                keys.append((entry.kind, event.intent))
            for key in keys:
                assert key not in self._taken, f"the journal refuses a second {key}"
            self._taken.update(keys)
            self.events.append(event)

    def replayed(self) -> State:
        """Return the fold of what was written, read back as text."""
        state = State()
        for event in self.events:
            entry = encode(event)
            row = Row(0, "", 0, 0, entry.kind, entry.intent, entry.venue_ref, entry.payload, "", "")
            state.replay(decode(row))
        return state


class Table:
    """One agent at one venue. It carries decisions out as BankrollActor does: first the journal, then the mail.

    With `prompt`, the journal acknowledges at once; else `commit` does, one decision at a time.
    """

    account, up = ACCOUNT, ("casino", "escrow")

    def __init__(self, *, lanes=("a",), balance=100_000_000, desk=Desk, venue=Venue, now=NOON, **changes) -> None:
        self.venue = venue(balance)
        self.journal = Journal()
        self.terms = terms(**changes)
        self.make = desk
        self.lanes = lanes
        self.now = now
        self.epoch = 0
        self.prompt = True
        self.sent: dict[str, IntentOpened] = {}
        self.boot()

    # the process

    def boot(self) -> None:
        """Start a process on what is on disk: nothing else survives."""
        self.epoch += 1
        self.terms = replace(self.terms, run=f"run {self.epoch}")
        self.undurable: list[Step] = []
        self.mail: list[object] = []
        self.asked: LookUp | None = None
        self.rotating: RotateSeed | None = None
        self.desk = self.make(self.journal.replayed(), self.terms, self.epoch, {self.account: self.up[0]})
        self.carry_out(self.desk.begin(self.now))
        for service in self.up:
            self.tell(ServiceUp(service, self.epoch))
        for lane in self.lanes:
            self.tell(LaneOpened(lane, self.account))

    def crash(self):
        """Kill the process and start another."""
        self.boot()
        return self

    def restart_bankroll(self) -> None:
        """Let the actor of the bankroll die alone: the same run goes on."""
        self.epoch -= 1
        self.boot()

    def tell(self, message) -> None:
        """Give the desk a message."""
        handler = getattr(self.desk, HANDLERS[type(message)])
        self.carry_out(handler(message, self.now))

    def tick(self) -> None:
        """Let the desk do what is due."""
        self.carry_out(self.desk.tick(self.now))

    def carry_out(self, step: Step) -> None:
        """Journal first; mail never overtakes what was decided before it."""
        self.undurable.append(step)
        while self.undurable and (self.prompt or not self.undurable[0].events):
            self.commit()

    def commit(self) -> None:
        """Let the journal acknowledge the oldest decision."""
        step = self.undurable.pop(0)
        self.journal.write(step.events)
        self.desk.committed(step.events, self.now)
        for event in step.events:
            if isinstance(event, IntentOpened):
                assert event.intent not in self.sent, "sent twice"
                self.sent[event.intent] = event
        for letter in step.mail:
            self.mail.append(letter.message)
            if isinstance(letter.message, LookUp):
                self.asked = letter.message
            if isinstance(letter.message, RotateSeed):
                self.rotating = letter.message

    # steps of a scenario

    def reconciled(self):
        """Answer look-ups until the account is open for business."""
        self.run(SECOND)
        return self

    def run(self, micros, beat=SECOND // 10):
        """Let time pass; every look-up is answered from the venue as soon as it is asked."""
        until = self.now + micros
        while True:
            self.tick()
            while self.asked or self.rotating:
                self.rotate() if self.rotating else self.look()
                self.tick()
            if self.now >= until:
                return self
            self.now = min(self.now + beat, until)

    def look(self, started=None) -> None:
        """Answer the look-up that was asked for."""
        asked, self.asked = self.asked, None
        evidence = self.venue.evidence(asked.query, self.now, started)
        self.tell(Found(asked.number, evidence))

    def rotate(self) -> None:
        """Let the venue show its seed, as it was asked to."""
        asked, self.rotating = self.rotating, None
        self.venue.rotate()
        self.tell(SeedRotated(asked.account))

    def propose(self, wager=None, lane="a") -> IntentOpened | None:
        """Propose; return the intent if one was opened and sent."""
        before = set(self.sent)
        self.tell(Propose(lane, wager or bet()))
        return next((opened for intent, opened in self.sent.items() if intent not in before), None)

    def answer(self, opened: IntentOpened, answer) -> None:
        """Let a service answer."""
        self.tell(Answered(opened.intent, answer))

    def execute(self, opened: IntentOpened, *, won=False, **how):
        """Let the venue execute what was sent; nobody has told the desk yet."""
        return self.venue.bet(opened.tag, opened.stake_micro, self.now, won=won, game=opened.subject, **how)

    def play(self, *, won=False, lane="a", wager=None) -> IntentOpened:
        """Play a whole bet."""
        opened = self.propose(wager, lane)
        self.answer(opened, Executed(bet=self.execute(opened, won=won)))
        return opened

    # what a test looks at

    @property
    def state(self) -> State:
        return self.desk.state

    def lane(self, name="a"):
        """Return a lane's state as text."""
        return str(self.state.lanes[name].state)

    def bucket(self, bucket: Bucket) -> str:
        """Return a bucket's content in dollars."""
        return usd(self.state.book.balance(self.account, bucket))

    def of(self, kind) -> list:
        """Return the journaled events, or else the messages, of a kind."""
        return [one for one in (*self.journal.events, *self.mail) if isinstance(one, kind)]

    def outcome(self, opened: IntentOpened) -> str:
        """Return how an intent ended, or "open"."""
        ends = [closed.outcome for closed in self.of(IntentClosed) if closed.intent == opened.intent]
        return ends[0] if ends else "open"

    def denial(self) -> str:
        """Return the rule of the last denial."""
        denied = self.of(Denied)
        return denied[-1].denial.rule if denied else ""

    def incidents(self) -> list[str]:
        """Return the names of the incidents."""
        return [event.name for event in self.journal.events if type(event).__name__ == "IncidentNoted"]

    def notices(self) -> list[str]:
        """Return what people were told."""
        return [notice.text for notice in self.of(Notice)]

    def sound(self) -> bool:
        """Return whether the book is sound and says what the venue has."""
        book = self.state.book
        return not book.violations() and book.at_venue(ACCOUNT) == self.venue.balance


__all__ = ["ACCOUNT", "GAP", "NOON", "QUIET", "SECOND", "SEND_TIMEOUT", "EscrowView", "Settled", "Table", "bet"]
