"""StrategyActor: runs one user strategy in its own lane. What it raises pauses the lane; it is no crash of ours."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import Any, get_args

from msgspec import Struct

from actors.messages import (
    BankrollView,
    Denied,
    DomainsSeen,
    LaneOpened,
    LaneView,
    Level,
    Notice,
    Prices,
    PricesTaken,
    Propose,
    Settled,
)
from actors.money.amounts import MICRO_PER_USD, usd
from actors.money.orders import OrderWager
from actors.money.wagers import Bet, EscrowAct, EscrowCreate, Idle, Pay, RegisterDomain, Wager, Withdraw
from actors.strategies.base import Result, Strategy, View
from actors.venue.retries import RETRIES, delay
from supervision import Handle, Worker

FAULT_WAITS_S = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Pauses of a lane whose strategy raised or proposed nonsense, in seconds; the last one repeats."""

SHORT_WAIT_S = 0.05
"""Before asking again a strategy that wants nothing just now, in seconds."""

DENIAL_WAITS_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Least waits before asking again after denials in a row, in seconds; the last one repeats."""

LONG_WAIT_S = 5.0
"""Before asking again after a denial without a time of its own, in seconds."""

LONGEST_EVERY_S = 86_400.0

BRIEF_CHARS = 200
"""Of a text that a strategy made, in log and tree."""

UNDONE = ("refused", "not_sent")
OPERATIONS: Mapping[type, str] = {
    Bet: "casino bet",
    EscrowCreate: "escrow create",
    EscrowAct: "escrow act",
    Pay: "payment",
    Withdraw: "payment",
    RegisterDomain: "domain registration",
    **dict.fromkeys(get_args(OrderWager), "trade order"),
}
"""The row of the retry table that paces a lane whose wagers are refused or not sent."""

DECIDE = "decide"


class _Decide(Struct, frozen=True):
    pass


class StrategyActor(Worker):
    """A lane: asks its strategy, proposes, waits for the outcome, asks again.

    Args:
        lane: the lane's name.
        account: the account it plays on.
        make: makes the strategy; called in this actor's thread.
        bankroll: where proposals go.
        reporter: who hears why the lane is idle.
        wall: UTC microseconds.
        random: chance for the strategy.
        feed: whom to ask for prices, if the strategy wants them.
    """

    def __init__(
        self,
        lane: str,
        account: str,
        make: Callable[[], Strategy],
        bankroll: Handle,
        reporter: Handle,
        wall: Callable[[], int],
        random: Random,
        feed: Handle | None = None,
    ) -> None:
        super().__init__()
        self._lane = lane
        self._account = account
        self._make = make
        self._bankroll = bankroll
        self._feed = feed
        self._reporter = reporter
        self._wall = wall
        self._random = random
        self._strategy: Strategy | None = None
        self._view = BankrollView(0, 0, 0, ready=False)
        self._last: Result | None = None
        self._prices: Mapping[str, Decimal] = {}
        self._domains: Mapping[str, Decimal] = {}
        self._waiting = False  # for an answer to a proposal
        self._open = False  # the lane may be asked
        self._resting = False  # until its timer, whatever arrives: the strategy or its last wager failed
        self._faults = 0  # in a row, as the denials
        self._denials = 0
        self._failures = 0  # wagers in a row that the venue refused or never got
        self._operation = OPERATIONS[Bet]
        self._every_s = 0.0
        self._why = ""

    def setup(self) -> None:
        """Ask the bankroll how the lane stands."""
        self._bankroll.tell(LaneOpened(self._lane, self._account))
        self._want_prices()
        self.note("starting")

    def receive(self, message: Any) -> None:
        """React to the lane's news, to prices, to the timer."""
        match message:
            case LaneView():
                self._take_view(message)
            case Denied():
                self._take_denial(message)
            case Settled():
                self._take_result(message)
            case Prices():
                self._prices = message.mids
                if self._strategy and self._strategy.wants_prices and not (self._resting or self._denials):
                    self._decide()
                self._want_prices()
            case DomainsSeen():
                self._domains = message.free
            case _Decide():
                self._resting = False
                self._decide()
            case _:
                super().receive(message)

    def _want_prices(self) -> None:
        if self._feed:
            self._feed.tell(PricesTaken(self._lane))

    def _take_view(self, message: LaneView) -> None:
        self._view = message.bankroll
        self._open = message.state == "IDLE" and message.bankroll.ready
        idle = "IDLE" if message.bankroll.ready else "waiting for the first reconcile"
        self.note(idle if message.state == "IDLE" else f"{message.state} {message.reason}".strip())
        if self._open and not self._waiting and not self._resting:
            self.after(0, _Decide(), key=DECIDE)

    def _take_denial(self, message: Denied) -> None:
        self._waiting = False
        denial = message.denial
        if not 0 < denial.until <= self._wall():  # else it has passed already, and is not worth a line in the tree
            self.note(f"IDLE: {denial}")
        if message.nonsense:
            self._pause(f"proposed nonsense: {denial.value}")
            return
        least_s = DENIAL_WAITS_S[min(self._denials, len(DENIAL_WAITS_S) - 1)]
        self._denials += 1
        wait_s = (denial.until - self._wall()) / MICRO_PER_USD if denial.until else LONG_WAIT_S
        self.after(max(wait_s, least_s), _Decide(), key=DECIDE)

    def _take_result(self, message: Settled) -> None:
        self._waiting, self._faults, self._denials = False, 0, 0
        self._view = message.bankroll
        closed = message.closed
        gain = closed.payout_micro - message.stake_micro if closed.outcome == "executed" else 0
        self._last = Result(
            closed.outcome, closed.won, _usd(message.stake_micro), _usd(gain), closed.venue_ref, closed.reason
        )
        self.note(f"IDLE, last {closed.reason}")
        self._failures = self._failures + 1 if closed.outcome in UNDONE else 0
        again_s = ((message.retry_at or 0) - self._wall()) / MICRO_PER_USD
        self._resting = bool(self._failures)
        if not self._open:  # it began while the intent was open, and only the bankroll knows how the lane stands now
            self._bankroll.tell(LaneOpened(self._lane, self._account))
        pause_s: float | None = 0.0
        if self._failures:  # a refusal for good is not tried again: the strategy is asked anew, in its time
            retry = message.retry_at is not None
            pause_s = delay(RETRIES[self._operation], self._failures, self._random) if retry else None
        self.after(max(self._every_s, again_s, LONG_WAIT_S if pause_s is None else pause_s), _Decide(), key=DECIDE)

    def _decide(self) -> None:
        if not self._open or self._waiting:
            return
        try:
            strategy = self._strategy = self._strategy or self._make()
            wanted: object = strategy.decide(self._see())
            self._every_s = _seconds(strategy.every)
        except BaseException as error:  # noqa: BLE001  the user's code: whatever it raises pauses its lane
            self._pause(f"raised {type(error).__name__}: {_brief(error)}")
            return
        if isinstance(wanted, Wager):
            self._waiting = True
            self._operation = next(row for kind, row in OPERATIONS.items() if isinstance(wanted, kind))
            self._why = ""
            self.note("SIZING")
            self._bankroll.tell(Propose(self._lane, wanted))
            return
        if wanted is not None and not isinstance(wanted, Idle):
            self._pause(f"decided on a {type(wanted).__name__}, which is no wager")
            return
        self._explain(_brief(wanted.reason) if wanted else "the strategy wants nothing now")
        self.after(max(self._every_s, SHORT_WAIT_S), _Decide(), key=DECIDE)

    def _see(self) -> View:
        view = self._view
        return View(
            lane=self._lane,
            now=self._wall() / 1_000_000,
            available=_usd(view.available_micro),
            equity=_usd(view.equity_micro),
            peak=_usd(view.peak_micro),
            last=self._last,
            prices=self._prices,
            domains=self._domains,
            positions=view.holdings.positions,
            orders=view.holdings.orders,
            contracts=view.contracts,
            random=self._random,
        )

    def _pause(self, what: str) -> None:
        wait_s = FAULT_WAITS_S[min(self._faults, len(FAULT_WAITS_S) - 1)]
        self._faults += 1
        self._resting = True
        self._say("fault", f"{self._lane} {what}; its lane pauses for {wait_s:g} s", "WARNING")
        self.note(f"PAUSED for {wait_s:g} s: {what}")
        self.after(wait_s, _Decide(), key=DECIDE)

    def _explain(self, why: str) -> None:
        self.note(f"IDLE: {why}")
        if why != self._why:
            self._why = why
            self._say("idle", f"{self._lane} is idle: {why}", "INFO")

    def _say(self, outcome: str, text: str, level: Level) -> None:
        self._reporter.tell(Notice(self._wall(), "strategy", "decide", outcome, text, lane=self._lane, level=level))


def _brief(thing: object) -> str:
    # A user's own text: it may be of any length, and may raise when it is asked for.
    try:
        text = str(thing)
    except Exception:  # noqa: BLE001  as said
        return "(no text)"
    return text if len(text) <= BRIEF_CHARS else f"{text[:BRIEF_CHARS]}..."


def _usd(micro: int) -> Decimal:
    return Decimal(usd(micro, 6))


def _seconds(every: float) -> float:
    seconds = float(every)
    if not 0 <= seconds <= LONGEST_EVERY_S:
        raise ValueError(f"every must be 0 to {LONGEST_EVERY_S:g} seconds, not {every}")
    return seconds
