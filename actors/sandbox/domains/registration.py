"""Live search, registration at a live price, and what an account owns."""

import secrets

from actors.sandbox import earnings
from actors.sandbox.books import DAY_S, Row, iso
from actors.sandbox.domains.accounts import COMMISSION, MARKUP_TEXT, V1
from actors.sandbox.domains.registrar import MARKUP, Name, RegistrarError, find, take
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import InjectedFaultError, refuse
from actors.sandbox.figures import cents
from actors.sandbox.webhooks import happened

USD_PER_EUR = 1.08
EXCHANGE_RATE = f"1 EUR = {USD_PER_EUR} USD"
MAX_CHECKED = 20
MAX_FOUND = 50


async def _search(venue: Venue, call: Call) -> Body:
    query = call.query.get("q") or call.query.get("domain")
    if not query:
        raise refuse(400, "missing_query", "Say what to look for in q.")
    try:
        names = await find(venue, query)
    except RegistrarError as error:
        raise refuse(500, "search_failed", str(error)) from error
    return {
        "query": query,
        "total": len(names),
        "available": sum(name.free for name in names),
        "currency": "EUR",
        "markup": MARKUP_TEXT,
        "results": [_found(name) for name in names[:MAX_FOUND]],
    }


def _found(name: Name) -> Body:
    told: Body = {
        "domain": name.domain,
        "available": name.free,
        "base_price_eur": name.base_eur,
        "price_eur": name.price_eur,
    }
    return {**told, "register": f"POST {V1}/domains/register"} if name.free else told


async def _bulk_check(venue: Venue, call: Call) -> Body:
    asked = call.body.get("domains")
    if not isinstance(asked, list) or not asked:
        raise refuse(400, "invalid_domains", "domains is a list of at least one name.")
    if len(asked) > MAX_CHECKED:
        raise refuse(400, "too_many_domains", f"At most {MAX_CHECKED} names in one call.")
    results = [await _checked(venue, str(domain).lower().strip()) for domain in asked]
    errors = sum("error" in result for result in results)
    available = sum(result["available"] for result in results)
    return {
        "total": len(results),
        "available": available,
        "unavailable": len(results) - available - errors,
        "errors": errors,
        "currency": "EUR",
        "markup": MARKUP_TEXT,
        "results": results,
    }


async def _checked(venue: Venue, domain: str) -> Body:
    try:
        return _found((await find(venue, domain))[0])
    except RegistrarError:
        nothing = {"available": False, "base_price_eur": None, "price_eur": None, "error": "lookup_failed"}
        return {"domain": domain, **nothing}


async def _register(venue: Venue, call: Call) -> Body:
    books = venue.books
    domain = str.strip(str.lower(call.body.get("domain") or ""))
    if "." not in domain:
        raise refuse(400, "invalid_domain", "Send a whole name such as example.com.")
    base_eur, price_eur = await _offer(venue, domain)
    price_usd = cents(price_eur * USD_PER_EUR)
    # As on the venue: what is read here is written back below, whatever happens while the registrar is asked.
    balance = books.only("SELECT balance FROM domain_agents WHERE id = ?", call.agent_id)["balance"]
    if balance < price_usd:
        raise _too_poor(balance, price_usd, price_eur)
    try:
        await take(venue, domain)
    except RegistrarError as error:
        raise refuse(500, "registration_failed", str(error)) from error
    if venue.faults.strikes("unbooked", call.path):
        raise InjectedFaultError(f"{domain} is registered outside and not booked here")
    domain_id, left, now = f"dom_{secrets.token_hex(8)}", cents(balance - price_usd), books.second()
    expires_at = now + 365 * DAY_S
    with books.transaction():
        values = (domain_id, call.agent_id, domain, price_usd, now, expires_at)
        books.run("INSERT INTO domains VALUES (?, ?, ?, ?, ?, ?)", *values)
        books.run(
            "UPDATE domain_agents SET balance = ?, spent = spent + ? WHERE id = ?", left, price_usd, call.agent_id
        )
        markup_usd = cents(cents(base_eur * MARKUP) * USD_PER_EUR)
        earnings.book(books, call.agent, domain_id, markup_usd, cents(markup_usd * COMMISSION))
    happened(books, call.agent_id, "domain.registered", {"domain_id": domain_id, "domain": domain, "price": price_usd})
    return {
        "domain_id": domain_id,
        "domain": domain,
        "status": "active",
        "expires_at": iso(expires_at),
        "cost": {
            "base_price_eur": base_eur,
            "base_price_usd": cents(base_eur * USD_PER_EUR),
            "markup": MARKUP_TEXT,
            "total_charged_eur": price_eur,
            "total_charged_usd": price_usd,
            "exchange_rate": EXCHANGE_RATE,
        },
        "balance_usd": left,
        "transaction_id": f"tx_{secrets.token_hex(8)}",
    }


