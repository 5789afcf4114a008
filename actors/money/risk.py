"""Risk rules: small callables that allow a stake (None) or deny it, saying which limit, where it stands, until when.

They run on the account's totals, whichever lane asks. What they count from (session start, peak, start of the day,
streak, the day's entertainment) is part of the journaled state, so a crash and restart forgets nothing.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from msgspec import Struct

from actors.money.amounts import times, usd

MICROS_PER_SECOND = 1_000_000
MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND
MICROS_PER_DAY = 24 * 60 * MICROS_PER_MINUTE


class Denial(Struct, frozen=True):
    """Why not: the rule, its limit, what it is at, and when it lifts (UTC microseconds; 0: an operator must resume)."""

    rule: str
    limit: str
    value: str
    until: int = 0

    def __str__(self) -> str:
        if self.rule == PAUSE:
            return f"paused until `resume`: {self.value}"
        return f"{self.rule}: limit {self.limit}, at {self.value}"


class Limits(Struct, frozen=True):
    """The limits in force. Fractions of the bankroll, micro-USD, counts; 0 switches the streak off."""

    stop_loss: Fraction = Fraction(30, 100)
    max_drawdown: Fraction = Fraction(30, 100)
    daily_loss: Fraction = Fraction(10, 100)
    loss_streak: int = 0
    max_open: Fraction = Fraction(20, 100)
    bets_per_minute: int = 50
    kelly_fraction: Fraction = Fraction(25, 100)
    max_stake_fraction: Fraction = Fraction(2, 100)
    min_stake_micro: int = 10_000
    entertainment_micro: int = 0


class Exposure(Struct, frozen=True):
    """What the rules look at: one account's totals at one moment. `risk_factor` is the venue's own, if it told one."""

    now: int
    available_micro: int
    open_micro: int
    equity_micro: int
    session_start_micro: int
    peak_micro: int
    day_start_micro: int
    loss_streak: int
    fun_today_micro: int
    bets_at: Sequence[int]
    risk_factor: Fraction | None = None


class Proposal(Struct, frozen=True):
    """A sized stake that asks to be allowed; `fun` is staked without an edge, `bet` is false for an escrow."""

    stake_micro: int
    bet: bool = True
    fun: bool = False


Rule = Callable[[Limits, Exposure, Proposal], Denial | None]


def next_midnight(now: int) -> int:
    """Return the next UTC midnight in microseconds."""
    return now - now % MICROS_PER_DAY + MICROS_PER_DAY


def _floor(name: str, at: Exposure, base_micro: int, fraction: Fraction, until: int) -> Denial | None:
    lowest = base_micro - times(base_micro, fraction)
    if base_micro <= 0 or at.equity_micro > lowest:
        return None
    return Denial(name, f"{usd(lowest)} USD ({float(fraction):.0%} below {usd(base_micro)})",
                  f"{usd(at.equity_micro)} USD", until)  # fmt: skip


def stop_loss(limits: Limits, at: Exposure, _: Proposal) -> Denial | None:
    """Stop when the equity has fallen by `stop_loss` from the session's start."""
    return _floor("stop loss", at, at.session_start_micro, limits.stop_loss, 0)


def max_drawdown(limits: Limits, at: Exposure, _: Proposal) -> Denial | None:
    """Stop when the equity has fallen by `max_drawdown` from its peak."""
    return _floor("drawdown", at, at.peak_micro, limits.max_drawdown, 0)


def daily_loss(limits: Limits, at: Exposure, _: Proposal) -> Denial | None:
    """Stop until UTC midnight when the equity has fallen by `daily_loss` from the day's start."""
    return _floor("daily loss", at, at.day_start_micro, limits.daily_loss, next_midnight(at.now))


