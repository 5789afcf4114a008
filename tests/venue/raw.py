"""A server of bytes: it reads one request and then does exactly what the test says with the connection."""

import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

Act = Callable[[socket.socket], None]


def answers(*parts: bytes) -> Act:
    """Send the bytes and close in order."""

    def act(line: socket.socket) -> None:
        for part in parts:
            line.sendall(part)

    return act


def http(status: int, body: bytes, *headers: bytes, length: int | None = None) -> Act:
    """Send a whole answer; `length` is the one it claims."""
    claimed = len(body) if length is None else length
    head = [b"HTTP/1.1 %d X" % status, b"Content-Length: %d" % claimed, b"Connection: close", *headers]
    return answers(b"\r\n".join(head) + b"\r\n\r\n" + body)


def reset(line: socket.socket) -> None:
    """Break the connection so that the other side gets ECONNRESET."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(head: bytes, drop: bytes) -> Act:
    """Send a head, and then a drop every 10 ms for as long as anybody is there, a minute at most."""

    def act(line: socket.socket) -> None:
        line.sendall(head)
        for _ in range(6_000):
            line.sendall(drop)
            threading.Event().wait(0.01)

    return act


class RawServer:
    """Serves connection after connection; the last act repeats. Remembers every request it read.

    Attributes:
        url: where it listens.
        requests: what was read before each act.
    """

    def __init__(self, *acts: Act) -> None:
        self._acts = list(acts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
            with line:
                try:
                    self.requests.append(_read(line))
                    act(line)
                except OSError:
                    continue


def _read(line: socket.socket) -> bytes:
    seen = b""
    while b"\r\n\r\n" not in seen:
        seen += line.recv(65536) or b"\r\n\r\n"
    head, _, body = seen.partition(b"\r\n\r\n")
    lengths = [int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")]
    while len(body) < sum(lengths):
        body += line.recv(65536)
    return head + b"\r\n\r\n" + body
