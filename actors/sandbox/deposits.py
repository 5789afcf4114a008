"""Deposits into the casino and the domains balance. They arrive when the operator's door says so."""

import math
import secrets

from actors.sandbox.books import Books, Why, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_field
from actors.sandbox.wallet import chains

CHAINS = ("base", "ethereum", "bsc", "arbitrum", "solana", "bitcoin", "tron", "monero")
MIN_USD = 0.5
FIRST_BONUS_USD = 25.0  # the first deposit is matched up to this
LISTED = 50
DIRECT = ("base", "tron")  # no swap on the way


def _casino_address(venue: Venue, call: Call) -> tuple[int, Body]:
    chain, address = _known_address(venue, call)
    if address:
        return 200, _instructions(chain, address)
    return 201, _instructions(chain, _new_address(venue, call, chain, "/casino/deposit-addresses"))


def _domains_address(venue: Venue, call: Call) -> Body:
    chain, address = _known_address(venue, call)
    return _instructions(chain, address or _new_address(venue, call, chain, "/domains/deposit-addresses"))


def _known_address(venue: Venue, call: Call) -> tuple[str, str | None]:
    chain = call.body.get("chain") or "base"
    if chain not in CHAINS:
        raise refuse(400, "unsupported_chain", supported=list(CHAINS), suggestion="base is the cheapest.")
    known = venue.books.one(
        "SELECT address FROM deposit_addresses WHERE (agent_id, chain) = (?, ?)", call.agent_id, chain
    )
    return chain, known["address"] if known else None


def _new_address(venue: Venue, call: Call, chain: str, upstream: str) -> str:
    if venue.faults.strikes("upstream", upstream):
        suggestion = "Try again in a moment."
        raise refuse(503, "wallet_service_unavailable", "The wallet service does not answer.", suggestion=suggestion)
    shape = chain if chain in chains.CHAINS else "ethereum"
    address = chains.address_of(shape, f"{venue.seed}/deposit/{call.agent_id}")
    venue.books.run("INSERT INTO deposit_addresses VALUES (?, ?, ?)", call.agent_id, chain, address)
    return address


def _instructions(chain: str, address: str) -> Body:
    return {
        "chain": chain,
        "address": address,
        "send_token": _token(chain),
        "send_instructions": f"Send {_token(chain)} on {chain}.",
        "auto_swap": chain not in DIRECT,
        "swap_fee": "0%" if chain in DIRECT else "0.1-0.3%",
        "minimum": f"${MIN_USD:.2f}",
        "note": "Play money: POST /sandbox/deposit makes it arrive.",
        "withdrawals": "USDC on Base only.",
    }


def _token(chain: str) -> str:
    coin = {"bsc": "BNB", "arbitrum": "ETH", "base": "USDC", "tron": "USDT"}
    return coin.get(chain) or chains.CHAINS[chain].symbol


def _list(venue: Venue, call: Call) -> Body:
    rows = venue.books.all(
        "SELECT * FROM deposits WHERE agent_id = ? ORDER BY created_at DESC, rowid LIMIT ?", call.agent_id, LISTED
    )
    return {
        "deposits": [
            {
                "id": row["id"],
                "agentId": row["agent_id"],
                "chain": row["chain"],
                "token": row["token"],
                "amountRaw": str(row["amount"]),
                "amountUsd": row["amount"],
                "swapFee": 0,
                "txHash": row["tx_hash"],
                "wagyuTx": None,
                "status": "credited",
                "confirmations": 1,
                "createdAt": row["created_at"],
                "creditedAt": row["created_at"],
            }
            for row in rows
        ]
    }


def _domains_list(venue: Venue, call: Call) -> Body:
    rows = venue.books.all("SELECT * FROM deposits WHERE agent_id = ? ORDER BY rowid", call.agent_id)
    return {
        "total": len(rows),
        "deposits": [
            {
                "id": row["id"],
                "chain": row["chain"],
                "token": row["token"],
                "amount_usd": cents(row["amount"]),
                "swap_fee": 0,
                "status": "credited",
                "created_at": iso(row["created_at"]),
                "credited_at": iso(row["created_at"]),
            }
            for row in rows
        ],
    }


def _deprecated(_venue: Venue, _call: Call) -> Body:
    raise refuse(410, "deprecated", "Send coins to a deposit address.", supported_chains=list(CHAINS))


def _bonus_status(venue: Venue, call: Call) -> Body:
    if deposited(venue.books, call.agent_id):
        return {"status": "active", "message": "The first deposit was matched."}
    return {"status": "available", "message": f"The first deposit is matched up to {FIRST_BONUS_USD:g} USD."}


def _arrive(venue: Venue, call: Call) -> Body:
    books, agent_id, chain = venue.books, str(call.body.get("agent_id")), call.body.get("chain") or "base"
    amount = number_field(call.body, "amount")
    if chain not in CHAINS or not MIN_USD <= amount < math.inf:
        raise refuse(400, "invalid_request", f"Send agent_id, amount (at least {MIN_USD}) and a chain.")
    first = not deposited(books, agent_id)
    deposit_id, tx_hash = f"dep_{secrets.token_hex(6)}", f"poll_{math.floor(books.now() * 1000)}"
    if books.agent(agent_id) is not None:
        books.credit(agent_id, amount, Why(f"deposit:{chain}:{_token(chain)}", deposit_id, "deposit"))
        if first:
            bonus = min(amount, FIRST_BONUS_USD)
            books.credit(agent_id, bonus, Why(f"first_deposit_bonus:{deposit_id}", deposit_id, "deposit"))
    elif not books.run(
        "UPDATE domain_agents SET balance = balance + ?, deposited = deposited + ? WHERE id = ?",
        *(amount, amount, agent_id),
    ).rowcount:
        raise refuse(404, "agent_not_found", "There is no such account.")
    row = (deposit_id, agent_id, chain, _token(chain), amount, tx_hash, books.second())
    books.run("INSERT INTO deposits VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
    return {"deposit_id": deposit_id, "agent_id": agent_id, "amount": amount}


def deposited(books: Books, agent_id: str) -> float:
    """Lifetime USD that arrived for an account."""
    return float(books.only("SELECT total(amount) AS usd FROM deposits WHERE agent_id = ?", agent_id)["usd"])


DOORS = [
    Door("POST", "/api/v1/auth/deposit-address", _casino_address, auth="casino", reads="lenient"),
    Door("GET", "/api/v1/auth/deposits", _list, auth="casino"),
    Door("GET", "/api/v1/auth/deposit-bonus", _bonus_status, auth="casino"),
    Door("POST", "/domains/v1/auth/deposit-address", _domains_address, auth="domains", reads="lenient"),
    Door("GET", "/domains/v1/auth/deposits", _domains_list, auth="domains"),
    Door("POST", "/domains/v1/auth/deposit", _deprecated, auth="domains"),
    Door("POST", "/sandbox/deposit", _arrive, reads="strict"),
]
