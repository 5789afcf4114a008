"""The HTTP server of the webhook: one path, POST only, and nothing that a stranger sends costs more than a little."""

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Literal

from pydantic import SecretStr

from actors.venue.webhook import BODY_BYTES, SIGNATURE, TIMESTAMP, NotAnEvent, NotGenuine, Pushed, opened

CONNECTIONS = 16
"""At a time; one more is told 503 and closed."""

CONNECTION_S = 5.0
"""A connection lasts no longer, however slowly it talks; the answer is part of it."""

HEAD_BYTES = 16 << 10
LENGTH_DIGITS = 9
SWEEP_S = 0.25
"""How often connections whose time is over are looked for, in seconds."""

CLOSE_S = 1.0

Outcome = Literal["taken", "duplicate", "refused", "flood"]
ANSWERS: dict[Outcome, tuple[int, str]] = {
    "taken": (200, "taken"),
    "duplicate": (200, "known already"),
    "refused": (503, "it cannot be taken just now; send it again"),
    "flood": (429, "too many events this minute; send it again later"),
}
Answer = Callable[[Outcome], object]
Take = Callable[[Pushed, Answer], object]
"""Takes a genuine event on without blocking, and calls `Answer`, from any thread, when it is known what came of it."""

TAKE_S = 3.0
"""How long a sender waits until its event is on disk, in seconds; then it is asked to come again."""


class WebhookServer:
    """Listens from the constructor on, and serves in a few threads of its own. Plain HTTP: TLS is a proxy's in front.

    Args:
        host, port: where; port 0 takes a free one.
        path: the one that is served.
        secret: what events are signed with.
        wall: UTC microseconds.
        take: called in a thread of the server for each event that is genuine.

    Attributes:
        port: where it listens.
        rejected: how many requests were not taken for what they were.
        complaint: what was wrong with the last of them.

    Raises:
        OSError: the port cannot be had.
    """

    def __init__(self, host: str, port: int, path: str, secret: SecretStr, wall: Callable[[], int], take: Take) -> None:
        self._path = path
        self._secret = secret.get_secret_value().encode()
        self._wall = wall
        self._take = take
        self._server = _Server(host, port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(SWEEP_S,), name="webhook", daemon=True)
        self.port: int = self._server.server_address[1]
        self.rejected = 0
        self.complaint = ""

    def start(self) -> None:
        """Begin to serve; returns at once."""
        self._thread.start()

    def is_serving(self) -> bool:
        """Return whether its thread lives."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Free the port and cut off who is connected. Blocks for up to a second."""
        served = self._thread.is_alive()
        if served:
            self._server.shutdown()
        self._server.server_close()
        self._server.sweep(float("inf"))
        if served:
            self._thread.join(CLOSE_S)

    def answer(self, request: BaseHTTPRequestHandler) -> tuple[int, str]:
        """Judge a POST: its status, and what is said."""
        try:
            body = _body(request)
            if request.path.partition("?")[0] != self._path:
                return 404, "there is nothing here"
            signature, timestamp = (request.headers.get(name, "") for name in (SIGNATURE, TIMESTAMP))
            pushed = opened(body, signature, timestamp, self._secret, self._wall() / 1_000_000)
        except _Unread as error:
            return error.args
        except NotGenuine as error:
            return 401, str(error)
        except NotAnEvent as error:
            return 400, str(error)
        heard: SimpleQueue[Outcome] = SimpleQueue()
        self._take(pushed, heard.put)
        try:
            return ANSWERS[heard.get(timeout=TAKE_S)]
        except Empty:
            return ANSWERS["refused"]

    def reject(self, text: str) -> None:
        """Count a request that was not taken."""
        self.rejected += 1  # by several threads: a count for people may be off by one
        self.complaint = text


class _Unread(Exception):  # noqa: N818  status and text of the answer
    args: tuple[int, str]


def _body(request: BaseHTTPRequestHandler) -> bytes:
    length = request.headers.get("Content-Length", "")
    if "Transfer-Encoding" in request.headers or not (length.isascii() and length.isdigit()):
        raise _Unread(400, "it needs a Content-Length")
    if len(length) > LENGTH_DIGITS or int(length) > BODY_BYTES:
        raise _Unread(413, f"the body is longer than {BODY_BYTES >> 10} KiB")
    body = request.rfile.read(int(length))
    if len(body) < int(length):
        raise _Unread(400, "the body is shorter than its Content-Length")
    return body


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS

    def __init__(self, host: str, port: int, owner: WebhookServer) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.owner = owner
        self._until: dict[Any, float] = {}  # connections that are open, and when each is cut off
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._until) >= CONNECTIONS:
            with contextlib.suppress(OSError):
                request.sendall(b"HTTP/1.0 503 Busy\r\nConnection: close\r\nRetry-After: 1\r\n\r\n")
            self.shutdown_request(request)
            return
        self._until[request] = monotonic() + CONNECTION_S
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._until.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        self.sweep(monotonic())

    def sweep(self, now: float) -> None:
        for request, until in list(self._until.items()):
            if until <= now:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever sends rubbish, or goes away, is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "stakekeeper", ""
    timeout = CONNECTION_S

    def setup(self) -> None:
        super().setup()
        self.rfile: Any = _Bounded(self.rfile, HEAD_BYTES + BODY_BYTES)

    def do_POST(self) -> None:
        status, text = self.server.owner.answer(self)
        self._say(status, text)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        del explain
        if code == 501:  # the base's word for a method that is not here
            self._say(405, "POST only")
        else:
            self._say(code, message or "it is no request")

    def log_message(self, *_: object) -> None:
        """Log nothing: a line may hold what nobody should read."""

    def _say(self, status: int, text: str) -> None:
        if status not in (200, 429, 503):
            self.server.owner.reject(text)
        content = json.dumps({"status": "ok", "detail": text} if status == 200 else {"error": text}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for header in {405: ("Allow", "POST"), 429: ("Retry-After", "60"), 503: ("Retry-After", "1")}.items():
            if header[0] == status:
                self.send_header(*header[1])
        self.end_headers()
        self.wfile.write(content)


class _Bounded:
    """What a connection sends, up to so many bytes; behind them it ends."""

    def __init__(self, file: BufferedIOBase, left: int) -> None:
        self._file = file
        self._left = left
        self.close = file.close

    def readline(self, size: int) -> bytes:
        return self._count(self._file.readline(min(size, self._left)))

    def read(self, size: int) -> bytes:
        return self._count(self._file.read(min(size, self._left)))

    def _count(self, read: bytes) -> bytes:
        self._left -= len(read)
        return read
