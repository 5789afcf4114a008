"""The price feed: 275 markets in the Hyperliquid WebSocket format, moved by a seeded random walk."""

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

GREETING = "Websocket connection established."
MARKETS = 275
TICK_S = 0.25
STEP = 0.0004  # standard deviation of one tick's relative move
DIGITS = 5  # significant digits of a price
OUTBOX = 64  # messages kept for a slow reader, 16 s of ticks; the oldest ticks beyond it are lost

NAMED: dict[str, float] = {
    "BTC": 96_000.0,
    "ETH": 3_300.0,
    "SOL": 190.0,
    "BNB": 650.0,
    "XRP": 1.4,
    "DOGE": 0.4,
    "ADA": 0.9,
    "AVAX": 42.0,
    "LINK": 18.0,
    "DOT": 8.5,
    "LTC": 95.0,
    "ATOM": 8.0,
    "UNI": 11.0,
    "AAVE": 180.0,
    "ARB": 0.85,
    "OP": 2.1,
    "SUI": 3.6,
    "APT": 12.5,
    "NEAR": 6.4,
    "HYPE": 25.0,
}

Send = Callable[[str], None]


class Market:
    """The prices, and who listens to them. All methods run in the server's event loop.

    Args:
        rng: where the walk comes from.
        goes_silent: asked before each tick; a number of seconds makes the feed say nothing for so long.
    """

    def __init__(self, rng: random.Random, goes_silent: Callable[[], float]) -> None:
        self._rng = rng
        self._goes_silent = goes_silent
        self._prices = dict(NAMED)
        for index in range(1, MARKETS - len(NAMED) + 1):
            self._prices[f"@{index}"] = round(10 ** rng.uniform(-3, 2), 6)
        self._listeners: set[Send] = set()

    def mids(self) -> str:
        """The allMids message of this moment."""
        mids = {name: price_text(price) for name, price in self._prices.items()}
        return json.dumps({"channel": "allMids", "data": {"mids": mids}}, separators=(",", ":"))

    def subscribe(self, send: Send) -> None:
        """Give every coming tick to `send`, which must not block."""
        self._listeners.add(send)

    def unsubscribe(self, send: Send) -> None:
        """Stop giving ticks to `send`."""
        self._listeners.discard(send)

    def move(self) -> None:
        """One step of the walk in every market."""
        for name, price in self._prices.items():
            self._prices[name] = price * (1 + self._rng.gauss(0, STEP))

    async def run(self) -> None:
        """Tick for ever; without listeners the market stands still."""
        while True:
            await asyncio.sleep(TICK_S)
            if not self._listeners:
                continue
            self.move()
            silence_s = self._goes_silent()
            if silence_s:
                await asyncio.sleep(silence_s)
                continue
            message = self.mids()
            for send in list(self._listeners):
                send(message)


def price_text(price: float) -> str:
    """A price as the feed writes it: a decimal string of at most five significant digits."""
    whole = len(str(int(price)))
    return f"{price:.{max(1, DIGITS - whole)}f}" if price >= 1 else f"{price:.6f}"


class Listener:
    """One WebSocket connection: what it is subscribed to and what waits to be sent."""

    def __init__(self, socket: WebSocket, market: Market) -> None:
        self._socket = socket
        self._market = market
        self._outbox: asyncio.Queue[str] = asyncio.Queue(OUTBOX)

    async def serve(self) -> None:
        """Talk until the client goes away."""
        await self._socket.accept()
        self._post(GREETING)
        writer = asyncio.create_task(self._write())
        try:
            while True:
                self._answer(await self._socket.receive_text())
        except (WebSocketDisconnect, KeyError):
            pass  # gone, or a binary frame, which nobody here speaks
        finally:
            self._market.unsubscribe(self._post)
            writer.cancel()
            with contextlib.suppress(RuntimeError):
                if self._socket.application_state is WebSocketState.CONNECTED:
                    await self._socket.close()

    async def _write(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await self._socket.send_text(await self._outbox.get())

    def _post(self, message: str) -> None:
        if self._outbox.full():
            self._outbox.get_nowait()
        self._outbox.put_nowait(message)

    def _say(self, channel: str, data: Any = None) -> None:
        message = {"channel": channel} if data is None else {"channel": channel, "data": data}
        self._post(json.dumps(message, separators=(",", ":")))

    def _answer(self, text: str) -> None:
        try:
            request = json.loads(text)
            method, subscription = request["method"], request.get("subscription")
        except (ValueError, TypeError, KeyError, AttributeError):
            self._say("error", "This is no request in JSON with a method.")
            return
        if method == "ping":
            self._say("pong")
        elif method not in ("subscribe", "unsubscribe"):
            self._say("error", f"Unknown method: {method}")
        elif not isinstance(subscription, dict) or subscription.get("type") != "allMids":
            self._say("error", f"The built-in venue has allMids only, not {subscription}")
        else:
            self._say("subscriptionResponse", {"method": method, "subscription": subscription})
            if method == "subscribe":
                self._post(self._market.mids())
                self._market.subscribe(self._post)
            else:
                self._market.unsubscribe(self._post)
