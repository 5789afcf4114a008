"""The venue's other services in memory: trading, domains, wallet, faucet, referral; and what happens by itself."""

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from actors.simulation.market import Json, Market, Said
from actors.simulation.venue import SECOND, Venue
from actors.venue.times import iso

MONITOR_S = 30
FUNDING_S = 120
"""An hour at the real exchange, of which a simulation would see none."""

HAND_S = 20
COMMISSION_S = 45
EMPTY_S = 3
"""How long the exchange forgets the positions when it does, in seconds."""

OUTAGE_S = 25
OUTAGES = 3
BONUS, CREDIT = 250_000, 15_000_000

NAMES = {"alpha.xyz": 300, "beta.xyz": 300, "gamma.com": 1_500, "delta.org": 1_500, "taken.io": 0}
"""What is watched, and its price in EUR cents; 0: it is another's."""

ADDRESSES = {
    "ethereum": f"0x{'1' * 40}", "base": f"0x{'2' * 40}", "solana": "S" * 40,
    "bitcoin": "1" * 34, "tron": "T" * 34, "monero": "4" * 95,
}  # fmt: skip


@dataclass(slots=True)
class Asked:
    """A request on its way, and what came of it when it has arrived."""

    service: str
    path: str
    body: Json
    tag: str = ""
    unbooked: bool = False
    said: Said | None = None


