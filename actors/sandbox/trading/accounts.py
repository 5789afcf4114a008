"""The trading account: registration with a wallet at the exchange, limits, referral."""

import re
import secrets
import uuid

from actors.sandbox.books import Row
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_field
from actors.sandbox.keys import hashed, new_names

V1 = "/trading/v1"
START_USD = 1_000  # on a new wallet, so that there is something to trade
MICRO = 1_000_000
ADDRESS, SIGNING_KEY = re.compile(r"0x[0-9a-fA-F]{40}"), re.compile(r"0x[0-9a-fA-F]{64}")
REGISTRATIONS_PER_MINUTE, WITHDRAWALS_PER_MINUTE = 10, 5
TIER, FREE_MAX_LEVERAGE, FREE_MAX_POSITION_USD = "free", 20, 50_000
COMMISSION_RATE = 0.2  # of the builder's fees that a referred account pays
MIN_WITHDRAWAL_USD = 1.0
RECENT = 20
EARNED = """
SELECT trades.builder_fee * ?2 AS earned, trades.builder_fee, trades.created_at, trades.coin
FROM trading_trades AS trades JOIN trading_agents AS agents ON agents.id = trades.agent_id
WHERE agents.referred_by = ?1 ORDER BY trades.created_at DESC, trades.row"""


def _register(venue: Venue, call: Call) -> Body:
    books = venue.books
    address, signing_key = call.body.get("hl_wallet_address"), call.body.get("hl_signing_key")
    if address is not None and not ADDRESS.fullmatch(str(address)):
        raise refuse(400, "invalid_wallet", "hl_wallet_address is 0x and 40 hex digits.")
    if signing_key is not None and not SIGNING_KEY.fullmatch(str(signing_key)):
        raise refuse(400, "invalid_signing_key", "hl_signing_key is 0x and 64 hex digits.")
    agent_id, key, code = new_names("sk_trade_")
    wallet = str(address).lower() if address else f"0x{secrets.token_hex(20)}"
    # an account that was referred itself refers nobody
    referrer = books.one(
        "SELECT id FROM trading_agents WHERE referral_code = ? AND referred_by IS NULL",
        str(call.body.get("referral_code")),
    )
    books.run(
        "INSERT INTO trading_agents (id, key_hash, referral_code, referred_by, address, generated, signs, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(agent_id, hashed(key), code, referrer["id"] if referrer else None, wallet, address is None),
        *(address is None or signing_key is not None, books.second()),
    )
    if not venue.exchange.knows(wallet):
        venue.exchange.deposit(wallet, START_USD * MICRO)
    agent = books.only("SELECT * FROM trading_agents WHERE id = ?", agent_id)
    told = _wallet(agent)
    return {
        "agent_id": agent_id,
        "api_key": key,
        "referral_code": code,
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
    return {name: call.agent[name] for name in ("max_daily_loss_usd", "max_leverage", "max_position_usd")}


def _configure(venue: Venue, call: Call) -> Body:
    chosen = _settings(venue, call)
    for name, lowest, highest in (
        ("max_daily_loss_usd", 0, float("inf")),
        ("max_leverage", 1, FREE_MAX_LEVERAGE),
        ("max_position_usd", 0, FREE_MAX_POSITION_USD),
    ):
        if name not in call.body:
            continue
        value = number_field(call.body, name)
        if call.body[name] is None and name == "max_daily_loss_usd":
            chosen[name] = None
        elif lowest <= value < float("inf") and value > 0:
            chosen[name] = min(value, highest)
        else:
            raise refuse(400, f"invalid_{name}", f"{name} is a number from {lowest} to {highest}.")
    venue.books.run(
        "UPDATE trading_agents SET max_daily_loss_usd = ?, max_leverage = ?, max_position_usd = ? WHERE id = ?",
        *(*chosen.values(), call.agent_id),
    )
    return {**chosen, "message": "The new limits are in force."}


def _code(_venue: Venue, call: Call) -> Body:
    code = call.agent["referral_code"]
    return {
        "referral_code": code,
        "commission_rate": "20% of the builder's fees",
        "share_message": f"Register with referral_code {code}.",
    }


def _available(venue: Venue, agent_id: str) -> float:
    earned = sum(row["earned"] for row in venue.books.all(EARNED, agent_id, COMMISSION_RATE))
    taken = venue.books.only("SELECT total(amount) AS n FROM trading_withdrawals WHERE agent_id = ?", agent_id)["n"]
    return cents(earned - taken)


def _stats(venue: Venue, call: Call) -> Body:
    books = venue.books
    rows = books.all(EARNED, call.agent_id, COMMISSION_RATE)
    return {
        "total_referrals": books.only("SELECT count(*) AS n FROM trading_agents WHERE referred_by = ?", call.agent_id)[
            "n"
        ],
        "total_fees_generated_usd": cents(sum(row["builder_fee"] for row in rows)),
        "total_earned_usd": cents(sum(row["earned"] for row in rows)),
        "commission_rate": "20% of the builder's fees",
        "recent_earnings": [
            {"coin": row["coin"], "commission_usd": row["earned"], "created_at": row["created_at"]}
            for row in rows[:RECENT]
        ],
    }


def _withdraw(venue: Venue, call: Call) -> Body:
    address = call.body.get("address")
    if not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise refuse(400, "invalid_address", "address is 0x and 40 hex digits.")
    available = _available(venue, call.agent_id)
    if available < MIN_WITHDRAWAL_USD:
        raise refuse(400, "insufficient_balance", "At least 1.00 USD is paid out.", available_usd=available)
    withdrawal_id = f"rw_{uuid.uuid4()}"
    venue.books.run(
        "INSERT INTO trading_withdrawals VALUES (?, ?, ?, ?, ?)",
        *(withdrawal_id, call.agent_id, address, available, venue.books.second()),
    )
    return {"withdrawal_id": withdrawal_id, "amount_usd": available, "status": "pending"}


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
    Door("GET", f"{V1}/referral/code", _code, auth="trading"),
    Door("GET", f"{V1}/referral/stats", _stats, auth="trading"),
    Door(
        "POST",
        f"{V1}/referral/withdraw",
        _withdraw,
        auth="trading",
        per_minute=WITHDRAWALS_PER_MINUTE,
        reads="strict",
    ),
]
