"""From a wager to a stake: Kelly where there is an edge, the entertainment budget where there is none."""

from msgspec import Struct
from msgspec.structs import replace

from actors.money import kelly
from actors.money.amounts import usd
from actors.money.house import house_cap_micro
from actors.money.orders import CheckedLimit, CheckedOrder, margin_micro
from actors.money.risk import STAKE_RULES, Denial, Exposure, Limits, Proposal, first_denial
from actors.money.wagers import (
    WITHDRAW_FEE_MICRO,
    Checked,
    CheckedBet,
    CheckedDomain,
    CheckedEscrow,
    CheckedPay,
    CheckedWithdraw,
)


class Sized(Struct, frozen=True):
    """A stake that passed every rule; `fun` is staked without an edge."""

    stake_micro: int
    fun: bool = False


def size(wager: Checked, limits: Limits, at: Exposure) -> Sized | Denial:
    """Return the stake, or the denial of the first rule that does not allow it."""
    match wager:
        case CheckedBet():
            sized = _size_bet(wager, limits, at)
        case CheckedEscrow() | CheckedPay():
            sized = Sized(wager.amount_micro)
        case CheckedWithdraw():
            sized = Sized(wager.amount_micro + WITHDRAW_FEE_MICRO)
        case CheckedDomain():
            sized = Sized(wager.max_micro)
        case CheckedOrder() | CheckedLimit():
            sized = Sized(margin_micro(wager.size_micro, wager.leverage))
        case _:
            return Sized(0)
    if isinstance(sized, Denial):
        return sized
    if isinstance(wager, CheckedBet):
        sized = _capped(wager, sized, at)
    if isinstance(wager, CheckedBet) and sized.stake_micro < limits.min_stake_micro:
        return Denial("minimum stake", f"{usd(limits.min_stake_micro)} USD", f"{usd(sized.stake_micro)} USD", at.now)
    at_risk = isinstance(wager, CheckedBet | CheckedOrder | CheckedLimit)
    proposal = Proposal(sized.stake_micro, bet=at_risk, fun=sized.fun)
    return first_denial(STAKE_RULES, limits, at, proposal) or sized


def _capped(bet: CheckedBet, sized: Sized, at: Exposure) -> Sized:
    # What the venue would refuse is not sent to it.
    if at.risk_factor is None:
        return sized
    cap = house_cap_micro(bet.game, dict(bet.params), at.available_micro, at.risk_factor)
    return replace(sized, stake_micro=min(sized.stake_micro, cap))


def _size_bet(bet: CheckedBet, limits: Limits, at: Exposure) -> Sized | Denial:
    if bet.wish_micro is not None and bet.wish_micro > at.available_micro:
        return Denial(
            "balance", f"{usd(at.available_micro)} USD available", f"{usd(bet.wish_micro)} USD wanted", at.now
        )
    full = kelly.full_kelly(bet.odds)
    if not full:
        if not limits.entertainment_micro:
            edge = f"{float(kelly.edge(bet.odds.probability, bet.odds.multiplier)):+.2%}"
            return Denial("no edge", "an edge above 0, or an entertainment budget", f"edge {edge}")
        return Sized(bet.wish_micro or limits.min_stake_micro, fun=True)
    stake = kelly.stake(
        at.available_micro,
        full,
        fraction=limits.kelly_fraction,
        cap_fraction=limits.max_stake_fraction,
        min_stake_micro=limits.min_stake_micro,
    )
    if not stake:
        return Denial("minimum stake", f"{usd(limits.min_stake_micro)} USD", "less by Kelly", at.now)
    return Sized(min(stake, bet.wish_micro or stake))
