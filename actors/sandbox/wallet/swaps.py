"""Swaps between chains: an order moves nothing until its deposit is seen on the chain; and the wallet's activity."""

import json
import secrets
from decimal import Decimal, InvalidOperation

from actors.sandbox import earnings
from actors.sandbox.books import Row, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents
from actors.sandbox.wallet import chains
from actors.sandbox.wallet.accounts import V1
from actors.sandbox.wallet.chains import CHAINS, NATIVE, USDC, USDC_DECIMALS
from actors.sandbox.webhooks import happened

# Of a whole coin; they stand still.
PRICES_USD = {
    name: Decimal(usd)
    for name, usd in {"ETH": "3000", "SOL": "150", "BTC": "60000", "TRX": "0.12", "XMR": "160", "USDC": "1"}.items()
}
FEE = Decimal("0.005")
REFERRAL_SHARE = 0.1  # of the fee, booked when the order is made, funded or not
SLIPPAGE = Decimal("0.005")
TAKES_S = 120
EXPIRES_AFTER_S = 1800
PER_MINUTE = 30
DEFAULT_LISTED, MAX_LISTED = 50, 100
UPSTREAM = "/wallet/swaps"
ROUTE = ("from_chain", "to_chain", "from_token", "to_token", "amount")


class SwapError(RuntimeError):
    """The swap provider does not answer, or does not want to."""


def _terms(fields: Body, names: tuple[str, ...]) -> Body:
    if not all(fields.get(name) for name in names):
        raise refuse(400, "invalid_request", f"Send {', '.join(names)}.")
    return {name: str(fields[name]) for name in names}


def _price(venue: Venue, terms: Body) -> Body:
    if venue.faults.strikes("upstream", UPSTREAM):
        raise SwapError("the swap provider does not answer")
    try:
        amount = Decimal(terms["amount"])
    except InvalidOperation as error:
        raise SwapError("amount is a whole number of smallest units, as text") from error
    if not (amount.is_finite() and amount > 0 and amount == int(amount)):
        raise SwapError("amount is a whole number of smallest units, as text")
    sent = amount.scaleb(-_decimals(terms, "from")) * PRICES_USD[_token(terms, "from")]
    received = sent * (1 - FEE)
    to_units = int((received / PRICES_USD[_token(terms, "to")]).scaleb(_decimals(terms, "to")))
    return {
        "fromAmount": terms["amount"],
        "fromAmountUsd": f"{sent:.2f}",
        "fromSymbol": _token(terms, "from"),
        "toAmount": str(to_units),
        "toAmountUsd": f"{received:.2f}",
        "toSymbol": _token(terms, "to"),
        "estimatedTime": TAKES_S,
        "minReceived": str(int(to_units * (1 - SLIPPAGE))),
    }


def _token(terms: Body, side: str) -> str:
    chain, token = terms[f"{side}_chain"], str(terms[f"{side}_token"]).upper()
    if chain not in CHAINS or token not in (CHAINS[chain].symbol, "USDC"):
        raise SwapError(f"there is no {token} on {chain} to swap")
    return token


def _decimals(terms: Body, side: str) -> int:
    return USDC_DECIMALS if _token(terms, side) == "USDC" else CHAINS[terms[f"{side}_chain"]].decimals


def _quote(venue: Venue, call: Call) -> Body:
    terms = _terms(dict(call.query), ROUTE)
    try:
        quote = _price(venue, terms)
    except SwapError as error:
        raise refuse(400, "quote_failed", str(error)) from error
    return {
        "quote": quote,
        "integrator_fee": {"rate": "0.5%", "estimated_fee_usd": _fee_usd(quote), "note": "Part of the quote."},
        "next_step": f"POST {V1}/wallet/swap",
    }


def _fee_usd(quote: Body) -> float:
    return cents(float(Decimal(quote["fromAmountUsd"]) * FEE))


