"""When what is read at the venue: periods as data, and a schedule that is plain arithmetic on a clock handed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from random import Random

from msgspec import Struct

DAY_S, HOUR_S = 86_400.0, 3_600.0

JITTER = 0.1
"""By how much of itself a period varies, up and down, so that agents do not ask in step."""

START_SPREAD_S = 2.0
"""Within this time after the start everything is polled once, in seconds."""

ESCROW_PAPER_S, ESCROW_LIVE_S = 2.0, 30.0


class Row(Struct, frozen=True):
    """One poll. Times in seconds.

    Attributes:
        service: who is told `Poll(service, what)`; "bankroll" for what concerns accounts as a whole.
        what: is to be read.
        period: between two polls; infinite: only when an event hints at it.
        gap: at least so much between two polls, however many events hint at it.
    """

    service: str
    what: str
    period: float
    gap: float


def rows(services: Iterable[str], *, live: bool) -> tuple[Row, ...]:
    """Return what is polled of these services.

    What has a period of a day is polled at each start too, and nothing is kept over a restart: each poll is a reading,
    or a claim that the venue itself grants once a day, so one too many costs a request. The bonus of the day is asked
    for more often: it is due a day after the last one, and a day later its streak is lost.
    """
    table = (
        Row("wallet", "balances", 60, 10),
        Row("escrow", "contracts", ESCROW_LIVE_S if live else ESCROW_PAPER_S, 1),
        Row("trading", "positions", 30, 5),
        Row("domains", "availability", HOUR_S, 60),
        Row("referral", "income", DAY_S, 60),
        Row("referral", "bonus", 6 * HOUR_S, HOUR_S),
        Row("faucet", "claim", DAY_S, HOUR_S),
        Row("bankroll", "outcomes", inf, 1),
        Row("bankroll", "accounts", inf, 30),
    )
    there = {"bankroll", *services}
    return tuple(row for row in table if row.service in there)


ACCOUNTS, OUTCOMES = ("bankroll", "accounts"), ("bankroll", "outcomes")
HINTS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("bet.", (OUTCOMES,)),
    ("casino", (OUTCOMES,)),
    ("escrow", (("escrow", "contracts"), OUTCOMES)),
    ("position.", (("trading", "positions"), ACCOUNTS)),
    ("trad", (("trading", "positions"), ACCOUNTS)),
    ("swap.", (("wallet", "balances"),)),
    ("wallet", (("wallet", "balances"),)),
    ("referral.", (("referral", "income"), ACCOUNTS)),
    ("", (ACCOUNTS,)),
)
"""What an event's type makes us look at: of the first beginning that fits. The venue's pages name the types."""


@dataclass(slots=True)
class _Entry:
    row: Row
    due: float
    polled: float = -inf


class Schedule:
    """Says what is due. Not thread-safe; it belongs to one actor.

    Args:
        rows: what is polled.
        rng: chance for the jitter.
        now: seconds of a clock that never runs backwards and goes on while the machine sleeps.
    """

    def __init__(self, rows: Iterable[Row], rng: Random, now: float) -> None:
        self._rng = rng
        self._held: dict[str, float] = {}  # services whose breaker is open, and when its trial is due
        self._entries = [
            _Entry(row, inf if row.period == inf else now + rng.uniform(0, START_SPREAD_S)) for row in rows
        ]

    def take_due(self, now: float) -> list[Row]:
        """Return what is due, once: periods that were slept through are not made up for one by one."""
        due = [entry for entry in self._entries if self._when(entry) <= now]
        for entry in due:
            entry.polled = now
            entry.due = now + entry.row.period * self._rng.uniform(1 - JITTER, 1 + JITTER)
        return [entry.row for entry in due]

    def wait(self, now: float) -> float:
        """Return the seconds until something is due; infinite if nothing is."""
        return max(0.0, min(map(self._when, self._entries), default=inf) - now)

    def hint(self, kind: str, now: float) -> None:
        """Bring forward what an event of this type is about, as far as the gaps allow."""
        names = next(names for beginning, names in HINTS if kind.lower().startswith(beginning))
        self._hasten([one for one in self._entries if (one.row.service, one.row.what) in names], now)

    def hold(self, service: str, until: float) -> None:
        """Poll a service no more until then, and then at once: its breaker is open, and only a trial can close it."""
        self._held[service] = until
        self._hasten(self._of(service), until)

    def release(self, service: str, now: float) -> None:
        """Poll a service at once: its breaker has closed."""
        if self._held.pop(service, None) is not None:
            self._hasten(self._of(service), now)

    def brief(self, now: float) -> str:
        """Say for people what comes next and who waits."""
        coming = min(self._entries, key=self._when)
        name, wait_s = f"{coming.row.service} {coming.row.what}", self.wait(now)
        text = f"next {name} in {wait_s:.0f} s" if wait_s < inf else "waits for events"
        waiting = sorted(service for service, until in self._held.items() if until > now)
        return f"{text}; held by a breaker: {', '.join(waiting)}" if waiting else text

    def _when(self, entry: _Entry) -> float:
        return max(entry.due, self._held.get(entry.row.service, -inf))

    def _of(self, service: str) -> list[_Entry]:
        return [one for one in self._entries if one.row.service == service and one.row.period < inf]

    def _hasten(self, entries: list[_Entry], now: float) -> None:
        for entry in entries:
            entry.due = min(entry.due, max(now, entry.polled + entry.row.gap))
