"""PriceFeedActor: the newest price of every market, from a WebSocket that reconnects for ever."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from actors.messages import Level, Notice, Prices
from supervision import Exit, Handle, Worker

NOTE_S = 1.0
"""How often the tree's line is renewed, in seconds."""


class Socket(Protocol):
    """A source of prices with a thread of its own."""

    def start(self) -> None:
        """Begin; returns at once."""

    def close(self) -> None:
        """End within a second."""


@dataclass(frozen=True, slots=True)
class _Mids:
    mids: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class _State:
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Note:
    pass


MakeSocket = Callable[[Callable[[Mapping[str, Decimal]], None], Callable[[str, str], None]], Socket]


class PriceFeedActor(Worker):
    """Keeps the latest prices and passes them on. A lost connection is a state of it, never a crash.

    Args:
        socket: makes the source from two callbacks, for prices and for changes of its state; both only tell.
        subscribers: handles that get `Prices`.
        reporter: who hears when the feed is lost and found.
        wall: UTC microseconds.
    """

    def __init__(
        self, socket: MakeSocket, subscribers: Sequence[Handle], reporter: Handle, wall: Callable[[], int]
    ) -> None:
        super().__init__()
        self._make = socket
        self._socket: Socket | None = None
        self._subscribers = tuple(subscribers)
        self._reporter = reporter
        self._wall = wall
        self._latest: dict[str, Decimal] = {}
        self._last_at = 0
        self._state = "connecting"
        self._told = ""

    def setup(self) -> None:
        """Start the source's thread; no waiting for a connection."""
        handle = self.handle

        def on_prices(mids: Mapping[str, Decimal]) -> None:
            handle.tell(_Mids(mids))

        def on_state(state: str, reason: str) -> None:
            handle.tell(_State(state, reason))

        self._socket = self._make(on_prices, on_state)
        self._socket.start()
        self.every(NOTE_S, _Note())

    def receive(self, message: Any) -> None:
        """Take prices or a change of state in."""
        match message:
            case _Mids():
                self._latest.update(message.mids)
                self._last_at = self._wall()
                prices = Prices(self._last_at, dict(self._latest))
                for subscriber in self._subscribers:
                    subscriber.tell(prices)
            case _State():
                self._change(message)
            case _Note():
                age_ms = (self._wall() - self._last_at) // 1000
                heard = f"{len(self._latest)} markets, last tick {age_ms} ms ago" if self._last_at else "no tick yet"
                self.note(heard if self._state == "live" else f"{self._state}, {heard}")
            case _:
                super().receive(message)

    def teardown(self, _: Exit, /) -> None:
        """Close the source."""
        if self._socket:
            self._socket.close()

    def _change(self, message: _State) -> None:
        lost, live = message.state in ("lost", "stale"), message.state == "live"
        if message.state != self._told and (lost or live):
            self._told = message.state
            text = f"price feed {message.state}" + (f": {message.reason}" if message.reason else "")
            level: Level = "WARNING" if lost else "DEBUG"
            notice = Notice(self._wall(), "price_feed", "feed", message.state, text, level=level)
            self._reporter.tell(notice)
        self._state = message.state
