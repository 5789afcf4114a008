"""What anybody may ask about names: list prices, and what was bought here. Neither says what is free."""

from actors.sandbox.books import iso
from actors.sandbox.domains.accounts import V1
from actors.sandbox.domains.registrar import BASE_EUR, MARKUP
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents

MAX_CHECKED = 20
MIN_LABEL = 2  # shorter names are too short here
PRICE_USD = 15  # has nothing to do with what a registration costs
POPULAR_ENDINGS = ("com", "net", "org", "io", "ai", "co", "app", "dev")


def _check(venue: Venue, call: Call) -> Body:
    asked = call.body.get("domains") or (call.query.get("names") or call.query.get("domain") or "").split(",")
    names = [str(name).lower().strip() for name in asked if str(name).strip()]
    if not names:
        raise refuse(400, "missing_names", "Name them in names, separated by commas.")
    results = [_known_here(venue, name) for name in names[:MAX_CHECKED]]
    available = sum(result["available"] for result in results)
    return {
        "service": "agent-domains",
        "checked": len(results),
        "available": available,
        "taken": len(results) - available,
        "results": results,
        "tip": "This knows only what was bought here.",
        "updated": iso(venue.books.now()),
    }


def _known_here(venue: Venue, domain: str) -> Body:
    label, _, ending = domain.partition(".")
    told: Body = {"domain": domain, "available": False, "price_usd": None, "tld": f".{ending}"}
    if len(label) < MIN_LABEL:
        return {**told, "error": "name_too_short", "message": f"A name has at least {MIN_LABEL} characters."}
    owned = venue.books.one("SELECT * FROM domains WHERE domain = ?", domain)
    if owned:
        return {**told, "owner": owned["agent_id"], "registered_at": iso(owned["registered_at"])}
    return {**told, "available": True, "price_usd": PRICE_USD, "register": f"POST {V1}/domains/register"}


def _search(_venue: Venue, call: Call) -> Body:
    name = call.query.get("name") or call.query.get("q")
    if not name:
        raise refuse(400, "missing_name", "Say what to look for in name.")
    return {
        "searched": name,
        "availability_hint": "The live check needs a key.",
        "popular_tlds": [
            {
                "domain": name if "." in name else f"{name}.{ending}",
                "tld": ending,
                "base_price_eur": cents(BASE_EUR[ending] * (1 + MARKUP)),
                "check": f"GET {V1}/domains/search",
            }
            for ending in POPULAR_ENDINGS
        ],
        "register_to_check": f"POST {V1}/auth/register",
        "note": "These are list prices.",
    }


def _docs(_venue: Venue, _call: Call) -> Body:
    return {"version": "1.0.0", "auth": {"POST /v1/auth/register": "an account"}, "domains": {}, "dns": {}}


DOORS = [
    Door("GET", f"{V1}/docs", _docs),
    Door("GET", f"{V1}/search", _search),
    Door("GET", f"{V1}/domains/check", _check),
    Door("POST", f"{V1}/domains/check", _check, reads="lenient"),
]
