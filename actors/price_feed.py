"""PriceFeedActor: the newest price of every market, from a WebSocket that reconnects for ever."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from msgspec import Struct

from actors.messages import Level, Notice, Prices, PricesTaken
from actors.redis_state import StoreDown
from actors.venue.port import Runs
from supervision import Exit, Handle, Worker

NOTE_S = 1.0
"""How often the tree's line is renewed, and the state in Redis, in seconds."""

CLOSE_S = 0.1

MARKETS = 2_000
"""How many markets are kept; names beyond it are left out until others have gone."""

MARKET_STALE_US = 30_000_000
"""A market that was in no frame for so long (microseconds) is none any more, though the others go on."""

STATE_TTL_S = 10
"""How long the state in Redis outlives this actor, in seconds."""

COMPLAIN_US = 60_000_000
"""How often at most it is told that the venue complains, in microseconds: it may do so a thousand times a second."""

DOWN = ("lost", "stale")


class Socket(Protocol):
    """A source of prices with a thread of its own."""

    def start(self) -> None:
        """Begin; returns at once."""

    def close(self) -> None:
        """End within a second."""

    def is_alive(self) -> bool:
        """Return whether its thread lives."""


class Store(Protocol):
    """Where others may see what lasts only for seconds; see `actors.redis_state.RedisState`."""

    def put(self, name: str, text: str, ttl_s: int) -> None:
        """Keep a text for so many seconds. Blocks; runs in the port. Raises StoreDown."""


class _Mids(Struct, frozen=True):
    mids: Mapping[str, Decimal]


class _State(Struct, frozen=True):
    state: str
    reason: str


class _Note(Struct, frozen=True):
    pass


class _Stored(Struct, frozen=True):
    error: BaseException | None


MakeSocket = Callable[[Callable[[Mapping[str, Decimal]], None], Callable[[str, str], None]], Socket]


class PriceFeedActor(Worker):
    """Keeps the latest prices and passes them on. A lost connection is a state of it, never a crash.

    A lane gets the whole picture, and the next one when it has said `PricesTaken`: what happened meanwhile is in that
    one. When the feed is lost or silent it is told so, and gets no price until there are new ones.

    Args:
        socket: makes the source from two callbacks, for prices and for changes of its state; both only tell.
        lanes: who gets `Prices`, by the name of the lane.
        reporter: who hears when the feed is lost and found.
        wall: UTC microseconds.
        port: where the store is written.
        store: where the state is shown to others, or None.
    """

    def __init__(
        self,
        socket: MakeSocket,
        lanes: Mapping[str, Handle],
        reporter: Handle,
        wall: Callable[[], int],
        port: Runs,
        store: Store | None = None,
    ) -> None:
        super().__init__()
        self._make = socket
        self._socket: Socket | None = None
        self._lanes = dict(lanes)
        self._ready = set(lanes)  # a lane that has not taken what an earlier incarnation sent gets one more at most
        self._behind: set[str] = set()
        self._reporter = reporter
        self._wall = wall
        self._port = port
        self._store = store
        self._storing = False
        self._store_down = False
        self._latest: dict[str, Decimal] = {}
        self._seen: dict[str, int] = {}
        self._last_at = 0
        self._state = "connecting"
        self._told = ""
        self._complained_at = -COMPLAIN_US

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

    def teardown(self, _: Exit, /) -> None:
        """Close the source."""
        if self._socket:
            self._socket.close()
        self._port.close(CLOSE_S)

    def receive(self, message: Any) -> None:
        """Take prices or a change of state in; pass on what a lane has not seen."""
        match message:
            case _Mids():
                self._take(message.mids)
            case _State(state="refused"):
                if self._wall() >= self._complained_at + COMPLAIN_US:
                    self._complained_at = self._wall()
                    self._say("refused", f"the price feed refuses a subscription: {message.reason}", "WARNING")
            case _State():
                self._change(message)
            case PricesTaken():
                self._ready.add(message.lane)
                self._serve()
            case _Note():
                if self._socket is None or not self._socket.is_alive():
                    raise RuntimeError("the price feed's thread ended")
                self._show()
            case _Stored():
                self._stored(message.error)
            case _:
                super().receive(message)

    def _take(self, mids: Mapping[str, Decimal]) -> None:
        now = self._last_at = self._wall()
        self._latest.update(mids)
        self._seen.update(dict.fromkeys(mids, now))
        for name in [name for name, at in self._seen.items() if at < now - MARKET_STALE_US]:
            del self._seen[name], self._latest[name]
        for name in list(self._latest)[MARKETS:]:
            del self._seen[name], self._latest[name]
        self._publish()

    def _change(self, message: _State) -> None:
        down, live = message.state in DOWN, message.state == "live"
        if message.state != self._told and (down or live):
            self._told = message.state
            text = f"price feed {message.state}" + (f": {message.reason}" if message.reason else "")
            self._say(message.state, text, "WARNING" if down else "DEBUG")
        self._state = message.state
        if down and self._latest:
            self._latest.clear()
            self._seen.clear()
            self._publish()
        self._show()

    def _publish(self) -> None:
        self._behind = set(self._lanes)
        self._serve()

    def _serve(self) -> None:
        if due := self._ready & self._behind:
            picture = Prices(self._wall(), dict(self._latest), fresh=bool(self._latest))
            for lane in due:
                self._lanes[lane].tell(picture)
            self._ready -= due
            self._behind -= due

    def _show(self) -> None:
        age_ms = (self._wall() - self._last_at) // 1000
        heard = f"{len(self._latest)} markets, last tick {age_ms} ms ago" if self._last_at else "no tick yet"
        self.note(heard if self._state == "live" else f"{self._state}, {heard}")
        store = self._store
        if store and not self._storing:
            text = json.dumps({"state": self._state, "last_price_at": self._last_at, "markets": len(self._latest)})
            self._storing = self._port.submit(lambda: store.put("price_feed", text, STATE_TTL_S), self._put)

    def _put(self, result: BaseException | None) -> None:  # in a thread of the port
        self.handle.tell(_Stored(result))

    def _stored(self, error: BaseException | None) -> None:
        self._storing = False
        if error is not None and not isinstance(error, StoreDown):
            raise error
        if (error is not None) is not self._store_down:
            self._store_down = error is not None
            text = f"Redis cannot be written ({error}); the agent goes on without it" if error else "Redis is back"
            self._say("store", text, "WARNING" if error else "INFO")

    def _say(self, outcome: str, text: str, level: Level) -> None:
        self._reporter.tell(Notice(self._wall(), "price_feed", "feed", outcome, text, level=level))
