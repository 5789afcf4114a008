"""Sending, with private keys that travel to the server."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import RefusedError, refuse
from actors.sandbox.wallet import chains
from actors.sandbox.wallet.accounts import V1, stored
from actors.sandbox.wallet.chains import EVM, NATIVE, USDC, USDC_DECIMALS, ChainError, supported
from actors.sandbox.webhooks import happened

PER_MINUTE = 20
MAX_RECIPIENTS = 20


def _send(venue: Venue, call: Call) -> Body:
    body, name = call.body, call.body.get("chain")
    needed = ("to", "amount") if name == "monero" else ("to", "amount", "private_key")
    if not name or not all(isinstance(body.get(field), str) and body[field] for field in needed):
        raise refuse(400, "invalid_request", f"Send chain, {', '.join(needed)}, each as text.")
    chain = supported(str(name))
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
    return {**told, "explorer": f"{chain.explorer}/tx/{tx_hash}"}


def _spend_key(venue: Venue, call: Call) -> str:
    kept = stored(venue, call)
    key = call.body.get("spend_key") or (kept and kept["monero"])
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
    Door("POST", f"{V1}/wallet/send", _send, auth="wallet", per_minute=PER_MINUTE, reads="strict"),
    Door("POST", f"{V1}/wallet/multi-send", _multi_send, auth="wallet", per_minute=PER_MINUTE, reads="strict"),
]
