"""Delivers queued events: signed, three times at most, one at a time to a subscriber, and never in anybody's way."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
from urllib.parse import urlsplit

from actors.sandbox.books import Books, Row
from actors.sandbox.faults import FaultPlan

ATTEMPTS_AT_S = (0, 60, 600)  # after the event, by the venue's clock
ANSWER_WITHIN_S = 10.0
LOOK_S = 0.05  # how often the queue is looked at
IN_FLIGHT = 8  # subscribers served at the same time
PLACE = "/webhooks"  # what an ordered fault calls this
STALE_S = 3600
SIGNATURE, TIMESTAMP = "X-PurpleFlea-Signature", "X-PurpleFlea-Timestamp"
log = logging.getLogger("sandbox")


def signed(secret: str, timestamp: int, body: str) -> str:
    """HMAC-SHA256 in hex, keyed with the secret, of the timestamp, a dot and the body."""
    return hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()


async def post(url: str, body: str, secret: str, timestamp: int, version: str) -> int | None:
    """Send a signed body; returns the status, or None when no answer came in time."""
    # Only the first of the documented envelopes writes the algorithm in front.
    signature = ("sha256=" if version == "2025-11" else "") + signed(secret, timestamp, body)
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    raw = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(raw)}\r\n{SIGNATURE}: {signature}\r\n{TIMESTAMP}: {timestamp}\r\n\r\n"
    )
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            with contextlib.closing(writer):
                writer.write(head.encode() + raw)
                await writer.drain()
                return int((await reader.readline()).split(b" ")[1])
    except (OSError, EOFError, ValueError, IndexError):
        return None


class Pusher:
    """Works through the queue in the event loop of the server.

    A push that was under way when the process died is made again: subscribers see it at least once.

    Args:
        books: hold the queue.
        faults: what is ordered to go wrong on the way.
    """

    def __init__(self, books: Books, faults: FaultPlan) -> None:
        self._books = books
        self._faults = faults
        self._under_way: dict[str, asyncio.Task[None]] = {}  # by subscription

    async def run(self) -> None:
        """Look for pushes that are due, until cancelled."""
        while True:
            for push in self._due():
                if len(self._under_way) < IN_FLIGHT and push["webhook_id"] not in self._under_way:
                    self._start(push)
            await asyncio.sleep(LOOK_S)

    def _due(self) -> list[Row]:
        """The first of each subscription: a deaf one with many waiting must not hide the others."""
        return self._books.all(
            "SELECT pushes.*, min(due_at), url, secret, api_version FROM pushes"
            " JOIN webhooks ON webhooks.id = webhook_id WHERE due_at <= ? GROUP BY webhook_id ORDER BY due_at",
            self._books.now(),
        )

    def _start(self, push: Row) -> None:
        if push["attempts"] == 0 and not push["held"] and self._hold(push):
            return
        task = asyncio.create_task(self._deliver(push))
        self._under_way[push["webhook_id"]] = task
        task.add_done_callback(lambda _done: self._under_way.pop(push["webhook_id"]))

    def _hold(self, push: Row) -> bool:
        seconds = self._faults.lasts("hook-delay", PLACE) + self._faults.lasts("hook-reorder", PLACE)
        self._books.run("UPDATE pushes SET held = 1, due_at = due_at + ? WHERE id = ?", seconds, push["id"])
        return seconds > 0

    async def _deliver(self, push: Row) -> None:
        if self._faults.strikes("hook-forged", PLACE):
            forged = {**json.loads(push["body"]), "id": f"evt_forged{push['id']}"}
            await post(push["url"], json.dumps(forged), "not the secret", self._books.second(), push["api_version"])
        delivered = await self._attempt(push)
        if delivered and self._faults.strikes("hook-duplicate", PLACE):
            await self._attempt(push)
        self._note(push, delivered=delivered)

    async def _attempt(self, push: Row) -> bool:
        timestamp = self._books.second()
        if self._faults.strikes("hook-stale", PLACE):
            timestamp -= STALE_S
        status = await post(push["url"], push["body"], push["secret"], timestamp, push["api_version"])
        return status is not None and 200 <= status < 300

    def _note(self, push: Row, *, delivered: bool) -> None:
        books, attempts = self._books, push["attempts"] + 1
        if not delivered and attempts < len(ATTEMPTS_AT_S):
            due_at = push["due_at"] + ATTEMPTS_AT_S[attempts] - ATTEMPTS_AT_S[attempts - 1]
            books.run("UPDATE pushes SET attempts = ?, due_at = ? WHERE id = ?", attempts, due_at, push["id"])
            return
        books.run("DELETE FROM pushes WHERE id = ?", push["id"])
        books.run(
            "UPDATE webhooks SET deliveries = deliveries + ?, failures = failures + ?, last_delivery_at = ?"
            " WHERE id = ?",
            *(delivered, not delivered, books.second(), push["webhook_id"]),
        )
        if not delivered:
            log.info("gave up on a push to %s after %d attempts", push["webhook_id"], attempts)
