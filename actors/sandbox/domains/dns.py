"""DNS records of the names bought here."""

import re
import secrets

from actors.sandbox.books import Row
from actors.sandbox.domains.accounts import V1
from actors.sandbox.domains.registrar import UPSTREAM
from actors.sandbox.domains.registration import owned, view
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse

HOST_NAME = re.compile(r".*\..*", re.DOTALL)
CONTENT = {
    "A": re.compile(r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}"),
    "AAAA": re.compile(r"([0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}"),
    "CNAME": HOST_NAME,
    "MX": HOST_NAME,
    "TXT": re.compile(r".{0,4096}", re.DOTALL),
}
DEFAULT_TTL_S, MIN_TTL_S, MAX_TTL_S = 3600, 60, 86_400


def _add(venue: Venue, call: Call) -> Body:
    body, kind = call.body, str(call.body.get("type") or "").upper()
    domain_id, content, ttl = body.get("domain_id"), body.get("content"), body.get("ttl") or DEFAULT_TTL_S
    if not domain_id:
        raise refuse(400, "missing_domain_id", "Name the domain in domain_id.")
    if kind not in CONTENT:
        raise refuse(400, "invalid_record_type", f"A record is one of {', '.join(CONTENT)}.")
    _check(kind, content, ttl)
    row = owned(venue, call, domain_id)
    _reach(venue, "dns_add_failed")
    record_id, name = f"rec_{secrets.token_hex(8)}", body.get("name") or "@"
    values = (record_id, domain_id, call.agent_id, kind, name, content, ttl)
    venue.books.run("INSERT INTO dns_records VALUES (?, ?, ?, ?, ?, ?, ?)", *values)
    told = {**_view(_record(venue, call, record_id)), "domain": row["domain"], "message": "Added."}
    return {**told, "priority": body["priority"]} if "priority" in body else told


def _check(kind: str, content: object, ttl: object) -> None:
    if not content:
        raise refuse(400, "missing_content", "Say in content what the record holds.")
    if not isinstance(content, str) or not CONTENT[kind].fullmatch(content):
        raise refuse(400, "invalid_content", f"That is no content of a record of type {kind}.")
    if not isinstance(ttl, int | float) or not MIN_TTL_S <= ttl <= MAX_TTL_S:
        raise refuse(400, "invalid_ttl", f"ttl is {MIN_TTL_S} to {MAX_TTL_S} seconds.")


def _reach(venue: Venue, code: str) -> None:
    if venue.faults.strikes("upstream", UPSTREAM):
        raise refuse(500, code, "The registrar does not answer.")


def _record(venue: Venue, call: Call, record_id: str) -> Row:
    row = venue.books.one("SELECT * FROM dns_records WHERE id = ? AND agent_id = ?", record_id, call.agent_id)
    if row is None:
        raise refuse(404, "not_found", "There is no such record of yours.")
    return row


def _view(row: Row) -> Body:
    names = ("type", "name", "content", "ttl")
    return {"record_id": row["id"], **{name: row[name] for name in names}}


def _of(venue: Venue, domain_id: str) -> list[Body]:
    rows = venue.books.all("SELECT * FROM dns_records WHERE domain_id = ? ORDER BY rowid", domain_id)
    return [_view(row) for row in rows]


def _list(venue: Venue, call: Call) -> Body:
    domain_id = call.query.get("domain_id")
    if not domain_id:
        raise refuse(400, "missing_domain_id", "Name the domain in domain_id.")
    row, records = owned(venue, call, domain_id), _of(venue, domain_id)
    return {"domain": row["domain"], "domain_id": domain_id, "total": len(records), "records": records}


def _get_domain(venue: Venue, call: Call) -> Body:
    row = owned(venue, call, call.names["domain_id"])
    return {**view(row), "dns_records": _of(venue, row["id"])}


def _edit(venue: Venue, call: Call) -> Body:
    content, ttl = call.body.get("content"), call.body.get("ttl")
    if not content:
        raise refuse(400, "missing_content", "Say in content what the record holds.")
    row = _record(venue, call, call.names["record_id"])
    _check(row["type"], content, row["ttl"] if ttl is None else ttl)
    _reach(venue, "dns_edit_failed")
    venue.books.run("UPDATE dns_records SET content = ?, ttl = ? WHERE id = ?", content, ttl or row["ttl"], row["id"])
    return {**_view(_record(venue, call, row["id"])), "domain": _domain(venue, row), "message": "Changed."}


def _delete(venue: Venue, call: Call) -> Body:
    row = _record(venue, call, call.names["record_id"])
    _reach(venue, "dns_delete_failed")
    venue.books.run("DELETE FROM dns_records WHERE id = ?", row["id"])
    return {"deleted": True, "record_id": row["id"], "domain": _domain(venue, row), "message": "Deleted."}


def _domain(venue: Venue, record: Row) -> str:
    return str(venue.books.only("SELECT domain FROM domains WHERE id = ?", record["domain_id"])["domain"])


DOORS = [
    Door("POST", f"{V1}/dns/records", _add, status=201, auth="domains", reads="lenient"),
    Door("GET", f"{V1}/dns/records", _list, auth="domains"),
    Door("PUT", f"{V1}/dns/records/{{record_id}}", _edit, auth="domains", reads="lenient"),
    Door("DELETE", f"{V1}/dns/records/{{record_id}}", _delete, auth="domains"),
    Door("GET", f"{V1}/domains/{{domain_id}}", _get_domain, auth="domains"),
]
