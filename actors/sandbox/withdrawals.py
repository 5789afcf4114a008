"""Withdrawals from the casino balance: USDC on Base, a flat fee on top, by hand above a thousand."""

import asyncio
import contextlib
import math
import re
import uuid

from actors.sandbox.books import Books, Why
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import RefusedError, refuse
from actors.sandbox.figures import number_field
from actors.sandbox.wallet import chains
from actors.sandbox.wallet.chains import USDC, USDC_DECIMALS

MIN_USD, MAX_USD, FEE_USD = 1.0, 100_000.0, 0.5
REVIEWED_ABOVE_USD = 1000.0
ONE_USDC: int = 10**USDC_DECIMALS  # in its smallest units
PER_MINUTE = 5
CONFIRMED_AFTER_S = 0.05  # on chain; meanwhile the row is pending and the server serves others
LISTED = 50
ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
TREASURY = "/casino/treasury"  # its name in an ordered fault
CHAIN, TOKEN = "base", "USDC"


async def _withdraw(venue: Venue, call: Call) -> Body:
    books = venue.books
    amount, address = _terms(call.body)
    withdrawal_id, total = str(uuid.uuid4()), amount + FEE_USD
    told = {"withdrawal_id": withdrawal_id, "amount": amount, "fee": FEE_USD, "chain": CHAIN, "address": address}
    # As on the venue nobody asks whether the reservation held: without the balance for it money is made.
    with contextlib.suppress(RefusedError):
        books.debit(call.agent_id, total, Why("reservation", withdrawal_id, "casino"))
    if amount > REVIEWED_ABOVE_USD:
        _record(books, call.agent_id, told, "reviewing")
        return {**told, "status": "pending_review", "note": "A person looks at it first."}
    books.credit(call.agent_id, total, Why("reservation_release", withdrawal_id, "casino"))
    books.debit(call.agent_id, total, Why("withdrawal", withdrawal_id, "withdrawal"))
    _record(books, call.agent_id, told, "pending")
    await asyncio.sleep(CONFIRMED_AFTER_S)
    tx_hash = _broadcast(venue, call.path, address, amount)
    if tx_hash is None:
        raise _failed(books, call.agent_id, withdrawal_id, total)
    _complete(books, withdrawal_id, tx_hash)
    return {
        **told,
        "status": "completed",
        "token": TOKEN,
        "tx_hash": tx_hash,
        "explorer": f"{chains.CHAINS[CHAIN].explorer}/tx/{tx_hash}",
        "new_balance": books.balance(call.agent_id),
    }


def _terms(body: Body) -> tuple[float, str]:
    amount, address = number_field(body, "amount"), body.get("address")
    if not (math.isfinite(amount) and amount > 0):
        raise refuse(400, "invalid_amount", suggestion="amount is a number of USD above zero.")
    if amount < MIN_USD:
        raise refuse(400, "minimum_withdrawal", minimum=MIN_USD, suggestion="Withdraw more at once.")
    if amount > MAX_USD:
        raise refuse(400, "maximum_withdrawal", maximum=MAX_USD, suggestion="Withdraw less at once.")
    if not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise refuse(400, "invalid_address", suggestion="Send 0x and 40 hexadecimal digits.")
    return amount, address


def _record(books: Books, agent_id: str, told: Body, status: str) -> None:
    books.run(
        "INSERT INTO withdrawals (id, agent_id, amount, fee, address, status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(told["withdrawal_id"], agent_id, told["amount"], FEE_USD, told["address"], status, books.second()),
    )


def _broadcast(venue: Venue, path: str, address: str, amount: float) -> str | None:
    """The transfer's hash; None when the server believes that nothing was sent."""
    if venue.faults.strikes("upstream", TREASURY):
        return None
    tx_hash = chains.move(venue.books, CHAIN, USDC, "treasury", address, _units(amount))
    return None if venue.faults.strikes("unbooked", path) else tx_hash


def _units(amount: float) -> int:
    return round(amount * ONE_USDC)


def _complete(books: Books, withdrawal_id: str, tx_hash: str) -> None:
    books.run(
        "UPDATE withdrawals SET status = 'completed', tx_hash = ?, completed_at = ? WHERE id = ?",
        *(tx_hash, books.second(), withdrawal_id),
    )


def _failed(books: Books, agent_id: str, withdrawal_id: str, total: float) -> RefusedError:
    books.run("UPDATE withdrawals SET status = 'failed' WHERE id = ?", withdrawal_id)
    balance = books.credit(agent_id, total, Why("withdrawal_refund", withdrawal_id, "withdrawal"))
    return refuse(
        500,
        "withdrawal_failed",
        "The transfer failed; the amount is back in the balance.",
        withdrawal_id=withdrawal_id,
        suggestion="Look at the chain before another try.",
        new_balance=balance,
    )


def _list(venue: Venue, call: Call) -> Body:
    rows = venue.books.all(
        "SELECT * FROM withdrawals WHERE agent_id = ? ORDER BY created_at DESC, rowid LIMIT ?", call.agent_id, LISTED
    )
    return {
        "withdrawals": [
            {
                "id": row["id"],
                "agentId": row["agent_id"],
                "amount": row["amount"],
                "fee": row["fee"],
                "chain": CHAIN,
                "token": TOKEN,
                "address": row["address"],
                "txHash": row["tx_hash"],
                "status": row["status"],
                "createdAt": row["created_at"],
                "completedAt": row["completed_at"],
            }
            for row in rows
        ]
    }


def _review(venue: Venue, call: Call) -> Body:
    books, approve = venue.books, call.body.get("approve")
    row = books.one(
        "SELECT * FROM withdrawals WHERE id = ? AND status = 'reviewing'", str(call.body.get("withdrawal_id"))
    )
    if row is None or not isinstance(approve, bool):
        raise refuse(400, "invalid_request", "Send withdrawal_id of one in review, and approve: true or false.")
    if approve:
        _complete(books, row["id"], chains.move(books, CHAIN, USDC, "treasury", row["address"], _units(row["amount"])))
    else:
        _failed(books, row["agent_id"], row["id"], row["amount"] + row["fee"])
    return {"withdrawal_id": row["id"], "status": "completed" if approve else "failed"}


def withdrawn(books: Books, agent_id: str) -> float:
    """Lifetime USD sent to the chain or on their way; what waits for a review does not count."""
    row = books.only(
        "SELECT total(amount) AS usd FROM withdrawals WHERE agent_id = ? AND status IN ('pending', 'completed')",
        agent_id,
    )
    return float(row["usd"])


DOORS = [
    Door("POST", "/api/v1/auth/withdraw", _withdraw, auth="casino", per_minute=PER_MINUTE, reads="strict"),
    Door("GET", "/api/v1/auth/withdrawals", _list, auth="casino"),
    Door("POST", "/sandbox/review", _review, reads="strict"),
]
