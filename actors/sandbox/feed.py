"""The price feed: one WebSocket connection in the Hyperliquid format, what it is subscribed to and what it is told."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from actors.sandbox.books import Row
from actors.sandbox.door import Venue
from actors.sandbox.exchange import wire
from actors.sandbox.exchange.info import newest_fills

GREETING = "Websocket connection established."
OUTBOX = 64  # messages kept for a slow reader, 16 s of ticks; the oldest ticks beyond it are lost
OF_A_COIN = ("trades", "bbo", "l2Book")
OF_A_USER = ("userFills", "userEvents", "orderUpdates")

Topic = tuple[str, str]  # a type of subscription, and the coin, the address or the part of the exchange it is about


class Listener:
    """One WebSocket connection: what it is subscribed to and what waits to be sent."""

    def __init__(self, socket: WebSocket, venue: Venue) -> None:
        self._socket = socket
        self._venue = venue
        self._topics: set[Topic] = set()
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
            self._venue.market.unsubscribe(self._tick)
            self._venue.exchange.unsubscribe(self._filled)
            writer.cancel()
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it may have gone at this moment
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
        topic = self._topic(subscription)
        if method == "ping":
            self._say("pong")
        elif method not in ("subscribe", "unsubscribe"):
            self._say("error", f"Unknown method: {method}")
        elif topic is None:
            self._say("error", f"Invalid subscription {subscription}")
        else:
            self._say("subscriptionResponse", {"method": method, "subscription": subscription})
            if method == "subscribe":
                self._topics.add(topic)
                self._begin(topic)
            else:
                self._topics.discard(topic)
            self._listen()

    def _topic(self, subscription: Any) -> Topic | None:
        if not isinstance(subscription, dict):
            return None
        kind, coin, user = (str(subscription.get(name)) for name in ("type", "coin", "user"))
        if kind == "allMids":
            return kind, str(subscription.get("dex") or "")
        if kind in OF_A_COIN and coin in self._venue.market.listings:
            return kind, coin
        return (kind, user.lower()) if kind in OF_A_USER and "user" in subscription else None

    def _listen(self) -> None:
        market, exchange = self._venue.market, self._venue.exchange
        kinds = {kind for kind, _ in self._topics}
        (market.subscribe if kinds & {"allMids", *OF_A_COIN} else market.unsubscribe)(self._tick)
        (exchange.subscribe if kinds & {"trades", *OF_A_USER} else exchange.unsubscribe)(self._filled)

    def _begin(self, topic: Topic) -> None:
        """The snapshot that a subscription starts with, where it has one."""
        kind, about = topic
        if kind == "allMids":
            self._post(self._venue.market.mids(about))
        elif kind == "userFills":
            fills = [wire.fill_json(fill) for fill in newest_fills(self._venue, about)]
            self._say(kind, {"isSnapshot": True, "user": about, "fills": fills})
        elif kind in ("bbo", "l2Book"):
            self._say_book(topic)

    def _tick(self, mids: str) -> None:
        for topic in sorted(self._topics):
            kind, about = topic
            if kind == "allMids":
                self._post(self._venue.market.mids(about) if about else mids)
            elif kind in ("bbo", "l2Book"):
                self._say_book(topic)

    def _say_book(self, topic: Topic) -> None:
        kind, coin = topic
        market = self._venue.market
        book = wire.book_json(market.listings[coin], market.price(coin), self._venue.exchange.now_ms())
        if kind == "bbo":
            book = {"coin": coin, "time": book["time"], "bbo": [side[0] for side in book["levels"]]}
        self._say(kind, book)

    def _filled(self, fill: Row) -> None:
        told = wire.fill_json(fill)
        say: dict[Topic, Callable[[], None]] = {
            ("trades", fill["coin"]): lambda: self._say("trades", [wire.trade_json(fill)]),
            ("userFills", fill["address"]): lambda: self._say("userFills", {"user": fill["address"], "fills": [told]}),
            ("userEvents", fill["address"]): lambda: self._say("user", {"fills": [told]}),
            ("orderUpdates", fill["address"]): lambda: self._say("orderUpdates", [wire.order_json(fill)]),
        }
        for topic in say.keys() & self._topics:
            say[topic]()