def loss_streak(limits: Limits, at: Exposure, _: Proposal) -> Denial | None:
    """Stop after `loss_streak` lost bets in a row (0: off)."""
    if not limits.loss_streak or at.loss_streak < limits.loss_streak:
        return None
    return Denial("loss streak", f"{limits.loss_streak} in a row", f"{at.loss_streak} in a row")


def stake_cap(limits: Limits, at: Exposure, proposal: Proposal) -> Denial | None:
    """Deny a bet above `max_stake_fraction` of the equity."""
    highest = max(times(at.equity_micro, limits.max_stake_fraction), limits.min_stake_micro)
    if not proposal.bet or proposal.stake_micro <= highest:
        return None
    return Denial("stake cap", f"{usd(highest)} USD", f"{usd(proposal.stake_micro)} USD", at.now)


def open_exposure(limits: Limits, at: Exposure, proposal: Proposal) -> Denial | None:
    """Deny what would bring everything open (reserved, held in escrow, margin) above `max_open` of the equity."""
    highest = times(at.equity_micro, limits.max_open)
    after = at.open_micro + proposal.stake_micro
    if not proposal.stake_micro or after <= highest:
        return None
    return Denial("open exposure", f"{usd(highest)} USD", f"{usd(after)} USD with this stake", at.now)


def funds(_: Limits, at: Exposure, proposal: Proposal) -> Denial | None:
    """Deny a stake above what is available."""
    if proposal.stake_micro <= at.available_micro:
        return None
    return Denial("balance", f"{usd(at.available_micro)} USD available", f"{usd(proposal.stake_micro)} USD", at.now)


def rate(limits: Limits, at: Exposure, proposal: Proposal) -> Denial | None:
    """Deny a bet beyond `bets_per_minute` within any minute; all of a minute's bets may come in one burst."""
    most = limits.bets_per_minute
    if not proposal.bet or len(at.bets_at) < most:
        return None
    until = at.bets_at[-most] + MICROS_PER_MINUTE
    if until <= at.now:
        return None
    recent = sum(placed > at.now - MICROS_PER_MINUTE for placed in at.bets_at)
    return Denial("rate", f"{most} bets a minute", f"{recent} in the last minute", until)


def entertainment(limits: Limits, at: Exposure, proposal: Proposal) -> Denial | None:
    """Deny a bet without an edge beyond the day's entertainment budget."""
    after = at.fun_today_micro + proposal.stake_micro
    if not proposal.fun or after <= limits.entertainment_micro:
        return None
    limit = f"{usd(limits.entertainment_micro)} USD a day"
    return Denial("entertainment budget", limit, f"{usd(after)} USD with this stake", next_midnight(at.now))


PAUSE = "pause"
"""The rule of a stop that an operator set; lifting it continues the session."""

MISMATCH = "mismatch"
"""The rule of a stop that only a reconcile lifts: book and venue differ."""

STOP_RULES: tuple[Rule, ...] = (stop_loss, max_drawdown, daily_loss, loss_streak)
"""Rules that stop the account, durably, as soon as they are broken."""

STAKE_RULES: tuple[Rule, ...] = (funds, stake_cap, open_exposure, entertainment, rate)
"""Rules that deny one stake."""


def first_denial(rules: tuple[Rule, ...], limits: Limits, at: Exposure, proposal: Proposal) -> Denial | None:
    """Return the first rule's denial, or None if all allow."""
    for rule in rules:
        if denial := rule(limits, at, proposal):
            return denial
    return None


def next_stop_micro(limits: Limits, at: Exposure) -> tuple[str, int]:
    """Return the stop rule that is nearest below and the equity, in micro-USD, at which it would stop the account."""
    return max(
        (
            ("stop loss", at.session_start_micro - times(at.session_start_micro, limits.stop_loss)),
            ("drawdown", at.peak_micro - times(at.peak_micro, limits.max_drawdown)),
            ("daily loss", at.day_start_micro - times(at.day_start_micro, limits.daily_loss)),
        ),
        key=lambda level: level[1],
    )
