"""The operator's doors of the built-in venue, and its signs of life."""

import math
import os

from actors.sandbox import escrow
from actors.sandbox.accounts import grant
from actors.sandbox.books import ADVANCE_LIMIT_S, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.exchange.valuation import MICRO
from actors.sandbox.faults import FaultSpecError, parse
from actors.sandbox.figures import number_field
from actors.sandbox.trading.monitor import keep_time

VERSION = "1.0.0"
OWN_GAMES = ["boosted_coin"]
MIN_PRICE_USD, MAX_PRICE_USD = 1e-6, 1e9


def _announce(venue: Venue, _call: Call) -> Body:
    if venue.ending():  # else whoever looks for a venue would settle for one that is gone in a moment
        raise refuse(503, "ending", "This venue is about to end.")
    return {
        "sandbox": True,
        "version": VERSION,
        "seed": venue.seed,
        "limits": "contract" if venue.limiter.enabled else "off",
        "games": OWN_GAMES,
        "pid": os.getpid(),
    }


def _grant(venue: Venue, call: Call) -> Body:
    agent_id, amount = str(call.body.get("agent_id")), number_field(call.body, "amount")
    if not math.isfinite(amount):
        raise refuse(400, "invalid_amount", "amount is a number of USD; below zero it is taken away.")
    return {"agent_id": agent_id, "amount": amount, "balance": _credit(venue, agent_id, amount)}


def _credit(venue: Venue, agent_id: str, amount: float) -> float:
    books = venue.books
    if books.agent(agent_id) is not None:
        return grant(books, agent_id, amount)
    trader = books.one("SELECT address FROM trading_agents WHERE id = ?", agent_id)
    if trader is not None:
        venue.exchange.deposit(trader["address"], round(amount * MICRO))
        return venue.exchange.account(trader["address"]).cash_micro / MICRO
    if not books.run("UPDATE domain_agents SET balance = balance + ? WHERE id = ?", amount, agent_id).rowcount:
        raise refuse(404, "agent_not_found", "There is no such account.")
    return float(books.only("SELECT balance FROM domain_agents WHERE id = ?", agent_id)["balance"])


def _hold_price(venue: Venue, call: Call) -> Body:
    listing, price = venue.market.find(str(call.body.get("coin"))), number_field(call.body, "price")
    if listing is None:
        raise refuse(404, "market_not_found", "There is no such market.")
    if call.body.get("price") is not None and not MIN_PRICE_USD <= price <= MAX_PRICE_USD:
        raise refuse(400, "invalid_price", "price is a number of USD; null lets the market walk on.")
    venue.market.hold(listing.coin, None if math.isnan(price) else price)
    venue.exchange.keep_prices()
    return {"coin": listing.coin, "price": str(venue.market.price(listing.coin)), **keep_time(venue)}


def _order_faults(venue: Venue, call: Call) -> Body:
    spec = call.body.get("faults")
    try:
        venue.faults.order(parse(str(spec)))
    except FaultSpecError as error:
        raise refuse(400, "invalid_faults", str(error)) from error
    return {"faults": spec}


async def _settle(venue: Venue, _call: Call) -> Body:
    await venue.settled()
    return {"late": 0}


def _advance(venue: Venue, call: Call) -> Body:
    seconds = number_field(call.body, "seconds")
    if not 0 <= seconds <= ADVANCE_LIMIT_S:
        raise refuse(400, "invalid_seconds", f"seconds must be between 0 and {ADVANCE_LIMIT_S}.")
    venue.books.advance(seconds)
    return {"now": iso(venue.books.now()), "refunded": escrow.sweep(venue.books), **keep_time(venue)}


def _health(venue: Venue, _call: Call) -> Body:
    return {
        "status": "ok",
        "service": "sandbox",
        "version": VERSION,
        "uptime_seconds": math.floor(venue.uptime()),
        "database": "ok",
        "registered_agents": venue.books.only("SELECT count(*) AS n FROM agents")["n"],
        "timestamp": iso(venue.books.now()),
    }


def _ping(_venue: Venue, _call: Call) -> str:
    return "pong"


DOORS = [
    Door("GET", "/sandbox", _announce),
    Door("POST", "/sandbox/grant", _grant, reads="strict"),
    Door("POST", "/sandbox/faults", _order_faults, reads="strict"),
    Door("GET", "/sandbox/settled", _settle),
    Door("POST", "/sandbox/advance", _advance, reads="strict"),
    Door("POST", "/sandbox/price", _hold_price, reads="strict"),
    Door("GET", "/health", _health),
    Door("GET", "/ping", _ping),
]
