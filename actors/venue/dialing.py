"""Deadlines of a connection: looking a name up, trying its addresses, and reading an answer, each within its time."""

import http.client
import io
import socket
import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Any

LOOKUPS = 8
"""Look-ups of names under way at a time. One cannot be broken off: what the system's resolver keeps stays counted."""

# Time asleep counts too where the system can say: a request must not leave after a laptop wakes up.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_free = threading.BoundedSemaphore(LOOKUPS)

_Found = Sequence[tuple[int, int, int, str, Any]]


def now() -> float:
    """Return the seconds of the clock that deadlines are told by."""
    return time.clock_gettime(_CLOCK)


def left(until: float) -> float:
    """Return the seconds until a deadline.

    Raises:
        TimeoutError: it is over.
    """
    seconds = until - now()
    if seconds <= 0:
        raise TimeoutError("out of time")
    return seconds


def dial(host: str, port: int, until: float) -> socket.socket:
    """Connect to a host by the first of its addresses that answers.

    Raises:
        OSError: no name, no route, nobody there, or TimeoutError: the deadline is over.
    """
    trouble: OSError = TimeoutError("the name has no address")
    for family, kind, protocol, _, address in _addresses(host, port, until):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(left(until))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            trouble = error
        else:
            return sock
    raise trouble


class TimedResponse(http.client.HTTPResponse):
    """An answer that is late as a whole: the socket's timeout at first is what is left for all of it together."""

    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        until = now() + (sock.gettimeout() or 0.0)
        self.fp = io.BufferedReader(_Timed(sock, self.fp.detach(), until))


class _Timed(io.RawIOBase):
    def __init__(self, sock: socket.socket, raw: io.RawIOBase, until: float) -> None:
        self._sock = sock
        self._raw = raw
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(left(self._until))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _addresses(host: str, port: int, until: float) -> _Found:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name; the system's resolver knows no deadline, so it is asked from a thread that may be left behind
    if not _free.acquire(timeout=left(until)):
        raise TimeoutError("out of time")
    said: SimpleQueue[_Found | OSError] = SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, said), name=f"look-up of {host}", daemon=True).start()
    try:
        found = said.get(timeout=left(until))
    except Empty:
        raise TimeoutError("out of time") from None
    if isinstance(found, OSError):
        raise found
    return found


def _look_up(host: str, port: int, said: "SimpleQueue[_Found | OSError]") -> None:
    try:
        said.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError as error:
        said.put(error)
    except ValueError:
        said.put(socket.gaierror(socket.EAI_NONAME, "no name at all"))
    finally:
        _free.release()
