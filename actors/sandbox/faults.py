"""Which faults are ordered, and when they strike: all from the seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class _Number(NamedTuple):
    must_be: str
    read: Callable[[str], float]
    least: float
    most: float


RATE = _Number("the rate must be a number", float, 0, 1)
SECONDS = _Number("the seconds must be a number", float, 0, 3600)
BYTES = _Number("the bytes must be a whole number", int, -65_536, 65_536)

# The kinds that last, and how long.
HOLD_S = {
    "latency": 0.2,
    "silence": 30.0,
    "blackhole": 30.0,
    "late": 1.0,
    "ws-silence": 30.0,
    "hook-delay": 5.0,
    "hook-reorder": 0.5,
}
# What the number after the rate is, for the kinds that take one.
AMOUNTS = dict.fromkeys(HOLD_S, SECONDS) | {"cut": BYTES}
KINDS = (
    "latency",
    "silence",
    "blackhole",
    "half-close",
    "reset-before",
    "reset-after",
    "429",
    "500-before",
    "500-after",
    "500-debit",
    "unbooked",
    "upstream",
    "locked",
    "empty",
    "stale",
    "400-after",
    "cut",
    "malformed",
    "duplicate",
    "late",
    "ws-drop",
    "ws-silence",
    "hook-delay",
    "hook-reorder",
    "hook-duplicate",
    "hook-forged",
    "hook-stale",
)
# Made by the venue itself; the proxy makes the others.
INSIDE = frozenset(
    {"500-debit", "unbooked", "upstream", "locked", "empty", "stale", "ws-silence"}
    | {"hook-delay", "hook-reorder", "hook-duplicate", "hook-forged", "hook-stale"}
)
ON_THE_FEED = frozenset({"ws-drop", "ws-silence"})
FEED = "/ws"
UNTOUCHED = ("/health", "/ping", "/sandbox")  # the operator's doors always work

# For kill tests: everything after which the money can be found again. 500-debit takes a stake without a bet,
# unbooked makes an effect without a row and duplicate bets twice: all three are ordered by name only.
STORM = (
    "latency=0.05:0.05,reset-before=0.02,half-close=0.01,reset-after=0.04,silence=0.01:1,blackhole=0.01:1,429=0.02,"
    "500-before=0.03,500-after=0.04,400-after=0.02,cut=0.03,malformed=0.02,late=0.02:0.2,ws-drop=0.01,"
    "ws-silence=0.005:1,upstream=0.01,locked=0.01,empty=0.02,stale=0.02,"
    "hook-delay=0.05:2,hook-reorder=0.2,hook-duplicate=0.1,hook-forged=0.05,hook-stale=0.05"
)
NONSENSE = (b"<html>bad gateway</html>", b"[]", b"{}", b'{"bet_id":7,"won":"maybe"}', b"null", b'{"error":')
PRESETS = {"storm": STORM}


class FaultSpecError(ValueError):
    """The text after `--faults` cannot be understood; the message says which part and what would do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault on the paths with a prefix.

    Attributes:
        rate: probability per request; per tick for ws-silence, per message of the feed for ws-drop.
        amount: seconds for the kinds that last; for cut the bytes of the answer that pass, below zero those that do
            not; None if it was not given.
    """

    kind: str
    prefix: str
    rate: float
    amount: float | None = None

    @property
    def seconds(self) -> float:
        """How long it lasts, for the kinds that last."""
        return HOLD_S[self.kind] if self.amount is None else self.amount


def parse(spec: str) -> tuple[Fault, ...]:
    """Read `kind[@path-prefix]=rate[:amount]`, comma separated; a preset's name stands for its list.

    Raises:
        FaultSpecError: with one sentence for the person who typed it.
    """
    parts = [part.strip() for part in spec.split(",") if part.strip()]
    expanded = [item for part in parts for item in PRESETS.get(part, part).split(",")]
    return tuple(_parse_one(item) for item in expanded)


def _parse_one(item: str) -> Fault:
    left, equals, right = item.partition("=")
    kind, _, prefix = left.partition("@")
    if kind not in KINDS:
        raise FaultSpecError(
            f"fault {item!r}: unknown kind {kind!r}; known are {', '.join(KINDS)}, {', '.join(PRESETS)}"
        )
    if not equals:
        raise FaultSpecError(f"fault {item!r}: give its rate, for example {kind}=0.05")
    rate, colon, amount = right.partition(":")
    if colon and kind not in AMOUNTS:
        raise FaultSpecError(f"fault {item!r}: {kind} takes a rate and no other number")
    return Fault(kind, prefix or "/", _read(item, RATE, rate), _read(item, AMOUNTS[kind], amount) if colon else None)


def _read(item: str, number: _Number, text: str) -> float:
    try:
        value = number.read(text)
    except ValueError:
        value = float("nan")
    if not number.least <= value <= number.most:
        raise FaultSpecError(f"fault {item!r}: {number.must_be} from {number.least:g} to {number.most:g}")
    return value


class FaultPlan:
    """Decides request by request. The order of requests and the seed give the same faults again.

    Args:
        faults: what is ordered.
        seed: where chance comes from.
    """

    def __init__(self, faults: tuple[Fault, ...], seed: int) -> None:
        self.needs_proxy = any(fault.kind not in INSIDE for fault in faults)
        # one stream a kind, so that one kind's rate does not shift the moments of another
        self._rngs = {kind: random.Random(f"{kind}/{seed}") for kind in KINDS}  # noqa: S311 - no secrets
        self._set(faults)

    def order(self, faults: tuple[Fault, ...]) -> None:
        """Replace what is ordered; the streams of chance run on.

        Raises:
            FaultSpecError: a kind on the wire, and the venue was started without any.
        """
        outside = [fault.kind for fault in faults if fault.kind not in INSIDE]
        if outside and not self.needs_proxy:
            raise FaultSpecError(f"{outside[0]} is made on the wire: start the venue with a fault of that sort")
        self._set(faults)

    def _set(self, faults: tuple[Fault, ...]) -> None:
        self._outside = [fault for fault in faults if fault.kind not in INSIDE | ON_THE_FEED]
        self._by_kind = {kind: [fault for fault in faults if fault.kind == kind] for kind in KINDS}

    def for_request(self, path: str) -> tuple[float, Fault | None]:
        """What the proxy does to a request.

        Returns:
            Seconds of latency before it, and the first other fault that strikes.
        """
        if path.startswith(UNTOUCHED):
            return 0.0, None
        struck = [fault for fault in self._outside if path.startswith(fault.prefix) and self._strikes(fault)]
        latency_s = sum(fault.seconds for fault in struck if fault.kind == "latency")
        return latency_s, next((fault for fault in struck if fault.kind != "latency"), None)

    def nonsense(self) -> bytes:
        """A body for an answer that is malformed."""
        return self._rngs["malformed"].choice(NONSENSE)

    def strikes(self, kind: str, path: str) -> bool:
        """Whether a fault that the venue makes itself strikes here; `path` may also name an upstream."""
        return not path.startswith(UNTOUCHED) and bool(self._struck(kind, path))

    def lasts(self, kind: str, path: str) -> float:
        """Seconds that a fault of a kind that lasts takes here; zero is no fault."""
        return max((fault.seconds for fault in self._struck(kind, path)), default=0.0)

    def silences_feed(self) -> float:
        """Seconds for which the price feed says nothing from this tick on; zero is no fault."""
        return self.lasts("ws-silence", FEED)

    def drops_feed(self) -> bool:
        """Whether the feed's connection breaks at this message."""
        return bool(self._struck("ws-drop", FEED))

    def _struck(self, kind: str, path: str) -> list[Fault]:
        return [fault for fault in self._by_kind[kind] if path.startswith(fault.prefix) and self._strikes(fault)]

    def _strikes(self, fault: Fault) -> bool:
        return self._rngs[fault.kind].random() < fault.rate
