"""The price feed: a WebSocket that stays connected, and the latest price of each market."""

import contextlib
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

import websocket
from msgspec import Struct

from actors.venue.frames import BoundedSocket
from actors.venue.retries import RETRIES, delay

MARKETS = 2_000
"""How many markets are kept between two deliveries; names beyond it are left out."""

PRICE_CHARS = 40

CLOSE_S = 0.8
"""How long close() waits for the thread; one that is just connecting ends by itself, and calls nothing."""

DEXES = ("", "xyz")
"""The exchanges whose prices are followed: Hyperliquid's own, and the one whose coins are named "xyz:TSLA"."""

COMPLAINT_CHARS = 200
"""Of what the venue says about a subscription that it refuses."""

STRAIGHT = {"http_proxy_host": "nobody", "http_no_proxy": ["*"]}
"""No proxy of the surroundings: websocket-client heeds `http_no_proxy` only beside a proxy that is not used."""

_SUBSCRIBE = [
    json.dumps({"method": "subscribe", "subscription": {"type": "allMids", **({"dex": dex} if dex else {})}})
    for dex in DEXES
]
_PING = json.dumps({"method": "ping"})


class Timing(Struct, frozen=True):
    """The feed's times, in seconds.

    Attributes:
        connect: for the connection and its handshake.
        ping: between our pings; the venue drops whoever says nothing for 60.
        stale: without a price, after which the state is "stale".
        silent: without a price, after which the connection is given up, whatever else may come over it.
        deliver: at least so long between two deliveries.
        poll: how often the others are looked at while nothing comes.
    """

    connect: float = 10.0
    ping: float = 20.0
    stale: float = 5.0
    silent: float = 30.0
    deliver: float = 0.05
    poll: float = 0.25


class PriceSocket:
    """Follows all prices in a daemon thread of its own, connecting again and again until it is closed.

    Args:
        url: ws:// or wss://.
        on_prices: gets each market's latest price of those that came since the last call. Earlier ones are lost, and
            so are those sent while there is no connection.
        on_state: gets "connecting", "live" (prices come), "stale" (they do not) or "lost", with a reason; "refused"
            with the venue's complaint changes nothing. Both are called in the feed's thread; what they raise is
            dropped.
        rng: jitter of the reconnects.
        timing: see there.
    """

    def __init__(
        self,
        url: str,
        *,
        on_prices: Callable[[Mapping[str, Decimal]], None],
        on_state: Callable[[str, str], None],
        rng: random.Random,
        timing: Timing | None = None,
    ) -> None:
        self._url = url
        self._on_prices = on_prices
        self._on_state = on_state
        self._rng = rng
        self._timing = timing or Timing()
        self._failures = 0
        self._stop = threading.Event()
        self._socket: BoundedSocket | None = None
        self._thread = threading.Thread(target=self._run, name="price-feed", daemon=True)

    def start(self) -> None:
        """Begin to follow; once."""
        self._thread.start()

    def close(self) -> None:
        """End the feed; returns within a second. Nothing is called afterwards."""
        self._stop.set()
        if current := self._socket:
            current.wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_S)

    def is_alive(self) -> bool:
        """Return whether its thread lives; it ends by itself only through a bug."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._say("connecting", self._url)
            self._socket = line = BoundedSocket()
            try:
                line.settimeout(self._timing.connect)
                line.connect(self._url, **STRAIGHT)  # type: ignore[no-untyped-call]
                self._follow(line)
            except (OSError, ValueError, websocket.WebSocketException) as error:
                self._say("lost", str(error) or type(error).__name__)
            finally:
                self._socket = None
                line.abandon()
            self._failures += 1
            self._stop.wait(delay(RETRIES["price feed"], self._failures, self._rng) or 0.0)

    def _follow(self, line: BoundedSocket) -> None:
        for subscription in _SUBSCRIBE:
            line.send(subscription)
        latest: dict[str, object] = {}
        heard = pinged = due = time.monotonic()
        live = False
        while not self._stop.is_set():
            now = time.monotonic()
            if now - heard >= self._timing.silent:
                raise websocket.WebSocketTimeoutException(f"no price for {self._timing.silent:g} s")
            if live and now - heard >= self._timing.stale:
                live = False
                self._say("stale", f"no price for {self._timing.stale:g} s")
            if now - pinged >= self._timing.ping:
                pinged = now
                line.send(_PING)
            if latest and now >= due:
                due = now + self._timing.deliver
                self._deliver(latest)
                latest = {}
            line.settimeout(min(self._timing.poll, max(due - now, 0.001)) if latest else self._timing.poll)
            with contextlib.suppress(websocket.WebSocketTimeoutException):
                mids, complaint = _read(line.message())
                if complaint:
                    self._say("refused", complaint)
                if mids:
                    heard = time.monotonic()
                    self._failures = 0
                    if not live:
                        live = True
                        self._say("live", f"{len(mids)} markets")
                    latest.update(mids)
                    if len(latest) > MARKETS:
                        latest = dict(itertools.islice(latest.items(), MARKETS))

    def _deliver(self, latest: Mapping[str, object]) -> None:
        # Decimals are made here and not for every frame: at a thousand frames a second most are never looked at.
        prices = {name: price for name, text in latest.items() if (price := _price(text)) is not None}
        if prices and not self._stop.is_set():
            with contextlib.suppress(Exception):
                self._on_prices(prices)

    def _say(self, state: str, reason: str) -> None:
        if not self._stop.is_set():
            with contextlib.suppress(Exception):
                self._on_state(state, reason)


def _read(message: bytes | None) -> tuple[dict[str, object], str]:
    """Return the prices in a message, and what the venue complains of."""
    # The first frame is plain text, and other channels may come; both are no prices, and no reason to disconnect.
    try:
        content = json.loads(message or b"")
        channel, data = content["channel"], content["data"]
        mids = data["mids"] if channel == "allMids" else {}
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return {}, ""
    return mids if isinstance(mids, dict) else {}, str(data)[:COMPLAINT_CHARS] if channel == "error" else ""


def _price(text: object) -> Decimal | None:
    if not isinstance(text, str) or len(text) > PRICE_CHARS:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        return None
    return price if price.is_finite() and price > 0 else None
