"""The wallet, of which only balances are read, and the domains server (v1)."""

from tests.contract.card import NUMBER, Card, decimal_text, iso, starts

ADDRESS = "0x00000000000000000000000000000000000000aa"
CHAINS = {
    "base": "rpc_error",
    "ethereum": "rpc_error",
    "solana": "rpc_error",
    "bitcoin": "api_error",
    "tron": "api_error",
    "monero": "xmr_balance_error",
}
"""Chains, and the code of a balance when one does not answer."""


def faulty(spec):
    """Something outside of the service does not answer."""

    def order(target):
        target.operate("/sandbox/faults", {"faults": spec})
        return {"undo": lambda: target.operate("/sandbox/faults", {"faults": ""})}

    return order


def flooded(service, path, times):
    def flood(target):
        for _ in range(times):
            target.call(service, "POST", path, {}, "nobody", "10.9.7.1")
        return {"ip": "10.9.7.1"}

    return flood


def wallet(ask, name, status=200, error="", says=None, **more):
    return Card("wallet", ask, name, status, error, says or {}, **more)


def view(chain):
    return f"?chain={chain}&view_key=00" if chain == "monero" else f"?chain={chain}"


WALLET = (
    wallet(
        "POST /auth/register",
        "an account",
        201,
        says={"agent_id": starts("ag_"), "api_key": starts("pk_live_")},
        body={},
        who="nobody",
        harm="registers",
    ),
    wallet(
        "POST /auth/register",
        "ten a minute from an address",
        429,
        "rate_limited",
        body={},
        who="nobody",
        given=(flooded("wallet", "/auth/register", 10),),
        harm="floods",
    ),
    *(
        wallet(
            f"GET /wallet/balance/{ADDRESS}",
            f"the coin of {chain}, as text",
            says={"chain": chain, "balance": {"native": {"symbol": str, "amount": decimal_text}}},
            query=view(chain),
            harm="orders",
            may_differ="an address of the chain's own form",
        )
        for chain in CHAINS
    ),
    *(
        wallet(
            f"GET /wallet/balance/{ADDRESS}",
            f"{chain} does not answer: nothing is known",
            502,
            code,
            query=view(chain),
            given=(faulty(f"upstream@/wallet/{chain}=1"),),
            harm="orders",
        )
        for chain, code in CHAINS.items()
    ),
    wallet(f"GET /wallet/balance/{ADDRESS}", "an unknown chain", 400, "unsupported_chain", query="?chain=doge"),
    wallet(
        f"GET /wallet/balance/{ADDRESS}", "monero wants a key to look", 400, "view_key_required", query="?chain=monero"
    ),
    wallet(
        "GET /wallet/usdc-balance",
        "USDC on several chains",
        says={
            "total_usdc": NUMBER,
            "balances": [{"chain": str, "wallet_address": str, "usdc_balance": NUMBER}],
        },
        query=f"?base={ADDRESS}&ethereum={ADDRESS}",
    ),
    wallet(
        "GET /wallet/usdc-balance",
        "a chain that failed shows 0 and an error: unknown, not zero",
        says={"balances": [{"chain": "base", "usdc_balance": 0, "error": str}]},
        query=f"?base={ADDRESS}",
        given=(faulty("upstream@/wallet/base=1"),),
        harm="orders",
    ),
    wallet("GET /wallet/usdc-balance", "addresses are needed", 400, "no_addresses"),
    *(
        wallet(ask, f"no entry for {who}", 401, "unauthorized", who=who)
        for ask in (f"GET /wallet/balance/{ADDRESS}", "GET /wallet/usdc-balance")
        for who in ("nobody", "wrong")
    ),
    wallet(
        "GET /referral/stats", "no income: it is booked with orders, funded or not", says={"total_earned_usd": NUMBER}
    ),
)


def decided(domain, **terms):
    """What the registrar says of a name."""

    def decide(target):
        target.operate("/sandbox/domains", {"domain": domain, "free": True} | terms)
        return {}

    return decide


