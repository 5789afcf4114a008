"""Escrow on the casino balance: funded, completed, released, disputed, refunded at the time-out."""

import contextlib
import math
import secrets
import sqlite3

from actors.sandbox.books import Books, Row, Why, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import number_field, round_to
from actors.sandbox.webhooks import happened

MIN_AMOUNT_USD = 0.10
COMMISSION = 0.01
REFERRAL_SHARE = 0.15  # of the commission
MIN_DESCRIPTION = 3
DEFAULT_TIMEOUT_H, MAX_TIMEOUT_H = 24, 720
HOUR_S = 3600
OPEN = ("funded", "completed")
SERVICE = "escrow"


def _create(venue: Venue, call: Call) -> Body:
    books, body = venue.books, call.body
    amount, description, other = _terms(call)
    if books.agent(other) is None:
        raise refuse(404, "counterparty_not_found", "There is no such account.")
    if amount > call.agent["balance"]:
        raise refuse(402, "insufficient_balance", "The balance does not cover it.", balance=call.agent["balance"])
    escrow_id = f"esc_{secrets.token_hex(8)}"
    why = Why(f"escrow_lock: {escrow_id}", escrow_id, SERVICE, f"{escrow_id}_debit")
    books.debit(call.agent_id, amount, why)
    venue.may_break(call.path, escrow_id)
    try:
        hours = _timeout_hours(body)
        referrer = _referrer(books, call.agent, body.get("referral_code"))
        commission = round_to(amount * COMMISSION, 6)
        now = books.second()
        books.run(
            "INSERT INTO escrows (id, creator_id, counterparty_id, amount, commission, net, description, status,"
            " timeout_hours, referrer_id, created_at, auto_release_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(escrow_id, call.agent_id, other, amount, commission, round_to(amount - commission, 6)),
            *(description, "funded", hours, referrer, now, now + hours * HOUR_S),
        )
    except Exception:
        books.credit(call.agent_id, amount, _credited("escrow_create_failed_refund", escrow_id, "refund"))
        raise
    _note(books, escrow_id, "created", call.agent_id, "The amount is locked.")
    return _terms_view(_escrow(books, escrow_id))


def _credited(reason: str, escrow_id: str, what: str) -> Why:
    reference = f"{escrow_id}_{what}"
    return Why(f"{reason}: {escrow_id}", reference, SERVICE, f"{reference}_credit")


def _terms(call: Call) -> tuple[float, str, str]:
    raw = call.body.get("amount_usd")
    try:
        amount = float(raw) if isinstance(raw, str) else number_field(call.body, "amount_usd")
    except ValueError:
        amount = math.nan
    if not MIN_AMOUNT_USD <= amount < math.inf:
        raise refuse(400, "invalid_amount", f"The smallest escrow is {MIN_AMOUNT_USD:.2f} USD.")
    # As on the venue, a description that is no text is an error of the server.
    description = str.strip(call.body.get("description") or "")
    if len(description) < MIN_DESCRIPTION:
        raise refuse(400, "invalid_description", f"Describe it in at least {MIN_DESCRIPTION} characters.")
    other = call.body.get("counterparty_agent_id")
    if not isinstance(other, str) or not other.startswith("ag_"):
        raise refuse(400, "invalid_counterparty", "Name the other party in counterparty_agent_id.")
    if other == call.agent_id:
        raise refuse(400, "self_escrow", "An escrow needs two parties.")
    return amount, description, other


def _timeout_hours(body: Body) -> int:
    raw = body.get("timeout_hours")
    hours = math.floor(float(DEFAULT_TIMEOUT_H if raw is None else raw))
    return max(1, min(MAX_TIMEOUT_H, hours))


def _referrer(books: Books, creator: Row, code: object) -> str | None:
    if not code:
        return creator["referred_by"]  # type: ignore[no-any-return]
    owner = books.one("SELECT id FROM agents WHERE referral_code = ?", str(code))
    return owner["id"] if owner and owner["id"] != creator["id"] else None


def _note(books: Books, escrow_id: str, event: str, actor_id: str, note: str) -> None:
    row = _escrow(books, escrow_id)
    for party in (row["creator_id"], row["counterparty_id"]):
        name = "escrow.funded" if event == "created" else f"escrow.{event}"
        happened(books, party, name, {"escrow_id": escrow_id, "amount_usd": row["amount"], "status": row["status"]})
    row_id = f"{escrow_id}_{event}"
    if event != "created":
        row_id += f"_{math.floor(books.now() * 1000)}"
    books.run(
        "INSERT INTO escrow_events VALUES (?, ?, ?, ?, ?, ?)",
        *(row_id, escrow_id, event, actor_id, note, books.second()),
    )


def _escrow(books: Books, escrow_id: str) -> Row:
    row = books.one("SELECT * FROM escrows WHERE id = ?", escrow_id)
    if row is None:
        raise refuse(404, "not_found", "There is no such escrow.")
    return row


def _terms_view(row: Row) -> Body:
    return {
        "escrow_id": row["id"],
        "amount_usd": row["amount"],
        "commission_usd": row["commission"],
        "net_to_counterparty": row["net"],
        "description": row["description"],
        "creator_id": row["creator_id"],
        "counterparty_id": row["counterparty_id"],
        "status": row["status"],
        "timeout_hours": row["timeout_hours"],
        "auto_release_at": iso(row["auto_release_at"]),
    }


