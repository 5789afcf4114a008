"""HTTP as money needs it: one send on a fresh connection, and reads; both with a deadline for the whole exchange.

The timeout of a socket counts from read to read, so a server that drips one byte a second is never late. Here the
time left is set anew before each read, for both ways of asking.
"""

import http.client
import re
import socket
import ssl
import struct
from collections.abc import Mapping
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3
from msgspec import Struct
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from actors.crashpoints import armed, reached
from actors.money.wagers import Request
from actors.venue.dialing import TimedResponse, dial, left, now
from actors.venue.errors import NoAnswer, NothingSent, VenueDown

SEND_BODY_BYTES = 1 << 20
"""The longest answer to a send; a bet's has about 600 bytes."""

READ_BODY_BYTES = 4 << 20
"""The longest answer to a read."""

LONG_BODY_BYTES = 16 << 20
"""As long may be those that grow with the account: 10,000 export rows have 4 MB, a history of 100,000 rows 12 MB."""

KEPT_CONNECTIONS = 4
"""How many idle connections a reader keeps: as many as a port has threads."""

USER_AGENT = "stakekeeper"

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_TROUBLE = (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError)

_WORDS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((socket.gaierror, urllib3.exceptions.NameResolutionError), "its name is not known here (is there a network?)"),
    ((urllib3.exceptions.NewConnectionError,), "nobody can be reached there"),
    ((TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError), "out of time"),
    ((ssl.SSLError, urllib3.exceptions.SSLError), "no secure connection; is it https, and is its certificate sound?"),
    ((ConnectionRefusedError,), "nobody listens there"),
    ((ConnectionError, requests.ConnectionError), "it broke, or was never made"),
    ((http.client.HTTPException, urllib3.exceptions.HTTPError), "the answer is cut or no HTTP"),
)


