"""The casino account: registration, balance, ledger, payments between accounts."""

import secrets

from actors.sandbox import faucet
from actors.sandbox.books import Books, Row, Why, insufficient, iso
from actors.sandbox.deposits import deposited
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import number_field
from actors.sandbox.keys import new_account, referrer_of
from actors.sandbox.webhooks import happened
from actors.sandbox.withdrawals import withdrawn

START_USD = 100.0  # the faucet's dollar and the grant make a new account worth exactly this
LEDGER_WINDOW = 50
ACTIVITY_WINDOW = 10
REGISTRATIONS_PER_MINUTE = 10
MIN_PAYMENT_USD = 0.01


def grant(books: Books, agent_id: str, amount: float) -> float:
    """Credit (or, below zero, take) play money; returns the balance. It is no deposit in the lifetime figures."""
    reference = f"grant_{secrets.token_hex(6)}"
    post = books.credit if amount >= 0 else books.debit
    return post(agent_id, abs(amount), Why("sandbox_grant", reference, "deposit", f"{reference}_ledger"))


def _register(venue: Venue, call: Call) -> Body:
    books = venue.books
    made = new_account(books, "agents", "sk_live_", referrer_of(books, "agents", call.body))
    faucet.claim_at_registration(books, made["agent_id"])
    grant(books, made["agent_id"], START_USD - books.balance(made["agent_id"]))
    return {
        **made,
        "balance": 0,
        "tier": "free",
        "risk_factor": 0.25,
        "referral_commission": "10% of the stakes that referred players lose",
        "message": "Keep the key: it is shown once.",
    }


def _balance(venue: Venue, call: Call) -> Body:
    agent = call.agent
    return {
        "agent_id": agent["id"],
        "balance_usd": agent["balance"],
        "tier": "free",
        "risk_factor": agent["risk_factor"],
        "lifetime": {
            "total_deposited": deposited(venue.books, call.agent_id),
            "total_withdrawn": withdrawn(venue.books, call.agent_id),
            "total_wagered": agent["wagered"],
            "total_won": agent["won"],
            "net_profit": agent["won"] - agent["wagered"],
        },
        "recent_activity": [
            {
                "type": row["type"],
                "amount": row["amount"],
                "balance_after": row["balance_after"],
                "reason": row["reason"],
                "service": row["service"],
                "at": iso(row["created_at"]),
            }
            for row in _newest(venue.books, call.agent_id, ACTIVITY_WINDOW)
        ],
    }


def _newest(books: Books, agent_id: str, limit: int) -> list[Row]:
    # Newest second first, but oldest first within a second: so the venue's rows came out when recorded.
    return books.all("SELECT * FROM ledger WHERE agent_id = ? ORDER BY created_at DESC, row LIMIT ?", agent_id, limit)


def _ledger(venue: Venue, call: Call) -> Body:
    return {
        "entries": [
            {
                "id": row["id"],
                "agentId": row["agent_id"],
                "type": row["type"],
                "amount": row["amount"],
                "balanceAfter": row["balance_after"],
                "reason": row["reason"],
                "reference": row["reference"],
                "service": row["service"],
                "createdAt": row["created_at"],
                "at": iso(row["created_at"]),
            }
            for row in _newest(venue.books, call.agent_id, LEDGER_WINDOW)
        ]
    }


def _history(venue: Venue, call: Call) -> Body:
    rows = venue.books.all("SELECT * FROM ledger WHERE agent_id = ? ORDER BY created_at, row", call.agent_id)
    return {
        "agent_id": call.agent_id,
        "data_points": len(rows),
        "bankroll_curve": [
            {
                "balance": row["balance_after"],
                "change": row["amount"] if row["type"] == "credit" else -row["amount"],
                "reason": row["reason"],
                "at": iso(row["created_at"]),
            }
            for row in rows
        ],
    }


def _pay(venue: Venue, call: Call) -> Body:
    books, to_id = venue.books, call.body.get("to_agent_id")
    if not isinstance(to_id, str) or not to_id:
        example = {"to_agent_id": "ag_0123456789ab", "amount": 5, "memo": "for the signal"}
        raise refuse(400, "invalid_request", "Say whom to pay in to_agent_id.", example=example)
    amount = number_field(call.body, "amount")
    if not MIN_PAYMENT_USD <= amount < float("inf"):
        raise refuse(400, "invalid_amount", f"The smallest payment is {MIN_PAYMENT_USD} USD.")
    if to_id == call.agent_id:
        raise refuse(400, "same_agent", "An account cannot pay itself.")
    if books.agent(to_id) is None:
        raise refuse(404, "recipient_not_found", "There is no such account.")
    if amount > call.agent["balance"]:
        raise insufficient(amount)
    payment_id = f"pay_{secrets.token_hex(8)}"
    left = books.debit(call.agent_id, amount, Why("payment_sent", payment_id, "payment"))
    venue.may_break(call.path, payment_id)
    books.credit(to_id, amount, Why("payment_received", payment_id, "payment"))
    happened(books, to_id, "payment.received", {"tx_id": payment_id, "from": call.agent_id, "amount": amount})
    return {
        "tx_id": payment_id,
        "from": call.agent_id,
        "to": to_id,
        "amount": amount,
        "memo": call.body.get("memo"),
        "sender_new_balance": left,
        "timestamp": iso(books.second()),
        "message": "Paid.",
        "note": "A payment is final.",
    }


V1 = "/api/v1"
DOORS = [
    Door(
        "POST",
        f"{V1}/auth/register",
        _register,
        status=201,
        per_minute=REGISTRATIONS_PER_MINUTE,
        reads="strict",
    ),
    Door("GET", f"{V1}/auth/balance", _balance, auth="casino"),
    Door("GET", f"{V1}/auth/ledger", _ledger, auth="casino"),
    Door("GET", f"{V1}/kelly/history", _history, auth="casino"),
    Door("POST", f"{V1}/stats/pay", _pay, auth="casino", reads="strict"),
]
