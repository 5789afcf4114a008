"""The casino: account, games, money moves, fairness, referral."""

from tests.contract.card import NUMBER, TEXT_OR_NOTHING, Card, iso, starts

PROOF = {"server_seed_hash": str, "client_seed": str, "nonce": int, "result_hash": str}
BET = {
    "bet_id": starts("bet_"),
    "amount_bet": NUMBER,
    "won": bool,
    "payout_multiplier": NUMBER,
    "amount_won": NUMBER,
    "new_balance": NUMBER,
    "proof": PROOF,
}
ENTRY = {
    "id": str,
    "type": lambda value: value in ("credit", "debit"),
    "amount": NUMBER,
    "reason": str,
    "reference": TEXT_OR_NOTHING,
    "createdAt": int,
}
EXPORT = (
    "bet_id,game,amount_usd,amount_won_usd,net_usd,payout_multiplier,won,"
    "server_seed_hash,client_seed,nonce,result_hash,timestamp_utc"
)
WITHDRAW_TO = "0x00000000000000000000000000000000000000aa"
FLIP = {"side": "heads", "amount": 0.01, "client_seed": "card"}


def poor(target):
    """An account without money."""
    account = target.register("casino")
    left = target.call("casino", "GET", "/auth/balance", None, account)[1]["balance_usd"]
    target.operate("/sandbox/grant", {"agent_id": account.agent_id, "amount": -left})
    return {"poor": account}


def fresh(target):
    """An account of its own with 100 USD."""
    return {"fresh": target.register("casino", 100)}


def flooded(method, path, times, body=None, who="nobody"):
    """So many calls from one address, or by one account, within a minute."""

    def flood(target):
        account = target.register("casino", 100) if who == "fresh" else who
        for _ in range(times):
            ip = "10.9.9.9" if who == "nobody" else None
            target.call("casino", method, path, body, account, ip)
        return {"ip": "10.9.9.9", "fresh": account} if who == "nobody" else {"fresh": account}

    return flood


def claimed(target):
    """The day's bonus, taken."""
    target.call("casino", "POST", "/daily/claim", {})
    return {}


def bet(game, name, says=None, **body):
    fields = {"amount": 0.01, "client_seed": "card"} | body
    return Card("casino", f"POST /games/{game}", name, says=BET | (says or {}), body=fields, harm="spends")


def no_bet(game, error, **body):
    name = f"{game} with {', '.join(f'{k}={v}' for k, v in body.items())} is refused"
    fields = {"amount": 0.01, "client_seed": "card"} | body
    return Card("casino", f"POST /games/{game}", name, 400, error, body=fields)


def unauthorized(ask, body=None, who="nobody"):
    return Card("casino", ask, f"no entry for {who}", 401, "unauthorized", {"message": str}, body=body, who=who)


READS = (
    Card(
        "casino",
        "GET /auth/balance",
        "the balance is an unrounded number",
        says={"agent_id": str, "balance_usd": NUMBER},
    ),
    Card("casino", "GET /auth/ledger", "the newest rows, at most 50", says={"entries": [ENTRY]}),
    Card(
        "casino",
        "GET /kelly/history",
        "every row, oldest first, signed",
        says={"bankroll_curve": [{"change": NUMBER, "reason": str, "at": iso}]},
    ),
    Card("casino", "GET /fairness/seeds", "draws of each seed", says={"seeds": [{"bets_made": int, "active": bool}]}),
    Card("casino", "GET /fairness/seed-hash", "the commitment", says={"server_seed_hash": str}),
    Card("casino", "GET /kelly/limits", "the server's own limits", says={"bankroll": NUMBER, "risk_factor": NUMBER}),
    Card("casino", "GET /daily", "the day's bonus", says={"can_claim": bool, "next_bonus_usd": NUMBER}),
    Card("casino", "GET /auth/referral/code", "our code", says={"referral_code": starts("ref_")}),
    Card(
        "casino",
        "GET /auth/referral/stats",
        "what the tree earned",
        says={"total_referrals": int, "total_earned_usd": NUMBER, "by_level": dict, "referrals": list},
        may_differ="levels 2 and 3 are always 0 here; the ledger has them",
    ),
    Card(
        "casino",
        "GET /auth/withdrawals",
        "the newest withdrawals",
        says={"withdrawals": [{"id": str, "amount": NUMBER, "address": str, "status": str}]},
    ),
    Card(
        "casino",
        "GET /bets/export.csv",
        "an export begins with its columns",
        says=lambda text: isinstance(text, str) and text.startswith(EXPORT),
        query="?since=2026-01-01T00:00:00Z",
    ),
)

