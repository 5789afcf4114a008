"""The trading account: registration with a wallet at the exchange, limits, the referral's doors."""

import math
import re
import secrets

from actors.sandbox import earnings
from actors.sandbox.books import Row
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_field
from actors.sandbox.keys import new_account, referrer_of
from actors.sandbox.trading.prices import V1

START_USD = 1_000  # on a new wallet, so that there is something to trade
MICRO = 1_000_000
ADDRESS, SIGNING_KEY = re.compile(r"0x[0-9a-fA-F]{40}"), re.compile(r"0x[0-9a-fA-F]{64}")
REGISTRATIONS_PER_MINUTE = 10
TIER = "free"
# Each limit that an account may set: lowest and highest value, and what the free tier cuts it to.
LIMITS = {
    "max_daily_loss_usd": (0, math.inf, math.inf),
    "max_leverage": (1, 50, 20),
    "max_position_usd": (0, math.inf, 50_000),
}


def _register(venue: Venue, call: Call) -> Body:
    books = venue.books
    address, signing_key = call.body.get("hl_wallet_address"), call.body.get("hl_signing_key")
    if address is not None and not ADDRESS.fullmatch(str(address)):
        raise refuse(400, "invalid_wallet", "hl_wallet_address is 0x and 40 hex digits.")
    if signing_key is not None and not SIGNING_KEY.fullmatch(str(signing_key)):
        raise refuse(400, "invalid_signing_key", "hl_signing_key is 0x and 64 hex digits.")
    wallet = str(address).lower() if address else f"0x{secrets.token_hex(20)}"
    referrer = referrer_of(books, "trading_agents", call.body)
    if referrer and referrer["referred_by"]:  # an account that was referred itself refers nobody
        referrer = None
    keeps = {"address": wallet, "generated": address is None, "signs": address is None or signing_key is not None}
    made = new_account(books, "trading_agents", "sk_trade_", referrer, **keeps)
    if not venue.exchange.knows(wallet):
        venue.exchange.deposit(wallet, START_USD * MICRO)
    agent = books.only("SELECT * FROM trading_agents WHERE id = ?", made["agent_id"])
    told = _wallet(agent)
    return {
        **made,
        "tier": TIER,
        "deposit_address": wallet,
        "hl_wallet": {name: told[name] for name in told if name != "connected"},
        "message": "Keep the key: it is shown once. The wallet holds play money.",
    }


def _wallet(agent: Row) -> Body:
    return {
        "address": agent["address"],
        "connected": bool(agent["signs"]),
        "generated": bool(agent["generated"]),
        "signing_key_stored": bool(agent["signs"]),
        "builder_fee_approved": False,
        "execution": "real",
    }


def _account(_venue: Venue, call: Call) -> Body:
    agent = call.agent
    return {
        "agent_id": agent["id"],
        "tier": TIER,
        "max_leverage": agent["max_leverage"],
        "max_position_usd": agent["max_position_usd"],
        "total_volume": cents(agent["volume"]),
        "total_fees_paid": cents(agent["fees"]),
        "total_pnl": cents(agent["pnl"]),
        "referral_code": agent["referral_code"],
        "hl_wallet": _wallet(agent),
    }


def _deposit_address(_venue: Venue, call: Call) -> Body:
    return {
        "address": call.agent["address"],
        "chain": "hyperliquid",
        "token": "USDC",
        "note": "Play money: the operator's POST /sandbox/grant credits it.",
    }


def _settings(_venue: Venue, call: Call) -> Body:
    return {name: call.agent[name] for name in LIMITS}


def _configure(venue: Venue, call: Call) -> Body:
    chosen = _settings(venue, call)
    for name in LIMITS.keys() & call.body.keys():
        lowest, highest, free = LIMITS[name]
        value = number_field(call.body, name)
        if call.body[name] is None and name == "max_daily_loss_usd":
            chosen[name] = None
        elif value > 0 and lowest <= value <= highest and math.isfinite(value):
            chosen[name] = min(value, free)
        else:
            raise refuse(400, f"invalid_{name}", f"{name} is a number from {lowest} to {highest}.")
    venue.books.run(
        "UPDATE trading_agents SET max_daily_loss_usd = ?, max_leverage = ?, max_position_usd = ? WHERE id = ?",
        *(*chosen.values(), call.agent_id),
    )
    return {**chosen, "message": "The new limits are in force."}


DOORS = [
    Door(
        "POST",
        f"{V1}/auth/register",
        _register,
        status=201,
        per_minute=REGISTRATIONS_PER_MINUTE,
        reads="strict",
    ),
    Door("GET", f"{V1}/auth/account", _account, auth="trading"),
    Door("GET", f"{V1}/auth/deposit-address", _deposit_address, auth="trading"),
    Door("GET", f"{V1}/trade/risk-settings", _settings, auth="trading"),
    Door("POST", f"{V1}/trade/risk-settings", _configure, auth="trading", reads="strict"),
    *earnings.doors(V1, "trading"),
]
