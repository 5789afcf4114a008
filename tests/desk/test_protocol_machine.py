"""The protocol, driven at random: whatever is lost, late, repeated or killed, the book ends where the venue is.

The model venue does everything that a network and a casino may do within the protocol's assumptions: a request arrives
once or never, but not after the quiet period; it is executed, refused, or leaves a debit without a bet; its answer is
lost, late or repeated; its row shows up to `GAP` late. Meanwhile others use the account, look-ups fail, services
restart, events are pushed, and the process is killed between any decision, its journal, and its mail.
"""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.desk import Desk
from actors.messages import Answered, Found, Hint, LookUpFailed, Poll, Propose, Reconcile, Resolve, ServiceUp
from actors.money.events import IncidentNoted, IntentClosed, LaneFailed, StrayBooked
from actors.money.evidence import Answer, Evidence, Executed, NotSent, Refused, Unknown
from actors.money.risk import Limits
from tests.desk.kit import ACCOUNT, GAP, QUIET, SECOND, SEND_TIMEOUT, Table, bet

LANES = ("a", "b", "c")
PATIENCE = 300  # seconds until everything must be resolved
BEAT = SECOND // 2
LAST_MOMENT = SEND_TIMEOUT + QUIET - 1
TOO_LATE_BY = 20 * SECOND
ENOUGH = Limits(stop_loss=1, max_drawdown=1, daily_loss=1, max_open=1, bets_per_minute=1_000)

STAKES = some.sampled_from(["0.45", "0.45", "0.60"])
FATES = some.sampled_from(["won", "lost", "lost", "refused", "half", "never", "no way"])
DELAYS = some.sampled_from([0, 0, 3 * SECOND, SEND_TIMEOUT + 2 * SECOND, LAST_MOMENT])
TOO_LATE = some.sampled_from([0, LAST_MOMENT + TOO_LATE_BY])
LAGS = some.sampled_from([0, GAP])
ANSWERS = some.sampled_from(["heard", "heard", "cut", "late"])
MOSTLY = some.sampled_from([True, True, True, False])
WAITS = some.sampled_from([BEAT, GAP, QUIET, 12 * SECOND])
LOOKS = some.sampled_from(["at once", "at once", "slowly", "in vain"])


@dataclass
class Flight:
    """What the network and the venue will make of a request: once sent, it arrives after `delay`, or never."""

    fate: str
    delay: int
    lag: int
    answer: str
    arrived: bool = False
    truth: Answer | None = None


@dataclass
class Reading:
    """A look-up under way: begun, then taken, then delivered; anything may happen between."""

    number: int
    query: object
    started: int
    evidence: Evidence | None = None


