"""A built-in venue of its own for a test, and a plain client that can be rude to it."""

import contextlib
import http.client
import json
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.sandbox.launch import ensure_running
from tests.kit import VENUE_IDLE_S, end_venue

WAIT_S = 5.0
IMPATIENCE_S = 0.3
TRIES = 50


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self):
        return self.body["error"]


@dataclass(frozen=True)
class Player:
    agent_id: str
    key: str
    code: str


class House:
    def __init__(self, data: Path, **settings):
        self.data = data
        self.settings = {"seed": 7, "limits": "off", "idle_exit_s": VENUE_IDLE_S, **settings}
        self.start()

    def start(self):
        self.url = ensure_running(self.data, **self.settings)
        self.port = int(self.url.rsplit(":", 1)[1])

    @property
    def pid(self):
        return json.loads((self.data / "sandbox.json").read_text())["pid"]

    def kill(self, number=signal.SIGKILL):
        end_venue(self.data, number)

    def call(self, method, path, body=None, key=None, ip=None):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if ip:
            headers["X-Forwarded-For"] = ip
        text = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        with contextlib.closing(connection):
            connection.request(method, path, text.encode(), headers)
            answer = connection.getresponse()
            raw = answer.read().decode()
            kind = answer.getheader("content-type", "")
            return Answer(answer.status, json.loads(raw) if "json" in kind else raw, dict(answer.getheaders()))

    def get(self, path, key=None, **more):
        return self.call("GET", path, None, key, **more)

    def post(self, path, body=None, key=None, **more):
        return self.call("POST", path, {} if body is None else body, key, **more)

    def register(self, code=None, funds=100):
        body = self.post("/api/v1/auth/register", {"referral_code": code} if code else {}).body
        player = Player(body["agent_id"], body["api_key"], body["referral_code"])
        self.grant(player, funds - self.balance(player))
        return player

    def patiently(self, ask):
        """The first good answer among faults."""
        for _ in range(TRIES):
            with contextlib.suppress(
                OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError
            ):
                return ask()
        raise AssertionError(f"no good answer in {TRIES} tries")

    def grant(self, player, amount):
        if amount:
            self.post("/sandbox/grant", {"agent_id": player.agent_id, "amount": amount})

    def balance(self, player):
        return self.get("/api/v1/auth/balance", player.key).body["balance_usd"]

    def ledger(self, player):
        return self.get("/api/v1/auth/ledger", player.key).body["entries"]

    def flip(self, player, amount=1, game="coin-flip", **more):
        return self.post(f"/api/v1/games/{game}", {"side": "heads", "amount": amount, **more}, player.key)

    def advance(self, seconds):
        return self.post("/sandbox/advance", {"seconds": seconds}).body

    def raw(self, request: bytes, timeout=WAIT_S):
        """All bytes of the answer; ConnectionResetError or TimeoutError as the socket has it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as wire:
            wire.sendall(request)
            chunks = []
            while chunk := wire.recv(65536):
                chunks.append(chunk)
        return b"".join(chunks)

    def raw_or_nothing(self, request: bytes):
        try:
            return self.raw(request, timeout=IMPATIENCE_S)
        except OSError:
            return None


def bet_bytes(player, **fields):
    body = json.dumps({"side": "heads", "amount": 1, "client_seed": "tag", **fields})
    return (
        f"POST /api/v1/games/coin-flip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {player.key}\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
