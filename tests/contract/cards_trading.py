"""Trading, and the exchange's own public interface behind it."""

from tests.contract.card import NUMBER, TEXT_OR_NOTHING, Card, decimal_text, starts

COIN = "BTC"
NOBODY = "0x" + "0" * 40
NO_POSITION = "pos_00000000-0000-0000-0000-000000000000"
ORDER = {"coin": COIN, "side": "long", "size_usd": 12, "leverage": 2}
LIMIT = ORDER | {"limit_price": 1}
EXIT = {"position_id": NO_POSITION, "trigger_price": 1}
NUMBER_OR_NOTHING = (*NUMBER, type(None))


def fresh(target):
    """An account of its own with money at the exchange."""
    return {"fresh": target.register("trading", 1_000)}


def poor(target):
    """An account with 1 USD at the exchange."""
    account = target.register("trading")
    target.operate("/sandbox/grant", {"agent_id": account.agent_id, "amount": -999})
    return {"fresh": account}


def keyless(target):
    """An account whose wallet the server cannot sign for."""
    _, made = target.call("trading", "POST", "/auth/register", {"hl_wallet_address": NOBODY[:-1] + "7"}, "nobody")
    return {"keyless": type(target.account("trading"))(made["agent_id"], made["api_key"], made)}


def opened(target, who="us", **changes):
    """A position."""
    _, made = target.call("trading", "POST", "/trade/open", ORDER | changes, who)
    return {"position": made["position_id"]}


def closed(target):
    """A position of an account of its own, closed."""
    account = fresh(target)["fresh"]
    names = opened(target, account)
    target.call("trading", "POST", "/trade/close", {"position_id": names["position"]}, account)
    return names | {"fresh": account}


def opened_fresh(target):
    account = fresh(target)["fresh"]
    return opened(target, account) | {"fresh": account}


def twice(target):
    """Two positions in one coin, the first of which was closed: at the exchange both are."""
    account = fresh(target)["fresh"]
    first, second = opened(target, account), opened(target, account)
    target.call("trading", "POST", "/trade/close", {"position_id": first["position"]}, account)
    return second | {"fresh": account}


def lost(target):
    """An account that lost more than it allows itself a day."""
    account = fresh(target)["fresh"]
    price = target.call("trading", "GET", "/markets/SOL/price")[1]["price"]
    names = opened(target, account, coin="SOL", size_usd=500)
    target.operate("/sandbox/price", {"coin": "SOL", "price": price * 0.9})
    target.operate("/sandbox/advance", {"seconds": 31})
    target.call("trading", "POST", "/trade/close", {"position_id": names["position"]}, account)
    target.call("trading", "POST", "/trade/risk-settings", {"max_daily_loss_usd": 1}, account)
    return {"fresh": account, "undo": lambda: target.operate("/sandbox/price", {"coin": "SOL", "price": None})}


def waiting(target):
    """A limit order that waits."""
    _, made = target.call("trading", "POST", "/trade/limit", LIMIT)
    return {"order": made["order_id"]}


def cancelled(target):
    names = waiting(target)
    target.call("trading", "DELETE", f"/trade/limit-orders/{names['order']}")
    return names


def ten_waiting(target):
    account = fresh(target)["fresh"]
    for _ in range(10):
        target.call("trading", "POST", "/trade/limit", LIMIT, account)
    return {"fresh": account}


def exchange_down(target):
    """The exchange behind the server does not answer."""
    target.operate("/sandbox/faults", {"faults": "upstream@/trading/exchange=1"})
    return {"undo": lambda: target.operate("/sandbox/faults", {"faults": ""})}


def unpriced(target):
    """A market whose price the server cannot ask for, and has not kept."""
    return fresh(target) | exchange_down(target)


def flooded(path, times, body=None):
    def flood(target):
        for _ in range(times):
            target.call("trading", "POST", path, body, "nobody", "10.9.8.1")
        return {"ip": "10.9.8.1"}

    return flood


def card(ask, name, status=200, error="", says=None, **more):
    return Card("trading", ask, name, status, error, says or {}, **more)


def no_open(error, name, **changes):
    return card("POST /trade/open", name, 400, error, body=ORDER | changes)


