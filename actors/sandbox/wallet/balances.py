"""What the wallet server says of addresses: balances, and a history that is often none."""

from actors.sandbox.books import Row, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, round_to
from actors.sandbox.wallet import chains
from actors.sandbox.wallet.accounts import V1, stored
from actors.sandbox.wallet.chains import (
    CHAINS,
    EVM,
    NATIVE,
    USDC,
    USDC_CONTRACTS,
    USDC_DECIMALS,
    ChainError,
    coins,
    supported,
)

DEFAULT_LISTED, MAX_LISTED = 10, 50


def _balance(venue: Venue, call: Call) -> Body:
    address, name = call.names["address"], call.query.get("chain") or "base"
    chain = supported(name)
    if name == "monero" and not call.query.get("view_key") and stored(venue, call) is None:
        raise refuse(400, "view_key_required", "Send view_key, or let the server make a wallet.")
    try:
        units = chains.holds(venue, name, NATIVE, address)
    except ChainError as error:
        raise refuse(502, chain.error, str(error)) from error
    native: Body = {"symbol": chain.symbol, "amount": coins(units, chain.decimals)}
    if name == "bitcoin":
        native.update(confirmed_satoshis=units, unconfirmed_satoshis=0)
    # wei are more than a JSON number holds
    native[chain.unit] = units if name in ("solana", "bitcoin", "tron") else str(units)
    return {"address": address, "chain": name, "balance": {"native": native}, "explorer": chain.link(address)}


def _usdc_balance(venue: Venue, call: Call) -> Body:
    asked = {chain: call.query[chain] for chain in USDC_CONTRACTS if call.query.get(chain)}
    if not asked:
        supported = list(USDC_CONTRACTS)
        raise refuse(400, "no_addresses", "Send an address a chain.", supported_chains=supported)
    balances = [_usdc_on(venue, chain, address) for chain, address in asked.items()]
    total = sum(balance["usdc_balance"] for balance in balances)
    return {
        "total_usdc": round_to(total, 6),
        "total_usd": cents(total),
        "chain_count": len(balances),
        "balances": balances,
        "note": "USDC only.",
        "timestamp": iso(venue.books.now()),
    }


def _usdc_on(venue: Venue, chain: str, address: str) -> Body:
    told = {"chain": chain, "wallet_address": address, "usdc_contract": USDC_CONTRACTS[chain]}
    try:
        return {**told, "usdc_balance": chains.holds(venue, chain, USDC, address) / 10**USDC_DECIMALS}
    except ChainError as error:
        return {**told, "usdc_balance": 0, "error": str(error)}  # as on the venue: zero means unknown here


def _transactions(venue: Venue, call: Call) -> Body:
    address, chain = call.names["address"], call.query.get("chain") or "base"
    told: Body = {"address": address, "chain": chain}
    if chain in EVM:  # the venue has no key for their explorers: nobody ever sees a transfer here
        note = f"The history of {chain} needs an explorer's key."
        return {**told, "transactions": [], "note": note, "explorer": CHAINS[chain].link(address)}
    if chain not in ("bitcoin", "solana"):
        raise refuse(400, "unsupported_chain", supported_chains=["bitcoin", "solana", *EVM])
    if venue.faults.strikes("upstream", f"/wallet/{chain}"):
        raise refuse(502, CHAINS[chain].error, f"{chain} does not answer")
    limit = min(int(call.query.get("limit") or DEFAULT_LISTED), MAX_LISTED)
    rows = chains.transfers(venue.books, chain, address, limit)
    view = _bitcoin_row if chain == "bitcoin" else _solana_row
    return {**told, "transactions": [view(row) for row in rows], "explorer": CHAINS[chain].link(address)}


def _bitcoin_row(row: Row) -> Body:
    units = int(row["units"])
    told = {"txid": row["tx_hash"], "confirmed": True, "block_height": 800_000 + row["id"], "fee": 0}
    return {**told, "value_in": max(units, 0), "value_out": max(-units, 0)}


def _solana_row(row: Row) -> Body:
    return {"signature": row["tx_hash"], "slot": row["id"], "block_time": iso(row["created_at"]), "err": None}


DOORS = [
    Door("GET", f"{V1}/wallet/balance/{{address}}", _balance, auth="wallet"),
    Door("GET", f"{V1}/wallet/usdc-balance", _usdc_balance, auth="wallet"),
    Door("GET", f"{V1}/wallet/transactions/{{address}}", _transactions, auth="wallet"),
]
