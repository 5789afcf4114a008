"""Accounts of the wallet server and the keys it keeps. No account of money stands behind it."""

from actors.sandbox import earnings
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.keys import new_account, referrer_of
from actors.sandbox.wallet import chains
from actors.sandbox.wallet.chains import CHAINS, digest

REGISTRATIONS_PER_MINUTE = 10
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
    referrer = referrer_of(venue.books, "wallet_agents", call.body)
    return {
        **new_account(venue.books, "wallet_agents", "pk_live_", referrer),
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


def stored(venue: Venue, call: Call) -> dict[str, str] | None:
    """The mnemonic and the keys of the caller's newest wallet, by chain; None when there is none."""
    row = venue.books.one("SELECT mnemonic FROM wallets WHERE agent_id = ? ORDER BY id DESC LIMIT 1", call.agent_id)
    return {"mnemonic": row["mnemonic"], **_keys(row["mnemonic"])} if row else None


def _export(venue: Venue, call: Call) -> Body:
    keys = stored(venue, call)
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


DOORS = [
    Door("POST", f"{V1}/auth/register", _register, status=201, per_minute=REGISTRATIONS_PER_MINUTE, reads="lenient"),
    Door("POST", f"{V1}/wallet/create", _create, status=201, auth="wallet"),
    Door("GET", f"{V1}/wallet/export", _export, auth="wallet"),
    Door("GET", f"{V1}/wallet/chains", _list_chains),
    Door("GET", f"{V1}/wallet/deposit-address", _deposit_address, auth="wallet"),
    *earnings.doors(V1, "wallet"),
]
