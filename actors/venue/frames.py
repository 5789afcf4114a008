"""A WebSocket whose messages are bounded and whose waiting can be ended from another thread."""

import contextlib
import socket

import websocket
from websocket import ABNF
from websocket._abnf import frame_buffer

MESSAGE_BYTES = 1 << 20
"""The longest message; all prices of 275 markets have 10 kB."""

CHUNK_BYTES = 1 << 16
"""Of one read of the system."""


class _Frames(frame_buffer):
    def recv_length(self) -> None:
        super().recv_length()
        if (self.length or 0) > MESSAGE_BYTES:
            raise websocket.WebSocketProtocolException(f"a frame is longer than {MESSAGE_BYTES >> 20} MiB")


class BoundedSocket(websocket.WebSocket):
    """One connection, read by one thread."""

    def __init__(self) -> None:
        super().__init__(skip_utf8_validation=True)  # JSON's parser checks it anyway
        self.frame_buffer = _Frames(self._ahead, skip_utf8_validation=True)
        self._parts: list[bytes] = []
        self._unread = memoryview(b"")

    def message(self) -> bytes | None:
        """Return the next message, or None after a frame that completes none. Pings are answered.

        Raises:
            websocket.WebSocketTimeoutException: nothing came within the socket's timeout; what came stays.
            websocket.WebSocketException: closed, or not the protocol.
            OSError: the connection broke.
        """
        frame: ABNF = self.recv_frame()  # type: ignore[no-untyped-call]
        if frame.opcode == ABNF.OPCODE_CLOSE:
            raise websocket.WebSocketConnectionClosedException("the other side closed the connection")
        if frame.opcode == ABNF.OPCODE_PING:
            self.pong(frame.data)
        if frame.opcode not in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY, ABNF.OPCODE_CONT):
            return None
        self._parts.append(frame.data if isinstance(frame.data, bytes) else frame.data.encode())
        if sum(map(len, self._parts)) > MESSAGE_BYTES:
            raise websocket.WebSocketProtocolException(f"a message is longer than {MESSAGE_BYTES >> 20} MiB")
        if not frame.fin:
            return None
        whole, self._parts = b"".join(self._parts), []
        return whole

    def _ahead(self, size: int) -> bytes:
        # A frame is asked for in three small pieces, and each would be two calls of the system.
        if not self._unread:
            self._unread = memoryview(self._recv(CHUNK_BYTES))  # type: ignore[no-untyped-call]
        piece, self._unread = self._unread[:size], self._unread[size:]
        return bytes(piece)

    def wake(self) -> None:
        """End the connection from any thread; whoever waits in `message` gets an error at once."""
        sock = self.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def abandon(self) -> None:
        """Close the connection without the closing handshake, which a broken one would not answer."""
        self.shutdown()  # type: ignore[no-untyped-call]