BETS = (
    bet(
        "coin-flip",
        "a flip carries our seed",
        {"game": "coin_flip", "proof": PROOF | {"client_seed": "card"}},
        side="heads",
    ),
    bet("dice", "dice", {"game": "dice"}, direction="over", threshold=50),
    bet("multiplier", "multiplier", {"game": "multiplier"}, target_multiplier=2),
    bet("crash", "crash is one call", {"game": "crash"}, cash_out_at=2),
    bet("roulette", "roulette", {"game": "roulette"}, bet_type="red"),
    bet("custom", "custom", {"game": "custom"}, win_probability=50),
    no_bet("coin-flip", "invalid_amount", side="heads", amount="1"),
    no_bet("coin-flip", "minimum_bet", side="heads", amount=0.001),
    no_bet("coin-flip", "insufficient_balance", side="heads", amount=10**9),
    no_bet("coin-flip", "invalid_side", side="edge"),
    no_bet("dice", "invalid_direction", direction="up", threshold=50),
    no_bet("dice", "invalid_threshold", direction="over", threshold=100),
    no_bet("multiplier", "invalid_multiplier", target_multiplier=1),
    no_bet("crash", "invalid_cashout", cash_out_at=101),
    no_bet("roulette", "invalid_number", bet_type="number", bet_value=37),
    no_bet("roulette", "invalid_bet_type", bet_type="corner"),
    no_bet("custom", "invalid_probability", win_probability=100),
    Card(
        "casino",
        "POST /games/coin-flip",
        "the server's Kelly limit names the largest bet",
        400,
        "kelly_limit_exceeded",
        {"max_bet": NUMBER},
        body=FLIP | {"amount": 90},
        who="fresh",
        given=(fresh,),
        harm="orders",
    ),
    Card(
        "casino",
        "POST /games/coin-flip",
        "a body that is no JSON is refused; the same code may also follow an effect",
        400,
        "invalid_json",
        body='{"side":',
    ),
    Card("casino", "POST /games/poker", "an unknown game is not found", 404, "not_found", body=FLIP),
    unauthorized("POST /games/coin-flip", FLIP),
    unauthorized("POST /games/coin-flip", FLIP, "wrong"),
    Card(
        "casino",
        "POST /games/dice",
        "the sixty-first call on a path from an address is too many, also without a key",
        429,
        "rate_limited",
        {"message": str},
        body=FLIP,
        who="nobody",
        given=(flooded("POST", "/games/dice", 60, FLIP),),
        harm="floods",
    ),
    Card(
        "casino",
        "POST /games/crash",
        "the sixty-first game of an account is too many, and the answer says until when",
        429,
        "rate_limit_exceeded",
        {"reset_at": iso},
        body={"cash_out_at": 2} | FLIP,
        who="fresh",
        given=(flooded("POST", "/games/coin-flip", 60, FLIP | {"side": "edge"}, "fresh"),),
        harm="floods",
    ),
)

