"""Resolving unknown outcomes: asks for evidence when it is due and turns it into events. Reads only; it never sends."""

from dataclasses import dataclass

from actors.desk import settle
from actors.desk.reconciler import Reconciler
from actors.desk.till import SECOND, Till
from actors.desk.watch import Asked, Purpose, Watch
from actors.messages import Found, LookUp, LookUpFailed
from actors.money.audit import audit, lateness, sent_at
from actors.money.events import IntentOpened, LookedUp
from actors.money.evidence import WINDOW_MARGIN, BetRow, EscrowView, Evidence, Executed, Outgoing, Query
from actors.money.history import news, reviewed
from actors.money.outgoing import Ambiguous
from actors.money.positions import TradeDone
from actors.money.records import Account
from actors.money.resolve import Contradiction, Finding, FoundBet, find, judge
from actors.money.state import RECENT_REFS
from actors.money.trading import find_trade
from actors.money.wagers import ALONE

LOOK_WAITS = (SECOND // 5, SECOND // 2, SECOND, 2 * SECOND, 5 * SECOND)
"""Waits between look-ups of an unknown intent (microseconds); the last one repeats."""

NEGATIVES = 2
"""Complete negative readings after the quiet period that prove absence."""

LOOKUP_TIMEOUT = 60 * SECOND
"""After this a look-up is given up for lost (its service restarted) and asked again."""

ALL_KNOWN = "9999"
"""In place of a cursor: of an account that is met for the first time no movement is ours."""

BLIND_MOST = 5 * 60 * SECOND
"""How long an account with an unknown outcome may be unreadable before that is an incident (microseconds)."""

LATE_PART = 4
"""A bet that is executed later than this part of the quiet period is an incident: the next might be later than all."""

HINT_REST = 30 * SECOND
"""How long an account is open after a reconcile in whose midst an event hinted at another (microseconds): events that
come in every reading would close it for ever."""

SWEEP_EVERY = 60 * SECOND
"""How often the venue's bets are looked through for one that was closed as not executed (microseconds)."""

SWEEP_BACK = 15 * 60 * SECOND
"""How far behind the last agreement a sweep looks (microseconds): a venue may list a bet late, under its own time."""

TOLD_BY_ROWS = ALONE | {"escrow_create"}
"""Kinds of intents that are found among the account's movements, so these are read in any case."""

UNLISTED = "the venue lists no stop-loss and no take-profit; set it again, a second one changes nothing"
UNDECIDED_WAIT = 60 * SECOND
"""Between look-ups of an intent that evidence could not decide."""

TROUBLE_WAITS = (SECOND // 5, SECOND // 2, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND)
"""Waits between readings of an account that cannot be read (microseconds); the last one repeats."""


@dataclass(slots=True)
class Resolver:
    """Asks for evidence when it is due and turns it into events."""

    till: Till
    watches: dict[str, Watch]
    reconciler: Reconciler
    _numbers: int = 0

    def unknown(self, account: str) -> list[IntentOpened]:
        """Return the account's intents whose outcome is unknown."""
        if not self.till.state.unknown:
            return []
        tracks = self.till.tracks
        return [o for o in self.till.open(account) if tracks[o.intent].phase == "unknown"]

    def ready(self, account: str) -> bool:
        """Whether the account is served by this agent, and book and venue agree."""
        watch = self.watches.get(account)
        return watch is not None and watch.ready

    def barrier(self, account: str) -> bool:
        """Whether the account must not open anything now: absence is being proven, or the whole is compared."""
        watch = self.watches[account]
        return bool(watch.wanted) or any(self.till.quiet_until(o) <= self.till.now for o in self.unknown(account))

    def tick(self) -> None:
        """Ask whatever is due."""
        for account, watch in self.watches.items():
            if watch.asked and self.till.now > watch.asked.at + LOOKUP_TIMEOUT:
                watch.asked = None
            if watch.asked or not watch.service:
                continue
            known = self.till.state.account(account)
            due = known.reconciled_at + (HINT_REST if watch.hinted else self.till.terms.reconcile_every)
            # Each bet is two references, and what is no longer remembered would be taken for another's.
            if not watch.wanted and (self.till.now >= due or known.nonces - known.agreed_nonces >= RECENT_REFS // 4):
                watch.wanted, watch.hinted = "the period", False
            if any(self.till.tracks[o.intent].next_look <= self.till.now for o in self.unknown(account)):
                self._ask(account, watch, "resolve")
            elif watch.wanted and self.till.now >= watch.next_at and not self.till.open(account):
                self._ask(account, watch, "reconcile")
            elif self.till.now >= watch.sweep_at:
                watch.sweep_at = self.till.now + SWEEP_EVERY
                if self.till.state.watching(account, self.till.now) and not self.reconciler.draining:
                    self._ask(account, watch, "sweep")

    def want(self, why: str) -> None:
        """Reconcile every account as soon as nothing is open on it."""
        for watch in self.watches.values():
            watch.want(why)

    def tell_lanes(self, account: str) -> None:
        """Send every lane of an account its view."""
        self.till.tell_lanes(account, ready=self.ready(account))

    def close(self, opened: IntentOpened, done: Executed, by: str) -> None:
        """Book what was executed; what carries no tag of ours must be seen among the account's movements at once."""
        settle.close_executed(self.till, opened, done, by)
        if opened.kind in ALONE:
            self.watches[opened.account].want("a trade" if opened.service == "trading" else f"a {opened.kind}")

    def failed(self, message: LookUpFailed) -> None:
        """The venue could not be read: nothing is known, nothing changes but the next time to ask."""
        watch = self.watches[message.account]
        if not watch.asked or watch.asked.number != message.number:
            return
        swept, watch.asked = watch.asked.purpose == "sweep", None
        if not swept:  # else the next one sees as much
            self._cannot_read(message.account, watch, message.reason)

    def _cannot_read(self, account: str, watch: Watch, reason: str) -> None:
        wait = TROUBLE_WAITS[min(watch.failures, len(TROUBLE_WAITS) - 1)]
        watch.failures += 1
        watch.blind_since = watch.blind_since or self.till.now
        if self.unknown(account) and not watch.alarmed and self.till.now >= watch.blind_since + BLIND_MOST:
            watch.alarmed = True
            self.till.incident("unreadable", f"{account} has an unknown outcome and cannot be read: {reason}")
        watch.next_at = self.till.now + wait
        for opened in self.unknown(account):
            track = self.till.tracks[opened.intent]
            track.next_look = max(track.next_look, watch.next_at)
        if watch.trouble != reason:
            watch.trouble = reason
            text = f"{account} cannot be read: {reason}; asking again, at most every 30 s"
            self.till.say(account, "look_up", "failed", text, level="WARNING")
        if not self.till.open(account):
            self.reconciler.give_up(watch)

    def give_up_if_blind(self) -> None:
        """An end need not wait for a venue that could not be read the last time, if nothing is open."""
        for account, watch in self.watches.items():
            if watch.trouble and not self.till.open(account):
                self.reconciler.give_up(watch)

    def found(self, message: Found) -> None:
        """Take evidence in."""
        evidence = message.evidence
        watch = self.watches[evidence.account]
        asked = watch.asked
        if asked is None or asked.number != message.number:
            return
        watch.asked = None
        if asked.purpose == "sweep":
            self.reconciler.sweep(evidence, asked, watch)
            return
        if asked.purpose == "reconcile" and not evidence.rows_complete:
            self._cannot_read(evidence.account, watch, "its export is cut off")
            return
        watch.trouble, watch.failures, watch.blind_since, watch.alarmed = "", 0, 0, False
        watch.venue_micro = evidence.balance_micro
        watch.risk_factor = evidence.risk_factor or watch.risk_factor
        if evidence.trading:
            self.till.losses[evidence.account] = max(0, -evidence.trading.unrealized_micro)
        if not self.till.state.account(evidence.account).reconciled_at:
            self.reconciler.adopt(evidence, asked, watch)
        elif asked.purpose == "resolve":
            self._resolve(evidence, asked)
        elif not self.till.open(evidence.account):
            self.reconciler.reconcile(evidence, asked, watch)

    def _ask(self, name: str, watch: Watch, purpose: Purpose) -> None:
        state, account = self.till.state, self.till.state.account(name)
        unknown = self.unknown(name)
        # Back to the last reconcile, behind which nothing is open: a bet of another user of the key may be older than
        # what is unknown, and must be seen to be explained. By the venue's clock: ours may have been set since then.
        agreed = account.venue_at or account.reconciled_at
        since = agreed - (SWEEP_BACK if purpose == "sweep" else WINDOW_MARGIN) if agreed else 0
        # By the clock: what a bankroll that has crashed since then had asked for is no answer to another question.
        self._numbers = max(self._numbers + 1, self.till.now)
        barrier = len(unknown) == len(self.till.open(name))
        watch.asked = Asked(self._numbers, self.till.now, purpose, barrier, since)
        query = Query(
            name, since, state.book.at_venue(name), account.nonces, self._needs_rows(account, unknown),
            withdrawals=bool(state.withdrawals or account.shown) or any(o.kind == "withdraw" for o in unknown),
            cursor_at=account.cursor_at if account.reconciled_at else ALL_KNOWN, sweep=purpose == "sweep",
            escrow_ids=tuple(o.subject for o in unknown if o.kind == "escrow_act"),
            known=frozenset(ref for ref in state.recent if ref.startswith("esc_")),
        )  # fmt: skip
        self.till.send(watch.service, LookUp(self._numbers, query))

    def _needs_rows(self, account: Account, unknown: list[IntentOpened]) -> bool:
        told = any(opened.kind in TOLD_BY_ROWS for opened in unknown)
        # The row of a withdrawal under review comes when a person lets it go, and then no balance changes.
        return told or not account.reconciled_at or bool(account.shown or reviewed(self.till.state, account.name))

    # one unknown intent

    def _resolve(self, evidence: Evidence, asked: Asked) -> None:
        absent = []
        for opened in self.unknown(evidence.account):
            match self._find(opened, evidence):
                case FoundBet(row, copies):
                    self._note_lateness(opened, row, evidence)
                    self.close(opened, Executed(bet=row), "look-up")
                    if copies:
                        settle.book_copies(self.till, opened, copies)
                        self.watches[evidence.account].want("a second copy")
                case EscrowView() as view:
                    self.close(opened, Executed(escrow=view), "look-up")
                case Outgoing() as outgoing:
                    self.close(opened, Executed(outgoing=outgoing), "look-up")
                case TradeDone() as trade:
                    self.close(opened, Executed(trade=trade), "look-up")
                case Ambiguous(text):
                    self._leave_undecided(opened, text)
                case Contradiction(text):
                    settle.close_contradicted(self.till, opened, text)
                    self.watches[evidence.account].wanted = "a contradiction"
                case None:
                    absent.append(opened)
                    self._count_look(opened, evidence, asked)
        unknown = self.unknown(evidence.account)
        proven = absent == unknown and all(self.till.tracks[o.intent].negatives >= NEGATIVES for o in absent)
        if absent and proven and evidence.rows_complete and asked.barrier:
            self._decide(absent, evidence, asked)

    def _note_lateness(self, opened: IntentOpened, row: BetRow, evidence: Evidence) -> None:
        watch, quiet = self.watches[evidence.account], self.till.terms.quiet_period
        late = lateness(self.till.state, opened, row, evidence)
        if late > max(watch.latest, quiet // LATE_PART):
            watch.latest = late
            text = (
                f"{row.bet_id} was executed {late // SECOND} s after it was sent; what comes {quiet // SECOND} s late "
                f"would be void: set venue.quiet_period to {LATE_PART * late // SECOND} s or more"
            )
            self.till.incident("late", text, opened.intent)

    def _find(self, opened: IntentOpened, evidence: Evidence) -> Finding | TradeDone:
        state = self.till.state
        trade = find_trade(opened, evidence, state.traded, sent_at(state, opened, evidence))
        return trade or find(opened, evidence, news(state, evidence))

    def _count_look(self, opened: IntentOpened, evidence: Evidence, asked: Asked) -> None:
        track, now = self.till.tracks[opened.intent], self.till.now
        wait = LOOK_WAITS[min(track.looks, len(LOOK_WAITS) - 1)]
        track.looks += 1
        quiet_until = self.till.quiet_until(opened)
        if evidence.started < quiet_until:
            track.next_look = min(now + wait, max(quiet_until, now))
            return
        track.next_look = now + max(self.till.terms.lookup_gap, SECOND // 20)
        apart = evidence.started >= track.last_negative + self.till.terms.lookup_gap
        if asked.barrier and evidence.rows_complete and (apart or not track.negatives):
            track.negatives += 1
            track.last_negative = now
            if track.negatives <= NEGATIVES:
                rows, nonces, balance = len(evidence.rows), evidence.nonces, evidence.balance_micro
                self.till.record(LookedUp(now, opened.intent, rows, nonces, balance))

    def _decide(self, absent: list[IntentOpened], evidence: Evidence, asked: Asked) -> None:
        found = audit(self.till.state, evidence, self.till.now, asked.since)
        verdict = judge(absent, found)
        if verdict.undecided:
            for opened in absent:
                self._leave_undecided(opened, verdict.undecided)
            return
        by_intent = {opened.intent: opened for opened in absent}
        for intent in verdict.void:
            why = UNLISTED if by_intent[intent].kind == "exit_order" else "absent after the quiet period"
            settle.close_unexecuted(self.till, by_intent[intent], "void", why, "look-up")
        for number, (intent, reference) in enumerate(verdict.incomplete):
            settle.close_incomplete(self.till, by_intent[intent], reference, drew=number < found.nonce_gap)
        self.reconciler.book(found)  # after what is void gave its stake back, or the book might not afford it
        self.watches[evidence.account].wanted = "an unknown outcome"

    def _leave_undecided(self, opened: IntentOpened, why: str) -> None:
        self.till.tracks[opened.intent].next_look = self.till.now + UNDECIDED_WAIT
        if self.till.state.lanes[opened.lane].culprit != opened.intent:  # once, whatever starts again
            self.till.fail_lane(opened.lane, opened.intent, why)
            text = f"{opened.intent} cannot be decided: {why}; `resolve {opened.intent}` is an operator's way out"
            self.till.incident("undecided", text, opened.intent)
