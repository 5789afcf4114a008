"""An agent that uses all six services, and the comparison of its journal with the venue's own books."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from urllib.request import Request, urlopen

from actors.journal import Reader
from actors.money.amounts import from_venue
from actors.money.book import Bucket
from actors.money.events import IncidentNoted, IntentClosed, IntentOpened, StrayBooked, TradeBooked
from actors.money.machine import LaneState
from actors.money.state import State
from tests.crash.kit import CONFIG, Arena
from tests.sandbox.trader import MONITOR_S

SERVICES = """
[services]
trading = true
wallet = true
domains = true
faucet = {daily}
referral = {daily}

[wallet]
base = "0x1212121212121212121212121212121212121212"

[domains]
watch = ["stakekeeper-six.com"]
"""
LANES = """
[[strategy]]
class = "tests.crash.player:Player"
game = "dice"

[[strategy]]
class = "tests.crash.hands:Dealer"

[[strategy]]
class = "tests.crash.hands:Payer"
counterparty = "{counterparty}"

[[strategy]]
class = "tests.crash.hands:Registrar"
"""
ORDERS = ("order", "close_order")
OPENER = """
[[strategy]]
class = "tests.crash.hands:Dealer"
closes = 0.0
waits = 0.0
"""
WAITS = {"send_timeout": 0.4, "quiet_period": 0.6}
NO_SLOW_QUIET = {"actors.desk.opening:SLOW_QUIET": 0}
"""An order is waited for as long as a bet: nothing is minutes late here."""

FUNDS = {"casino": ("/sandbox/grant", 10_000), "domains": ("/sandbox/deposit", 2_000)}
"""By which door, and how many USD, so that no lane runs dry."""

PRICES = {"ETH": 3_300, "SOL": 190, "APT": 12}
"""Markets that jump, and about where they begin."""

HOUR_S = 3_600
CENT_MICRO = 10_000
ROUNDING_MICRO = 2
"""Of a position's margin: the exchange shows its entry price in few digits."""

RESTS = 12
"""How many orderly lives, which end as soon as nothing is in flight, it may take until nothing is open."""


def tell(root: str, door: str, key: str = "", **body) -> dict:
    """Ask the venue's operator or an open door, or with a key any."""
    request = Request(root + door, json.dumps(body).encode(), {"Authorization": f"Bearer {key}"} if key else {})
    with urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@dataclass
class SixArena(Arena):
    """An arena whose agent uses all six services; `house` is where its venue has its books."""

    house: Path = Path()
    other: dict = field(default_factory=dict)

    def furnish(self, lanes: str = LANES, *, daily: bool = True) -> "SixArena":
        """Configure the agent, let it make its accounts, and fund them; `other` is another account of the casino."""
        self.data.mkdir(exist_ok=True)
        self.other = tell(self.root, "/api/v1/auth/register")
        self.employ(lanes, daily=daily)
        assert self.start("--for", "0", changes=NO_SLOW_QUIET).wait() == 0, self.output()
        for service, (door, amount) in FUNDS.items():
            tell(self.root, door, agent_id=self.account(service), amount=amount)
        return self

    def employ(self, lanes: str, *, daily: bool = True) -> None:
        """Let the next life have these lanes; `daily`: and claim by sends of its own what faucet and referral give."""
        services = SERVICES.format(daily=str(daily).lower())
        strategies = services + lanes.format(counterparty=self.other["agent_id"])
        (self.data / "agent.toml").write_text(CONFIG.format(root=self.root, strategies=strategies, **WAITS))

    def account(self, service: str, what: str = "agent_id") -> str:
        return json.loads((self.data / "credentials.json").read_text())[service][what]

    def order_faults(self, faults: str) -> None:
        tell(self.root, "/sandbox/faults", faults=faults)

    def jump(self, chance: Random) -> None:
        """Let a market jump and the venue's time pass: orders that wait are filled, fundings are paid."""
        coin, price = chance.choice(list(PRICES.items()))
        tell(self.root, "/sandbox/price", coin=coin, price=round(price * chance.uniform(0.45, 1.5), 2))
        tell(self.root, "/sandbox/advance", seconds=chance.choice((MONITOR_S + 1, HOUR_S + 1)))

    def rest(self) -> "SixBooks":
        """Let it come to rest at a venue without faults, drained, and compare."""
        self.order_faults("")
        for _ in range(RESTS):
            code = self.start("--for", "0", changes=NO_SLOW_QUIET).wait()
            assert code == 0, f"ended with {code}:\n{self.output()}"
            books = self.books()
            if not books.waiting:
                return books
        return books

    def books(self) -> "SixBooks":
        events, state = self.events(), State()
        for event in events:
            state.replay(event)
        with Reader.open(self.journal) as reader:
            chain_ok = reader.verify().ok
        with closing(sqlite3.connect(f"file:{self.house / 'sandbox.sqlite'}?mode=ro", uri=True)) as venue:
            venue.row_factory = sqlite3.Row
            accounts = {service: self.account(service) for service in ("casino", "trading", "domains")}
            return SixBooks(events, state, Venue.read(venue, **accounts), chain_ok)