PAY = {"to_agent_id": "{other}", "amount": 0.01, "memo": "card"}
MOVES = (
    Card(
        "casino",
        "POST /stats/pay",
        "a payment has an id and no mark of ours in the ledger",
        says={"tx_id": starts("pay_"), "amount": NUMBER, "sender_new_balance": NUMBER},
        body=PAY,
        harm="spends",
    ),
    Card("casino", "POST /stats/pay", "a payment needs a recipient", 400, "invalid_request", body={"amount": 1}),
    Card("casino", "POST /stats/pay", "a cent is the least", 400, "invalid_amount", body=PAY | {"amount": 0.001}),
    Card("casino", "POST /stats/pay", "not to oneself", 400, "same_agent", body=PAY | {"to_agent_id": "{us}"}),
    Card(
        "casino", "POST /stats/pay", "not beyond the balance", 400, "insufficient_balance", body=PAY | {"amount": 10**9}
    ),
    Card(
        "casino",
        "POST /stats/pay",
        "not to nobody",
        404,
        "recipient_not_found",
        body=PAY | {"to_agent_id": "ag_000000000000"},
    ),
    unauthorized("POST /stats/pay", PAY),
    Card(
        "casino",
        "POST /auth/withdraw",
        "a withdrawal is on the chain when it is answered",
        says={"withdrawal_id": str, "amount": NUMBER, "fee": NUMBER, "address": str, "status": str},
        body={"amount": 1, "address": WITHDRAW_TO},
        harm="orders",
        may_differ="above 1000 it waits for a review, with or without a debit",
    ),
    Card(
        "casino",
        "POST /auth/withdraw",
        "an amount",
        400,
        "invalid_amount",
        body={"amount": "x", "address": WITHDRAW_TO},
    ),
    Card(
        "casino",
        "POST /auth/withdraw",
        "one dollar is the least",
        400,
        "minimum_withdrawal",
        body={"amount": 0.5, "address": WITHDRAW_TO},
    ),
    Card(
        "casino",
        "POST /auth/withdraw",
        "100,000 is the most",
        400,
        "maximum_withdrawal",
        body={"amount": 100_001, "address": WITHDRAW_TO},
    ),
    Card(
        "casino",
        "POST /auth/withdraw",
        "an address of the chain",
        400,
        "invalid_address",
        body={"amount": 1, "address": "0x1"},
    ),
    unauthorized("POST /auth/withdraw", {"amount": 1, "address": WITHDRAW_TO}),
    Card(
        "casino",
        "POST /auth/withdraw",
        "the sixth a minute is too many",
        429,
        "rate_limited",
        body={},
        who="nobody",
        given=(flooded("POST", "/auth/withdraw", 5, {}),),
        harm="floods",
    ),
    Card(
        "casino",
        "POST /daily/claim",
        "the day's bonus",
        says={"bonus_usd": NUMBER, "streak_day": int, "balance_after": NUMBER},
        body={},
        who="fresh",
        given=(fresh,),
        harm="orders",
    ),
    Card("casino", "POST /daily/claim", "once a day", 400, "already_claimed", body={}, given=(claimed,), harm="spends"),
    unauthorized("POST /daily/claim", {}),
)

REST = (
    Card(
        "casino",
        "POST /auth/register",
        "an account and its only key",
        201,
        says={"agent_id": starts("ag_"), "api_key": str, "referral_code": starts("ref_")},
        body={},
        who="nobody",
        harm="registers",
    ),
    Card(
        "casino",
        "POST /auth/register",
        "an unknown referral code is ignored",
        201,
        says={"agent_id": str},
        body={"referral_code": "ref_00000000"},
        who="nobody",
        harm="registers",
    ),
    Card(
        "casino",
        "POST /auth/register",
        "the eleventh a minute is too many",
        429,
        "rate_limited",
        body={},
        who="nobody",
        given=(flooded("POST", "/auth/register", 10, {}),),
        harm="floods",
    ),
    Card(
        "casino",
        "GET /bets/export.csv",
        "the sixty-first look-up a minute is too many",
        429,
        "rate_limited",
        who="nobody",
        given=(flooded("GET", "/bets/export.csv", 60),),
        harm="floods",
    ),
    Card(
        "casino",
        "POST /fairness/rotate",
        "a rotation shows the seed that was in use",
        says={"previous_seed": {"seed": str, "seed_hash": str, "bets_made": int}, "new_seed_hash": str},
        body={},
        given=(lambda target: target.call("casino", "POST", "/games/coin-flip", FLIP) and {},),
        harm="spends",
        may_differ="only a message where no seed is active",
    ),
    Card(
        "casino", "PUT /kelly/config", "the risk factor is set", says={"risk_factor": 0.25}, body={"risk_factor": 0.25}
    ),
    Card("casino", "PUT /kelly/config", "from 0.1 to 1", 400, "invalid_risk_factor", body={"risk_factor": 2}),
    unauthorized("PUT /kelly/config", {"risk_factor": 0.25}),
    unauthorized("POST /fairness/rotate", {}),
    *(unauthorized(card.ask) for card in READS),
)

CARDS = (*READS, *BETS, *MOVES, *REST)
