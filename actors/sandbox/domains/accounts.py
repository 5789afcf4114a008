"""Accounts of the domains server, each with a balance of its own."""

from actors.sandbox import earnings
from actors.sandbox.books import iso
from actors.sandbox.domains.registrar import MARKUP
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.figures import cents
from actors.sandbox.keys import new_account, referrer_of

START_USD = 50.0  # play money; the venue gives none
MARKUP_TEXT = f"{MARKUP:.0%}"
COMMISSION = 0.2  # of the markup, to the referrer
V1 = "/domains/v1"


def _register_agent(venue: Venue, call: Call) -> Body:
    referrer = referrer_of(venue.books, "domain_agents", call.body)
    return {
        **new_account(venue.books, "domain_agents", "sk_domains_", referrer, balance=START_USD),
        "tier": "free",
        "balance_usd": START_USD,
        "pricing": {
            "markup": f"{MARKUP_TEXT} on the registrar's price",
            "example": "10.00 becomes 12.00 a year",
            "referral_commission": f"{COMMISSION:.0%} of the markup",
        },
        "message": "Keep the key: it is shown once.",
        "next_steps": [f"POST {V1}/domains/register"],
    }


def _account(venue: Venue, call: Call) -> Body:
    agent = call.agent
    owned = venue.books.only("SELECT count(*) AS n FROM domains WHERE agent_id = ?", call.agent_id)
    return {
        "agent_id": agent["id"],
        "tier": "free",
        "balance_usd": cents(agent["balance"]),
        "total_spent": cents(agent["spent"]),
        "total_deposited": cents(agent["deposited"]),
        "total_domains": owned["n"],
        "referral_code": agent["referral_code"],
        "created_at": iso(agent["created_at"]),
    }


DOORS = [
    Door("POST", f"{V1}/auth/register", _register_agent, status=201, reads="lenient"),
    Door("GET", f"{V1}/auth/account", _account, auth="domains"),
    *earnings.doors(V1, "domains"),
]