@dataclass
class Venue:
    """What the venue and its exchange wrote down of an agent's accounts. Cash in micro-USD."""

    tags: Counter
    bets: set
    payments: Counter
    contracts: dict
    acts: Counter
    fills: dict
    positions: dict
    limits: dict
    withdrawals: Counter
    names: Counter
    cash: dict

    @classmethod
    def read(cls, db: sqlite3.Connection, *, casino: str, trading: str, domains: str) -> "Venue":
        def rows(sql, who):
            return db.execute(sql, (who,)).fetchall()

        (address,) = rows("SELECT address FROM trading_agents WHERE id = ?", trading)[0]
        bets = rows("SELECT id, client_seed FROM bets WHERE agent_id = ?", casino)
        paid = "SELECT amount FROM ledger WHERE agent_id = ? AND reason = 'payment_sent'"
        sent = "SELECT id FROM withdrawals WHERE agent_id = ? AND status = 'completed'"
        acted = "SELECT escrow_id, event FROM escrow_events WHERE actor_id = ? AND event NOT IN ('created', 'refunded')"
        held = rows("SELECT coin, size, cost_micro, leverage FROM exchange_positions WHERE address = ?", address)
        cash = {
            "casino": from_venue(exact(rows("SELECT balance FROM agents WHERE id = ?", casino)[0][0])),
            "trading": rows("SELECT cash_micro FROM exchange_accounts WHERE address = ?", address)[0][0],
            "domains": from_venue(exact(rows("SELECT balance FROM domain_agents WHERE id = ?", domains)[0][0])),
        }
        return cls(
            tags=Counter(row["client_seed"] for row in bets),
            bets={row["id"] for row in bets},
            payments=Counter(from_venue(exact(row["amount"])) for row in rows(paid, casino)),
            contracts={
                row["id"]: row["description"].rpartition("[")[2].removesuffix("]")
                for row in rows("SELECT id, description FROM escrows WHERE creator_id = ?", casino)
            },
            acts=Counter((row["escrow_id"], row["event"]) for row in rows(acted, casino)),
            fills={
                f"fill:{row['tid']}": row["oid"]
                for row in rows("SELECT tid, oid FROM exchange_fills WHERE address = ?", address)
            },
            positions={
                row["coin"]: (Decimal(row["size"]), abs(row["cost_micro"]) / row["leverage"])
                for row in held
                if Decimal(row["size"])
            },
            limits=dict(rows("SELECT id, status FROM trading_limits WHERE agent_id = ?", trading)),
            withdrawals=Counter(row["id"] for row in rows(sent, casino)),
            names=Counter(row["domain"] for row in rows("SELECT domain FROM domains WHERE agent_id = ?", domains)),
            cash=cash,
        )


def exact(number: float) -> Decimal:
    return Decimal(repr(number))


