"""The small proxy in front of the HTTP server that makes faults on the wire. It stands there only when ordered."""

import asyncio
import contextlib
import logging
import socket
import struct
from dataclasses import dataclass

from actors.sandbox.faults import Fault, FaultPlan

HOST = "127.0.0.1"
HEAD_LIMIT = 64 * 1024  # bytes of a request's head
BODY_LIMIT = 4 * 1024 * 1024  # bytes of a request's body
CHUNK = 64 * 1024
PATIENCE_S = 60.0  # for a client to finish its request, and for the server's answer
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST
log = logging.getLogger("sandbox")

REFUSALS = {
    "429": ("429 Too Many Requests", b'{"error":"rate_limited","message":"An ordered fault."}'),
    "500-before": ("500 Internal Server Error", b'{"error":"internal_error","message":"An ordered fault."}'),
    "500-after": ("500 Internal Server Error", b'{"error":"internal_error","message":"An ordered fault."}'),
    "400-after": ("400 Bad Request", b'{"error":"invalid_json","message":"An ordered fault."}'),
}


@dataclass(frozen=True, slots=True)
class _Request:
    path: str
    head: bytes
    body: bytes
    upgrades: bool

    @property
    def last_on_its_connection(self) -> bytes:
        """The request with `Connection: close`, so that the answer ends where the stream ends."""
        lines = [line for line in self.head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]) + self.body


class Proxy:
    """Passes requests on, one a connection, except where the plan has a fault for them.

    Everything runs in the server's event loop.

    Args:
        plan: decides what strikes.
    """

    def __init__(self, plan: FaultPlan) -> None:
        self._plan = plan
        self._inner_port = 0
        self._server: asyncio.Server | None = None
        self._connections = 0
        self._late: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether a connection is open or a request is still to be delivered."""
        return self._connections > 0 or bool(self._late)

    async def settled(self) -> None:
        """Return as soon as no request is late."""
        while self._late:
            await asyncio.wait(self._late)

    async def open(self, listener: socket.socket, inner_port: int) -> None:
        """Accept on `listener` and pass on to `inner_port` on loopback."""
        self._inner_port = inner_port
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=HEAD_LIMIT)

    def close(self) -> None:
        """Accept no more; requests that were to be late are lost."""
        if self._server:
            self._server.close()
        for task in self._late:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            async with asyncio.timeout(PATIENCE_S):
                request = await _read(reader)
            if request.upgrades:
                await self._pipe(request, reader, writer)
            else:
                await self._handle(request, writer)
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
            log.debug("proxy: %r", error)
        finally:
            self._connections -= 1
            writer.close()

    async def _handle(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        latency_s, fault = self._plan.for_request(request.path)
        await asyncio.sleep(latency_s)
        if fault is None:
            await _send(writer, await self._deliver(request))
            return
        log.info("fault: %s on %s", fault.kind, request.path)
        match fault.kind:
            case "reset-before":
                _reset(writer)
            case "blackhole":
                await asyncio.sleep(fault.seconds)
            case "half-close":
                await _send(writer, await self._deliver(request, in_half=True))
            case "429" | "500-before":
                await _send(writer, _message(*REFUSALS[fault.kind]))
            case "late":
                _reset(writer)
                self._deliver_late(request, fault)
            case _:
                await self._spoil(fault, request, writer)

    async def _spoil(self, fault: Fault, request: _Request, writer: asyncio.StreamWriter) -> None:
        answer = await self._deliver(request)
        match fault.kind:
            case "silence":
                await asyncio.sleep(fault.seconds)
            case "reset-after":
                _reset(writer)
            case "cut":
                await _send(writer, _cut(answer, fault.amount))
            case "malformed":
                await _send(writer, _message("200 OK", self._plan.nonsense()))
            case "duplicate":
                await self._deliver(request)
                await _send(writer, answer)
            case _:
                await _send(writer, _message(*REFUSALS[fault.kind]))

    async def _deliver(self, request: _Request, *, in_half: bool = False) -> bytes:
        data = request.last_on_its_connection
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(HOST, self._inner_port)
            try:
                await _send(writer, data[: len(data) // 2] if in_half else data)
                if in_half:
                    writer.write_eof()
                return await reader.read(-1)
            finally:
                writer.close()

    def _deliver_late(self, request: _Request, fault: Fault) -> None:
        async def deliver() -> None:
            await asyncio.sleep(fault.seconds)
            await self._deliver(request)

        task = asyncio.create_task(deliver())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _pipe(self, request: _Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(HOST, self._inner_port)
        try:
            await _send(inner_writer, request.head + request.body)
            upward = asyncio.create_task(_copy(reader, inner_writer))
            try:
                while chunk := await inner_reader.read(CHUNK):
                    if self._plan.drops_feed():
                        log.info("fault: ws-drop")
                        _reset(writer)
                        return
                    await _send(writer, chunk)
            finally:
                upward.cancel()
        finally:
            inner_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            await _send(writer, chunk)
    writer.close()


async def _read(reader: asyncio.StreamReader) -> _Request:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    path = lines[0].split(b" ")[1].decode()
    fields = {name.strip().lower(): value.strip() for name, _, value in (ln.partition(b":") for ln in lines[1:])}
    length = int(fields.get(b"content-length", b"0"))
    if length > BODY_LIMIT:
        raise ValueError(f"a body of {length} bytes")
    upgrades = fields.get(b"upgrade", b"").lower() == b"websocket"
    return _Request(path, head, await reader.readexactly(length), upgrades)


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


def _cut(answer: bytes, length: float | None) -> bytes:
    if length is not None:
        return answer[: int(length)]
    head, end, body = answer.partition(b"\r\n\r\n")
    return head + end + body[: len(body) // 2]


def _reset(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()


def _message(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body
