"""The desk: accepts or denies wagers, opens intents, takes answers in, obeys operators. See `actors.desk`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from actors.desk import operator, recovery, settle, spending, trading
from actors.desk.gate import Gate
from actors.desk.opening import open_intent
from actors.desk.prover import PROOFS
from actors.desk.reconciler import Reconciler
from actors.desk.resolver import Resolver
from actors.desk.till import SECOND, Step, Terms, Till
from actors.desk.watch import Watch
from actors.messages import (
    Answered,
    Denied,
    Drain,
    EscrowsSeen,
    Found,
    Hint,
    Hinted,
    HintHeard,
    LaneOpened,
    LaneView,
    Level,
    LookUpFailed,
    Pause,
    Poll,
    Propose,
    Reconcile,
    ReferralsSeen,
    Resolve,
    Resume,
    SeedRotated,
    ServiceHealth,
    ServiceUp,
    Status,
    WatchEscrows,
)
from actors.money.amounts import usd
from actors.money.audit import met_escrow, turned
from actors.money.events import (
    Event,
    HintTaken,
    IncidentNoted,
    IntentOpened,
    OutcomeUnknown,
    ReferralsNoted,
    StopLifted,
)
from actors.money.evidence import Executed, NotSent, Refused, Unknown
from actors.money.fields import Nonsense
from actors.money.machine import LaneState
from actors.money.records import Lane
from actors.money.risk import Denial
from actors.money.sizing import Sized, size
from actors.money.state import State
from actors.money.wagers import checked

ANSWER_GRACE = SECOND
"""How long after `send_by` an answer may still come in before the outcome counts as unknown (microseconds)."""

NONSENSE_CHARS = 300
"""Of what a strategy proposed, in the refusal: its fields may be of any length."""

INSTEAD = {
    "referral": "referral income", "trading": "trading", "escrow": "escrow contracts", "domains": "domains",
    "wallet": "wallets",
}  # fmt: skip
"""What the agent turns to while the casino is closed, as people call it."""

QUIET_RULES = frozenset({"account", "rate", "lane", "run"})
"""Denials that pass by themselves; they go to the log at DEBUG."""


class Desk:
    """A deterministic state machine: message and time in, `Step` out. Not thread-safe; it belongs to one actor.

    Args:
        state: replayed from the journal.
        terms: what is configured.
        epoch: of the journal's owner, part of every tag.
        accounts: the accounts and the service that reads each.
    """

    def __init__(self, state: State, terms: Terms, epoch: int, accounts: Mapping[str, str]) -> None:
        self._till = Till(state, terms, epoch)
        watches = {name: Watch(service="") for name in accounts}
        self._reconciler = Reconciler(self._till, watches)
        self._resolver = Resolver(self._till, watches, self._reconciler)
        self._readers = dict(accounts)
        self._gate = Gate(self._till, self._resolver)
        self._denied: dict[str, tuple[str, str]] = {}  # each lane's last denial: the same again is no news

    @property
    def state(self) -> State:
        """The state, for looking at."""
        return self._till.state

    @property
    def deciding(self) -> bool:
        """Whether a step has events that nobody has carried out: memory is ahead of the disk."""
        return self._till.undecided

    def begin(self, now: int) -> Step:
        """Start or recover: one path. Whatever was open may have been sent, so its outcome is unknown."""
        till = self._at(now)
        recovery.begin(till, self._reconciler)
        return till.cut()

    def propose(self, message: Propose, now: int) -> Step:
        """Size a wager and open an intent for it, or deny it."""
        till = self._at(now)
        lane = till.state.lanes.get(message.lane)
        if lane is None:
            return Step()
        denial, nonsense = self._gate.lane(lane.name), False
        if denial is None:
            try:
                denial = self._size_and_open(lane, message.wager)
            except Nonsense as error:
                denial, nonsense = Denial("wager", "one that makes sense", str(error)[:NONSENSE_CHARS]), True
        if denial:
            till.send(f"lane:{lane.name}", Denied(lane.name, denial, nonsense))
            repeated = self._denied.get(lane.name) == (denial.rule, denial.limit)
            self._denied[lane.name] = (denial.rule, denial.limit)
            quiet = repeated or denial.rule in QUIET_RULES
            level: Level = "WARNING" if nonsense else "DEBUG" if quiet else "INFO"
            lifts = f", lifts at {_clock(denial.until)}" if denial.until > now else ""
            text = f"{lane.name} is idle: {denial}{lifts}"
            till.say("bankroll", "propose", "denied", text, lane=lane.name, level=level, rule=denial.rule)
        return till.cut()

    def committed(self, events: tuple[Event, ...], now: int) -> None:
        """The events are on disk: intents may be sent, settled lanes are free."""
        self._at(now)
        for event in events:
            self._till.state.committed(event)
            if isinstance(event, IntentOpened):
                self._till.tracks[event.intent].phase = "inflight"

    def answered(self, message: Answered, now: int) -> Step:
        """Take an answer in. A late or repeated one finds its intent closed and changes nothing."""
        till = self._at(now)
        opened = till.state.open.get(message.intent)
        if opened is None:
            if isinstance(message.answer, Executed):
                text = f"a late answer for {message.intent}, which is closed; reconciling"
                till.say("bankroll", "answer", "late", text, intent=message.intent, level="WARNING")
                self._want("a late answer")
            return till.cut()
        match message.answer:
            case Executed():
                self._executed(opened, message.answer)
            case Refused(code, temporary, retry_at):
                settle.close_unexecuted(till, opened, "refused", code, "answer", retry_at if temporary else None)
            case NotSent(reason, retry_at):
                settle.close_unexecuted(till, opened, "not_sent", reason, "answer", retry_at)
            case Unknown(reason):
                self._lose_sight(opened, reason)
        if opened.service == "escrow":
            self._watch_contracts()
        elif opened.service == "trading":
            self._resolver.watches[opened.account].want("a trade")  # what it cost and what is held: the exchange knows
        return till.cut()

    def _executed(self, opened: IntentOpened, answer: Executed) -> None:
        till = self._till
        match answer:
            case Executed(bet=row) if row is not None:
                settle.close_bet(till, opened, row, "answer")
            case Executed(escrow=view) if view is not None and opened.kind == "escrow_create":
                settle.close_created(till, opened, view, "answer")
            case Executed(escrow=view) if view is not None:
                settle.close_act(till, opened, view, "answer")
            case Executed(outgoing=outgoing) if outgoing is not None:
                spending.close_outgoing(till, opened, outgoing, "answer")
                self._resolver.watches[opened.account].want(f"a {opened.kind}")
            case Executed(trade=done) if done is not None:
                trading.close_trade(till, opened, done, "answer")

    def service_up(self, message: ServiceUp, now: int) -> Step:
        """A service is ready. If it is a new incarnation, what the old one was doing is unknown."""
        till = self._at(now)
        before = self._gate.services.get(message.service)
        self._gate.services[message.service] = message
        if before and before.incarnation != message.incarnation:
            for opened in list(till.state.open.values()):
                if opened.service == message.service and till.tracks[opened.intent].phase == "inflight":
                    self._lose_sight(opened, f"{message.service} restarted")
        for account, reader in self._readers.items():
            watch = self._resolver.watches[account]
            if reader == message.service:
                watch.service, watch.asked = reader, None
        self._watch_contracts()
        self._resolver.tick()  # what is due need not wait for the next beat
        return till.cut()

    def service_health(self, message: ServiceHealth, now: int) -> Step:
        """A breaker opened or closed."""
        till = self._at(now)
        self._gate.breakers[message.service] = message
        word = f"open until {_clock(message.until)}" if message.open else "closed"
        text = f"breaker of {message.service} {word}"
        till.say(
            message.service, "breaker", word.split(maxsplit=1)[0], text, level="WARNING" if message.open else "INFO"
        )
        if message.service == "casino":
            self._fall_back(message)
        return till.cut()

    def lane_opened(self, message: LaneOpened, now: int) -> Step:
        """A strategy's actor is up: tell it how its lane stands."""
        till = self._at(now)
        if message.account not in self._resolver.watches:
            reason = f"the account {message.account} is not served by this agent"
            view = till.view(message.account, ready=False)
            text = f"{message.lane} rests: {reason}; set services.{message.account} = true"
            till.say(message.account, "lane", "unserved", text, lane=message.lane, level="WARNING")
            till.send(f"lane:{message.lane}", LaneView(message.lane, LaneState.STOPPED, reason, view))
            return till.cut()
        lane = till.state.lane(message.lane, message.account)
        till.tell_lane(lane, ready=self._resolver.ready(message.account))
        return till.cut()

    def found(self, message: Found, now: int) -> Step:
        """Evidence came in."""
        self._at(now)
        self._resolver.found(message)
        self._watch_contracts()
        self._resolver.tick()
        return self._till.cut()

    def look_up_failed(self, message: LookUpFailed, now: int) -> Step:
        """Evidence could not be read."""
        self._at(now)
        self._resolver.failed(message)
        return self._till.cut()

    def seed_rotated(self, message: SeedRotated, now: int) -> Step:
        """The venue was asked to show a seed: read at once what it shows."""
        till, watch = self._at(now), self._resolver.watches[message.account]
        if watch.wanted == PROOFS:
            watch.next_at = now
            self._resolver.tick()
        return till.cut()

    def referrals_seen(self, message: ReferralsSeen, now: int) -> Step:
        """Note whom we brought to the venue, if that has changed."""
        till = self._at(now)
        if message.referred != till.state.referred:
            till.record(ReferralsNoted(now, message.referred))
            earned = sum(one.earned_micro for one in message.referred)
            text = f"{len(message.referred)} agents referred, {usd(earned)} USD earned"
            till.say("referral", "income", "seen", text, amount_micro=earned)
        return till.cut()

    def escrows_seen(self, message: EscrowsSeen, now: int) -> Step:
        """Watched contracts as the venue shows them; one with an act of ours under way is left to that act."""
        till = self._at(now)
        busy = {opened.subject for opened in till.state.open.values() if opened.kind == "escrow_act"}
        for view in message.views:
            contract = till.state.contracts.get(view.escrow_id)
            if contract is None or view.escrow_id in busy:
                continue
            if contract.opened.role == "counterparty" and contract.opened.amount_micro < view.net_micro:
                till.record(met_escrow(contract.opened, view, now))
            elif contract.status == view.status:
                continue
            till.record(turned(contract.opened, view, now))
            self._want("an escrow changed")
            text = f"{view.escrow_id} is {view.status}"
            till.say("escrow", "status", view.status, text, amount_micro=view.amount_micro)
            self._tell_lanes(contract.opened.account)
        self._watch_contracts()
        return till.cut()

    def hint(self, message: Hint, now: int) -> Step:
        """Take note of a pushed event, once: that it came is journaled, and then whoever polls has a look."""
        till = self._at(now)
        known = message.event_id in till.state.hints
        if not known:
            till.record(HintTaken(now, f"event:{message.event_id}", message.type))
            till.send("poller", Hinted(message.type))
        till.send("webhook", HintHeard(message.event_id, "duplicate" if known else "taken"))
        return till.cut()

    def hint_refused(self, event: HintTaken) -> HintHeard:
        """The journal would not take a hint: it has not happened. It may come again, and polls find what it told."""
        self.state.hints.pop(event.event_id, None)
        return HintHeard(event.event_id, "refused")

    def poll(self, message: Poll, now: int) -> Step:
        """Ask the venue sooner: what became of the unknown, or how the accounts as a whole stand."""
        till = self._at(now)
        for account, watch in self._resolver.watches.items():
            for opened in self._resolver.unknown(account):
                track = till.tracks[opened.intent]
                track.next_look = min(track.next_look, max(now, watch.next_at))
            if self._reconciler.draining:
                continue
            if message.service == account:
                watch.want("the period")
            elif message.what == "accounts":
                watch.want("a hint")
        return till.cut()

    def tick(self, now: int) -> Step:
        """Do what is due: overdue answers, look-ups, reconciles, stops whose time is over."""
        till = self._at(now)
        for opened in list(till.state.open.values()):
            if till.tracks[opened.intent].phase == "inflight" and now > opened.send_by + ANSWER_GRACE:
                self._lose_sight(opened, "no answer in time")
        for account in till.state.accounts.values():
            if account.stop and 0 < account.stop.until <= now:
                till.record(StopLifted(now, account.name, account.stop.rule, "its time is over"))
                settle.check_stops(till, account.name)  # another rule may have been broken behind it
                self._tell_lanes(account.name)
        for name in () if self._reconciler.drained else self._readers:
            if not self._resolver.barrier(name):  # else what is held is not known yet
                trading.reduce(till, name, ending=bool(self._reconciler.draining), allowed=self._gate.wager)
        self._resolver.tick()
        self._reconciler.end()
        return till.cut()

    def pause(self, message: Pause, now: int) -> Step:
        """Accept no new work until resumed: a stop like any other, so it outlives a crash."""
        till = self._at(now)
        operator.pause(till, self._resolver, message.reason)
        till.say("bankroll", "pause", "paused", f"paused: {message.reason}; `resume` goes on")
        return till.cut()

    def resume(self, message: Resume, now: int) -> Step:
        """Lift a pause, or a stop by beginning a new session; a mismatch is lifted only by reconciling."""
        till = self._at(now)
        operator.resume(till, self._resolver, message.by)
        till.say("bankroll", "resume", "ok", f"resumed by {message.by}")
        return till.cut()

    def drain(self, message: Drain, now: int) -> Step:
        """Accept no new work; when nothing is open, reconcile a last time and write the end."""
        till = self._at(now)
        if self._reconciler.draining:
            return Step()  # told again, in case the one who was told first has crashed since
        self._reconciler.draining = message.reason
        self._want("the end")
        self._resolver.give_up_if_blind()
        self._reconciler.end()
        waiting = len(till.state.open)
        till.say("bankroll", "drain", "draining", f"stopping: no new bets | waiting for {waiting}")
        return till.cut()

    def reconcile(self, message: Reconcile, now: int) -> Step:
        """Compare with the venue as soon as nothing is open; with a reason, accept what differs."""
        self._at(now)
        self._want("an operator")
        for watch in self._resolver.watches.values():
            watch.accept = message.because
        return self._till.cut()

    def resolve(self, message: Resolve, now: int) -> tuple[Step, str]:
        """Take an operator's word on an intent in ERROR. Returns the step and a sentence for the operator.

        Raises:
            NotInError: the intent is none, or evidence still decides it. Nothing has changed.
        """
        till = self._at(now)
        text = operator.resolve(till, message)
        self._want("an operator")
        return till.cut(), text

    def note_illegal(self, text: str, now: int) -> Step:
        """Journal a transition that the table refused; nothing else has changed."""
        till = self._at(now)
        till.cut()
        till.record(IncidentNoted(now, "illegal_transition", text))
        till.say("bankroll", "incident", "illegal_transition", text, level="ERROR")
        return till.cut()

    def status(self, now: int) -> Status:
        """Return how everything stands, for people."""
        self._at(now)
        denials = {name: self._gate.lane(name) for name in self.state.lanes}
        why = {name: str(denial) for name, denial in denials.items() if denial}
        closed = tuple(sorted(self._till.terms.services - self._gate.working()))
        return operator.status(self._till, self._resolver, why, closed)

    def _size_and_open(self, lane: Lane, wanted: object) -> Denial | None:
        till = self._till
        wager = checked(wanted, builtin_venue=till.terms.builtin_venue)
        denial = self._gate.wager(wager, lane)
        if denial:
            return denial
        at, factor = till.exposure(lane.account), self._resolver.watches[lane.account].risk_factor
        sized = size(wager, till.terms.limits, at if factor is None else replace(at, risk_factor=factor))
        if isinstance(sized, Sized) and till.terms.dry_run:
            text = f"would stake {usd(sized.stake_micro)} USD"
            return Denial("dry run", "nothing is sent", text, till.now)
        if isinstance(sized, Denial):
            return sized
        open_intent(till, lane.name, lane.account, wager, sized)
        return None

    def _lose_sight(self, opened: IntentOpened, reason: str) -> None:
        track = self._till.tracks[opened.intent]
        track.phase, track.next_look = "unknown", self._till.now
        if opened.intent not in self._till.state.unknown:
            self._till.record(OutcomeUnknown(self._till.now, opened.intent, reason))
            text = f"{opened.intent[:4]}  outcome unknown ({reason}); asking the venue"
            lane, service = opened.lane, opened.service
            self._till.say(service, opened.kind, "unknown", text, intent=opened.intent, lane=lane, level="WARNING")

    def _fall_back(self, casino: ServiceHealth) -> None:
        till, others = self._till, self._gate.working() - {"casino"}
        if not casino.open:
            till.say("bankroll", "fallback", "over", "the casino is open again")
            return
        if "referral" in others:
            till.send("referral", Poll("referral", "income"))
            till.send("referral", Poll("referral", "bonus"))
        named = [words for service, words in INSTEAD.items() if service in others]
        what = f"looking after {', '.join(named)}" if named else "nothing else is on"
        till.say("bankroll", "fallback", "begun", f"the casino is closed until {_clock(casino.until)}: {what}")

    def _want(self, why: str) -> None:
        for watch in self._resolver.watches.values():
            watch.want(why)

    def _watch_contracts(self) -> None:
        if "escrow" in self._gate.services:
            self._till.send("escrow", WatchEscrows(tuple(self._till.state.contracts)))

    def _tell_lanes(self, account: str) -> None:
        self._till.tell_lanes(account, ready=self._resolver.ready(account))

    def _at(self, now: int) -> Till:
        self._till.now = now
        return self._till


def _clock(at: int) -> str:
    return f"{datetime.fromtimestamp(at // SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC"
