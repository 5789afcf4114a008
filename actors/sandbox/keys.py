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


def new_account(books: Books, table: str, prefix: str, referrer: Row | None, **columns: object) -> Body:
    """Make an account, with what else its table has; return its id, its key, which starts with `prefix`, its code."""
    key = f"{prefix}{secrets.token_hex(24)}"
    row = {
        "id": f"ag_{secrets.token_hex(6)}",
        "key_hash": hashed(key),
        "referral_code": f"ref_{secrets.token_hex(4)}",
        "referred_by": referrer["id"] if referrer else None,
        "created_at": books.second(),
    } | columns
    places = ", ".join("?" * len(row))
    books.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())  # noqa: S608 - as above
    return {"agent_id": row["id"], "api_key": key, "referral_code": row["referral_code"]}


def referrer_of(books: Books, table: str, body: Body) -> Row | None:
    """The account whose code a registration names, if there is one."""
    code = str(body.get("referral_code"))
    return books.one(f"SELECT * FROM {table} WHERE referral_code = ?", code)  # noqa: S608 - as above
