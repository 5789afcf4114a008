"""The wallet server: keys it keeps, balances on six chains, sending. No account of money stands behind it."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from actors.sandbox import chains, earnings
from actors.sandbox.books import Row, iso
from actors.sandbox.chains import CHAINS, NATIVE, USDC, USDC_CONTRACTS, USDC_DECIMALS, ChainError, coins, digest
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import RefusedError, refuse
from actors.sandbox.figures import cents, round_to
from actors.sandbox.keys import hashed, new_names
from actors.sandbox.webhooks import happened

REGISTRATIONS_PER_MINUTE, SENDS_PER_MINUTE = 10, 20
DEFAULT_LISTED, MAX_LISTED = 10, 50
MAX_RECIPIENTS = 20
EVM = ("ethereum", "base")
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za")
WORDS = 24
PATHS = {
    "ethereum": "m/44'/60'/0'/0/0",
    "base": "m/44'/60'/0'/0/0 (same as ethereum)",
    "solana": "m/44'/501'/0'/0'",
    "bitcoin": "m/84'/0'/0'/0/0 (native segwit)",
    "tron": "m/44'/195'/0'/0/0 (base58check, supports USDT TRC-20)",
    "monero": "its own derivation",
}
SWAP_CHAINS = {
    "ethereum": 1,
    "bsc": 56,
    "hyperevm": 999,
    "base": 8453,
    "arbitrum": 42161,
    "solana": 1151111081099710,
    "bitcoin": 20000000000001,
    "monero": 0,
}
V1 = "/wallet/v1"


def _register(venue: Venue, call: Call) -> Body:
    books = venue.books
    agent_id, key, code = new_names("pk_live_")
    referrer = books.one("SELECT id FROM wallet_agents WHERE referral_code = ?", str(call.body.get("referral_code")))
    books.run(
        "INSERT INTO wallet_agents (id, key_hash, referral_code, referred_by, created_at) VALUES (?, ?, ?, ?, ?)",
        *(agent_id, hashed(key), code, referrer["id"] if referrer else None, books.second()),
    )
    return {
        "agent_id": agent_id,
        "api_key": key,
        "referral_code": code,
        "message": "Keep the key: it is shown once.",
        "next_steps": [f"POST {V1}/wallet/create"],
    }


def _create(venue: Venue, call: Call) -> Body:
    made = venue.books.only("SELECT count(*) AS n FROM wallets")["n"]
    number = digest(f"wallet/{venue.seed}/{made}")
    mnemonic = " ".join(_word(number >> 10 * index) for index in range(WORDS))
    # The newest row is the wallet: creating again overwrites, as on the venue.
    venue.books.run("INSERT INTO wallets (agent_id, mnemonic) VALUES (?, ?)", call.agent_id, mnemonic)
    keys = _keys(mnemonic)
    return {
        "mnemonic": mnemonic,
        "addresses": {chain: chains.address_of(chain, keys[chain]) for chain in CHAINS},
        "monero_keys": {
            "private_spend_key": keys["monero"],
            "private_view_key": keys["view"],
            "note": "Kept here too.",
        },
        "warning": "Shown once, and kept by the server.",
        "derivation_paths": PATHS,
    }


def _word(number: int) -> str:
    return SYLLABLES[number & 15] + SYLLABLES[number >> 4 & 15]


def _keys(mnemonic: str) -> dict[str, str]:
    families = {"ethereum": "evm", "base": "evm"}
    names = (*CHAINS, "view")
    return {name: f"{digest(f'{mnemonic}/{families.get(name, name)}'):064x}" for name in names}


def _stored(venue: Venue, call: Call) -> dict[str, str] | None:
    row = venue.books.one("SELECT mnemonic FROM wallets WHERE agent_id = ? ORDER BY id DESC LIMIT 1", call.agent_id)
    return {"mnemonic": row["mnemonic"], **_keys(row["mnemonic"])} if row else None


def _export(venue: Venue, call: Call) -> Body:
    keys = _stored(venue, call)
    if keys is None:
        raise refuse(404, "no_wallet", f"POST {V1}/wallet/create makes one.")
    return {
        "warning": "Whoever has these keys has the funds.",
        "mnemonic": keys["mnemonic"],
        "private_keys": {
            "ethereum_and_base": f"0x{keys['ethereum']}",
            "solana": keys["solana"],
            "bitcoin_wif": keys["bitcoin"],
            "tron": f"0x{keys['tron']}",
            "monero_view_key": keys["view"],
            "monero_spend_key": keys["monero"],
        },
        "monero_address": chains.address_of("monero", keys["monero"]),
        "note": "Play money.",
    }


def _list_chains(_venue: Venue, _call: Call) -> Body:
    return {
        "wallet_chains": [
            {
                "id": name,
                "name": chain.name,
                "chain_id": chain.chain_id,
                "native_token": chain.symbol,
                "explorer": chain.explorer,
            }
            for name, chain in CHAINS.items()
        ],
        "swap_chains": [{"id": name, "wagyu_chain_id": number} for name, number in SWAP_CHAINS.items()],
        "note": "All of them are simulated.",
    }


def _deposit_address(_venue: Venue, _call: Call) -> Body:
    create, balance = f"POST {V1}/wallet/create", f"GET {V1}/wallet/balance/ADDRESS?chain=base"
    return {
        "note": "The addresses follow from the mnemonic.",
        "how_to_get_address": create,
        "if_you_already_have_mnemonic": "Derive them yourself.",
        "derivation_paths": PATHS,
        "tip": "Base is the cheapest.",
        "check_balance": balance,
        "check_xmr_balance": f"GET {V1}/wallet/balance/ADDRESS?chain=monero&view_key=KEY",
        "supported_deposit_chains": list(CHAINS),
        "monero_note": "Its keys come with the wallet.",
    }


def _supported(chain: str) -> chains.Chain:
    if chain not in CHAINS:
        raise refuse(400, "unsupported_chain", supported=list(CHAINS))
    return CHAINS[chain]


def _balance(venue: Venue, call: Call) -> Body:
    address, name = call.names["address"], call.query.get("chain") or "base"
    chain = _supported(name)
    if name == "monero" and not call.query.get("view_key") and _stored(venue, call) is None:
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


def _send(venue: Venue, call: Call) -> Body:
    body, name = call.body, call.body.get("chain")
    needed = ("to", "amount") if name == "monero" else ("to", "amount", "private_key")
    if not name or not all(isinstance(body.get(field), str) and body[field] for field in needed):
        raise refuse(400, "invalid_request", f"Send chain, {', '.join(needed)}, each as text.")
    chain = _supported(str(name))
    if name == "bitcoin":
        raise refuse(501, "not_implemented", "The server cannot send bitcoin.")
    secret = _spend_key(venue, call) if name == "monero" else body["private_key"].removeprefix("0x")
    failed = "xmr_send_failed" if name == "monero" else "send_failed"
    token = USDC if name in EVM and body.get("token") else NATIVE
    sender = chains.address_of(str(name), secret)
    try:
        units = _units(body["amount"], USDC_DECIMALS if token == USDC else chain.decimals)
        tx_hash = chains.spend(venue, str(name), token, sender, body["to"], units)
    except ChainError as error:
        raise refuse(400, failed, str(error)) from error
    if venue.faults.strikes("unbooked", call.path):
        raise refuse(400, failed, "no receipt of the transfer came back")  # broadcast all the same
    told = {"tx_hash": tx_hash, "chain": name, "from": sender, "to": body["to"], "amount": body["amount"]}
    happened(venue.books, call.agent_id, "wallet.transfer", told)
    if token == USDC:
        told["token"] = body["token"]
    return {**told, "explorer": chain.link(tx_hash)}


def _spend_key(venue: Venue, call: Call) -> str:
    stored = _stored(venue, call)
    key = call.body.get("spend_key") or (stored and stored["monero"])
    if not isinstance(key, str):
        needed = ["chain", "from", "to", "amount", "view_key", "spend_key"]
        raise refuse(
            400, "keys_required", "Send the keys, or let the server make a wallet.", required_body_fields=needed
        )
    return key


def _units(amount: str, decimals: int) -> int:
    try:
        units = int(Decimal(amount).scaleb(decimals))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ChainError("invalid decimal value") from error
    if units <= 0:
        raise ChainError("invalid decimal value")
    return units


def _multi_send(venue: Venue, call: Call) -> Body:
    recipients = call.body.get("recipients")
    if call.body.get("chain") not in EVM or not call.body.get("private_key") or not isinstance(recipients, list):
        raise refuse(400, "invalid_request", "Send chain (ethereum or base), private_key and recipients.")
    if not 0 < len(recipients) <= MAX_RECIPIENTS:
        raise refuse(400, "invalid_request", f"At most {MAX_RECIPIENTS} recipients.")
    shared = {name: call.body.get(name) for name in ("chain", "private_key", "token")}
    results = [_send_one(venue, call, {**shared, **recipient}) for recipient in recipients]
    sent = sum(result["success"] for result in results)
    told: Body = {"sent": sent, "failed": len(results) - sent, "results": results}
    if not sent:
        raise RefusedError(400, told)
    return told


def _send_one(venue: Venue, call: Call, body: Body) -> Body:
    told = {"to": body.get("to"), "amount": body.get("amount")}
    try:
        sent = _send(venue, replace(call, body=body))
    except RefusedError as error:
        return {**told, "success": False, "error": error.body.get("message") or error.body["error"]}
    return {**told, "success": True, "tx_hash": sent["tx_hash"]}


DOORS = [
    Door("POST", f"{V1}/auth/register", _register, status=201, per_minute=REGISTRATIONS_PER_MINUTE, reads="lenient"),
    Door("POST", f"{V1}/wallet/create", _create, status=201, auth="wallet"),
    Door("GET", f"{V1}/wallet/export", _export, auth="wallet"),
    Door("GET", f"{V1}/wallet/chains", _list_chains),
    Door("GET", f"{V1}/wallet/deposit-address", _deposit_address, auth="wallet"),
    Door("GET", f"{V1}/wallet/balance/{{address}}", _balance, auth="wallet"),
    Door("GET", f"{V1}/wallet/usdc-balance", _usdc_balance, auth="wallet"),
    Door("GET", f"{V1}/wallet/transactions/{{address}}", _transactions, auth="wallet"),
    Door("POST", f"{V1}/wallet/send", _send, auth="wallet", per_minute=SENDS_PER_MINUTE, reads="strict"),
    Door("POST", f"{V1}/wallet/multi-send", _multi_send, auth="wallet", per_minute=SENDS_PER_MINUTE, reads="strict"),
    *earnings.doors(V1, "wallet"),
]
