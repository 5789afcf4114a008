"""Mailboxes that can be closed, so that no ask is lost in the race with its actor's death."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, ClassVar

from supervision.spec import MailboxSpec, Overflow


class Wake:
    """The item that wakes a loop for its control lane; never handed to a worker."""


WAKE: Any = Wake()


class Wrapped:
    """Base of queued items that are more than their message: they are never taken for the latest of a key."""

    __slots__ = ()
    reserved: ClassVar[bool] = False  # True: no policy may drop it


class Mailbox:
    """Unbounded first-in first-out mailbox with a control lane that overtakes it.

    Any thread may `put` and `post`; one thread calls `get`. What cannot be delivered goes to `refuse`, exactly
    once: `put` looks at the closed flag again after putting, and `close` sets it before draining, so one of the
    two sees each item (test_race.py removes the second look and loses asks).
    """

    def __init__(self) -> None:
        self.refuse: Callable[..., None] = lambda *_: None  # until it is attached to a handle
        self.control: deque[Any] = deque()
        self.closed = False
        self.bell: Callable[[], object] | None = None  # rung after each item, for a thread that serves several
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._put: Callable[[Any], bool | None] = self._queue.put
        self.get: Callable[[], Any] = self._queue.get
        self.depth: Callable[[], int] = self._queue.qsize

    def put(self, item: Any, /) -> bool:
        """Queue `item`; return False if it was refused. Never blocks."""
        if self.closed:
            self.refuse(item)
            return False
        refused = self._put(item)
        if self.bell is not None:
            self.bell()
        if self.closed:
            self.drain()  # type: ignore[unreachable]  # another thread may have closed it in between
        return not refused

    def post(self, item: Any) -> None:
        """Put `item` on the control lane: it is served before all waiting messages, also when closed."""
        self.control.append(item)
        self._queue.put(WAKE)
        if self.bell is not None:
            self.bell()

    def close(self) -> None:
        """Refuse all that waits and all that comes."""
        self.closed = True
        self.drain()

    def drain(self) -> None:
        """Refuse all that waits."""
        items = []
        while not self._queue.empty():
            item = self.take()
            if item is not WAKE:
                items.append(item)
        if items:
            self.refuse(*items)

    def take(self) -> Any:
        """Return the next item without waiting, or `WAKE`."""
        try:
            return self._queue.get_nowait()
        except Empty:
            return WAKE

    def empty(self) -> bool:
        """Return True if nothing waits (Pykka's inbox protocol)."""
        return self._queue.empty()


class BoundedMailbox(Mailbox):
    """Mailbox with a capacity, or with one place per key.

    The queue carries one token per place taken; the items stand in an ordered dict under a lock.
    """

    def __init__(self, spec: MailboxSpec) -> None:
        super().__init__()
        self._spec = spec
        self._lock = threading.Lock()
        self._items: dict[Any, Any] = {}
        self._put = self._place
        self.get = self._get
        self.depth = self._items.__len__

    def take(self) -> Any:
        """Return the next item without waiting, or `WAKE`."""
        super().take()
        return self._item()

    def _get(self) -> Any:
        self._queue.get()
        return self._item()

    def _item(self) -> Any:
        with self._lock:
            for place in self._items:
                return self._items.pop(place)
        return WAKE

    def _place(self, item: Any) -> bool:
        """Queue `item` as the spec says; return True if its sender is to know that it was refused."""
        refused, dropped = self._swap(item, self._key(item))
        if dropped is WAKE:  # else the token of the item that had to go is left
            self._queue.put(WAKE)
        else:
            self.refuse(dropped)
        return refused

    def _swap(self, item: Any, place: Any) -> tuple[bool, Any]:
        """Return whether `item` was refused, and the item that had to go for it (`WAKE`: none)."""
        spec, dropped = self._spec, WAKE
        with self._lock:
            if place in self._items:
                dropped = self._items[place]
            elif spec.capacity is not None and len(self._items) >= spec.capacity and _may_go(item):
                oldest = next((key for key, one in self._items.items() if _may_go(one)), None)
                if spec.overflow is not Overflow.DROP_OLDEST or oldest is None:
                    return spec.overflow is Overflow.REJECT, item
                dropped = self._items.pop(oldest)
            self._items[place] = item
        return False, dropped

    def _key(self, item: Any) -> Any:
        """Return the place of an item: its own, unless it is a plain message with a key."""
        try:
            key = self._spec.latest_by(item) if self._spec.latest_by and not isinstance(item, Wrapped) else None
            hash(key)
        except Exception:  # noqa: BLE001 - a message that the key function cannot take is an ordinary one
            key = None
        return object() if key is None else ("latest", key)


def _may_go(item: Any) -> bool:
    return not (isinstance(item, Wrapped) and item.reserved)


def make_mailbox(spec: MailboxSpec) -> Mailbox:
    """Return the mailbox for a spec."""
    plain = spec.capacity is None and spec.latest_by is None
    return Mailbox() if plain else BoundedMailbox(spec)
