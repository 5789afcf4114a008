"""What the casino says about stakes: its limits, its "optimal" bets, its simulation. Its payouts there are stale."""

import math
import random

from actors.sandbox import kelly
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_field, round_to

MAX_BETS, MAX_RUNS = 5000, 10_000
SIMULATIONS_PER_MINUTE = 5
PERCENTILES = (5, 25, 50, 75, 95)


def _limits(_venue: Venue, call: Call) -> Body:
    return kelly.limits(call.agent["balance"], call.agent["risk_factor"])


def _configure(venue: Venue, call: Call) -> Body:
    factor = number_field(call.body, "risk_factor")
    if not 0.1 <= factor <= 1:
        raise refuse(400, "invalid_risk_factor", "risk_factor must be between 0.1 and 1.")
    venue.books.run("UPDATE agents SET risk_factor = ? WHERE id = ?", factor, call.agent_id)
    return {
        "risk_factor": factor,
        "message": "The new risk factor is in force.",
        "new_limits": kelly.limits(call.agent["balance"], factor),
    }


def _optimal(_venue: Venue, call: Call) -> Body:
    bankroll, body = call.agent["balance"], call.body
    chance = _chance(body, default=math.nan)
    factor = call.agent["risk_factor"] if body.get("risk_factor") is None else number_field(body, "risk_factor")
    pays = round_to(kelly.STATED_RETURN / chance, 4)
    return {
        "bankroll": bankroll,
        "game": body["game"],
        "win_probability": chance,
        "payout_multiplier": pays,
        "risk_factor": factor,
        **kelly.report(bankroll, chance, pays, factor),
    }


def _chance(body: Body, default: float) -> float:
    """Of winning the game that is asked about; `default` percent stand in for a missing parameter."""
    game = body.get("game")
    if game == "coin_flip":
        return 0.5
    if game in ("dice_over", "dice_under"):
        percent = _percent(body, "threshold", default, "invalid_threshold")
        return (100 - percent if game == "dice_over" else percent) / 100
    if game == "custom":
        return _percent(body, "win_probability", default, "invalid_probability") / 100
    raise refuse(400, "unknown_game", "It is one of coin_flip, dice_over, dice_under, custom.")


def _percent(body: Body, name: str, default: float, code: str) -> float:
    percent = number_field(body, name) if body.get(name) else default
    if not 1 <= percent <= 99:
        raise refuse(400, code, f"{name} is 1 to 99.")
    return percent


def _simulate(venue: Venue, call: Call) -> Body:
    bankroll, stake, asked = (number_field(call.body, name) for name in ("bankroll", "bet_amount", "num_bets"))
    if not (bankroll > 0 and stake > 0 and asked >= 1):
        raise refuse(400, "missing_params", "Send bankroll, game, bet_amount and num_bets.")
    chance, bets = _chance(call.body, default=50), int(min(asked, MAX_BETS))
    runs = number_field(call.body, "simulations")
    runs = int(min(runs, MAX_RUNS)) if runs >= 1 else MAX_RUNS
    rng = random.Random(f"simulate/{venue.seed}")  # noqa: S311 - no secret
    ends = sorted(_end(rng, bankroll, stake, chance, bets) for _ in range(runs))
    return {
        "simulations": runs,
        "num_bets": bets,
        "starting_bankroll": bankroll,
        "bet_amount": stake,
        "ruin_probability": round_to(sum(end < stake for end in ends) / runs, 4),
        "average_final_bankroll": cents(sum(ends) / runs),
        "median_final_bankroll": cents(ends[runs // 2]),
        "best_case": cents(ends[-1]),
        "worst_case": cents(ends[0]),
        "profitable_runs_pct": round_to(sum(end > bankroll for end in ends) / runs * 100, 4),
        "percentiles": {f"{part}th": cents(ends[runs * part // 100]) for part in PERCENTILES},
    }


def _end(rng: random.Random, bankroll: float, stake: float, chance: float, bets: int) -> float:
    # A run is drawn as a whole (normal approximation): the venue plays bet by bet and stands still for seconds.
    wins = min(max(rng.gauss(bets * chance, math.sqrt(bets * chance * (1 - chance))), 0), bets)
    return max(0.0, bankroll + stake * (wins * kelly.STATED_RETURN / chance - bets))


V1 = "/api/v1/kelly"
DOORS = [
    Door("GET", f"{V1}/limits", _limits, auth="casino"),
    Door("PUT", f"{V1}/config", _configure, auth="casino", reads="strict"),
    Door("POST", f"{V1}/optimal", _optimal, auth="casino", reads="strict"),
    Door("POST", f"{V1}/simulate", _simulate, auth="casino", per_minute=SIMULATIONS_PER_MINUTE, reads="strict"),
]
