"""BankrollActor: the one door to money. A thin shell around the desk: journal first, then the world."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from actors.crashpoints import reached
from actors.desk import Desk, Mail, Step, Terms
from actors.desk.operator import NotInError, brief
from actors.desk.till import REPORTER
from actors.journal.codec import dump_state, kind_of, load_state
from actors.messages import (
    Answered,
    Append,
    Appended,
    AppendRefused,
    Drain,
    EscrowsSeen,
    Found,
    GetStatus,
    Hint,
    LaneOpened,
    LookUp,
    LookUpFailed,
    Notices,
    Pause,
    Place,
    Poll,
    Propose,
    Reconcile,
    ReferralsSeen,
    Replay,
    Replayed,
    Resolve,
    Resume,
    SeedRotated,
    ServiceHealth,
    ServiceUp,
    Settled,
    Status,
)
from actors.money.events import HintTaken, IntentClosed, IntentOpened
from actors.money.evidence import NotSent
from actors.money.machine import IllegalTransition
from actors.money.state import State
from actors.money.wagers import Request
from actors.ticket import Ticket
from supervision import Exit, Fatal, Handle, Refuse, Worker

TICK_S = 0.05
"""How often what is due is looked at, in seconds: look-ups, overdue answers, reconciles; and notices leave together.

