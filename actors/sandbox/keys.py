"""Whose key a request carries: each service has accounts and keys of its own."""

import hashlib
import secrets

from actors.sandbox.books import Books, Row
from actors.sandbox.door import Auth, Body
from actors.sandbox.errors import RefusedError

ACCOUNTS = {
    "optional": "agents",
    "casino": "agents",
    "escrow": "agents",
    "escrow_plain": "agents",
    "wallet": "wallet_agents",
    "domains": "domain_agents",
    "trading": "trading_agents",
}
NO_KEY: dict[Auth, Body] = {
    "casino": {
        "error": "unauthorized",
        "message": "Send Authorization: Bearer and the account's key.",
        "suggestion": "POST /api/v1/auth/register makes an account.",
    },
    "escrow": {"error": "unauthorized", "message": "Send the casino account's key."},
    "escrow_plain": {"error": "unauthorized"},
    "wallet": {
        "error": "unauthorized",
        "message": "Send Authorization: Bearer and the wallet's key.",
        "suggestion": "POST /wallet/v1/auth/register makes an account.",
    },
    "domains": {"error": "unauthorized", "message": "Send Authorization: Bearer and the key."},
    "trading": {"error": "unauthorized", "message": "Send Authorization: Bearer and the key."},
    "any": {"error": "unauthorized", "message": "Send the key of an account of any service."},
}
WRONG_KEY: dict[Auth, Body] = {"domains": {"error": "invalid_key"}, "trading": {"error": "invalid_key"}}


def caller(books: Books, auth: Auth, header: str | None) -> Row | None:
    """The account of an Authorization header at a door; None where none is asked for.

    Raises:
        RefusedError: 401, there is no such key.
    """
    if auth == "none":
        return None
    tables = sorted(set(ACCOUNTS.values())) if auth == "any" else [ACCOUNTS[auth]]
    scheme, _, key = (header or "").partition(" ")
    if scheme == "Bearer" and key:
        for table in tables:
            row = books.one(f"SELECT * FROM {table} WHERE key_hash = ?", hashed(key))  # noqa: S608 - a table of ours
            if row is not None:
                return row
    if auth == "optional":
        return None
    raise RefusedError(401, WRONG_KEY.get(auth, NO_KEY[auth]) if header else NO_KEY[auth])


def hashed(key: str) -> str:
    """What the books keep of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_names(prefix: str) -> tuple[str, str, str]:
    """A new account's id, its key, which starts with `prefix`, and its referral code."""
    return f"ag_{secrets.token_hex(6)}", f"{prefix}{secrets.token_hex(24)}", f"ref_{secrets.token_hex(4)}"