def _order(venue: Venue, call: Call) -> Body:
    terms = _terms(call.body, (*ROUTE, "to_address"))
    try:
        quote = _price(venue, terms)
    except SwapError as error:
        raise refuse(400, "swap_failed", str(error)) from error
    swap_id, order_id, now = f"swap_{secrets.token_hex(6)}", f"order_{secrets.token_hex(8)}", venue.books.second()
    address, expires_at = chains.address_of(terms["from_chain"], f"{venue.seed}/{order_id}"), now + EXPIRES_AFTER_S
    fee = _fee_usd(quote)
    earnings.book(venue.books, call.agent, swap_id, fee, fee * REFERRAL_SHARE)
    request = json.dumps({**terms, "to_units": quote["toAmount"]})
    row = (swap_id, call.agent_id, order_id, request, fee, address, expires_at, now)
    venue.books.run("INSERT INTO swaps VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)", *row)
    sent = {"chain": terms["from_chain"], "token": quote["fromSymbol"], "amount": terms["amount"]}
    return {
        "swap_id": swap_id,
        "order_id": order_id,
        "status": "awaiting_deposit",
        "deposit": {"address": address, **sent, "instruction": "Send exactly this amount there."},
        "output": {"address": terms["to_address"], "expected_amount": quote["toAmount"]},
        "fee": {"rate": "0.5%", "amount_usd": fee, "treasury": "none"},
        "expires_at": iso(expires_at),
        "check_status": f"GET {V1}/wallet/swap/status/{order_id}",
    }


def _status(venue: Venue, call: Call) -> Body:
    row = venue.books.one("SELECT * FROM swaps WHERE order_id = ?", call.names["order_id"])
    if row is None or venue.faults.strikes("upstream", UPSTREAM):
        raise refuse(400, "status_check_failed", "The swap provider knows nothing of it.")
    terms = json.loads(row["request"])
    return {
        "orderId": row["order_id"],
        "status": _progress(venue, row, terms),
        "depositAddress": row["deposit_address"],
        "depositAmount": terms["amount"],
        "toAddress": terms["to_address"],
        "expectedOutput": terms["to_units"],
        "expiresAt": iso(row["expires_at"]),
    }


def _progress(venue: Venue, row: Row, terms: Body) -> str:
    """Look at the chain; what was deposited in full is paid out at the first look."""
    if row["paid_out"]:
        return "completed"
    sent, paid = (USDC if _token(terms, side) == "USDC" else NATIVE for side in ("from", "to"))
    if chains.moved(venue.books, terms["from_chain"], sent, row["deposit_address"]) < int(terms["amount"]):
        return "awaiting_deposit" if venue.books.second() < row["expires_at"] else "expired"
    chains.move(venue.books, terms["to_chain"], paid, row["order_id"], terms["to_address"], int(terms["to_units"]))
    venue.books.run("UPDATE swaps SET paid_out = 1 WHERE id = ?", row["id"])
    told = {"swap_id": row["id"], "order_id": row["order_id"], "amount": terms["to_units"]}
    happened(venue.books, row["agent_id"], "swap.completed", told)
    return "completed"


def _activity(venue: Venue, call: Call) -> Body:
    kind = call.query.get("type") or "swaps"
    if kind not in ("swaps", "referral_withdrawals"):
        raise refuse(400, "invalid_type", "type is swaps or referral_withdrawals.")
    table, view = ("swaps", _swap) if kind == "swaps" else ("earnings_withdrawn", _withdrawal)
    rows = venue.books.all(
        f"SELECT * FROM {table} WHERE agent_id = ? ORDER BY created_at DESC, rowid DESC",  # noqa: S608 - one of ours
        call.agent_id,
    )
    offset, limit = int(call.query.get("offset") or 0), min(int(call.query.get("limit") or DEFAULT_LISTED), MAX_LISTED)
    return {"total": len(rows), "events": [view(row) for row in rows[offset : offset + limit]]}


def _swap(row: Row) -> Body:
    terms = json.loads(row["request"])
    return {
        "type": "swap",
        "id": row["id"],
        "created_at": row["created_at"],
        **{name: terms[name] for name in ("from_chain", "to_chain", "from_token", "to_token", "to_address")},
        "from_amount": terms["amount"],
        "status": "awaiting_deposit",  # the venue never updates it
        "order_id": row["order_id"],
    }


def _withdrawal(row: Row) -> Body:
    told = {"type": "referral_withdrawal", "status": "pending", "amount_usd": row["amount"]}
    return {**told, **{name: row[name] for name in ("id", "created_at", "address")}}


DOORS = [
    Door("GET", f"{V1}/wallet/swap/quote", _quote, auth="wallet"),
    Door("POST", f"{V1}/wallet/swap", _order, auth="wallet", per_minute=PER_MINUTE, reads="strict"),
    Door("GET", f"{V1}/wallet/swap/status/{{order_id}}", _status, auth="wallet"),
    Door("GET", f"{V1}/wallet/activity", _activity, auth="wallet"),
]
