"""Risk rules: each at, just below and just above its limit; what they count from; when they lift."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.money import risk
from actors.money.risk import Exposure, Limits, Proposal

NOON = 20_000 * risk.MICROS_PER_DAY + risk.MICROS_PER_DAY // 2
MIDNIGHT = 20_001 * risk.MICROS_PER_DAY
MINUTE = risk.MICROS_PER_MINUTE
CALM = Exposure(
    now=NOON,
    available_micro=100_000_000,
    open_micro=0,
    equity_micro=100_000_000,
    session_start_micro=100_000_000,
    peak_micro=100_000_000,
    day_start_micro=100_000_000,
    loss_streak=0,
    fun_today_micro=0,
    bets_at=(),
)
LIMITS = Limits(loss_streak=3, entertainment_micro=1_000_000)

CASES = [
    # rule, what stands at the limit, one step on the safe side, one step beyond
    (risk.stop_loss, {"equity_micro": 70_000_000}, {"equity_micro": 70_000_001}, {"equity_micro": 69_999_999}),
    (risk.max_drawdown, {"equity_micro": 70_000_000}, {"equity_micro": 70_000_001}, {"equity_micro": 69_999_999}),
    (risk.daily_loss, {"equity_micro": 90_000_000}, {"equity_micro": 90_000_001}, {"equity_micro": 89_999_999}),
    (risk.loss_streak, {"loss_streak": 3}, {"loss_streak": 2}, {"loss_streak": 4}),
]


@pytest.mark.parametrize(("rule", "at", "safe", "beyond"), CASES)
def test_a_stop_rule_is_broken_at_its_limit(rule, at, safe, beyond):
    assert rule(LIMITS, replace(CALM, **at), Proposal(0))
    assert rule(LIMITS, replace(CALM, **beyond), Proposal(0))
    assert rule(LIMITS, replace(CALM, **safe), Proposal(0)) is None


STAKES = [
    (risk.funds, {"available_micro": 1_500_000, "bets_at": ()}, 1_500_000, "balance"),
    (risk.stake_cap, {}, 2_000_000, "stake cap"),
    (risk.open_exposure, {"open_micro": 19_000_000}, 1_000_000, "open exposure"),
    (risk.entertainment, {"fun_today_micro": 600_000}, 400_000, "entertainment budget"),
]


@pytest.mark.parametrize(("rule", "at", "most", "name"), STAKES)
def test_a_stake_rule_allows_up_to_its_limit(rule, at, most, name):
    exposure = replace(CALM, **at)
    assert rule(LIMITS, exposure, Proposal(most, fun=True)) is None
    assert rule(LIMITS, exposure, Proposal(most - 1, fun=True)) is None
    assert rule(LIMITS, exposure, Proposal(most + 1, fun=True)).rule == name


@pytest.mark.parametrize(
    ("rule", "at", "name", "until"),
    [
        (risk.stop_loss, {"equity_micro": 60_000_000, "peak_micro": 0}, "stop loss", 0),
        (risk.max_drawdown, {"peak_micro": 200_000_000}, "drawdown", 0),
        (risk.daily_loss, {"day_start_micro": 200_000_000}, "daily loss", MIDNIGHT),
        (risk.loss_streak, {"loss_streak": 3}, "loss streak", 0),
    ],
)
def test_a_denial_says_the_rule_and_when_it_lifts(rule, at, name, until):
    denial = rule(LIMITS, replace(CALM, **at), Proposal(0))
    assert (denial.rule, denial.until) == (name, until)
    assert str(denial) == f"{name}: limit {denial.limit}, at {denial.value}"


def test_rules_that_are_off_or_about_bets_only():
    assert risk.loss_streak(Limits(loss_streak=0), replace(CALM, loss_streak=10**6), Proposal(0)) is None
    assert risk.stake_cap(LIMITS, CALM, Proposal(10**9, bet=False)) is None
    assert risk.entertainment(LIMITS, CALM, Proposal(10**9)) is None
    assert risk.rate(Limits(bets_per_minute=1), replace(CALM, bets_at=(NOON,)), Proposal(0, bet=False)) is None


def test_nothing_to_lose_breaks_no_floor():
    empty = replace(CALM, equity_micro=0, session_start_micro=0, peak_micro=0, day_start_micro=0)
    assert risk.first_denial(risk.STOP_RULES, LIMITS, empty, Proposal(0)) is None


def test_the_smallest_stake_passes_the_cap_of_a_small_bankroll():
    poor = replace(CALM, equity_micro=50_000)
    assert risk.stake_cap(LIMITS, poor, Proposal(10_000)) is None
    assert risk.stake_cap(LIMITS, poor, Proposal(20_000))


@given(some.integers(0, 10**16))
def test_midnight_is_the_next_one(now):
    midnight = risk.next_midnight(now)
    assert midnight % risk.MICROS_PER_DAY == 0
    assert 0 < midnight - now <= risk.MICROS_PER_DAY


@given(some.integers(1, 6), some.lists(some.integers(0, 40 * 1_000_000), max_size=60))
def test_no_sliding_minute_holds_more_bets_than_the_rate(most, waits):
    limits, now, placed = Limits(bets_per_minute=most), NOON, ()
    for wait in waits:
        now += wait
        if risk.rate(limits, replace(CALM, now=now, bets_at=placed), Proposal(1)) is None:
            placed = (*placed, now)
            assert sum(at > now - MINUTE for at in placed) <= most


@given(some.integers(1, 60))
def test_a_burst_is_a_minutes_bets_and_its_denial_says_when_the_next_may_come(most):
    limits = Limits(bets_per_minute=most)
    burst = tuple(NOON + one for one in range(most))
    assert risk.rate(limits, replace(CALM, bets_at=burst[:-1]), Proposal(1)) is None
    denial = risk.rate(limits, replace(CALM, now=NOON + most, bets_at=burst), Proposal(1))
    assert denial.until == NOON + MINUTE
    assert risk.rate(limits, replace(CALM, now=denial.until - 1, bets_at=burst), Proposal(1))
    assert risk.rate(limits, replace(CALM, now=denial.until, bets_at=burst), Proposal(1)) is None


BASES = some.integers(1, 10**10)


@given(BASES, BASES, BASES)
def test_the_next_stop_is_where_the_first_stop_rule_breaks(session, peak, day):
    at = replace(CALM, session_start_micro=session, peak_micro=peak, day_start_micro=day)
    rule, level = risk.next_stop_micro(LIMITS, at)
    floors = (risk.stop_loss, risk.max_drawdown, risk.daily_loss)
    broken = [denial.rule for one in floors if (denial := one(LIMITS, replace(at, equity_micro=level), Proposal(0)))]
    assert rule in broken
    above = replace(at, equity_micro=level + 1)
    assert all(one(LIMITS, above, Proposal(0)) is None for one in floors)


def test_the_first_broken_rule_speaks():
    low = replace(CALM, equity_micro=1, loss_streak=9)
    assert risk.first_denial(risk.STOP_RULES, LIMITS, low, Proposal(0)).rule == "stop loss"
    assert risk.first_denial(risk.STOP_RULES, Limits(stop_loss=Fraction(1), max_drawdown=Fraction(1)), low,
                             Proposal(0)).rule == "daily loss"  # fmt: skip