class Protocol(RuleBasedStateMachine):
    """The desk against everything."""

    desk: ClassVar[type[Desk]] = Desk
    changes: ClassVar[dict] = {}

    def __init__(self):
        super().__init__()
        terms = {"limits": ENOUGH, "reconcile_every": 60 * SECOND} | self.changes
        self.table = Table(lanes=LANES, desk=self.desk, **terms)
        self.table.prompt = False
        self.flights: dict[str, Flight] = {}
        self.reading: Reading | None = None
        self.incarnation = 1
        self.calm(until=lambda: self.table.desk.status(self.table.now).phase == "RUNNING")

    # the agent

    @rule(
        lane=some.sampled_from(LANES), stake=STAKES, on_disk=MOSTLY, fate=FATES, delay=DELAYS, lag=LAGS, answer=ANSWERS
    )
    def propose(self, lane, stake, on_disk, fate, delay, lag, answer):
        before = set(self.table.state.open)
        self.table.tell(Propose(lane, bet(stake)))
        for intent in set(self.table.state.open) - before:
            self.flights[intent] = Flight(fate, delay, lag, answer)
        if on_disk:
            self.commit()
            self.deliver()

    @rule(micros=WAITS, looks=LOOKS)
    def wait(self, micros, looks):
        until = self.table.now + micros
        while self.table.now < until:
            due = [at for at in map(self.arrival, self.table.sent) if at and at > self.table.now]
            self.table.now = min(until, self.table.now + BEAT, *due)
            self.deliver()
            self.table.tick()
            self.commit()
            self.read(looks)

    @precondition(lambda self: self.table.state.open)
    @rule(on_disk=some.integers(0, 2))
    def crash(self, on_disk):
        for step in self.table.undurable[:on_disk]:  # written, but nobody lived to hear of it
            self.table.journal.write(step.events)
        for intent, opened in self.table.sent.items():  # what has left by now arrives within the quiet period
            flight = self.flights[intent]
            flight.delay = min(flight.delay, self.table.now - opened.at + QUIET - 1)
        self.reading = None
        self.table.crash()

    @precondition(lambda self: self.table.state.open)
    @rule()
    def crash_the_bankroll_alone(self):
        self.reading = None
        self.table.restart_bankroll()

    @precondition(lambda self: self.table.state.open)
    @rule()
    def restart_casino(self):
        self.incarnation += 1
        self.table.tell(ServiceUp("casino", self.incarnation))

    @precondition(lambda self: self.table.state.suspended)
    @rule()
    def accept_the_loss(self):
        intent = next(iter(self.table.state.suspended))
        step, _ = self.table.desk.resolve(Resolve(intent, "executed", 0, "the venue says so"), self.table.now)
        self.table.carry_out(step)

    # everybody else

    @rule(number=some.integers(0, 3), what=some.sampled_from(["outcomes", "accounts"]))
    def push(self, number, what):
        self.table.tell(Hint(f"evt_{number}", "bet.won"))  # true or not, in time or not, new or known
        self.table.tell(Poll("bankroll", what))

    @precondition(lambda self: any(flight.arrived for flight in self.flights.values()))
    @rule(which=some.integers(0, 9))
    def answer_late_or_again(self, which):
        arrived = [intent for intent, flight in self.flights.items() if flight.arrived]
        intent = arrived[which % len(arrived)]
        self.table.tell(Answered(intent, self.flights[intent].truth))

    @rule(cents=some.sampled_from([-30, 45]), by_hand=some.booleans())
    def let_others_use_the_account(self, cents, by_hand):
        if by_hand:
            self.table.venue.bet("human", 450_000, self.table.now, won=cents > 0)
        else:
            self.table.venue.credit(cents * 10_000, self.table.now)

    # the network

    def arrival(self, intent):
        """Return when a request that was sent arrives, or None."""
        flight = self.flights[intent]
        return None if flight.arrived or flight.fate == "never" else self.table.sent[intent].at + flight.delay

    def deliver(self):
        """Let arrive what is due, and its answer come back."""
        for intent, opened in list(self.table.sent.items()):
            at = self.arrival(intent)
            if at is not None and at <= self.table.now:
                flight = self.flights[intent]
                flight.arrived = True
                flight.truth = self.execute(opened, flight)
                if flight.answer != "late":
                    self.table.tell(Answered(intent, flight.truth if flight.answer == "heard" else Unknown("reset")))

    def execute(self, opened, flight):
        """Let the venue do what it does with a request, and return its answer."""
        match flight.fate:
            case "half":
                self.table.venue.half_a_bet(opened.stake_micro, self.table.now)
                return Unknown("500")
            case "refused":
                return Refused("minimum_bet")
            case "no way":
                return NotSent("connection refused")
        if flight.fate == "twice":
            self.table.execute(opened, won=True)
        return Executed(bet=self.table.execute(opened, won=flight.fate == "won", lag=flight.lag))

    def read(self, looks):
        """Answer a look-up: at once, in vain, or one part of the reading a beat."""
        table, reading = self.table, self.reading
        if reading is None and table.asked:
            asked, table.asked = table.asked, None
            reading = self.reading = Reading(asked.number, asked.query, table.now)
            if looks == "slowly":
                return
        if reading and looks == "in vain":
            self.reading = None
            table.tell(LookUpFailed(reading.number, ACCOUNT, "timeout"))
        elif reading and reading.evidence is None:
            reading.evidence = table.venue.evidence(reading.query, table.now, reading.started)
            if looks == "at once":
                self.read(looks)
        elif reading:
            self.reading = None
            table.tell(Found(reading.number, reading.evidence))

    def commit(self):
        while self.table.undurable:
            self.table.commit()

    # what always holds

    @invariant()
    def book_is_sound(self):
        assert self.table.state.book.violations() == []

    @invariant()
    def a_lane_has_one_open_intent_and_is_not_free_with_it(self):
        lanes = [opened.lane for opened in self.table.state.open.values()]
        assert len(lanes) == len(set(lanes))
        assert all(self.table.lane(lane) not in ("IDLE", "STOPPED", "SETTLING") for lane in lanes)

    # what holds in the end

    def teardown(self):
        self.calm(until=lambda: not self.table.state.open)
        self.table.now += SECOND
        asked_at = self.table.now
        self.table.tell(Reconcile())
        self.calm(until=lambda: self.table.desk.status(self.table.now).checked_at >= asked_at)
        self.every_row_is_booked_once_and_ours_by_its_intent()
        self.every_intent_ended_as_it_went()
        assert self.table.sound()
        assert self.table.journal.replayed().book == self.table.state.book

    def every_row_is_booked_once_and_ours_by_its_intent(self):
        ours = {closed.venue_ref: closed.intent for closed in self.closed("executed")}
        strays = [event.venue_ref for event in self.table.of(StrayBooked)]
        rows = {row.bet_id: row.tag for _, _, row in self.table.venue.rows}
        assert Counter([*ours, *strays]) == Counter(list(rows))
        assert all(rows[ref] == "human" for ref in strays)
        assert all(rows[ref] == self.table.sent[intent].tag for ref, intent in ours.items())

    def every_intent_ended_as_it_went(self):
        arrived = {intent: flight.fate for intent, flight in self.flights.items() if flight.arrived}
        executed = {intent for intent, fate in arrived.items() if fate in ("won", "lost")}
        assert executed == {closed.intent for closed in self.closed("executed")}
        # Equal amounts are interchangeable: nothing at the venue tells them apart.
        stake = {intent: opened.stake_micro for intent, opened in self.table.sent.items()}
        incomplete = [closed.intent for closed in self.closed("incomplete")]
        halves = [intent for intent, fate in arrived.items() if fate == "half"]
        assert Counter(map(stake.get, halves)) == Counter(map(stake.get, incomplete))
        assert {event.intent for event in self.table.of(LaneFailed)} == set(incomplete)
        assert "undecided" not in self.table.incidents()

    def closed(self, outcome):
        return [event for event in self.table.of(IntentClosed) if event.outcome == outcome]

    def calm(self, until):
        """Let everything that is due happen, without further faults."""
        for _ in range(PATIENCE):
            self.wait(SECOND, "at once")
            if until():
                return
        raise AssertionError(f"not resolved within {PATIENCE} s: {self.table.notices()[-3:]}")


