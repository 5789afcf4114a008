"""What a player can read of past bets: pages, the CSV export, figures."""

import re
from typing import Any

from actors.sandbox.books import Row, iso, parse_iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_text, round_to
from actors.sandbox.odds import GAMES

PAGE = 50
MAX_PAGE = 200
MAX_EXPORT_ROWS = 10_000
LOOKUPS_PER_MINUTE = 60
EXPORT_COLUMNS = (
    "bet_id,game,amount_usd,amount_won_usd,net_usd,payout_multiplier,won,"
    "server_seed_hash,client_seed,nonce,result_hash,timestamp_utc"
)
LINE_END = "\r\n"


def _history(venue: Venue, call: Call) -> Body:
    game, outcome, since = (call.query.get(name) for name in ("game", "outcome", "since"))
    if game and game not in GAMES:
        raise refuse(400, "invalid_game", "There is no such game in the books.")
    limit = min(int(call.query.get("limit", PAGE)), MAX_PAGE)
    offset = int(call.query.get("offset", 0))
    where, values = _filter(call, game)
    bets = venue.books.all(
        f"SELECT * FROM bets {where} ORDER BY created_at DESC, row LIMIT ? OFFSET ?",  # noqa: S608 - fixed texts
        *(*values, limit, offset),
    )
    total = venue.books.only(
        "SELECT count(*) AS bets, total(amount) AS wagered, total(amount_won) AS returned, total(won) AS wins,"
        f" coalesce(max(amount_won), 0) AS best FROM bets {where}",  # noqa: S608 - fixed texts
        *values,
    )
    return {
        "bets": [_listed(bet) for bet in bets],
        "pagination": {
            "total": total["bets"],
            "limit": limit,
            "offset": offset,
            "has_more": offset + len(bets) < total["bets"],
        },
        "summary": {
            "total_bets": total["bets"],
            "total_wagered": cents(total["wagered"]),
            "total_won_amount": cents(total["returned"]),
            "net_pnl": cents(total["returned"] - total["wagered"]),
            "win_rate_pct": _percent(total["wins"], total["bets"]),
            "biggest_win": cents(total["best"]),
        },
        "filters": {"game": game, "outcome": outcome, "since": since},
        "tip": "The export shows client seeds too.",
    }


def _filter(call: Call, game: str | None) -> tuple[str, list[Any]]:
    where, values = "WHERE agent_id = ?", [call.agent_id]
    if game:
        where, values = f"{where} AND game = ?", [*values, game]
    if call.query.get("outcome") in ("won", "lost"):
        where, values = f"{where} AND won = ?", [*values, call.query["outcome"] == "won"]
    since, until = parse_iso(call.query.get("since")), parse_iso(call.query.get("until"))
    if since is not None:
        where, values = f"{where} AND created_at >= ?", [*values, since]
    if until is not None:
        where, values = f"{where} AND created_at <= ?", [*values, until]
    return where, values


def _listed(bet: Row) -> Body:
    return {
        "id": bet["id"],
        "game": bet["game"],
        "amount": cents(bet["amount"]),
        "amount_won": cents(bet["amount_won"]),
        "multiplier": bet["multiplier"],
        "won": bool(bet["won"]),
        "net": cents(bet["amount_won"] - bet["amount"]),
        "verify": f"POST /api/v1/fairness/verify {bet['id']}",
        "at": iso(bet["created_at"]),
    }


def _percent(part: float, whole: float) -> float:
    return cents(part / whole * 100) if whole else 0


def _export(venue: Venue, call: Call) -> str:
    game = call.query.get("game")
    where, values = _filter(call, game if game in GAMES else None)
    rows = venue.books.all(
        "SELECT bets.*, seeds.seed_hash FROM (SELECT * FROM bets "  # noqa: S608 - fixed texts
        f"{where} ORDER BY created_at DESC, row LIMIT {MAX_EXPORT_ROWS}) AS bets"
        " JOIN seeds ON seeds.id = bets.seed_id ORDER BY bets.created_at DESC, bets.row",
        *values,
    )
    return LINE_END.join([EXPORT_COLUMNS, *(_line(row) for row in rows)])


def _line(bet: Row) -> str:
    cells = (
        bet["id"],
        bet["game"],
        f"{cents(bet['amount']):.2f}",
        f"{cents(bet['amount_won']):.2f}",
        f"{cents(bet['amount_won'] - bet['amount']):.2f}",
        number_text(round_to(bet["multiplier"], 4)),
        "true" if bet["won"] else "false",
        bet["seed_hash"],
        bet["client_seed"],
        str(bet["nonce"]),
        bet["result_hash"],
        str(iso(bet["created_at"])),
    )
    return ",".join(_cell(cell) for cell in cells)


def _cell(text: str) -> str:
    if re.search(r'[,"\n]', text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _stats(venue: Venue, call: Call) -> Body:
    bets = venue.books.all("SELECT won FROM bets WHERE agent_id = ? ORDER BY created_at, row", call.agent_id)
    by_game = venue.books.all(
        "SELECT game, count(*) AS bets, total(amount) AS wagered, total(amount_won) AS won, total(bets.won) AS wins"
        " FROM bets WHERE agent_id = ? GROUP BY game ORDER BY bets DESC",
        call.agent_id,
    )
    agent = call.agent
    return {
        "agent_id": agent["id"],
        "balance": agent["balance"],
        "lifetime": {
            "total_bets": len(bets),
            "total_wagered": agent["wagered"],
            "total_won": agent["won"],
            "net_profit": cents(agent["won"] - agent["wagered"]),
            "win_rate": _percent(sum(bet["won"] for bet in bets), len(bets)),
            "total_deposited": 0,
            "total_withdrawn": 0,
        },
        "streaks": _streaks([bool(bet["won"]) for bet in bets]),
        "by_game": [
            {
                "game": row["game"],
                "bets": row["bets"],
                "wagered": row["wagered"],
                "won": row["won"],
                "net": cents(row["won"] - row["wagered"]),
                "win_rate": _percent(row["wins"], row["bets"]),
            }
            for row in by_game
        ],
        "member_since": iso(agent["created_at"]),
    }


def _streaks(outcomes: list[bool]) -> Body:
    longest = {True: 0, False: 0}
    length, last = 0, None
    for won in outcomes:
        length = length + 1 if won == last else 1
        last = won
        longest[won] = max(longest[won], length)
    return {
        "current_streak": length,
        "current_streak_type": None if last is None else "win" if last else "loss",
        "best_win_streak": longest[True],
        "best_loss_streak": longest[False],
        "tip": None,
    }


V1 = "/api/v1"
DOORS = [
    Door("GET", f"{V1}/bets/history", _history, auth="casino", per_minute=LOOKUPS_PER_MINUTE),
    Door(
        "GET",
        f"{V1}/bets/export.csv",
        _export,
        auth="casino",
        per_minute=LOOKUPS_PER_MINUTE,
        media="text/csv; charset=utf-8",
    ),
    Door("GET", f"{V1}/stats/me", _stats, auth="casino"),
]