@dataclass(slots=True)
class Services:
    """All but casino and escrow; whatever credits the casino's account goes there. Times are true UTC microseconds.

    Attributes:
        casino: whose account is credited, and who counts what was executed by tag.
        push: gets events for the webhook: id and type.
        failing: share of the readings in which a chain fails, or the exchange begins to forget the positions.
        still: nothing happens by itself any more.
    """

    rng: Random
    casino: Venue
    now: int
    push: Callable[[str, str], None]
    counts: Counter[str]
    failing: float = 0.0
    still: bool = False
    market: Market = field(init=False)
    domains: list[Json] = field(default_factory=list)
    domains_cents: int = 5_000
    credited: bool = False
    bonus_day: int = 0
    earned: int = 0
    _down: dict[str, tuple[int, int]] = field(default_factory=dict)
    _empty_until: int = 0
    _agenda: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.market = Market(Random(self.rng.getrandbits(64)))  # noqa: S311
        for seconds, what in (
            (1, self.market.move), (MONITOR_S, lambda: self.market.monitor(self.now)),
            (FUNDING_S, lambda: self.market.fund(self.now)), (HAND_S, lambda: self.market.close_by_hand(self.now)),
            (COMMISSION_S, self._commission),
        ):  # fmt: skip
            self._every(seconds * SECOND, what)

    def break_down(self, within_s: float) -> None:
        """Let some services fail for some time each, within so many seconds."""
        for service in self.rng.sample(("trading", "exchange", "domains", "wallet", "faucet", "referral"), OUTAGES):
            begin = self.now + int(self.rng.random() * within_s * SECOND)
            self._down[service] = begin, begin + OUTAGE_S * SECOND

    def calm(self) -> None:
        """Let nothing fail any more."""
        self.failing, self._empty_until = 0.0, 0
        self._down.clear()

    def is_down(self, service: str) -> bool:
        """Whether a service answers nothing but 500."""
        begin, end = self._down.get(service, (0, 0))
        return begin <= self.now < end

    def advance(self, now: int) -> None:
        """Do everything that is due up to now, in order."""
        while self._agenda and self._agenda[0][0] <= now:
            self.now, _, call = heapq.heappop(self._agenda)
            call()
        self.now = max(self.now, now)

    def post(self, asked: Asked, at: int) -> Asked:
        """Let a request arrive at a time, whether its sender lives by then or not."""
        self.casino.flying[asked.tag] += 1
        self._at(at, lambda: self._arrive(asked))
        return asked

    def read(self, service: str, path: str, asked: Json) -> Said:
        """Answer a question."""
        match service:
            case "trading":
                return self.market.read(path, asked)
            case "exchange":
                if asked["type"] == "clearinghouseState" and self._fails():
                    self.counts["positions forgotten"] += bool(self.market.held)
                    self._empty_until = self.now + EMPTY_S * SECOND
                return self.market.info(asked, empty=self.now < self._empty_until)
            case "wallet":
                return self._balances(path, asked)
            case "domains":
                return self._listed(path, asked)
            case _:
                return self._account(path)

    def _arrive(self, asked: Asked) -> None:
        self.casino.flying[asked.tag] -= 1
        match asked.service:
            case "trading":
                said = self.market.do(asked.path, asked.body, self.now, unbooked=asked.unbooked)
            case "domains":
                said = self._register(asked.body["domain"])
            case "faucet":
                said = self._claim()
            case _:
                said = self._bonus()
        asked.said = said
        if said[0] in (200, 201) or said[1].get("message") == "fetch failed":
            self.casino.executed[asked.tag] += asked.path not in ("/trade/stop-loss", "/trade/take-profit")
            self.counts[f"{asked.service} {asked.path.rstrip('0123456789')}"] += 1
            kinds = {"trading": "position.opened", "domains": "domain.registered", "faucet": "casino.credited"}
            self.push(f"evt_{next(self._numbers)}", kinds.get(asked.service, "casino.bonus"))

    def _register(self, domain: str) -> Said:
        cents = self._cents(domain)
        if not cents:
            return 400, {"error": "domain_unavailable"}
        if cents > self.domains_cents:
            return 400, {"error": "insufficient_balance"}
        self.domains_cents -= cents
        at = iso(self.now // SECOND)
        self.domains.append({"domain": domain, "registered_at": at, "price_paid": cents / 100})
        return 201, {"domain": domain, "cost": {"total_charged_usd": cents / 100}}

    def _cents(self, domain: str) -> int:
        owned = any(one["domain"] == domain for one in self.domains)
        return 0 if owned else (NAMES[domain] * 108 + 50) // 100

    def _listed(self, path: str, asked: Json) -> Said:
        match path:
            case "/domains/search":
                free = bool(self._cents(asked["q"]))
                row = {"domain": asked["q"], "available": free, "price_eur": NAMES[asked["q"]] / 100 if free else None}
                return 200, {"results": [row]}
            case "/domains":
                return 200, {"domains": self.domains}
            case "/auth/deposits":
                return 200, {"deposits": []}
            case _:
                return 200, {"balance_usd": self.domains_cents / 100}

    def _balances(self, path: str, asked: Json) -> Said:
        if path == "/wallet/usdc-balance":
            rows = [{"chain": chain, "usdc_balance": 12.5} for chain in asked]
            return 200, {
                "balances": [{**row, "usdc_balance": 0, "error": "rpc"} if self._fails() else row for row in rows]
            }
        if self._fails():
            return 502, {"error": "rpc_error"}
        chain, address = asked["chain"], path.rpartition("/")[2]
        return 200, {"address": address, "chain": chain, "balance": {"native": {"symbol": "X", "amount": "1.5"}}}

    def _account(self, path: str) -> Said:
        match path:
            case "/auth/balance":
                return 200, {"agent_id": "ag_me"}
            case "/kelly/history":
                rows = [{"change": row.change_micro / SECOND, "reason": row.reason, "at": row.at}
                        for row in self.casino.history]  # fmt: skip
                return 200, {"bankroll_curve": rows}
            case "/auth/referral/stats":
                row = {"referred_agent": "ag_friend", "level": 1, "earned_usd": self.earned / SECOND}
                return 200, {"total_referrals": 1, "referrals": [row]}
            case _:
                return 200, {"can_claim": self.bonus_day != self._day}

    def _claim(self) -> Said:
        if self.credited:
            return 409, {"error": "already_claimed"}
        self.credited = True
        self.casino.credit(CREDIT, "faucet_claim", self.now)
        return 200, {"credited": CREDIT / SECOND, "claim_id": "cl_1"}

    def _bonus(self) -> Said:
        if self.bonus_day == self._day:
            return 400, {"error": "already_claimed"}
        self.bonus_day = self._day
        self.casino.credit(BONUS, "daily_bonus", self.now)
        return 200, {"bonus_usd": BONUS / SECOND}

    @property
    def _day(self) -> int:
        return self.now // (86_400 * SECOND)

    def _commission(self) -> None:
        self.earned += 12_345
        self.casino.credit(12_345, "referral_commission_L1", self.now)

    def _fails(self) -> bool:
        fails = self.rng.random() < self.failing
        self.counts["chains and lists that fail"] += fails
        return fails

    def _at(self, at: int, call: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._numbers), call))

    def _every(self, period: int, call: Callable[[], None]) -> None:
        def do() -> None:
            if not self.still:
                call()
            self._every(period, call)

        self._at(self.now + period, do)


def parsed(body: str) -> Json:
    """Return the fields of a body."""
    fields: Json = json.loads(body or "{}", parse_float=Decimal)
    return fields


def text(content: Any) -> bytes:
    """Write an answer's body."""
    return json.dumps(content, default=float).encode()