def failed(words, name, *given, **changes):
    """A trade_failed whose words prove that nothing was executed."""
    terms = {"who": "fresh", "given": given, "harm": "orders"} if given else {}
    return card(
        "POST /trade/open", name, 400, "trade_failed", {"message": starts(words)}, body=ORDER | changes, **terms
    )


def no_limit(error, name, **changes):
    return card("POST /trade/limit", name, 400, error, body=LIMIT | changes)


def keys(ask, body=None):
    return (
        card(ask, "no entry without a key", 401, "unauthorized", body=body, who="nobody"),
        card(ask, "no entry with a key of nobody", 401, "invalid_key", body=body, who="wrong"),
    )


def too_many(path, limit, body=None):
    return card(
        f"POST {path}",
        f"{limit} a minute from an address",
        429,
        "rate_limited",
        body=body,
        who="nobody",
        given=(flooded(path, limit, body),),
        harm="floods",
    )


POSITION = {
    "position_id": TEXT_OR_NOTHING,
    "coin": str,
    "side": str,
    "size": NUMBER,
    "size_usd": NUMBER,
    "entry_price": NUMBER,
    "leverage": NUMBER,
    "margin_used": NUMBER,
    "liquidation_price": NUMBER_OR_NOTHING,
    "unrealized_pnl": NUMBER,
}
TRADING = (
    card(
        "POST /auth/register",
        "an account with a wallet at the exchange",
        201,
        says={
            "agent_id": starts("ag_"),
            "api_key": str,
            "deposit_address": starts("0x"),
            "hl_wallet": {"address": starts("0x")},
        },
        body={},
        who="nobody",
        harm="registers",
        may_differ="a generated wallet's key is never shown: fund it with care",
    ),
    card(
        "POST /auth/register",
        "an address is an address",
        400,
        "invalid_wallet",
        body={"hl_wallet_address": "0x1"},
        who="nobody",
    ),
    card(
        "POST /auth/register",
        "a signing key is one",
        400,
        "invalid_signing_key",
        body={"hl_signing_key": "0x1"},
        who="nobody",
    ),
    card(
        "GET /auth/account",
        "limits and the wallet's address",
        says={
            "max_leverage": NUMBER,
            "max_position_usd": NUMBER,
            "hl_wallet": {"address": starts("0x"), "signing_key_stored": bool},
        },
    ),
    card("GET /markets", "some markets are listed", says={"total_markets": int, "categories": dict}, who="nobody"),
    card("GET /markets/BTC", "a market", says={"coin": COIN, "price": NUMBER, "max_leverage": NUMBER}, who="nobody"),
    card("GET /markets/NOPE", "no market", 404, "market_not_found", who="nobody"),
    card("GET /markets/BTC/price", "a price", says={"coin": COIN, "price": NUMBER, "timestamp": int}, who="nobody"),
    card("GET /markets/NOPE/price", "no price", 404, "no_price", who="nobody"),
    card(
        "GET /markets/multi-price",
        "prices of several",
        says={"prices": [{"coin": str, "price": NUMBER}], "timestamp": (int, str)},
        query="?coins=BTC,ETH",
        who="nobody",
    ),
    card("GET /markets/multi-price", "of none", 400, "missing_coins", who="nobody"),
    card(
        "POST /trade/open",
        "an order fills at once",
        says={
            "position_id": starts("pos_"),
            "order_id": starts("ord_"),
            "coin": COIN,
            "side": "long",
            "size_usd": NUMBER,
            "entry_price": NUMBER,
            "leverage": NUMBER,
            "fee": NUMBER,
            "hl_order_id": int,
            "status": "open",
        },
        body=ORDER,
        harm="spends",
        may_differ="fees and size are rounded to cents; the exchange's fills are exact",
    ),
    no_open("invalid_request", "an order needs a coin", coin=""),
    no_open("invalid_size", "a size above zero", size_usd=-1),
    no_open("invalid_side", "a side", side="up"),
    no_open("invalid_leverage", "a leverage from 1", leverage=0.5),
    no_open("position_too_large", "a size within the account's limit", size_usd=10**7),
    failed("Market not found", "no such market: nothing executed", coin="NOPE"),
    failed("Position size too small", "below a step: nothing executed", size_usd=0.0001),
    failed("Order error", "not enough margin: nothing executed", poor, size_usd=5_000),
    failed("Max leverage", "a leverage beyond the market's: nothing executed", fresh, coin="@1", leverage=10),
    failed("No price", "a market without a price: nothing executed", unpriced, coin="XRP"),
    card(
        "POST /trade/open",
        "a wallet that signs",
        400,
        "wallet_not_configured",
        body=ORDER,
        who="keyless",
        given=(keyless,),
        harm="orders",
    ),
    card(
        "POST /trade/open",
        "the day's own limit of losses",
        403,
        "daily_loss_limit_reached",
        {"resets_at": str},
        body=ORDER,
        who="fresh",
        given=(lost,),
        harm="orders",
    ),
    card(
        "POST /trade/close",
        "the whole position of a coin is closed",
        says={
            "position_id": starts("pos_"),
            "exit_price": NUMBER,
            "pnl": NUMBER,
            "fee": NUMBER,
            "status": "closed",
        },
        body={"position_id": "{position}"},
        given=(opened,),
        harm="spends",
    ),
    card("POST /trade/close", "an unknown position", 404, "position_not_found", body={"position_id": NO_POSITION}),
    card(
        "POST /trade/close",
        "a position that the exchange no longer has; the same code may follow a fill",
        400,
        "close_failed",
        {"message": starts("No open position")},
        body={"position_id": "{position}"},
        who="fresh",
        given=(twice,),
        harm="orders",
    ),
    card(
        "POST /trade/close",
        "a wallet that signs",
        400,
        "wallet_not_configured",
        body={"position_id": NO_POSITION},
        who="keyless",
        given=(keyless,),
        harm="orders",
    ),
    card(
        "GET /trade/positions",
        "the exchange's own list names its source",
        says={
            "positions": [POSITION],
            "count": int,
            "source": "hyperliquid",
        },
        who="fresh",
        given=(opened_fresh,),
        harm="orders",
        may_differ='source is "database" when the exchange failed: never act on it',
    ),
    card(
        "GET /trade/positions",
        "the server's own rows",
        says={"positions": [{"id": str, "coin": str, "status": str}]},
        query="?status=all",
    ),
    card(
        "GET /trade/positions",
        "a list that may be false says so",
        says={"source": "database"},
        given=(exchange_down,),
        harm="orders",
    ),
    card(
        "GET /trade/history",
        "trades, rounded to cents",
        says={"trades": [{"coin": str, "side": str, "sizeUsd": NUMBER, "price": NUMBER, "fee": NUMBER}]},
    ),
    card(
        "GET /trade/risk-settings",
        "the account's own limits",
        says={"max_leverage": NUMBER, "max_position_usd": NUMBER},
    ),
    card(
        "POST /trade/limit",
        "a trigger waits at the server",
        201,
        says={"order_id": starts("ord_"), "status": "pending"},
        body=LIMIT,
        harm="spends",
        may_differ="it becomes a market order, and may fill worse than its limit",
    ),
    no_limit("invalid_request", "a limit order needs a price", limit_price=None),
    no_limit("invalid_side", "a side", side="up"),
    no_limit("invalid_size", "a size above zero", size_usd=-1),
    no_limit("invalid_price", "a price above zero", limit_price=-1),
    no_limit("too_large", "a size within the account's limit", size_usd=10**7),
    no_limit("unknown_coin", "a known market", coin="NOPE"),
    card(
        "POST /trade/limit",
        "at most ten wait",
        400,
        "limit_reached",
        body=LIMIT,
        who="fresh",
        given=(ten_waiting,),
        harm="orders",
    ),
    card(
        "GET /trade/limit-orders",
        "waiting, filled and cancelled ones",
        says={
            "pending": [
                {
                    "order_id": str,
                    "coin": str,
                    "side": str,
                    "size_usd": NUMBER,
                    "limit_price": NUMBER,
                    "created_at": int,
                }
            ],
            "filled": list,
            "cancelled": list,
        },
    ),
    card("DELETE /trade/limit-orders/{order}", "a waiting order is cancelled", given=(waiting,), harm="spends"),
    card(
        "DELETE /trade/limit-orders/{order}",
        "only a waiting one",
        400,
        "not_pending",
        given=(cancelled,),
        harm="spends",
    ),
    card("DELETE /trade/limit-orders/ord_0000000000000000", "an unknown one", 404, "not_found"),
    *(
        one
        for path in ("/trade/stop-loss", "/trade/take-profit")
        for one in (
            card(
                f"POST {path}",
                "an exit at a price",
                says={"order_id": str, "position_id": starts("pos_"), "trigger_price": NUMBER},
                body={"position_id": "{position}", "trigger_price": 1 if "loss" in path else 10**6},
                who="fresh",
                given=(opened_fresh,),
                harm="orders",
                may_differ="no call lists or cancels it",
            ),
            card(f"POST {path}", "of a position", 400, "missing_position_id", body={"trigger_price": 1}),
            card(
                f"POST {path}", "at a price above zero", 400, "invalid_trigger_price", body=EXIT | {"trigger_price": 0}
            ),
            card(f"POST {path}", "of a known position", 404, "position_not_found", body=EXIT),
            card(
                f"POST {path}",
                "of an open position",
                400,
                "position_not_open",
                body={"position_id": "{position}", "trigger_price": 1},
                who="fresh",
                given=(closed,),
                harm="orders",
            ),
            *keys(f"POST {path}", EXIT),
        )
    ),
    card("GET /referral/code", "our code", says={"referral_code": starts("ref_")}),
    card("GET /referral/stats", "what it earned", says={"total_referrals": int, "total_earned_usd": NUMBER}),
    *(
        one
        for ask in ("GET /auth/account", "GET /trade/positions", "GET /trade/history", "GET /trade/limit-orders")
        for one in keys(ask)
    ),
    *keys("POST /trade/open", ORDER),
    *keys("POST /trade/close", {"position_id": NO_POSITION}),
    *keys("POST /trade/limit", LIMIT),
    *keys("DELETE /trade/limit-orders/ord_0000000000000000"),
    too_many("/auth/register", 10, {}),
    too_many("/trade/open", 30, ORDER),
    too_many("/trade/close", 30, {}),
)