A notice that woke the reporter by itself would cost a bet more than its decision.
"""

ROUTINE = (IntentOpened, IntentClosed)
SHOW_EVERY = 50_000
"""How old the status may be while something is on its way to the disk, in microseconds; else it is exact."""

SNAPSHOT_EVERY = 1_000
"""Events after which a snapshot is made: what a restart has to replay, unless more came in a burst."""

SNAPSHOT_GAP = 10_000_000
"""The least time between two, in microseconds: in a burst they would take an eighth of the processor."""

SNAPSHOT_LATEST = 8_000
"""Events after which that time is not waited for."""

STASH_LIMIT = 10_000
"""Messages kept while the journal is being replayed; more mean that something is very wrong."""


class JournalRefused(Exception):  # noqa: N818  a crash on purpose
    """The journal would not take a decision, so the memory is wrong: begin again from the disk."""


class _Tick(Struct, frozen=True):
    pass


@dataclass(slots=True)
class _Undurable:
    token: int
    step: Step
    later: list[Mail] = field(default_factory=list)


class BankrollActor(Worker):
    """Serialises every money transition: one thread, one desk, one open intent a lane.

    A decision's events go to the journal, and its mail leaves only when they are on disk. Tickets are minted here and
    nowhere else, after J1. Whatever goes wrong in memory, the actor crashes and begins again from the journal.

    Args:
        terms: what is configured.
        accounts: accounts and the service that reads each.
        journal: the handle of PersistenceActor.
        address: returns the handle of a mail's recipient.
        wall: UTC microseconds that never run backwards.
    """

    def __init__(
        self,
        terms: Terms,
        accounts: dict[str, str],
        journal: Handle,
        address: Callable[[str], Handle],
        wall: Callable[[], int],
    ) -> None:
        super().__init__()
        self._terms = terms
        self._accounts = accounts
        self._journal = journal
        self._address = address
        self._wall = wall
        self._state = State()  # while it is being replayed; then the desk's
        self._desk: Desk | None = None
        self._status: Status | None = None
        self._shown_at = 0
        self._notices: list[Any] = []
        self._stash: list[Any] = []
        self._undurable: deque[_Undurable] = deque()
        self._token = 0
        self._since_snapshot = 0
        self._snapshot_at = 0

    def setup(self) -> None:
        """Ask for a replay; no network."""
        self._journal.tell(Replay(self.incarnation))
        self.every(TICK_S, _Tick())
        self.note("REPLAYING")

    def teardown(self, _: Exit, /) -> None:
        """Report what waits for the next tick."""
        self._report()

    def receive(self, message: Any) -> Any:
        """Decide on a message, or keep it until the journal has been replayed."""
        match message:
            case Replayed(incarnation=self.incarnation):
                self._replay(message)
            case Appended(tokens, self.incarnation) if self._desk:
                for token in tokens:
                    self._durable(self._desk, token)
            case AppendRefused(incarnation=self.incarnation):
                self._refused(message)
            case Replayed() | Appended() | AppendRefused():
                pass  # for an incarnation that is no more
            case _ if self._desk is None or (self._status is None and isinstance(message, GetStatus)):
                return self._keep(message)
            case _:
                return self._decide(self._desk, message)
        return None

    def _keep(self, message: Any) -> None:
        if isinstance(message, GetStatus | Resolve):
            raise Refuse("the journal is being replayed; ask again in a moment")
        if isinstance(message, _Tick):
            return
        if len(self._stash) >= STASH_LIMIT:
            raise JournalRefused(f"{STASH_LIMIT} messages came while the journal was being replayed")
        self._stash.append(message)

    def _replay(self, message: Replayed) -> None:
        if message.snapshot:
            self._state = load_state(message.snapshot)
        for event in message.events:
            self._state.replay(event)
        self._since_snapshot += len(message.events)
        if message.seq == message.head:
            self._begin(message.epoch)
        else:
            self.note(f"REPLAYING, {message.seq:,} of {message.head:,} events")
            self._journal.tell(Replay(self.incarnation, message.seq))

    def _begin(self, epoch: int) -> None:
        if broken := self._state.book.violations():
            raise JournalRefused(f"the replayed book is broken: {'; '.join(broken)}")
        for name, account in self._state.accounts.items():
            if account.holder and account.holder != self._terms.holders.get(name, account.holder):
                raise Fatal(
                    f"The journal's {name} account is not the one of this key: use its key, or another data directory."
                )
        reached("replayed")
        self._desk = Desk(self._state, self._terms, epoch, self._accounts)
        self._carry_out(self._desk.begin(self._wall()))
        stash, self._stash = self._stash, []
        for kept in stash:
            self._decide(self._desk, kept)

    def _decide(self, desk: Desk, message: Any) -> Any:
        now = self._wall()
        try:
            answer = self._dispatch(desk, message, now)
        except NotInError as error:
            raise Refuse(str(error)) from None
        except IllegalTransition as error:
            # The table refused before anything changed; if the step had begun, memory is ahead of the disk: crash.
            if desk.deciding:
                raise
            self._carry_out(desk.note_illegal(str(error), now))
            raise Refuse(str(error)) from error
        return answer

    def _dispatch(self, desk: Desk, message: Any, now: int) -> Any:
        match message:
            case GetStatus():
                if not self._undurable:
                    self._show(desk, now)
                return self._status
            case Resolve():
                step, text = desk.resolve(message, now)
                self._carry_out(step)
                return text
            case _Tick():
                self._carry_out(desk.tick(now))
                self._report()
                if not self._undurable:
                    self._show(desk, now)
            case _:
                decide = self._DECISIONS.get(type(message))
                if decide is None:
                    raise Refuse(f"{self.path} does not know {type(message).__name__}")
                self._carry_out(decide(desk, message, now))
        return None

    _DECISIONS: dict[type, Callable[[Desk, Any, int], Step]] = {  # noqa: RUF012  a table, never changed
        Propose: Desk.propose,
        Answered: Desk.answered,
        Found: Desk.found,
        LookUpFailed: Desk.look_up_failed,
        SeedRotated: Desk.seed_rotated,
        ServiceUp: Desk.service_up,
        ServiceHealth: Desk.service_health,
        LaneOpened: Desk.lane_opened,
        EscrowsSeen: Desk.escrows_seen,
        ReferralsSeen: Desk.referrals_seen,
        Hint: Desk.hint,
        Poll: Desk.poll,
        Pause: Desk.pause,
        Resume: Desk.resume,
        Drain: Desk.drain,
        Reconcile: Desk.reconcile,
    }

    def _carry_out(self, step: Step) -> None:
        if step.events:
            self._token += 1
            self._undurable.append(_Undurable(self._token, step))
            self._since_snapshot += len(step.events)
            self._journal.tell(Append(self._token, self.incarnation, step.events, self._snapshot()))
        elif self._undurable:
            # Mail never overtakes what was decided before it.
            self._undurable[-1].later.extend(step.mail)
        else:
            self._deliver(step.mail)

    def _snapshot(self) -> str | None:
        if self._since_snapshot < SNAPSHOT_EVERY or self._desk is None:
            return None
        now = self._wall()
        if now < self._snapshot_at + SNAPSHOT_GAP and self._since_snapshot < SNAPSHOT_LATEST:
            return None
        self._since_snapshot, self._snapshot_at = 0, now
        return dump_state(self._desk.state.as_committed())

    def _durable(self, desk: Desk, token: int) -> None:
        waiting = self._undurable.popleft()
        if waiting.token != token:
            raise JournalRefused(f"the journal acknowledged {token} before {waiting.token}")
        events = waiting.step.events
        reached("acknowledged", kind_of(events[0]))
        now = self._wall()
        desk.committed(events, now)
        for event in events:
            if isinstance(event, IntentOpened):
                self._place(desk, event)
        self._deliver(waiting.step.mail)
        self._deliver(waiting.later)
        routine = all(isinstance(event, ROUTINE) for event in events)
        if not routine:
            self._report()
        if not routine or self._status is None or now >= self._shown_at + SHOW_EVERY:
            self._show(desk, now)

    def _refused(self, message: AppendRefused) -> None:
        waiting, desk = self._undurable.popleft(), self._desk
        hints = [event for event in waiting.step.events if isinstance(event, HintTaken)]
        if desk is None or waiting.token != message.token or len(hints) < len(waiting.step.events):
            raise JournalRefused(message.reason)
        for hint in hints:  # it moves nothing, so nothing that was decided since then is wrong without it
            self._deliver((Mail("webhook", desk.hint_refused(hint)),))
        self._deliver(tuple(waiting.later))

    def _show(self, desk: Desk, now: int) -> None:
        # People, too, see only what is on disk.
        self._status, self._shown_at = desk.status(now), now
        self.note(brief(self._status))

    def _place(self, desk: Desk, opened: IntentOpened) -> None:
        ticket = Ticket(
            intent=opened.intent,
            kind=opened.kind,
            tag=opened.tag,
            stake_micro=opened.stake_micro,
            request=Request(opened.service, opened.path, opened.body),
            send_by=opened.send_by,
        )
        reached("place")
        if not self._address(opened.service).tell(Place(ticket)):
            answer = NotSent(f"{opened.service} is not running")
            self._carry_out(desk.answered(Answered(opened.intent, answer), self._wall()))

    def _report(self) -> None:
        if self._notices:
            self._address(REPORTER).tell(Notices(tuple(self._notices)))
            self._notices.clear()

    def _deliver(self, mail: Iterable[Mail]) -> None:
        for letter in mail:
            if letter.to == REPORTER:
                self._notices.append(letter.message)
                continue
            if isinstance(letter.message, Settled):
                reached("notify")
            arrived = self._address(letter.to).tell(letter.message)
            if not arrived and isinstance(letter.message, LookUp) and self._desk:
                query = letter.message
                failed = LookUpFailed(query.number, query.query.account, f"{letter.to} is not running")
                self._carry_out(self._desk.look_up_failed(failed, self._wall()))
