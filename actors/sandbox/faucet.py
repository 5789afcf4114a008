"""The faucet: one dollar once, into the casino balance."""

import contextlib
import uuid

from actors.sandbox.books import DAY_S, Books, Why
from actors.sandbox.deposits import deposited
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import RefusedError, refuse
from actors.sandbox.webhooks import happened

CLAIM_USD = 1.0
COOLDOWN_S = DAY_S  # one success per address
CLAIMS_PER_MINUTE = 5
UNKNOWN_IP = "unknown"


def claim_at_registration(books: Books, agent_id: str) -> None:
    """What the casino does for a new account: a claim without an address, so only the first of a day gets it."""
    with contextlib.suppress(RefusedError):
        _claim_for(books, agent_id, UNKNOWN_IP)


def _claim_for(books: Books, agent_id: str, ip: str) -> str:
    recent = books.one("SELECT 1 FROM claims WHERE ip = ? AND claimed_at > ?", ip, books.second() - COOLDOWN_S)
    if recent:
        raise refuse(429, "ip_rate_limited", "One claim a day from one address.")
    if books.agent(agent_id) is None:
        raise refuse(404, "agent_not_found", "The casino has no such account.")
    if books.one("SELECT 1 FROM claims WHERE agent_id = ?", agent_id):
        raise refuse(409, "already_claimed", "This account had its dollar.")
    if deposited(books, agent_id):
        raise refuse(403, "has_deposits", "It is for accounts without deposits.")
    claim_id = str(uuid.uuid4())
    # The venue credits first and records the claim second.
    books.credit(agent_id, CLAIM_USD, Why("faucet_claim: $1 free credits", claim_id, "faucet", f"{claim_id}_ledger"))
    books.run("INSERT INTO claims VALUES (?, ?, ?, ?)", claim_id, agent_id, ip, books.second())
    happened(books, agent_id, "faucet.claimed", {"claim_id": claim_id, "amount": CLAIM_USD})
    return claim_id


def _claim(venue: Venue, call: Call) -> Body:
    agent_id = call.body.get("agent_casino_id")
    if not isinstance(agent_id, str) or not agent_id.startswith("ag_"):
        raise refuse(400, "invalid_request", "Name the casino account in agent_casino_id.")
    claim_id = _claim_for(venue.books, agent_id, call.ip)
    return {
        "credited": CLAIM_USD,
        "message": "One dollar is in the casino balance.",
        "casino_url": "/api/v1",
        "claim_id": claim_id,
        "agent_id": agent_id,
        "referral_tracked": False,
    }


def _stats(venue: Venue, _call: Call) -> Body:
    count = venue.books.only("SELECT count(*) AS n FROM claims")["n"]
    return {
        "total_claims": count,
        "total_agents": count,
        "total_value_usd": count * CLAIM_USD,
        "avg_per_agent": CLAIM_USD if count else 0,
    }


DOORS = [
    Door("POST", "/faucet/claim", _claim, per_minute=CLAIMS_PER_MINUTE, reads="lenient"),
    Door("GET", "/faucet/stats", _stats),
]
