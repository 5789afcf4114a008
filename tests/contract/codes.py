"""Every error code that the servers document for the calls we use, and why some of them have no card."""

ACCOUNT = {(401, "unauthorized")}
KEYED = ACCOUNT | {(401, "invalid_key")}
LIMITED = {(429, "rate_limited")}
BROKEN = {(400, "invalid_json"), (500, "internal_error")}


def refused(*codes, status=400):
    return {(status, code) for code in codes}


_GAME = refused(
    "invalid_amount",
    "minimum_bet",
    "insufficient_balance",
    "kelly_limit_exceeded",
    "invalid_side",
    "invalid_direction",
    "invalid_threshold",
    "invalid_multiplier",
    "invalid_cashout",
    "invalid_number",
    "invalid_bet_type",
    "invalid_probability",
)
_ACT = ACCOUNT | LIMITED | {(403, "forbidden"), (404, "not_found"), (409, "invalid_status"), (500, "internal_error")}
_EXIT = KEYED | BROKEN | refused("missing_position_id", "invalid_trigger_price", "position_not_open")
_EXIT |= refused("position_not_found", status=404)

DOCUMENTED = {
    "casino POST /auth/register": LIMITED,
    "casino GET /auth/balance": ACCOUNT,
    "casino GET /auth/ledger": ACCOUNT,
    "casino GET /kelly/history": ACCOUNT,
    "casino GET /kelly/limits": ACCOUNT,
    "casino GET /fairness/seeds": ACCOUNT,
    "casino GET /fairness/seed-hash": ACCOUNT,
    "casino GET /bets/export.csv": ACCOUNT | LIMITED,
    "casino GET /daily": ACCOUNT,
    "casino GET /auth/referral/code": ACCOUNT,
    "casino GET /auth/referral/stats": ACCOUNT,
    "casino GET /auth/withdrawals": ACCOUNT,
    "casino POST /games/": ACCOUNT | LIMITED | BROKEN | _GAME | {(429, "rate_limit_exceeded"), (404, "not_found")},
    "casino POST /stats/pay": ACCOUNT
    | BROKEN
    | refused("invalid_request", "invalid_amount", "same_agent", "insufficient_balance")
    | refused("recipient_not_found", status=404),
    "casino POST /auth/withdraw": ACCOUNT
    | LIMITED
    | BROKEN
    | refused("invalid_amount", "minimum_withdrawal", "maximum_withdrawal", "invalid_address")
    | refused("withdrawal_failed", status=500),
    "casino POST /daily/claim": ACCOUNT | refused("already_claimed") | {(500, "internal_error")},
    "casino POST /fairness/rotate": ACCOUNT,
    "casino PUT /kelly/config": ACCOUNT | BROKEN | refused("invalid_risk_factor"),
    "escrow POST /escrow/create": ACCOUNT
    | LIMITED
    | refused("invalid_amount", "invalid_description", "invalid_counterparty", "self_escrow")
    | refused("insufficient_balance", status=402)
    | refused("counterparty_not_found", "creator_not_found", status=404)
    | refused("debit_failed", "internal_error", status=500),
    "escrow POST /escrow/complete/": _ACT,
    "escrow POST /escrow/release/": _ACT | {(500, "release_failed")},
    "escrow POST /escrow/dispute/": _ACT,
    "escrow GET /escrow/": {(404, "not_found")},
    "faucet POST /faucet/claim": LIMITED
    | refused("invalid_request")
    | {(429, "ip_rate_limited"), (404, "agent_not_found"), (409, "already_claimed"), (403, "has_deposits")}
    | {(500, "internal_error")},
    "trading POST /auth/register": LIMITED | refused("invalid_wallet", "invalid_signing_key"),
    "trading GET /auth/account": KEYED,
    "trading GET /markets/": refused("market_not_found", "no_price", status=404) | refused("missing_coins"),
    "trading POST /trade/open": KEYED
    | LIMITED
    | BROKEN
    | refused("invalid_request", "invalid_size", "invalid_side", "invalid_leverage", "position_too_large")
    | refused("wallet_not_configured", "trade_failed")
    | refused("daily_loss_limit_reached", status=403),
    "trading POST /trade/close": KEYED
    | LIMITED
    | BROKEN
    | refused("wallet_not_configured", "close_failed")
    | refused("position_not_found", status=404),
    "trading GET /trade/positions": KEYED,
    "trading GET /trade/history": KEYED,
    "trading GET /trade/limit-orders": KEYED,
    "trading POST /trade/limit": KEYED
    | BROKEN
    | refused("invalid_request", "invalid_side", "invalid_size", "invalid_price", "too_large", "unknown_coin")
    | refused("limit_reached"),
    "trading DELETE /trade/limit-orders/": KEYED | refused("not_pending") | refused("not_found", status=404),
    "trading POST /trade/stop-loss": _EXIT,
    "trading POST /trade/take-profit": _EXIT,
    "wallet POST /auth/register": LIMITED,
    "wallet GET /wallet/balance/": ACCOUNT
    | refused("unsupported_chain", "view_key_required")
    | refused("api_error", "rpc_error", "xmr_balance_error", status=502),
    "wallet GET /wallet/usdc-balance": ACCOUNT | refused("no_addresses"),
    "domains GET /auth/account": KEYED,
    "domains GET /auth/deposits": KEYED,
    "domains GET /domains/search": KEYED | refused("missing_query") | refused("search_failed", status=500),
    "domains GET /domains": KEYED,
    "domains POST /domains/register": KEYED
    | BROKEN
    | refused("invalid_domain", "domain_unavailable", "insufficient_balance")
    | refused("availability_check_failed", "price_unavailable", "registration_failed", status=500),
}

_OURS = "our bodies are JSON; the code can follow an effect, so it is no proof anywhere"
_CRASH = "any exception of the server's: unknown in every case, and played as a fault"
_RACE = "only a lost race of two calls makes it; a 500 is unknown in every case"

REASONS = {
    **{
        (endpoint, *code): {"invalid_json": _OURS, "internal_error": _CRASH}[code[1]]
        for endpoint, codes in DOCUMENTED.items()
        for code in codes & BROKEN
        if endpoint != "casino POST /games/" or code[0] == 500
    },
    (
        "casino POST /auth/withdraw",
        500,
        "withdrawal_failed",
    ): "a 500: unknown; the list of withdrawals and the chain say more",
    ("escrow POST /escrow/create", 500, "debit_failed"): _RACE,
    ("escrow POST /escrow/create", 404, "creator_not_found"): "our own account is gone, and nobody can delete one",
    ("escrow POST /escrow/release/", 500, "release_failed"): _RACE,
    ("domains POST /domains/register", 500, "registration_failed"): _RACE,
}
