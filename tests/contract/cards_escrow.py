"""Escrow and faucet, which live on the casino's account."""

from tests.contract.card import NUMBER, TEXT_OR_NOTHING, Card, iso, starts
from tests.contract.cards_casino import poor

NOBODYS = "esc_0000000000000000"
CREATE = {"amount_usd": 0.1, "description": "a card", "counterparty_agent_id": "{other}", "timeout_hours": 1}
CONTRACT = {
    "escrow_id": starts("esc_"),
    "status": str,
    "amount_usd": NUMBER,
    "commission_usd": NUMBER,
    "net_to_counterparty": NUMBER,
    "description": str,
    "creator_id": str,
    "counterparty_id": str,
    "auto_release_at": iso,
}


def funded(target):
    """A contract of ours with "other"."""
    counterparty = target.account("escrow", "other").agent_id
    _, made = target.call("escrow", "POST", "/escrow/create", CREATE | {"counterparty_agent_id": counterparty})
    return {"escrow": made["escrow_id"]}


def turned(act, who):
    """As `funded`, and one act on it."""

    def turn(target):
        names = funded(target)
        target.call("escrow", "POST", f"/escrow/{act}/{names['escrow']}", {}, who)
        return names

    return turn


def stranger(target):
    """Who is no party to the contract."""
    return {"stranger": target.register("casino")}


def flooded(path, times):
    def flood(target):
        for _ in range(times):
            target.call("escrow", "POST", path, {}, "nobody", "10.9.9.8")
        return {"ip": "10.9.9.8"}

    return flood


def create(name, status=201, error="", says=None, *, harm="", who="us", given=(), **changes):
    return Card(
        "escrow",
        "POST /escrow/create",
        name,
        status,
        error,
        says or {},
        CREATE | changes,
        who=who,
        given=given,
        harm=harm,
    )


def act(act, name, status=200, error="", says=None, *, who="us", given=funded, harm="spends"):
    return Card(
        "escrow",
        f"POST /escrow/{act}/{{escrow}}",
        name,
        status,
        error,
        says or {},
        {},
        who=who,
        given=(given,),
        harm=harm,
    )


def nobodys(act):
    return Card("escrow", f"POST /escrow/{act}/{NOBODYS}", "an unknown contract", 404, "not_found", body={})


def no_key(act):
    return Card(
        "escrow", f"POST /escrow/{act}/{NOBODYS}", "no entry without a key", 401, "unauthorized", body={}, who="nobody"
    )


def too_many(act, limit):
    path = f"/escrow/{act}/{NOBODYS}"
    return Card(
        "escrow",
        f"POST {path}",
        f"{limit} a minute for a contract",
        429,
        "rate_limited",
        body={},
        who="nobody",
        given=(flooded(path, limit),),
        harm="floods",
    )


