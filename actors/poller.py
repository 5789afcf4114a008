"""PollerActor: tells services when to look at the venue; by the schedule, or sooner when an event hinted at news."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from msgspec import Struct

from actors.messages import Hinted, Poll, ServiceHealth
from actors.schedule import Row, Schedule
from supervision import Handle, Worker

BEAT_S = 1.0
"""The clock is looked at no less often, in seconds: the machine may have slept, and timers do not count that."""

BEAT = "beat"

MARGIN_S = 0.5
"""So much later than a breaker says its trial is due, in seconds: a moment too early would be a poll for nothing."""

READS = " reads"
"""What the name of a breaker for readings ends with; one for sends holds up no poll."""


class _Beat(Struct, frozen=True):
    pass


class PollerActor(Worker):
    """The one clock of all polls. It asks nobody and reads nothing: a service that gets `Poll` does.

    Args:
        rows: what is polled.
        address: finds the recipient of a `Poll` by its service's name.
        chance: for the jitter.
        awake: microseconds of a clock that goes on while the machine sleeps.
        wall: UTC microseconds, by which breakers tell times.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        address: Callable[[str], Handle],
        chance: Random,
        awake: Callable[[], int],
        wall: Callable[[], int],
    ) -> None:
        super().__init__()
        self._address = address
        self._awake = awake
        self._wall = wall
        self._schedule = Schedule(rows, chance, self._now())

    def setup(self) -> None:
        """Begin to count."""
        self._poll()

    def receive(self, message: Any) -> None:
        """Poll what is due, after a beat or whatever may have made something due."""
        match message:
            case _Beat():
                pass
            case Hinted():
                self._schedule.hint(message.type, self._now())
            case ServiceHealth() if message.service.endswith(READS):
                service = message.service.removesuffix(READS)
                if message.open:
                    wait_s = (message.until - self._wall()) / 1_000_000 + MARGIN_S
                    self._schedule.hold(service, self._now() + wait_s)
                else:
                    self._schedule.release(service, self._now())
            case ServiceHealth():
                pass
            case _:
                super().receive(message)
        self._poll()

    def _poll(self) -> None:
        now = self._now()
        for row in self._schedule.take_due(now):
            self._address(row.service).tell(Poll(row.service, row.what))
        self.note(self._schedule.brief(now))
        self.after(min(BEAT_S, self._schedule.wait(now)), _Beat(), key=BEAT)

    def _now(self) -> float:
        return self._awake() / 1_000_000
