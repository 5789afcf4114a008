"""Subscriptions to pushed events, and the queue of what is to be pushed.

The venue's pages describe three envelopes that do not fit together; a subscription chooses one by `api_version`. Its
servers have none of this: here it is as documented, with addresses on loopback only.
"""

import json
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from actors.sandbox import pushes
from actors.sandbox.books import Books, Row, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import json_text

LOOPBACK = ("127.0.0.1", "localhost", "::1")
VERSIONS = ("2025-11", "2026-01", "2026-03")
MAX_WEBHOOKS = 10  # of one account
MAX_WAITING = 10_000  # pushes of all accounts; what happens beyond is not pushed
# What the other two envelopes call an event whose name they do not share.
RENAMED = {
    "bet.won": ("casino_result", "casino.bet_settled"),
    "bet.lost": ("casino_result", "casino.bet_settled"),
    "position.opened": ("trade_filled", "trade.executed"),
    "position.closed": ("trade_filled", "trade.executed"),
    "position.liquidated": ("trade_filled", "trade.executed"),
    "payment.received": ("payment_received", "payment.confirmed"),
    "wallet.transfer": ("wallet_transfer", "payment.confirmed"),
    "domain.registered": ("domain_registered", "domain.listed"),
}
V1 = "/webhooks/v1"


def happened(books: Books, agent_id: str, event: str, data: Body) -> None:
    """Queue an event for every subscription of an account that wants it; it never waits for a subscriber."""
    for hook in books.all("SELECT * FROM webhooks WHERE agent_id = ?", agent_id):
        wanted = json.loads(hook["events"])
        if "*" in wanted or event in wanted or _name(event, hook["api_version"]) in wanted:
            _queue(books, hook, event, data)


def _name(event: str, version: str) -> str:
    if version == VERSIONS[0]:
        return event
    renamed = RENAMED.get(event, (event.replace(".", "_"), event))
    return renamed[VERSIONS.index(version) - 1]


def _queue(books: Books, hook: Row, event: str, data: Body, **more: Any) -> str | None:
    if books.only("SELECT count(*) AS n FROM pushes")["n"] >= MAX_WAITING:
        return None
    envelope = _envelope(books.now(), hook, event, data) | more
    books.run(
        "INSERT INTO pushes (webhook_id, body, due_at) VALUES (?, ?, ?)", hook["id"], json_text(envelope), books.now()
    )
    return str(envelope["id"])


def _envelope(now: float, hook: Row, event: str, data: Body) -> Body:
    version, number = hook["api_version"], secrets.token_hex(8)
    name = _name(event, version)
    moment = datetime.fromtimestamp(now, UTC)
    at = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    if version == VERSIONS[0]:
        return {"event": name, "id": f"evt_{number}", "timestamp": at, "api_version": version, "data": data}
    if version == VERSIONS[1]:
        told = {"id": f"evt_{number}", "type": name, "api_version": version, "created": int(now), "timestamp": at}
        return {**told, "agent_id": hook["agent_id"], "data": data}
    told = {"id": f"wh_{number}", "event": name, "api_version": version, "created_at": at, "livemode": True}
    return {**told, "data": data}


async def _subscribe(venue: Venue, call: Call) -> Body:
    books, body = venue.books, call.body
    url, events, secret = body.get("url"), body.get("events"), body.get("secret")
    version = body.get("api_version") or VERSIONS[0]
    if not _is_here(url):
        raise refuse(400, "invalid_url", "The built-in venue pushes to http on loopback only.")
    if not isinstance(events, list) or not events or not all(isinstance(event, str) for event in events):
        raise refuse(400, "invalid_events", 'events is a list of names, or ["*"].')
    if not isinstance(secret, str) or not secret:
        raise refuse(400, "invalid_secret", "Send the secret that events shall be signed with.")
    if version not in VERSIONS:
        raise refuse(400, "invalid_api_version", f"It is one of {', '.join(VERSIONS)}.")
    if len(_of(venue, call)) >= MAX_WEBHOOKS:
        raise refuse(400, "limit_reached", f"At most {MAX_WEBHOOKS} of one account.")
    hook_id, now = f"wh_{secrets.token_hex(8)}", books.second()
    ping: Body = {
        "event": "ping",
        "id": f"evt_{secrets.token_hex(8)}",
        "test": True,
        "api_version": version,
        "data": {},
    }
    if await pushes.post(str(url), json_text(ping), secret, now, version) != 200:
        raise refuse(400, "url_unreachable", "The address must answer a POST with 200.")
    row = (hook_id, call.agent_id, url, json.dumps(events), secret, version, now)
    books.run("INSERT INTO webhooks (id, agent_id, url, events, secret, api_version, created_at)"
              " VALUES (?, ?, ?, ?, ?, ?, ?)", *row)  # fmt: skip
    return _view(_mine(venue, call, hook_id))


def _is_here(url: object) -> bool:
    try:
        parts = urlsplit(str(url))
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in LOOPBACK and port != 0


def _of(venue: Venue, call: Call) -> list[Row]:
    return venue.books.all("SELECT * FROM webhooks WHERE agent_id = ? ORDER BY rowid", call.agent_id)


def _mine(venue: Venue, call: Call, hook_id: object) -> Row:
    row = venue.books.one("SELECT * FROM webhooks WHERE id = ? AND agent_id = ?", hook_id, call.agent_id)
    if row is None:
        raise refuse(404, "not_found", "There is no such subscription of yours.")
    return row


def _view(row: Row) -> Body:
    return {
        "id": row["id"],
        "url": row["url"],
        "events": json.loads(row["events"]),
        "api_version": row["api_version"],
        "status": "active",
        "created_at": iso(row["created_at"]),
        "last_delivery_at": iso(row["last_delivery_at"]),
        "total_deliveries": row["deliveries"],
        "failed_deliveries": row["failures"],
    }


def _list(venue: Venue, call: Call) -> Body:
    rows = _of(venue, call)
    return {"total": len(rows), "webhooks": [_view(row) for row in rows]}


def _get(venue: Venue, call: Call) -> Body:
    return _view(_mine(venue, call, call.names["hook_id"]))


def _delete(venue: Venue, call: Call) -> Body:
    row = _mine(venue, call, call.names["hook_id"])
    venue.books.run("DELETE FROM pushes WHERE webhook_id = ?", row["id"])
    venue.books.run("DELETE FROM webhooks WHERE id = ?", row["id"])
    return {"deleted": True, "id": row["id"]}


def _test(venue: Venue, call: Call) -> Body:
    row = _mine(venue, call, call.body.get("webhook_id"))
    event_id = _queue(venue.books, row, str(call.body.get("event_type") or "bet.won"), {}, test=True)
    return {"webhook_id": row["id"], "event_id": event_id, "status": "queued"}


DOORS = [
    Door("POST", f"{V1}/webhooks", _subscribe, status=201, auth="any", reads="strict"),
    Door("GET", f"{V1}/webhooks", _list, auth="any"),
    Door("POST", f"{V1}/webhooks/test", _test, auth="any", reads="strict"),
    Door("GET", f"{V1}/webhooks/{{hook_id}}", _get, auth="any"),
    Door("DELETE", f"{V1}/webhooks/{{hook_id}}", _delete, auth="any"),
]
