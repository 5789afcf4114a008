"""The venue's own Kelly limit: an entertainment cap of chance x risk factor, not the Kelly stake."""

import math
from typing import Any

from actors.sandbox.figures import cents, round_to
from actors.sandbox.odds import POCKETS, Offer

STATED_RETURN = 0.98  # the advertised limits still reckon with an older, worse payout than the engine's


def max_bet(bankroll: float, probability: float, risk_factor: float) -> float:
    """The largest stake the venue takes, in USD to the cent; NaN when the chance is unknown."""
    return cents(bankroll * probability * risk_factor)


def report(bankroll: float, probability: float, pays: float, risk_factor: float) -> dict[str, Any]:
    """The block that explains a limit, as refusals and /kelly/limits show it."""
    fraction = probability * risk_factor
    odds = pays - 1
    edge = probability * pays - 1
    suggested = bankroll * fraction / 2
    return {
        "max_bet": cents(bankroll * fraction),
        "kelly_fraction": round_to((odds * probability - (1 - probability)) / odds, 4),
        "adjusted_fraction": round_to(fraction, 4),
        "edge": round_to(edge, 4),
        "expected_value_per_bet": round_to(suggested * edge, 4),
        "bets_until_ruin": bets_until_ruin(fraction),
        "suggested_bet": cents(suggested),
        "growth_rate": round_to(_growth(probability, odds, fraction), 4),
    }


def bets_until_ruin(fraction: float) -> int | None:
    """How many lost bets of that fraction of the start make it zero; None when it is unknown or zero."""
    if math.isnan(fraction) or fraction <= 0:
        return None
    return math.floor(1 / fraction)


def _growth(probability: float, odds: float, fraction: float) -> float:
    if not 0 <= fraction < 1:
        return math.nan
    return probability * math.log(1 + odds * fraction) + (1 - probability) * math.log(1 - fraction)


def after_bet(bankroll: float, offer: Offer, risk_factor: float) -> dict[str, Any]:
    """The block at the end of a bet's answer, for the balance after it."""
    fraction = offer.probability * risk_factor
    return {
        "bankroll": cents(bankroll),
        "risk_factor": risk_factor,
        "max_bet_this_game": cents(bankroll * fraction),
        "bets_until_ruin": bets_until_ruin(fraction),
        "suggested_bet": cents(bankroll * fraction / 2),
    }


def limits(bankroll: float, risk_factor: float) -> dict[str, Any]:
    """The body of GET /kelly/limits."""
    chances = {
        "coin_flip": 0.5,
        "dice_over_50": 0.5,
        "dice_over_75": 0.25,
        "dice_over_90": 0.1,
        "dice_over_95": 0.05,
        "custom_25pct": 0.25,
        "custom_50pct": 0.5,
        "custom_75pct": 0.75,
    }
    listed = {
        name: report(bankroll, chance, round_to(STATED_RETURN / chance, 4), risk_factor)
        for name, chance in chances.items()
    }
    listed["roulette_red"] = report(bankroll, 18 / POCKETS, 2 * STATED_RETURN, risk_factor)
    listed["roulette_number"] = report(bankroll, 1 / POCKETS, 36 * STATED_RETURN, risk_factor)
    return {"bankroll": bankroll, "risk_factor": risk_factor, "limits": listed}
