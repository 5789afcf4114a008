"""What the casino gives back: a bonus a day, and a tenth of a bad day's loss."""

import uuid

from actors.sandbox.books import DAY_S, Books, Row, Why
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents

DAILY_BONUSES = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 5.0)
STREAK_LOST_AFTER_S = 2 * DAY_S
RECOVERY_FROM_USD, RECOVERY_SHARE, RECOVERY_MOST_USD = 5.0, 0.1, 20.0
RECOVERY = "loss_recovery_bonus"


def _last_claim(books: Books, agent_id: str) -> Row | None:
    return books.one("SELECT * FROM daily WHERE agent_id = ? ORDER BY claimed_at DESC LIMIT 1", agent_id)


def _wait_s(books: Books, last: Row | None) -> int:
    return max(0, last["claimed_at"] + DAY_S - books.second()) if last else 0


def _next_streak(books: Books, last: Row | None) -> int:
    if last is None or books.second() - last["claimed_at"] >= STREAK_LOST_AFTER_S:
        return 1
    return int(last["streak"]) + 1


def _bonus(streak: int) -> float:
    return DAILY_BONUSES[(streak - 1) % len(DAILY_BONUSES)]


def _daily(venue: Venue, call: Call) -> Body:
    last = _last_claim(venue.books, call.agent_id)
    wait = _wait_s(venue.books, last)
    return {
        "can_claim": wait == 0,
        "current_streak": last["streak"] if last else 0,
        "next_bonus_usd": _bonus(_next_streak(venue.books, last)),
        "last_claimed_at": last["claimed_at"] if last else None,
        "next_claim_in_seconds": wait or None,
    }


def _claim_daily(venue: Venue, call: Call) -> Body:
    books = venue.books
    last = _last_claim(books, call.agent_id)
    wait = _wait_s(books, last)
    if wait:
        raise refuse(400, "already_claimed", "One bonus a day.", next_claim_in_seconds=wait)
    streak, bonus_id = _next_streak(books, last), f"db_{uuid.uuid4()}"
    books.run("INSERT INTO daily VALUES (?, ?, ?, ?)", bonus_id, call.agent_id, streak, books.second())
    venue.may_break(call.path, bonus_id)
    balance = books.credit(call.agent_id, _bonus(streak), Why("daily_bonus", bonus_id, "casino"))
    return {
        "claimed": True,
        "bonus_usd": _bonus(streak),
        "streak_day": streak,
        "streak_broken": last is not None and streak == 1,
        "balance_after": balance,
        "message": "The bonus of the day is in the balance.",
        "next_bonus_usd": _bonus(streak + 1),
        "tip": "Come back within two days to keep the streak.",
        "play": "POST /api/v1/games/coin-flip",
    }


def _net_loss(books: Books, agent_id: str) -> float:
    row = books.only(
        "SELECT total(amount) - total(amount_won) AS usd FROM bets WHERE agent_id = ? AND created_at > ?",
        *(agent_id, books.second() - DAY_S),
    )
    return max(0.0, float(row["usd"]))


def _last_recovery(books: Books, agent_id: str) -> int | None:
    row = books.only(
        "SELECT max(created_at) AS at FROM ledger WHERE agent_id = ? AND reason = ? AND created_at > ?",
        *(agent_id, RECOVERY, books.second() - DAY_S),
    )
    return None if row["at"] is None else int(row["at"])


def _recovered(loss: float) -> float:
    return min(loss * RECOVERY_SHARE, RECOVERY_MOST_USD)


def _recovery(venue: Venue, call: Call) -> Body:
    loss, last = _net_loss(venue.books, call.agent_id), _last_recovery(venue.books, call.agent_id)
    eligible = loss >= RECOVERY_FROM_USD and last is None
    return {
        "eligible": eligible,
        "net_loss_24h_usd": cents(loss),
        "recovery_amount_usd": cents(_recovered(loss)) if eligible else 0,
        "already_claimed": last is not None,
        "last_claim_at": last,
        "next_eligible_at": None if last is None else last + DAY_S,
        "threshold_usd": RECOVERY_FROM_USD,
        "recovery_rate": f"{RECOVERY_SHARE:.0%}",
        "max_recovery_usd": RECOVERY_MOST_USD,
        "claim": "POST /api/v1/daily/recovery/claim" if eligible else None,
        "tip": "Once in 24 hours.",
    }


def _claim_recovery(venue: Venue, call: Call) -> Body:
    books = venue.books
    loss, last = _net_loss(books, call.agent_id), _last_recovery(books, call.agent_id)
    if last is not None:
        raise refuse(429, "already_claimed", "Once in 24 hours.", next_eligible_at=last + DAY_S)
    if loss < RECOVERY_FROM_USD:
        message = f"It takes a loss of {RECOVERY_FROM_USD:g} USD in 24 hours."
        raise refuse(400, "not_eligible", message, net_loss_24h_usd=cents(loss))
    balance = books.credit(call.agent_id, _recovered(loss), Why(RECOVERY, None, "casino"))
    return {
        "claimed": True,
        "recovery_usd": cents(_recovered(loss)),
        "net_loss_covered_usd": cents(loss),
        "balance_after": balance,
        "message": "A tenth of the loss is back.",
        "tip": "Once in 24 hours.",
        "next_eligible_in_hours": 24,
    }


V1 = "/api/v1"
DOORS = [
    Door("GET", f"{V1}/daily", _daily, auth="casino"),
    Door("POST", f"{V1}/daily/claim", _claim_daily, auth="casino"),
    Door("GET", f"{V1}/daily/recovery", _recovery, auth="casino"),
    Door("POST", f"{V1}/daily/recovery/claim", _claim_recovery, auth="casino"),
]
