"""Several bets in one call, and the list of games. A batch is no transaction: each bet stands for itself."""

from actors.sandbox.casino import place
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import RefusedError, refuse
from actors.sandbox.figures import cents
from actors.sandbox.odds import GAMES

MAX_BETS = 20
PER_MINUTE_BY_IP, PER_MINUTE_BY_AGENT = 60, 10
PARAMETERS = {
    "coin_flip": {"side": "heads | tails"},
    "boosted_coin": {"side": "heads | tails"},
    "dice": {"direction": "over | under", "threshold": "1-99"},
    "multiplier": {"target_multiplier": "1.01-1000"},
    "crash": {"cash_out_at": "1.01-100"},
    "roulette": {"bet_type": "red, black, ..., number", "bet_value": "0-36"},
    "custom": {"win_probability": "1-99"},
}


def _batch(venue: Venue, call: Call) -> Body:
    bets = call.body.get("bets")
    if not isinstance(bets, list) or not bets:
        raise refuse(400, "invalid_bets", "bets is a list of at least one bet.")
    if len(bets) > MAX_BETS:
        raise refuse(400, "too_many_bets", f"At most {MAX_BETS} bets in one batch.")
    results = [_one(venue, call, bet) for bet in bets]
    settled = [result for result in results if "error" not in result]
    won = [result for result in settled if result["won"]]
    returned = cents(sum(result["amount_won"] for result in settled))
    balance = venue.books.balance(call.agent_id)
    return {
        "results": results,
        "summary": {
            "total": len(results),
            "won": len(won),
            "lost": len(settled) - len(won),
            "errors": len(results) - len(settled),
            "total_wagered": 0,  # so it is on the venue, whatever was staked
            "total_won": returned,
            "net_pnl": returned,
            "win_rate_pct": cents(100 * len(won) / len(settled)) if settled else 0,
        },
        "balance_after": cents(balance),
        "kelly_max_next_bet": cents(balance * call.agent["risk_factor"]),
    }


def _one(venue: Venue, call: Call, bet: Body) -> Body:
    game = GAMES.get(str(bet.get("game")))
    if game is None:
        return refuse(400, "unknown_game", "There is no such game.").body
    try:
        return place(venue, call.agent_id, game.offer({**game.defaults, **bet}), bet, call.path)
    except RefusedError as refusal:
        return refusal.body


def _games(_venue: Venue, _call: Call) -> Body:
    return {
        "games": [
            {
                "id": name,
                "name": name.replace("_", " ").title(),
                "description": game.offer.__doc__,
                "house_edge": "-5%" if name == "boosted_coin" else "0.5% or more",
                "payout": "see the answer's payout_multiplier",
                "endpoint": f"POST /api/v1/games/{game.path}",
                "params": {**PARAMETERS[name], "amount": "number", "client_seed": "string (optional)"},
            }
            for name, game in GAMES.items()
        ],
        "batch_endpoint": "POST /api/v1/bets/batch",
        "note": "boosted_coin exists at the built-in venue only.",
    }


DOORS = [
    Door(
        "POST",
        "/api/v1/bets/batch",
        _batch,
        auth="casino",
        per_minute=PER_MINUTE_BY_IP,
        bucket=("batch", PER_MINUTE_BY_AGENT),
        reads="strict",
    ),
    Door("GET", "/api/v1/games", _games),
]