ESCROW = (
    create(
        "a contract is funded and lists our text",
        says=CONTRACT | {"status": "funded", "description": "a card"},
        harm="spends",
    ),
    create("an amount as text is taken too", says={"amount_usd": 0.1}, harm="spends", amount_usd="0.10"),
    create("a dime is the least", 400, "invalid_amount", amount_usd=0.01),
    create("three characters are the least", 400, "invalid_description", description=" x "),
    create("a counterparty has an id", 400, "invalid_counterparty", counterparty_agent_id="bob"),
    create("not with oneself", 400, "self_escrow", counterparty_agent_id="{us}"),
    create(
        "not beyond the balance",
        402,
        "insufficient_balance",
        {"balance": NUMBER},
        who="poor",
        given=(poor,),
        harm="orders",
    ),
    create("not with nobody", 404, "counterparty_not_found", counterparty_agent_id="ag_000000000000"),
    create("no entry without a key", 401, "unauthorized", who="nobody"),
    Card(
        "escrow",
        "POST /escrow/create",
        "the twenty-first a minute is too many",
        429,
        "rate_limited",
        body={},
        who="nobody",
        given=(flooded("/escrow/create", 20),),
        harm="floods",
    ),
    act(
        "complete",
        "the counterparty says that it is done",
        says={"escrow_id": starts("esc_"), "status": "completed"},
        who="other",
    ),
    act("complete", "the creator may not", 403, "forbidden"),
    act("complete", "once", 409, "invalid_status", who="other", given=turned("complete", "other")),
    act(
        "release",
        "the creator pays, from funded",
        says={"status": "released", "amount_released": NUMBER, "commission": NUMBER},
    ),
    act("release", "the creator pays, from completed", says={"status": "released"}, given=turned("complete", "other")),
    act("release", "the counterparty may not", 403, "forbidden", who="other"),
    act("release", "a repetition is refused and pays nothing", 409, "invalid_status", given=turned("release", "us")),
    act("dispute", "either party", says={"status": "disputed"}, who="other"),
    act(
        "dispute",
        "a stranger may not",
        403,
        "forbidden",
        who="stranger",
        given=lambda t: funded(t) | stranger(t),
        harm="orders",
    ),
    act("dispute", "not after the release", 409, "invalid_status", given=turned("release", "us")),
    *(nobodys(one) for one in ("complete", "release", "dispute")),
    *(no_key(one) for one in ("complete", "release", "dispute")),
    too_many("complete", 30),
    too_many("release", 30),
    too_many("dispute", 10),
    Card(
        "escrow",
        "GET /escrow/{escrow}",
        "anybody who knows its id reads a contract",
        says=CONTRACT | {"created_at": iso, "completed_at": TEXT_OR_NOTHING, "released_at": TEXT_OR_NOTHING},
        who="nobody",
        given=(funded,),
        harm="spends",
    ),
    Card("escrow", f"GET /escrow/{NOBODYS}", "an unknown contract", 404, "not_found"),
    Card(
        "escrow",
        "GET /escrow/{escrow}",
        "at the deadline the creator gets it back, less one percent",
        says={"status": "refunded"},
        given=(turned("complete", "other"), lambda t: t.operate("/sandbox/advance", {"seconds": 3601}) and {}),
        harm="orders",
        may_differ="its sweep runs every 5 minutes",
    ),
)


def claimed(target):
    """Our account, which has had its credit."""
    account = target.register("casino")
    target.call("faucet", "POST", "/faucet/claim", {"agent_casino_id": account.agent_id})
    return {"had": account.agent_id}


def flooded_faucet(target):
    for _ in range(5):
        target.call("faucet", "POST", "/faucet/claim", {}, "nobody", "10.9.9.7")
    return {"ip": "10.9.9.7"}


def claimed_from_here(target):
    """An address that had a claim today."""
    for _ in range(2):  # the casino may have claimed for the account itself, which counts for another address
        body = {"agent_casino_id": target.register("casino").agent_id}
        target.call("faucet", "POST", "/faucet/claim", body, "nobody", "10.9.9.6")
    return {"ip": "10.9.9.6", "new": target.register("casino").agent_id}


def unclaimed(target):
    """An account that the casino did not claim for: its own claims have one address, once a day."""
    target.register("casino")
    return {"new": target.register("casino").agent_id}


def deposited(target):
    """An account with a deposit, which the casino did not claim for."""
    account = unclaimed(target)["new"]
    target.operate("/sandbox/deposit", {"agent_id": account, "amount": 5})
    return {"new": account}


def claim(name, status, error="", says=None, *, agent_casino_id=None, **more):
    body = {"agent_casino_id": agent_casino_id} if agent_casino_id else {}
    return Card("faucet", "POST /faucet/claim", name, status, error, says or {}, body, who="nobody", **more)


FAUCET = (
    claim(
        "one dollar, once",
        200,
        says={"credited": NUMBER, "claim_id": str},
        given=(unclaimed,),
        harm="orders",
        agent_casino_id="{new}",
    ),
    claim(
        "not for accounts with deposits",
        403,
        "has_deposits",
        given=(deposited,),
        harm="orders",
        agent_casino_id="{new}",
    ),
    claim("an id of the casino", 400, "invalid_request", agent_casino_id="bob"),
    claim(
        "an account of the casino",
        404,
        "agent_not_found",
        agent_casino_id="ag_000000000000",
        may_differ="where our address had a claim today, that is said first",
        instead=(429, "ip_rate_limited"),
    ),
    claim("not twice", 409, "already_claimed", given=(claimed,), harm="orders", agent_casino_id="{had}"),
    claim(
        "one claim an address a day",
        429,
        "ip_rate_limited",
        given=(claimed_from_here,),
        harm="orders",
        agent_casino_id="{new}",
    ),
    claim("the sixth call a minute is too many", 429, "rate_limited", given=(flooded_faucet,), harm="floods"),
)

CARDS = (*ESCROW, *FAUCET)
