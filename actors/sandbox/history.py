"""What a player can read of past bets: pages, the CSV export, figures."""

import re

from actors.sandbox.books import Row, iso, parse_iso
from actors.sandbox.deposits import deposited
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_text, round_to
from actors.sandbox.odds import GAMES
from actors.sandbox.withdrawals import withdrawn

PAGE = 50
MAX_PAGE = 200
MAX_EXPORT_ROWS = 10_000
LOOKUPS_PER_MINUTE = 60
EXPORT_COLUMNS = (
    "bet_id,game,amount_usd,amount_won_usd,net_usd,payout_multiplier,won,"
    "server_seed_hash,client_seed,nonce,result_hash,timestamp_utc"
)
LINE_END = "\r\n"


# ?1 account, ?2 game, ?3 won, ?4 since, ?5 until: what is null filters nothing
MATCHING = """
SELECT bets.*, seeds.seed_hash FROM bets JOIN seeds ON seeds.id = bets.seed_id
WHERE bets.agent_id = ?1 AND (?2 IS NULL OR game = ?2) AND (?3 IS NULL OR won = ?3)
    AND (?4 IS NULL OR bets.created_at >= ?4) AND (?5 IS NULL OR bets.created_at <= ?5)
ORDER BY bets.created_at DESC, bets.row LIMIT ?6 OFFSET ?7"""
TOTALS = """
SELECT count(*) AS bets, total(amount) AS wagered, total(amount_won) AS returned, total(won) AS wins,
    coalesce(max(amount_won), 0) AS best
FROM bets
WHERE agent_id = ?1 AND (?2 IS NULL OR game = ?2) AND (?3 IS NULL OR won = ?3)
    AND (?4 IS NULL OR created_at >= ?4) AND (?5 IS NULL OR created_at <= ?5)"""
BY_GAME = """
SELECT game, count(*) AS bets, total(amount) AS wagered, total(amount_won) AS returned, total(won) AS wins
FROM bets WHERE agent_id = ? GROUP BY game ORDER BY bets DESC"""


def _history(venue: Venue, call: Call) -> Body:
    game, outcome, since = (call.query.get(name) for name in ("game", "outcome", "since"))
    if game and game not in GAMES:
        raise refuse(400, "invalid_game", "There is no such game in the books.")
    limit = min(int(call.query.get("limit", PAGE)), MAX_PAGE)
    offset = int(call.query.get("offset", 0))
    wanted = (call.agent_id, game or None, _outcome(call), parse_iso(since), None)
    bets = venue.books.all(MATCHING, *wanted, limit, offset)
    total = venue.books.only(TOTALS, *wanted)
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


def _outcome(call: Call) -> bool | None:
    return {"won": True, "lost": False}.get(call.query.get("outcome", ""))


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
    since, until = parse_iso(call.query.get("since")), parse_iso(call.query.get("until"))
    wanted = (call.agent_id, game if game in GAMES else None, _outcome(call), since, until)
    rows = venue.books.all(MATCHING, *wanted, MAX_EXPORT_ROWS, 0)
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
    by_game = venue.books.all(BY_GAME, call.agent_id)
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
            "total_deposited": deposited(venue.books, call.agent_id),
            "total_withdrawn": withdrawn(venue.books, call.agent_id),
        },
        "streaks": _streaks([bool(bet["won"]) for bet in bets]),
        "by_game": [
            {
                "game": row["game"],
                "bets": row["bets"],
                "wagered": row["wagered"],
                "won": row["returned"],
                "net": cents(row["returned"] - row["wagered"]),
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