@dataclass
class SixBooks:
    """What an agent's journal and the venue's books say of the same accounts."""

    events: list
    state: State
    venue: Venue
    chain_ok: bool

    def of(self, kind) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def opened(self, *kinds: str) -> list[IntentOpened]:
        return [one for one in self.of(IntentOpened) if one.kind in kinds]

    def closed(self, *kinds: str) -> list[IntentClosed]:
        ours = {one.intent for one in self.opened(*kinds)}
        return [one for one in self.of(IntentClosed) if one.intent in ours]

    def executed(self, *kinds: str) -> list[IntentOpened]:
        """Return the intents that the journal says were executed."""
        done = {one.intent for one in self.closed(*kinds) if one.outcome == "executed"}
        return [one for one in self.opened(*kinds) if one.intent in done]

    def found(self) -> dict[str, int]:
        """Return how many intents of each kind were closed by a look-up."""
        known = {one.intent: one.kind for one in self.of(IntentOpened)}
        return dict(Counter(known[one.intent] for one in self.of(IntentClosed) if one.by == "look-up"))

    def ends(self, lane: str, kind: str) -> list[tuple[str, str]]:
        """Return how a lane's intents of a kind ended, and whether by their answers or by look-ups."""
        return [(one.outcome, one.by) for one in self.closed(kind) if one.lane == lane]

    @property
    def _triggered(self) -> set[str]:
        return {order for order, status in self.venue.limits.items() if status == "filled"}

    @property
    def waiting(self) -> list[str]:
        """The open intents that no lane in ERROR and no incident are about."""
        told = {one.intent for one in self.of(IncidentNoted)}
        lanes = {lane.culprit for lane in self.state.lanes.values() if lane.state is LaneState.ERROR}
        return [intent for intent in self.state.open if intent not in told & lanes]

    def check(self) -> "SixBooks":
        """Nothing is doubled, lost or forgotten; an account with nothing undecided agrees with the venue."""
        assert self.waiting == [], f"{self.waiting} are open, and nobody was told"
        assert (self.chain_ok, self.state.book.violations()) == (True, [])
        self._check_bets()
        self._check_escrows()
        self._check_counts("payments", self.venue.payments, Counter(o.stake_micro for o in self.executed("pay")), "pay")
        names = Counter(one.subject for one in self.executed("register_domain"))
        self._check_counts("names", self.venue.names, names, "register_domain")
        filled = Counter({"": len(set(self.venue.fills.values())) - len(self._triggered)})
        self._check_counts("orders", filled, Counter({"": len(self.executed(*ORDERS))}), *ORDERS)
        waiting = Counter(one.venue_ref for one in self.closed("limit_order") if one.outcome == "executed")
        self._check_counts("limit orders", Counter(self.venue.limits.keys()), waiting, "limit_order")
        cancelled = Counter(order for order, status in self.venue.limits.items() if status == "cancelled")
        taken_back = {one.subject for one in self.executed("cancel_order")} - self._triggered
        self._check_counts("cancels", cancelled, Counter(taken_back), "cancel_order")
        sent = Counter(one.venue_ref for one in self.closed("withdraw") if one.outcome == "executed")
        self._check_counts("withdrawals", self.venue.withdrawals, sent, "withdraw")
        for account, cash in self.venue.cash.items():
            if any(opened.account == account for opened in self.state.open.values()):
                continue
            if account == "trading":
                self._check_positions()
            book, tolerance = self.state.book.at_venue(account), CENT_MICRO // 2 if account == "domains" else 0
            assert abs(book - cash) <= tolerance, f"{account}: book {book}, venue {cash}"
        return self

    def _check_counts(self, what: str, venue: Counter, journal: Counter, *kinds: str) -> None:
        """What the venue did and what the journal says was executed are the same, but for what is undecided."""
        more, fewer = (venue - journal).total(), (journal - venue).total()
        undecided = sum(opened.kind in kinds for opened in self.state.open.values())
        told = f"{what}: {more} done and not executed by the journal, {fewer} executed and not done, {undecided} open"
        assert (fewer, more <= undecided) == (0, True), told

    def _check_bets(self) -> None:
        booked = Counter(
            one.venue_ref
            for one in self.of(IntentClosed | StrayBooked)
            if one.venue_ref and one.venue_ref.startswith("bet_")
        )
        doubled = [tag for tag, times in self.venue.tags.items() if times > 1]
        assert (doubled, booked == Counter(self.venue.bets)) == ([], True), (
            f"bets {doubled} were made twice, or {booked}"
        )

    def _check_escrows(self) -> None:
        made = Counter(one.tag for one in self.executed("escrow_create"))
        self._check_counts("contracts", Counter(self.venue.contracts.values()), made, "escrow_create")
        acts = Counter((one.subject, f"{one.params['act']}d") for one in self.executed("escrow_act"))
        self._check_counts("acts on contracts", self.venue.acts, acts, "escrow_act")

    def _check_positions(self) -> None:
        """Each fill is booked once, and what is held and its margin are the exchange's."""
        booked = Counter(one.venue_ref for one in self.of(TradeBooked) if one.venue_ref.startswith("fill:"))
        assert booked == Counter(self.venue.fills.keys()), f"{booked} booked of {self.venue.fills}"
        held, there = self.state.holdings["trading"], self.venue.positions
        sizes = {one.coin: one.size for one in held.positions}
        assert sizes == {coin: size for coin, (size, _) in there.items()}, f"{sizes} held, {there} at the exchange"
        assert self.state.book.balance("trading", Bucket.MARGIN) == held.margin_micro
        for one in held.positions:
            assert abs(one.margin_micro - there[one.coin][1]) <= ROUNDING_MICRO, f"{one}, {there[one.coin]}"
