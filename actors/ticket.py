"""The right to send an intent's request, once."""

import itertools
from collections.abc import Iterator

from actors.money.wagers import Request


class TicketSpent(Exception):  # noqa: N818  the field's name for it
    """The ticket was consumed before: a bug of whoever holds it. Nothing was sent by this use."""


class TicketExpired(Exception):  # noqa: N818  as above
    """The ticket's time to be sent is over: it waited too long. Nothing was sent, and now nothing can be."""


class Ticket:
    """A one-time right, made by BankrollActor alone and only after the intent is on disk.

    Attributes:
        intent: the intent's id.
        tag: what the venue records with it.
        stake_micro: what the answer must confirm.
        request: the exact request.
        send_by: UTC microseconds after which it must not be sent any more.
    """

    __slots__ = ("_uses", "intent", "kind", "request", "send_by", "stake_micro", "tag")

    def __init__(self, *, intent: str, kind: str, tag: str, stake_micro: int, request: Request, send_by: int) -> None:
        self.intent = intent
        self.kind = kind
        self.tag = tag
        self.stake_micro = stake_micro
        self.request = request
        self.send_by = send_by
        self._uses: Iterator[int] = itertools.count()

    def consume(self, now: int) -> Request:
        """Return the request to send and spend the right. Atomic in CPython, whatever thread calls.

        Args:
            now: UTC microseconds.

        Raises:
            TicketSpent: it was consumed before.
            TicketExpired: `send_by` has passed.
        """
        if next(self._uses):
            raise TicketSpent(f"the ticket of {self.intent} was used before")
        if now >= self.send_by:
            raise TicketExpired(f"the ticket of {self.intent} is too old to be sent")
        return self.request

    def __repr__(self) -> str:
        return f"Ticket({self.intent}, {self.request.path})"
