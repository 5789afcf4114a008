"""When a lane asks its strategy, in virtual time: the pauses of a strategy that fails hold, whatever else arrives."""

from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest

from actors import Bet, EscrowCreate, Idle, Strategy
from actors.messages import BankrollView, Denied, LaneOpened, LaneView, Notice, Prices, Propose, Settled
from actors.money.events import IntentClosed
from actors.money.risk import Denial
from actors.strategy import FAULT_WAITS_S, LONG_WAIT_S, StrategyActor
from supervision import ChildSpec, Supervisor, System, Worker
from supervision.simulation import Simulation

RICH = BankrollView(100_000_000, 100_000_000, 100_000_000, ready=True)
BET = Bet("boosted_coin", {"side": "heads"}, probability="0.5", odds="2.10")
SLACK_S = 0.1
PRICES = Prices(0, {"BTC": Decimal(50_000)})
IDLE_VIEW = LaneView("lane", "IDLE", "", RICH)


class Asked(Strategy):
    """Does what it is told to, and notes when it was asked."""

    every = 0.5

    def __init__(self, world, answer):
        self.world, self.answer, self.times = world, answer, []

    def decide(self, view):
        self.times.append(self.world.now)
        return self.answer()


class Bankroll(Worker):
    """Opens the lane and answers each proposal as the test says."""

    def __init__(self, lane, answer):
        super().__init__()
        self.lane, self.answer = lane, answer

    def receive(self, message):
        if isinstance(message, LaneOpened):
            self.lane.tell(IDLE_VIEW)
        elif isinstance(message, Propose) and self.answer:
            self.lane.tell(self.answer)


class Reporter(Worker):
    def __init__(self, notices):
        super().__init__()
        self.notices = notices

    def receive(self, message):
        assert isinstance(message, Notice)
        self.notices.append(message)


class Lane:
    """One lane in a simulated tree."""

    def __init__(self, answer=lambda: BET, *, prices=False, settled=None):
        self.world = Simulation(1)
        self.strategy = Asked(self.world, answer)
        self.strategy.wants_prices = prices
        self.notices = []
        self.system = System(
            Supervisor.spec("root", [self._reporter(), self._bankroll(settled), self._lane()]), runtime=self.world
        )
        self.handle = self.system.handle("lane")
        self.system.start()

    def _reporter(self):
        return ChildSpec("reporter", lambda: Reporter(self.notices))

    def _bankroll(self, settled):
        return ChildSpec("bankroll", lambda: Bankroll(self.handle, settled))

    def _lane(self):
        def make():
            bankroll, reporter = self.system.handle("bankroll"), self.system.handle("reporter")
            return StrategyActor("lane", "casino", lambda: self.strategy, bankroll, reporter, self.wall, Random(1))

        return ChildSpec("lane", make)

    def wall(self):
        return int(self.world.now * 1_000_000)

    def run(self, seconds, *, disturbed_by=None, every=0.05):
        until = self.world.now + seconds
        while self.world.now < until:
            if disturbed_by is not None:
                self.handle.tell(disturbed_by)
            self.world.run(every)

    def pauses(self):
        return [later - sooner for sooner, later in pairwise(self.strategy.times)]


def settled(outcome, retry_at=None):
    closed = IntentClosed(0, "intent", "lane", "casino", outcome, outcome)
    return Settled(closed, 450_000, RICH, retry_at)


def bug():
    raise ZeroDivisionError("a bug of the user's")


def leave():
    raise SystemExit(1)


def waits(lane, expected):
    found = lane.pauses()[: len(expected)]
    assert len(found) == len(expected), lane.strategy.times
    for pause, least in zip(found, expected, strict=True):
        assert least <= pause <= least + SLACK_S, found