def _get(venue: Venue, call: Call) -> Body:
    row = _escrow(venue.books, call.names["escrow_id"])
    view = _terms_view(row)
    for name in ("created_at", "completed_at", "released_at", "disputed_at"):
        view[name] = iso(row[name])
    if call.caller is not None and call.agent_id in (row["creator_id"], row["counterparty_id"]):
        events = venue.books.all("SELECT * FROM escrow_events WHERE escrow_id = ? ORDER BY rowid", row["id"])
        view["events"] = [dict(event) for event in events]
    return view


def _enter(call: Call, books: Books, roles: tuple[str, ...], statuses: tuple[str, ...]) -> Row:
    row = _escrow(books, call.names["escrow_id"])
    if call.agent_id not in [row[role] for role in roles]:
        raise refuse(403, "forbidden", "This is not yours to do.")
    if row["status"] not in statuses:
        raise refuse(409, "invalid_status", f"The escrow is {row['status']}.")
    return row


def _complete(venue: Venue, call: Call) -> Body:
    books = venue.books
    row = _enter(call, books, ("counterparty_id",), ("funded",))
    _move(books, row["id"], "completed", "completed_at")
    _note(books, row["id"], "completed", call.agent_id, "The work is reported done.")
    return {
        "escrow_id": row["id"],
        "status": "completed",
        "message": "The creator can release now; at the time-out the amount goes back.",
        "auto_release_at": iso(row["auto_release_at"]),
    }


def _release(venue: Venue, call: Call) -> Body:
    books = venue.books
    row = _enter(call, books, ("creator_id",), OPEN)
    try:
        books.credit(row["counterparty_id"], row["net"], _credited("escrow_release", row["id"], "release"))
    except sqlite3.IntegrityError as error:
        raise refuse(500, "release_failed", "The release could not be booked.") from error
    venue.may_break(call.path, row["id"])
    _move(books, row["id"], "released", "released_at")
    shared = _share_commission(books, row)
    _note(books, row["id"], "released", call.agent_id, "The counterparty is paid.")
    return {
        "escrow_id": row["id"],
        "status": "released",
        "amount_released": row["net"],
        "commission": row["commission"],
        "referral_commission": shared,
        "counterparty_id": row["counterparty_id"],
        "message": "Paid out.",
    }


def _move(books: Books, escrow_id: str, status: str, stamp: str) -> None:
    books.run(
        f"UPDATE escrows SET status = ?, {stamp} = ? WHERE id = ?",  # noqa: S608 - a column of ours
        *(status, books.second(), escrow_id),
    )


def _share_commission(books: Books, row: Row) -> float:
    share = round_to(row["commission"] * REFERRAL_SHARE, 6)
    if row["referrer_id"] is None or share <= 0:
        return 0
    books.credit(row["referrer_id"], share, _credited("escrow_referral_commission", row["id"], "refcom"))
    return share


def _dispute(venue: Venue, call: Call) -> Body:
    books = venue.books
    row = _enter(call, books, ("creator_id", "counterparty_id"), OPEN)
    reason = str(call.body.get("reason") or "no reason given")
    _move(books, row["id"], "disputed", "disputed_at")
    _note(books, row["id"], "disputed", call.agent_id, reason)
    return {
        "escrow_id": row["id"],
        "status": "disputed",
        "reason": reason,
        "message": "The amount stays locked.",
        "contact": "nobody: this is the built-in venue",
    }


def sweep(books: Books) -> int:
    """Refund the creator, less the commission, of every open escrow whose time is over.

    Returns:
        How many were refunded.
    """
    due = books.all("SELECT * FROM escrows WHERE status IN (?, ?) AND auto_release_at <= ?", *OPEN, books.second())
    for row in due:
        with contextlib.suppress(sqlite3.IntegrityError):  # credited before a crash, status left behind
            books.credit(row["creator_id"], row["net"], _credited("escrow_timeout_refund", row["id"], "timeout"))
        _move(books, row["id"], "refunded", "released_at")
        _share_commission(books, row)
        _note(books, row["id"], "refunded", row["creator_id"], "The time is over.")
    return len(due)


def _stats(venue: Venue, _call: Call) -> Body:
    row = venue.books.only(
        "SELECT count(*) AS made, total(status = 'released') AS released, total(status = 'disputed') AS disputed,"
        " total(amount) AS volume, total(CASE WHEN status = 'released' THEN commission END) AS fees FROM escrows"
    )
    return {
        "total_created": row["made"],
        "total_released": row["released"],
        "total_disputed": row["disputed"],
        "total_volume_usd": row["volume"],
        "total_commission_usd": row["fees"],
        "commission_rate": "1% of the amount",
        "referral_commission_rate": "15% of the commission",
    }


ID = "{escrow_id}"
DOORS = [
    Door("POST", "/escrow/create", _create, status=201, auth="escrow", per_minute=20, reads="lenient"),
    Door("POST", f"/escrow/complete/{ID}", _complete, auth="escrow_plain", per_minute=30),
    Door("POST", f"/escrow/release/{ID}", _release, auth="escrow_plain", per_minute=30),
    Door("POST", f"/escrow/dispute/{ID}", _dispute, auth="escrow_plain", per_minute=10, reads="lenient"),
    Door("GET", "/escrow/stats", _stats),
    Door("GET", f"/escrow/{ID}", _get, auth="optional"),
]
