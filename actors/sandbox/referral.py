"""Referral: who brought whom, and what lost stakes pay for it."""

from actors.sandbox.books import DAY_S, Books, Row, Why, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.figures import cents
from actors.sandbox.webhooks import happened

COMMISSIONS = (0.10, 0.05, 0.025)  # of a lost stake, to the referrer, the referrer's referrer, and theirs
MIN_COMMISSION_USD = 0.01
RATE = "10% of a lost stake, 5% and 2.5% on the next two levels"
SHOWN_OF_AN_ID = 8

# Income by referred account since ?2; the bet's id stands behind the colon of the reason.
EARNED = """
SELECT agents.id, agents.created_at, total(paid.amount) AS earned
FROM agents
LEFT JOIN bets ON bets.agent_id = agents.id AND NOT bets.won
LEFT JOIN ledger AS paid ON paid.agent_id = ?1 AND paid.reason = 'referral_commission_l1:' || bets.id
    AND paid.created_at >= ?2
WHERE agents.referred_by = ?1 GROUP BY agents.id ORDER BY agents.created_at, agents.rowid"""


def pay_referrers(books: Books, loser: Row, stake: float, bet_id: str) -> None:
    """Pay up to three levels their share of a lost stake, each in a commit of its own.

    Shares are rounded to cents; one below a cent is dropped, and the next level is still looked at.
    """
    referrer_id = loser["referred_by"]
    for level, share in enumerate(COMMISSIONS, start=1):
        referrer = books.agent(referrer_id) if referrer_id else None
        if referrer is None:
            return
        commission = cents(stake * share)
        if commission >= MIN_COMMISSION_USD:
            why = Why(f"referral_commission_l{level}:{bet_id}", None, "casino")
            books.credit(referrer["id"], commission, why)
            happened(books, referrer["id"], "referral.earned", {"level": level, "amount": commission, "bet_id": bet_id})
        referrer_id = referrer["referred_by"]


def _code(_venue: Venue, call: Call) -> Body:
    code = call.agent["referral_code"]
    return {"referral_code": code, "commission_rate": RATE, "share_message": f"Register with referral_code {code}."}


def _stats(venue: Venue, call: Call) -> Body:
    books = venue.books
    referred = books.all(EARNED, call.agent_id, 0)
    recent = books.all(EARNED, call.agent_id, books.second() - 30 * DAY_S)
    total = cents(sum(row["earned"] for row in referred))
    nobody = {"count": 0, "earned_usd": 0}  # the venue keeps no rows of the levels above the first
    return {
        "total_referrals": len(referred),
        "total_earned_usd": total,
        "last_30_days_usd": cents(sum(row["earned"] for row in recent)),
        "by_level": {
            "level_1": {"count": len(referred), "commission": "10%", "earned_usd": total},
            "level_2": {**nobody, "commission": "5%"},
            "level_3": {**nobody, "commission": "2.5%"},
        },
        "referrals": [
            {
                "referred_agent": row["id"][:SHOWN_OF_AN_ID] + "...",
                "level": 1,
                "commission": "10%",
                "earned_usd": cents(row["earned"]),
                "since": iso(row["created_at"]),
            }
            for row in referred
        ],
    }


DOORS = [
    Door("GET", "/api/v1/auth/referral/code", _code, auth="casino"),
    Door("GET", "/api/v1/auth/referral/stats", _stats, auth="casino"),
]