@pytest.mark.parametrize("disturbed_by", [None, PRICES, IDLE_VIEW], ids=["undisturbed", "prices", "a view"])
@pytest.mark.parametrize("answer", [bug, leave, lambda: "no wager"], ids=["raises", "exits", "says nonsense"])
def test_a_strategy_that_fails_pauses_longer_each_time(answer, disturbed_by):
    lane = Lane(answer, prices=True)
    lane.run(90, disturbed_by=disturbed_by)
    waits(lane, FAULT_WAITS_S)
    assert {notice.outcome for notice in lane.notices} == {"fault"}
    assert lane.handle.incarnation == 1


@pytest.mark.parametrize("disturbed_by", [None, PRICES, IDLE_VIEW], ids=["undisturbed", "prices", "a view"])
def test_nonsense_that_the_bankroll_found_pauses_too(disturbed_by):
    denied = Denied("lane", Denial("wager", "one that makes sense", "stake must be above zero"), nonsense=True)
    lane = Lane(prices=True, settled=denied)
    lane.run(30, disturbed_by=disturbed_by)
    waits(lane, FAULT_WAITS_S[:3])


@pytest.mark.parametrize("disturbed_by", [None, PRICES, IDLE_VIEW], ids=["undisturbed", "prices", "a view"])
@pytest.mark.parametrize("outcome", ["refused", "not_sent"])
def test_wagers_that_come_to_nothing_are_paced(outcome, disturbed_by):
    lane = Lane(prices=True, settled=settled(outcome))
    lane.run(30, disturbed_by=disturbed_by)
    assert len(lane.strategy.times) < 20, lane.strategy.times


@pytest.mark.parametrize("outcome", ["refused", "not_sent"])
def test_what_may_be_retried_is_paced_by_the_retry_table(outcome):
    """Mission 4.1."""
    lane = Lane(settled=settled(outcome, retry_at=0))
    lane.run(30)
    first, second, *later = lane.pauses()
    assert 0.5 <= first <= 0.6 + SLACK_S
    assert 0.8 <= second <= 1.2 + SLACK_S
    assert min(later) >= LONG_WAIT_S


def test_an_escrow_is_retried_by_a_row_of_its_own():
    """Mission 4.2."""
    lane = Lane(lambda: EscrowCreate("1.00", "ag_0123456789ab", "work"), settled=settled("not_sent", retry_at=0))
    lane.run(60)
    for pause, least in zip(lane.pauses(), (2, 4 * 0.8, 8 * 0.8, LONG_WAIT_S), strict=False):
        assert least <= pause <= least * 1.5 + SLACK_S


def test_a_retry_waits_until_the_time_that_the_venue_names():
    lane = Lane(settled=settled("refused", retry_at=20_000_000))
    lane.run(30)
    assert lane.strategy.times[0] < 1
    assert lane.strategy.times[1] >= 20


def test_a_refusal_for_good_is_not_retried_by_the_table():
    lane = Lane(settled=settled("refused"))
    lane.run(30)
    assert min(lane.pauses()) >= LONG_WAIT_S


def test_without_prices_it_is_asked_when_its_time_has_come():
    lane = Lane(lambda: Idle("nothing"))
    lane.run(5, disturbed_by=PRICES)
    waits(lane, [0.5] * 5)


def test_with_prices_it_is_asked_when_they_come():
    lane = Lane(lambda: Idle("nothing"), prices=True)
    lane.run(1, disturbed_by=PRICES)
    assert len(lane.strategy.times) >= 15


def test_it_is_not_asked_while_it_waits_for_an_outcome():
    lane = Lane(prices=True)
    lane.run(60, disturbed_by=PRICES)
    assert len(lane.strategy.times) == 1


def test_an_outcome_ends_the_pauses():
    answers = iter([bug, bug, lambda: BET, bug, lambda: BET])

    def answer():
        return next(answers)()

    lane = Lane(answer, settled=settled("executed"))
    lane.run(4.9)
    waits(lane, [1.0, 2.0, 0.5, 1.0])


def test_idle_is_told_once():
    lane = Lane(lambda: Idle("it is sunday"))
    lane.run(10)
    assert [notice.text for notice in lane.notices] == ["lane is idle: it is sunday"]