def address(target):
    """The account's wallet at the exchange."""
    wallet = target.call("trading", "GET", "/auth/account")[1]["hl_wallet"]["address"]
    return {"address": wallet}


def filled_order(target):
    """An order that was filled, and its number there."""
    account = target.account("trading")
    _, made = target.call("trading", "POST", "/trade/open", ORDER, account)
    return {"oid": made["hl_order_id"]} | address(target)


def asked(kind, name, says, given=(address,), harm="", **fields):
    body = {"type": kind} | fields
    return Card("exchange", "POST /info", name, 200, "", says, body, who="nobody", given=given, harm=harm)


def of_us(kind, name, says, **fields):
    return asked(kind, name, says, user="{address}", **fields)


ROW = {"time": int, "hash": str, "delta": {"type": str, "usdc": decimal_text}}
FILL = {
    "coin": str,
    "px": decimal_text,
    "sz": decimal_text,
    "side": lambda side: side in ("A", "B"),
    "time": int,
    "dir": str,
    "closedPnl": decimal_text,
    "oid": int,
    "tid": int,
    "fee": decimal_text,
    "feeToken": str,
}
EXCHANGE = (
    asked("allMids", "prices are texts", {"BTC": decimal_text}, ()),
    asked("meta", "the exchange's own markets", {"universe": [{"name": str}]}, ()),
    of_us(
        "clearinghouseState",
        "value, margin and positions are texts",
        {
            "marginSummary": {"accountValue": decimal_text, "totalMarginUsed": decimal_text},
            "withdrawable": decimal_text,
            "assetPositions": [
                {
                    "position": {
                        "coin": str,
                        "szi": decimal_text,
                        "entryPx": decimal_text,
                        "unrealizedPnl": decimal_text,
                        "marginUsed": decimal_text,
                    }
                }
            ],
        },
    ),
    of_us("userFillsByTime", "each fill with its exact fee", [FILL], startTime=0),
    of_us("userFunding", "funding", [ROW], startTime=0),
    of_us("userNonFundingLedgerUpdates", "deposits and withdrawals", [ROW], startTime=0),
    asked(
        "orderStatus",
        "an order's fate",
        {"status": "order", "order": {"status": "filled", "order": {"oid": int, "coin": str}}},
        (filled_order,),
        harm="orders",
        user="{address}",
        oid="{oid}",
    ),
    asked("orderStatus", "an order of nobody", {"status": "unknownOid"}, (), user=NOBODY, oid=1),
)

CARDS = (*TRADING, *EXCHANGE)
