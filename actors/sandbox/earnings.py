"""Referral income of the services that keep it apart from the balance: wallet, domains and trading."""

import re
import secrets
from collections import Counter
from functools import partial
from typing import Literal

from actors.sandbox.books import Books, Row, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, round_to

MIN_WITHDRAWAL_USD = 1.0
WITHDRAWALS_PER_MINUTE = 5
SHOWN = 20
ADDRESS = re.compile("0x.{40}")


def book(books: Books, referred: Row, source: str, fee: float, commission: float) -> None:
    """Note what a purchase of a referred account earns its referrer, in USD; nothing without a referrer."""
    if referred["referred_by"] is not None:
        row = (f"re_{secrets.token_hex(8)}", referred["referred_by"], referred["id"], source, fee, commission)
        books.run("INSERT INTO earnings VALUES (?, ?, ?, ?, ?, ?, ?)", *row, books.second())


def doors(v1: str, service: Literal["wallet", "domains", "trading"]) -> list[Door]:
    """The doors of a service whose paths start with `v1`: code, stats, withdraw."""
    limit = None if service == "domains" else WITHDRAWALS_PER_MINUTE
    withdraw = partial(_withdraw, service=service)
    stats = {"wallet": _wallet_stats, "domains": _domains_stats, "trading": _trading_stats}[service]
    return [
        Door("GET", f"{v1}/referral/code", _code, auth=service),
        Door("GET", f"{v1}/referral/stats", stats, auth=service),
        Door("POST", f"{v1}/referral/withdraw", withdraw, auth=service, per_minute=limit, reads="lenient"),
    ]


def _code(_venue: Venue, call: Call) -> Body:
    code = call.agent["referral_code"]
    share = "a share of the fees of referred accounts"
    return {"referral_code": code, "commission_rate": share, "share_message": f"Register with referral_code {code}."}


def _rows(venue: Venue, call: Call) -> list[Row]:
    return venue.books.all("SELECT * FROM earnings WHERE referrer_id = ? ORDER BY rowid DESC", call.agent_id)


def _available(venue: Venue, call: Call) -> float:
    withdrawn = venue.books.only(
        "SELECT total(amount) AS usd FROM earnings_withdrawn WHERE agent_id = ?", call.agent_id
    )
    return cents(sum(row["commission"] for row in _rows(venue, call)) - withdrawn["usd"])


def _domains_stats(venue: Venue, call: Call) -> Body:
    rows = _rows(venue, call)
    return {
        "total_referrals": len({row["referred_id"] for row in rows}),
        "total_markup_generated_usd": cents(sum(row["fee"] for row in rows)),
        "total_earned_usd": cents(sum(row["commission"] for row in rows)),
        "commission_rate": "20% of the markup",
        "recent_earnings": [
            {
                "from_agent": row["referred_id"],
                "markup": round_to(row["fee"], 4),
                "commission": round_to(row["commission"], 4),
                "domain": row["source"],
                "at": iso(row["created_at"]),
            }
            for row in rows[:SHOWN]
        ],
    }


def _trading_stats(venue: Venue, call: Call) -> Body:
    rows = _rows(venue, call)
    return {
        "total_referrals": len(
            venue.books.all("SELECT id FROM trading_agents WHERE referred_by = ?", call.agent_id),
        ),
        "total_fees_generated_usd": cents(sum(row["fee"] for row in rows)),
        "total_earned_usd": cents(sum(row["commission"] for row in rows)),
        "commission_rate": "20% of the builder's fee",
        "recent_earnings": [
            {
                "from_agent": row["referred_id"],
                "fee": round_to(row["fee"], 4),
                "commission": round_to(row["commission"], 4),
                "at": iso(row["created_at"]),
            }
            for row in rows[:SHOWN]
        ],
    }


def _wallet_stats(venue: Venue, call: Call) -> Body:
    rows, earned_by = _rows(venue, call), Counter[str]()
    for row in rows:
        earned_by[row["referred_id"]] += row["commission"]
    referred = venue.books.all("SELECT * FROM wallet_agents WHERE referred_by = ? ORDER BY rowid", call.agent_id)
    total = cents(sum(row["commission"] for row in rows))
    return {
        "total_referrals": len(referred),
        "total_earned_usd": total,
        "total_withdrawn_usd": 0,  # nothing here is ever marked completed, as on the venue
        "available_usd": total,  # so a withdrawal that is pending does not lower it
        "commission_rate": "10% of the swap fee",
        "referrals": [
            {
                "referred_agent": agent["id"],
                "earned_usd": cents(earned_by[agent["id"]]),
                "since": iso(agent["created_at"]),
            }
            for agent in referred
        ],
        "recent_earnings": [
            {
                "swap_id": row["source"],
                "fee_usd": cents(row["fee"]),
                "commission_usd": cents(row["commission"]),
                "at": iso(row["created_at"]),
            }
            for row in rows[:SHOWN]
        ],
    }


def _withdraw(venue: Venue, call: Call, *, service: str) -> Body:
    address, available = call.body.get("address"), _available(venue, call)
    if service == "wallet":
        if not isinstance(address, str) or not address:
            raise refuse(400, "invalid_request", "Say where to in address.")
    elif not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise refuse(400, "invalid_address", suggestion="Send an address: 0x and 40 hexadecimal digits.")
    if available < MIN_WITHDRAWAL_USD:
        raise refuse(400, "insufficient_balance", available_usd=available, minimum=MIN_WITHDRAWAL_USD)
    withdrawal_id, now = f"rw_{secrets.token_hex(6)}", venue.books.second()
    row = (withdrawal_id, call.agent_id, available, address, now)
    venue.books.run("INSERT INTO earnings_withdrawn VALUES (?, ?, ?, ?, ?)", *row)
    note = "Queued."
    return {
        "withdrawal_id": withdrawal_id,
        "amount_usd": available,
        "address": address,
        "status": "pending",
        "note": note,
    }