class HttpAnswer(Struct, frozen=True):
    """A complete answer: names of headers in lower case, the body as it came."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class _Dialing(HTTPConnection):
    response_class = TimedResponse

    def _new_conn(self) -> socket.socket:
        try:
            return dial(self.host, self.port or 0, now() + float(self.timeout or 0.0))
        except socket.gaierror as error:
            raise urllib3.exceptions.NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(self, "out of time") from error
        except OSError as error:
            raise urllib3.exceptions.NewConnectionError(self, "no connection") from error


class _Secured(_Dialing, HTTPSConnection):
    pass


class _Once(http.client.HTTPConnection):
    """Sends head and body together: a server that answers to the head alone would cut its answer off at our body."""

    response_class = TimedResponse

    def __init__(self, url: SplitResult, sock: socket.socket) -> None:
        super().__init__(url.hostname or "", url.port)
        self.sock = sock
        self._written = b""

    def send(self, data: Any) -> None:
        self._written += data

    def flush(self) -> None:
        half = len(self._written) // 2 if armed() else 0
        if half:
            self.sock.sendall(self._written[:half])
            reached("half_sent")
        self.sock.sendall(self._written[half:])


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Dialing


class _SecuredPool(HTTPSConnectionPool):
    ConnectionCls = _Secured


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecuredPool}


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)


def signature(key: SecretStr, agent_id: str) -> dict[str, str]:
    """Return the headers that say who asks; none without a key.

    Raises:
        ValueError: key or id could not stand in a header (the message shows neither).
    """
    if not key.get_secret_value():
        return {}
    if not _PRINTABLE.fullmatch(key.get_secret_value()) or not _PRINTABLE.fullmatch(agent_id or "-"):
        raise ValueError("a key or an agent id has spaces or characters that none can have; look for a bad copy")
    return {"Authorization": f"Bearer {key.get_secret_value()}"} | ({"X-Agent-ID": agent_id} if agent_id else {})


def _connect(url: SplitResult, until: float) -> socket.socket:
    host = url.hostname or ""
    sock = dial(host, url.port or (443 if url.scheme == "https" else 80), until)
    try:
        # A closed socket takes its unsent bytes along, and what the peer does not acknowledge in time is given up:
        # after our death or our deadline the kernel must not go on delivering a bet.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, int(left(until) * 1000)))
        if url.scheme == "https":
            sock.settimeout(left(until))
            sock = _tls().wrap_socket(sock, server_hostname=host)
        reached("connected")
        sock.settimeout(left(until))  # the last look at the clock: what was stopped here too long sends no more
    except BaseException:
        sock.close()
        raise
    return sock


def send_once(
    base_url: str, request: Request, *, key: SecretStr, agent_id: str, timeout_s: float, method: str = "POST"
) -> HttpAnswer:
    """Send a request that moves money: once, on a connection of its own, following and repeating nothing.

    Blocks the calling thread for at most `timeout_s`, from the look-up of the host's name to the last byte.

    Raises:
        NothingSent: the connection was not made: no name, no route, refused, no TLS, or no time left for it.
        NoAnswer: anything else: cut, reset, late, malformed, too long.
    """
    until = now() + timeout_s
    headers = signature(key, agent_id) | {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": USER_AGENT,
        "Connection": "close",
    }
    url = urlsplit(base_url)
    reached("connect")
    try:
        sock = _connect(url, until)
    except (OSError, ValueError) as error:
        raise NothingSent(f"no connection to {url.hostname}: {_words(error)}") from None
    line = _Once(url, sock)
    try:
        line.request(method, url.path.rstrip("/") + request.path, request.body.encode(), headers)
        line.flush()
        reached("sent")
        sock.settimeout(left(until))
        with line.getresponse() as response:
            body = response.read(SEND_BODY_BYTES + 1)
            reached("answered")
            if flaw := _flaw(len(body) > SEND_BODY_BYTES, response.length, chunked=bool(response.chunked)):
                raise NoAnswer(f"no answer from {url.hostname}: {flaw}")
            return HttpAnswer(response.status, body, {k.lower(): v for k, v in response.getheaders()})
    except _TROUBLE as error:
        raise NoAnswer(f"no answer from {url.hostname}: {_words(error)}") from None
    finally:
        line.close()


class Reader:
    """Reads from one service over kept connections. Usable by several threads.

    Args:
        base_url: with the service's path prefix.
        key: bearer key, empty at open doors.
        agent_id: the account's id at the venue, sent along for its logs.
        timeout_s: for connecting, and again for the whole answer.
    """

    def __init__(self, base_url: str, *, key: SecretStr, agent_id: str, timeout_s: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = urllib3.Timeout(total=timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, and no .netrc that would replace the key
        self._session.headers.update(signature(key, agent_id))
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=KEPT_CONNECTIONS, max_retries=0))

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: str = "",
        longest: int = READ_BODY_BYTES,
    ) -> HttpAnswer:
        """Ask once and return the answer, whatever its status; of a body beyond `longest` bytes no more is read.

        Raises:
            VenueDown: no connection, no complete answer in time, or one of unknown length (its end could be missing).
        """
        try:
            with self._session.request(
                method,
                self._base_url + path,
                params=params,
                data=body.encode() or None,
                headers={"Content-Type": "application/json"} if body else {},
                timeout=self._timeout,  # type: ignore[arg-type]  # requests takes one of urllib3's
                allow_redirects=False,
                stream=True,
            ) as response:
                body_read = response.raw.read(longest + 1, decode_content=False)
                headers = {k.lower(): v for k, v in response.headers.items()}
                chunked = headers.get("transfer-encoding", "").lower() == "chunked"
                flaw = _flaw(len(body_read) > longest, response.raw.length_remaining, chunked=chunked)
        except (requests.RequestException, *_TROUBLE) as error:
            raise VenueDown(f"cannot read {path}: {_words(error)}") from None
        if flaw:
            raise VenueDown(f"cannot read {path}: {flaw}")
        return HttpAnswer(response.status_code, body_read, headers)

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()


def ask_openly(base_url: str, method: str, path: str, *, body: str = "", timeout_s: float) -> HttpAnswer:
    """Ask once at a door that needs no key, on a connection of its own.

    Raises:
        VenueDown: as Reader.ask.
    """
    reader = Reader(base_url, key=SecretStr(""), agent_id="", timeout_s=timeout_s)
    try:
        return reader.ask(method, path, body=body)
    finally:
        reader.close()


def _flaw(too_long: bool, missing: int | None, *, chunked: bool) -> str:
    if too_long:
        return "the answer is too long"
    if missing:
        return "the answer is cut"
    # One that ends where the connection ends may have been cut there, and an export cut at a line looks whole.
    return "" if chunked or missing == 0 else "the answer does not say how long it is"


def _words(error: BaseException) -> str:
    # Only the system's own words and ours: other texts may quote headers, and so the key.
    reason = getattr(error.args[0], "reason", None) if error.args else None
    error = reason if isinstance(reason, BaseException) else error  # requests wraps what urllib3 met
    for kinds, words in _WORDS:
        if isinstance(error, kinds):
            return words
    return getattr(error, "strerror", None) or type(error).__name__
