"""From an HTTP request to a door and back: limits, keys, bodies, errors, and what every answer carries."""

import json
import logging
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any, NoReturn

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from actors.sandbox import (
    accounts,
    advice,
    batch,
    casino,
    controls,
    daily,
    deposits,
    escrow,
    fairness,
    faucet,
    history,
    keys,
    referral,
    webhooks,
    withdrawals,
)
from actors.sandbox.domains import doors as domains
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import InjectedFaultError, RefusedError, refuse
from actors.sandbox.exchange import info
from actors.sandbox.faucet import UNKNOWN_IP
from actors.sandbox.feed import Listener
from actors.sandbox.figures import json_text
from actors.sandbox.trading import doors as trading
from actors.sandbox.wallet import doors as wallet

DOORS = [
    *accounts.DOORS,
    *withdrawals.DOORS,
    *deposits.DOORS,
    *daily.DOORS,
    *casino.DOORS,
    *advice.DOORS,
    *batch.DOORS,
    *referral.DOORS,
    *fairness.DOORS,
    *history.DOORS,
    *escrow.DOORS,
    *faucet.DOORS,
    *domains.DOORS,
    *wallet.DOORS,
    *webhooks.DOORS,
    *trading.DOORS,
    *info.DOORS,
    *controls.DOORS,
]
INFO = {
    "service": "sandbox",
    "docs": "GET /sandbox",
    "referral": "/api/v1/auth/register",
    "version": controls.VERSION,
}
INTERNAL_ERROR = {"error": "internal_error", "message": "The server failed on this request."}
log = logging.getLogger("sandbox")


def build(venue: Venue) -> Starlette:
    """The ASGI application; handlers run one at a time in the event loop."""

    async def not_found(request: Request, _error: Exception) -> Response:
        body: Body = {"error": "not_found"}
        if not request.url.path.startswith("/escrow"):
            body["message"] = "There is nothing at this path."
        return _json(venue, 404, body)

    async def listen(socket: WebSocket) -> None:
        await Listener(socket, venue).serve()

    routes = [Route(door.path, _endpoint(venue, door), methods=[door.method]) for door in _by_path()]
    app = Starlette(routes=[*routes, WebSocketRoute("/exchange/ws", listen), WebSocketRoute("/ws", listen)])
    app.router.redirect_slashes = False
    app.add_exception_handler(404, not_found)
    app.add_exception_handler(405, not_found)
    return app


def _by_path() -> list[Door]:
    return sorted(DOORS, key=lambda door: "{" in door.path)  # fixed paths before those with a name in them


def _endpoint(venue: Venue, door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            raw = await request.body() if door.reads != "nothing" else b""
            answer = door.serve(venue, _admit(venue, door, request, raw))
            if isinstance(answer, Awaitable):
                answer = await answer
        except RefusedError as refusal:
            return _json(venue, refusal.status, refusal.body)
        except InjectedFaultError as fault:
            log.info("fault: %s", fault)
            return _json(venue, 500, INTERNAL_ERROR)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is left to read it
        except Exception:
            log.exception("%s %s", request.method, request.url.path)
            return _json(venue, 500, INTERNAL_ERROR)
        if isinstance(answer, str):
            return _respond(venue, door.status, answer, door.media)
        status, body = answer if isinstance(answer, tuple) else (door.status, answer)
        return _json(venue, status, body)

    return endpoint


def _admit(venue: Venue, door: Door, request: Request, raw: bytes) -> Call:
    path, ip = request.url.path, _address(request)
    if door.per_minute is not None:
        venue.limiter.by_ip(path, ip, door.per_minute)
    caller = keys.caller(venue.books, door.auth, request.headers.get("authorization"))
    if door.bucket is not None and caller is not None:
        venue.limiter.by_agent(caller["id"], *door.bucket)
    if door.method != "GET" and venue.faults.strikes("locked", path):
        raise refuse(500, "internal_error", "database is locked")
    return Call(path, request.path_params, dict(request.query_params), _read(door, raw), caller, ip)


def _address(request: Request) -> str:
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return forwarded or request.headers.get("x-real-ip", UNKNOWN_IP)


def _read(door: Door, raw: bytes) -> Body:
    if door.reads == "nothing":
        return {}
    try:
        body = json.loads(raw.decode(errors="replace"), parse_constant=_no_constant)
    except ValueError as error:
        if door.reads == "lenient":
            return {}
        raise refuse(400, "invalid_json", "The body is no JSON.") from error
    if body is None:
        raise TypeError("a body of null")
    return body if isinstance(body, dict) else {}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _json(venue: Venue, status: int, body: dict[str, Any]) -> Response:
    return _respond(venue, status, json_text({**body, "_info": INFO}), "application/json")


def _respond(venue: Venue, status: int, text: str, media: str) -> Response:
    date = formatdate(venue.books.now(), usegmt=True)
    return Response(text, status, {"date": date}, media_type=media)
