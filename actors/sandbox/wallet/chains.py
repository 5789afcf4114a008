"""The chains behind the wallet server: what an address holds, from the seed and from the transfers made here."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from actors.sandbox.books import Books, Row
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse

NATIVE, USDC = "native", "usdc"
USDC_DECIMALS = 6
HEX, BASE58, BECH32 = (
    "0123456789abcdef",
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of the wallet server.

    Attributes:
        symbol: of its native coin; `unit` is what the smallest part of it is called, one by 10^`decimals`.
        most: no address starts with more of the native coin than this.
        start: of every address; `length` characters of `alphabet` follow.
        explorer: a page about it; `shows` is the path below it for one address.
        error: the code of a balance when the chain does not answer.
    """

    name: str
    chain_id: int
    symbol: str
    unit: str
    decimals: int
    most: Decimal
    start: str
    alphabet: str
    length: int
    explorer: str
    shows: str = "address"
    error: str = "rpc_error"

    def link(self, address: str) -> str:
        """Where the explorer shows an address."""
        return f"{self.explorer}/{self.shows}/{address}"


# fmt: off
CHAINS = {
    "ethereum": Chain("Ethereum", 1, "ETH", "wei", 18, Decimal(2), "0x", HEX, 40, "https://etherscan.io"),
    "base": Chain("Base", 8453, "ETH", "wei", 18, Decimal(2), "0x", HEX, 40, "https://basescan.org"),
    "solana": Chain(
        "Solana", 1151111081099710, "SOL", "lamports", 9, Decimal(20), "", BASE58, 44, "https://solscan.io", "account"),
    "bitcoin": Chain(
        "Bitcoin", 20000000000001, "BTC", "total_satoshis", 8, Decimal("0.05"), "bc1q", BECH32, 38,
        "https://mempool.space", error="api_error"),
    "tron": Chain(
        "Tron", 728126428, "TRX", "sun", 6, Decimal(5000), "T", BASE58, 33, "https://tronscan.org", "#/address",
        "api_error"),
    "monero": Chain(
        "Monero", 0, "XMR", "piconero", 12, Decimal(10), "4", BASE58, 94, "https://xmrchain.net", "search",
        "xmr_balance_error"),
}
# fmt: on
EVM = ("ethereum", "base")
USDC_CONTRACTS = {
    "ethereum": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    "base": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    "arbitrum": "0xaf88d065e77c8cC2239327C5EDb3A432268e5831",
    "bsc": "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d",
    "solana": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
    "tron": "TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8",
}
MOST_USDC = Decimal(500)


class ChainError(RuntimeError):
    """A chain's node does not answer, or it refuses a transfer."""


def digest(text: str) -> int:
    """A number of 256 bits that looks like chance and depends only on `text`."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def supported(name: str) -> Chain:
    """The chain of that name.

    Raises:
        RefusedError: 400 unsupported_chain.
    """
    if name not in CHAINS:
        raise refuse(400, "unsupported_chain", supported=list(CHAINS))
    return CHAINS[name]


def address_of(chain: str, secret: str) -> str:
    """The address that a private key has on a chain: shaped like a real one, worth nothing outside."""
    shape = CHAINS[chain]
    family = "evm" if shape.alphabet is HEX else chain
    numbers = [digest(f"{family}/{secret}/{index}") for index in range(shape.length)]
    return shape.start + "".join(shape.alphabet[number % len(shape.alphabet)] for number in numbers)


def holds(venue: Venue, chain: str, token: str, address: str) -> int:
    """Smallest units of `token` ("native" or "usdc") at an address.

    Raises:
        ChainError: the chain is ordered to fail; the answer is unknown, not zero.
    """
    if venue.faults.strikes("upstream", f"/wallet/{chain}"):
        raise ChainError(f"{chain} does not answer")
    return _at_first(venue.seed, chain, token, _account(address)) + moved(venue.books, chain, token, address)


def moved(books: Books, chain: str, token: str, address: str) -> int:
    """Smallest units that came to an address by transfers made here, less what left it."""
    rows = books.all(
        "SELECT units FROM transfers WHERE (chain, token, address) = (?, ?, ?)", chain, token, _account(address)
    )
    return sum(int(row["units"]) for row in rows)


def _account(address: str) -> str:
    return address.lower() if address.startswith("0x") else address  # there its case is only a checksum


def _at_first(seed: int, chain: str, token: str, address: str) -> int:
    most, decimals = (MOST_USDC, USDC_DECIMALS) if token == USDC else (CHAINS[chain].most, CHAINS[chain].decimals)
    return digest(f"{seed}/{chain}/{token}/{address}") % int(most * 10_000) * int(10 ** (decimals - 4))


def move(books: Books, chain: str, token: str, sender: str, receiver: str, units: int) -> str:
    """Move smallest units from one address to another on a chain; returns the transaction's hash.

    What the sender holds is not looked at; both rows stand or none.
    """
    made = books.only("SELECT count(*) AS n FROM transfers")["n"]
    start = "0x" if chain in EVM else ""
    tx_hash = f"{start}{digest(f'{chain}/{sender}/{receiver}/{units}/{made}'):064x}"
    with books.transaction():
        for address, other, change in ((sender, receiver, -units), (receiver, sender, units)):
            books.run(
                "INSERT INTO transfers (chain, address, token, units, other, tx_hash, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(chain, _account(address), token, str(change), other, tx_hash, books.second()),
            )
    return tx_hash


def spend(venue: Venue, chain: str, token: str, sender: str, receiver: str, units: int) -> str:
    """Move what the sender holds; returns the transaction's hash.

    Raises:
        ChainError: it holds less, or the chain is ordered to fail.
    """
    if holds(venue, chain, token, sender) < units:
        raise ChainError("insufficient funds for the transfer")
    return move(venue.books, chain, token, sender, receiver, units)


def transfers(books: Books, chain: str, address: str, limit: int) -> list[Row]:
    """Native transfers of an address, newest first."""
    return books.all(
        "SELECT * FROM transfers WHERE (chain, address, token) = (?, ?, 'native') ORDER BY id DESC LIMIT ?",
        *(chain, _account(address), limit),
    )


def coins(units: int, decimals: int) -> str:
    """Smallest units as a decimal number of whole coins, without needless zeros."""
    text = format(Decimal(units).scaleb(-decimals), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fund(venue: Venue, call: Call) -> Body:
    chain, token, address = (str(call.body.get(name)) for name in ("chain", "token", "address"))
    try:
        amount = Decimal(str(call.body.get("amount")))
    except ArithmeticError as error:
        raise refuse(
            400, "invalid_amount", "amount is a decimal number of coins; below zero it is taken away."
        ) from error
    if token not in (NATIVE, USDC) or chain not in (CHAINS if token == NATIVE else USDC_CONTRACTS):
        raise refuse(400, "invalid_request", "Send chain, token (native or usdc), address and amount.")
    decimals = CHAINS[chain].decimals if token == NATIVE else USDC_DECIMALS
    units = int(amount.scaleb(decimals))
    return {"tx_hash": move(venue.books, chain, token, "sandbox", address, units), "units": str(units)}


DOORS = [Door("POST", "/sandbox/chain", _fund, reads="strict")]