async def _offer(venue: Venue, domain: str) -> tuple[float, float]:
    try:
        name = (await find(venue, domain))[0]
    except RegistrarError as error:
        raise refuse(500, "availability_check_failed", str(error)) from error
    if not name.free:
        raise refuse(400, "domain_unavailable", f"{domain} is taken.", domain=domain, suggestion="Try another name.")
    if not name.base_eur or not name.price_eur:
        raise refuse(500, "price_unavailable", "The registrar has no price for it.")
    return name.base_eur, name.price_eur


def _too_poor(balance: float, price_usd: float, price_eur: float) -> Exception:
    return refuse(
        400,
        "insufficient_balance",
        balance_usd=cents(balance),
        required_usd=price_usd,
        required_eur=price_eur,
        shortfall_usd=cents(price_usd - balance),
        exchange_rate=EXCHANGE_RATE,
        suggestion=f"POST {V1}/auth/deposit-address",
    )


def _owned(venue: Venue, call: Call) -> list[Row]:
    return venue.books.all("SELECT * FROM domains WHERE agent_id = ? ORDER BY rowid", call.agent_id)


def owned(venue: Venue, call: Call, domain_id: object) -> Row:
    """The caller's domain of that id.

    Raises:
        RefusedError: 404 not_found, also when it is somebody else's.
    """
    row = venue.books.one("SELECT * FROM domains WHERE id = ? AND agent_id = ?", domain_id, call.agent_id)
    if row is None:
        raise refuse(404, "not_found", "There is no such domain of yours.")
    return row


def view(row: Row) -> Body:
    """A domain as the list shows it."""
    return {
        "domain_id": row["id"],
        "domain": row["domain"],
        "status": "active",
        "registered_at": iso(row["registered_at"]),
        "expires_at": iso(row["expires_at"]),
        "auto_renew": True,
        "price_paid": row["price"],
    }


def _list(venue: Venue, call: Call) -> Body:
    rows = _owned(venue, call)
    return {"total": len(rows), "domains": [view(row) for row in rows]}


def _transfer(venue: Venue, call: Call) -> Body:
    row, to_id = owned(venue, call, call.names["domain_id"]), call.body.get("to_agent_id")
    if not isinstance(to_id, str) or not to_id:
        raise refuse(400, "missing_to_agent_id", "Say to whom in to_agent_id.")
    if to_id == call.agent_id:
        raise refuse(400, "same_agent", "It is yours already.")
    if venue.books.one("SELECT 1 FROM domain_agents WHERE id = ?", to_id) is None:
        raise refuse(404, "recipient_not_found", "There is no such account.")
    venue.books.run("UPDATE domains SET agent_id = ? WHERE id = ?", to_id, row["id"])
    return {
        "domain_id": row["id"],
        "domain": row["domain"],
        "from": call.agent_id,
        "to": to_id,
        "status": "transferred",
    }


DOORS = [
    Door("GET", f"{V1}/domains/search", _search, auth="domains"),
    Door("POST", f"{V1}/domains/bulk-check", _bulk_check, auth="domains", reads="lenient"),
    Door("POST", f"{V1}/domains/register", _register, status=201, auth="domains", reads="lenient"),
    Door("GET", f"{V1}/domains", _list, auth="domains"),
    Door("POST", f"{V1}/domains/{{domain_id}}/transfer", _transfer, auth="domains", reads="lenient"),
]