def domains(ask, name, status=200, error="", says=None, **more):
    return Card("domains", ask, name, status, error, says or {}, **more)


def order(name, status, error="", says=None, *given, domain="card.com", **more):
    return domains("POST /domains/register", name, status, error, says, body={"domain": domain}, given=given, **more)


def poor(target):
    account = target.register("domains")
    target.operate("/sandbox/grant", {"agent_id": account.agent_id, "amount": -50})
    return {"poor": account}


def keys(ask, body=None):
    return (
        domains(ask, "no entry without a key", 401, "unauthorized", body=body, who="nobody"),
        domains(ask, "no entry with a key of nobody", 401, "invalid_key", body=body, who="wrong"),
    )


def paid_in(target):
    account = target.register("domains")
    target.operate("/sandbox/deposit", {"agent_id": account.agent_id, "amount": 5})
    return {"fresh": account}


REGISTRAR_DOWN = faulty("upstream@/domains/registrar=1")
ROW = {"domain_id": starts("dom_"), "domain": str, "status": str, "registered_at": str, "expires_at": str}
DOMAINS = (
    domains("GET /docs", "the v1 server says that it is one", who="nobody"),
    domains(
        "POST /auth/register",
        "an account",
        201,
        says={"agent_id": starts("ag_"), "api_key": starts("sk_domains_")},
        body={},
        who="nobody",
        harm="registers",
    ),
    domains("GET /auth/account", "the balance", says={"agent_id": str, "balance_usd": NUMBER, "total_domains": int}),
    domains(
        "GET /domains/search",
        "the registrar's own word and the price in EUR",
        says={
            "currency": "EUR",
            "results": [{"domain": str, "available": bool, "price_eur": (*NUMBER, type(None))}],
        },
        query="?q=card.com",
    ),
    domains("GET /domains/search", "a name is needed", 400, "missing_query"),
    domains(
        "GET /domains/search",
        "the registrar is down",
        500,
        "search_failed",
        query="?q=card.com",
        given=(REGISTRAR_DOWN,),
        harm="orders",
    ),
    domains("GET /domains", "what we have", says={"total": int, "domains": [ROW]}),
    order(
        "a name is ours, and paid",
        201,
        "",
        {
            "domain_id": starts("dom_"),
            "domain": "card-one.com",
            "status": "active",
            "expires_at": iso,
            "cost": {"total_charged_usd": NUMBER},
            "balance_usd": NUMBER,
            "transaction_id": str,
        },
        decided("card-one.com"),
        domain="card-one.com",
        harm="orders",
    ),
    order(
        "a name that is taken",
        400,
        "domain_unavailable",
        None,
        decided("card-two.com", free=False),
        domain="card-two.com",
        harm="orders",
    ),
    order("a name has a dot", 400, "invalid_domain", domain="card"),
    order(
        "a name that is too dear",
        400,
        "insufficient_balance",
        {"required_usd": NUMBER},
        decided("card-three.com"),
        poor,
        domain="card-three.com",
        who="poor",
        harm="orders",
    ),
    order(
        "the registrar is down: not known to be free",
        500,
        "availability_check_failed",
        None,
        REGISTRAR_DOWN,
        harm="orders",
    ),
    order(
        "a name without a price",
        500,
        "price_unavailable",
        None,
        decided("card-four.com", base_price_eur=None),
        domain="card-four.com",
        harm="orders",
    ),
    domains(
        "GET /auth/deposits",
        "what came in",
        says={"deposits": [{"id": str, "chain": str, "amount_usd": NUMBER, "credited_at": (str, type(None))}]},
        given=(paid_in,),
        who="fresh",
        harm="orders",
    ),
    *keys("GET /auth/account"),
    *keys("GET /auth/deposits"),
    *keys("GET /domains/search"),
    *keys("GET /domains"),
    *keys("POST /domains/register", {"domain": "card.com"}),
    domains("GET /referral/stats", "what our code earned", says={"total_earned_usd": NUMBER}),
)

CARDS = (*WALLET, *DOMAINS)
