"""The desk: accepts or denies wagers, opens intents, takes answers in, obeys operators. See `actors.desk`."""

from collections.abc import Mapping

from actors.desk import operator, recovery, settle, trading
from actors.desk.answers import Answers
from actors.desk.contracts import Contracts
from actors.desk.gate import Gate
from actors.desk.proposals import Proposals
from actors.desk.prover import PROOFS
from actors.desk.reconciler import Reconciler
from actors.desk.resolver import Resolver
from actors.desk.services import Services
from actors.desk.till import Step, Terms, Till
from actors.desk.watch import Watch
from actors.messages import (
    Answered,
    Drain,
    EscrowsSeen,
    Found,
    Hint,
    Hinted,
    HintHeard,
    LaneOpened,
    LaneView,
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
)
from actors.money.amounts import usd
from actors.money.events import Event, HintTaken, IntentOpened, ReferralsNoted, StopLifted
from actors.money.machine import LaneState
from actors.money.state import State


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
        self._services = Services(self._till)
        self._gate = Gate(self._till, self._resolver, self._services)
        self._proposals = Proposals(self._till, self._gate)
        self._answers = Answers(self._resolver)
        self._contracts = Contracts(self._resolver, self._services)

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
        if lane := till.state.lanes.get(message.lane):
            self._proposals.take(lane, message.wager)
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
        opened = self._answers.take(message)
        if opened and opened.service == "escrow":
            self._contracts.watch()
        return till.cut()

    def service_up(self, message: ServiceUp, now: int) -> Step:
        """A service is ready. If it is a new incarnation, what the old one was doing is unknown."""
        till = self._at(now)
        if self._services.came_up(message):
            self._answers.none_from(message.service)
        for account, reader in self._readers.items():
            watch = self._resolver.watches[account]
            if reader == message.service:
                watch.service, watch.asked = reader, None
        self._contracts.watch()
        self._resolver.tick()  # what is due need not wait for the next beat
        return till.cut()

    def service_health(self, message: ServiceHealth, now: int) -> Step:
        """A breaker opened or closed."""
        till = self._at(now)
        self._services.turned(message)
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
        self._contracts.watch()
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
        """Book what became of watched contracts."""
        till = self._at(now)
        self._contracts.seen(message.views)
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
                if not watch.asked:  # else its bets, and the house's own trades, might never get their turn
                    watch.want("the period")
            elif message.what == "accounts":
                if watch.asked and watch.wanted == "a hint":
                    watch.hinted = True
                else:
                    watch.want("a hint")
        return till.cut()

    def tick(self, now: int) -> Step:
        """Do what is due: overdue answers, look-ups, reconciles, stops whose time is over."""
        till = self._at(now)
        self._answers.overdue()
        for account in till.state.accounts.values():
            if account.stop and 0 < account.stop.until <= now:
                till.record(StopLifted(now, account.name, account.stop.rule, "its time is over"))
                settle.check_stops(till, account.name)  # another rule may have been broken behind it
                self._resolver.tell_lanes(account.name)
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
        self._resolver.want("the end")
        self._resolver.give_up_if_blind()
        self._reconciler.end()
        waiting = len(till.state.open)
        till.say("bankroll", "drain", "draining", f"stopping: no new bets | waiting for {waiting}")
        return till.cut()

    def reconcile(self, message: Reconcile, now: int) -> Step:
        """Compare with the venue as soon as nothing is open; with a reason, accept the difference that is known."""
        self._at(now)
        self._resolver.want("an operator")
        for watch in self._resolver.watches.values():
            watch.accept, watch.accepts_micro = message.because, watch.differs_micro
        return self._till.cut()

    def resolve(self, message: Resolve, now: int) -> tuple[Step, str]:
        """Take an operator's word on an intent in ERROR. Returns the step and a sentence for the operator.

        Raises:
            NotInError: the intent is none, or evidence still decides it. Nothing has changed.
        """
        till = self._at(now)
        text = operator.resolve(till, message)
        self._resolver.want("an operator")
        return till.cut(), text

    def note_illegal(self, text: str, now: int) -> Step:
        """Journal a transition that the table refused; nothing else has changed."""
        till = self._at(now)
        till.cut()
        till.incident("illegal_transition", text)
        return till.cut()

    def status(self, now: int) -> Status:
        """Return how everything stands, for people."""
        self._at(now)
        denials = {name: self._gate.rest(name) for name in self.state.lanes}
        why = {name: str(denial) for name, denial in denials.items() if denial}
        closed = tuple(sorted(self._till.terms.services - self._services.working()))
        return operator.status(self._till, self._resolver, why, closed)

    def _at(self, now: int) -> Till:
        self._till.now = now
        return self._till