class BeyondTheProtocol(Protocol):
    """Assumptions broken: requests executed twice, refused and executed, or later than the quiet period.

    Nothing can prevent that any more, but money still is what the venue says, and nobody stays unaware of it.
    """

    @rule(lane=some.sampled_from(LANES), fate=some.sampled_from(["twice", "lost"]), delay=TOO_LATE, answer=ANSWERS)
    def propose_what_goes_wrong(self, lane, fate, delay, answer):
        self.propose(lane, "0.45", True, fate, delay, 0, answer)

    @precondition(lambda self: any(not self.flights[intent].arrived for intent in self.table.sent))
    @rule()
    def refuse_what_is_executed(self):
        intent = next(intent for intent in self.table.sent if not self.flights[intent].arrived)
        self.flights[intent].fate = "won"
        self.table.tell(Answered(intent, Refused("rate_limit_exceeded")))

    @precondition(lambda self: any(lane.culprit for lane in self.table.state.lanes.values()))
    @rule()
    def clear_a_lane(self):
        intent = next(lane.culprit for lane in self.table.state.lanes.values() if lane.culprit)
        if intent not in self.table.state.open:
            step, _ = self.table.desk.resolve(Resolve(intent, "executed", 0, "seen"), self.table.now)
            self.table.carry_out(step)

    def teardown(self):
        self.wait(2 * TOO_LATE_BY, "at once")
        super().teardown()

    def every_row_is_booked_once_and_ours_by_its_intent(self):
        ours = [closed.venue_ref for closed in self.closed("executed")]
        strays = {event.venue_ref: event for event in self.table.of(StrayBooked)}
        rows = {row.bet_id: row.tag for _, _, row in self.table.venue.rows}
        assert Counter([*ours, *strays]) == Counter(list(rows))
        tags = {opened.tag: intent for intent, opened in self.table.sent.items()}
        assert all(event.intent == tags.get(rows[ref]) for ref, event in strays.items())
        assert all((event.kind == "foreign") == (rows[ref] == "human") for ref, event in strays.items())

    def every_intent_ended_as_it_went(self):
        told = {event.intent for event in self.table.of(IncidentNoted)}
        strays = {event.intent for event in self.table.of(StrayBooked) if event.intent}
        assert strays <= told


TestProtocol = Protocol.TestCase
TestBeyondTheProtocol = BeyondTheProtocol.TestCase
TestProtocol.settings = settings(
    max_examples=500,
    stateful_step_count=50,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestBeyondTheProtocol.settings = settings(TestProtocol.settings, max_examples=100)
