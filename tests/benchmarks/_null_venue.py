"""The real bankroll, journal and desk, in their thread, with lanes that bet on and a casino that answers at once."""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from secrets import token_hex
from threading import Event
from time import perf_counter, process_time

from actors.bankroll import BankrollActor
from actors.blueprint import MONEY
from actors.clock import steady_wall
from actors.crew import request_of
from actors.desk import Boot, Terms, resolver
from actors.journal import Journal
from actors.messages import Answered, Denied, Found, LaneOpened, LaneView, LookUp, Place, Propose, ServiceUp, Settled
from actors.money.evidence import BetRow, Evidence, Executed, Seed
from actors.money.risk import Limits
from actors.money.wagers import Bet
from actors.persistence import PersistenceActor
from supervision import ChildSpec, Supervisor, System, Worker

ACCOUNT = "casino"
BALANCE_MICRO = 1_000_000_000_000  # so that no lane waits for another's stake
BET = Bet("boosted_coin", {"side": "heads"}, probability="0.5", odds="2.10", stake="0.10")
WINS_MICRO = 210_000
SEED = 1
SECOND = 1_000_000
ASK_AGAIN_S = 0.01
PATIENCE_S = 30.0

resolver.RECENT_REFS = 10**9
"""No venue takes bets at such a pace that memory would run full between two reconciles; this one shows no rows."""


@dataclass(frozen=True)
class Played:
    """What a run did from the first proposal to the last settlement: seconds, each bet's seconds, rows and commits."""

    seconds: float
    cpu_seconds: float
    latencies: list[float]
    rows: int
    commits: int

    @property
    def rate(self):
        return len(self.latencies) / self.seconds


class Counted:
    """The real journal, counting what it is given."""

    def __init__(self, journal):
        self._journal = journal
        self.rows = self.commits = 0

    def append(self, groups):
        self.commits += 1
        self.rows += sum(len(group) for group in groups)
        return self._journal.append(groups)

    def __getattr__(self, name):
        return getattr(self._journal, name)


class NullCasino:
    """Executes a bet the moment it is told to, in the thread of whoever tells: what a venue takes is not measured."""

    def __init__(self, bankroll):
        self._bankroll = bankroll
        self._chance = Random(SEED)
        self._bets = 0

    def tell(self, message):
        match message:
            case Place(ticket):
                return self._bankroll.tell(Answered(ticket.intent, Executed(bet=self._toss(ticket))))
            case LookUp(number, query):
                seeds = (Seed("seed", "", self._bets),)
                quiet = Evidence(ACCOUNT, query.since, (), True, 0, BALANCE_MICRO, query.full, seeds=seeds)
                return self._bankroll.tell(Found(number, quiet))
        return True

    def _toss(self, ticket):
        ticket.consume(now=0)
        self._bets += 1
        won = self._chance.random() < 0.5
        return BetRow(
            f"bet_{self._bets}", "boosted_coin", ticket.stake_micro, won * WINS_MICRO, "2.1", won, ticket.tag,
            self._bets, "seed", "result",
        )  # fmt: skip


class Lanes(Worker):
    """Plays all lanes for so many seconds: each bets again as soon as its bet is settled."""

    def __init__(self, bankroll, count, seconds, done):
        super().__init__()
        self._bankroll = bankroll
        self._names = [f"lane-{number}" for number in range(count)]
        self._seconds = seconds
        self._done = done
        self._asked = {}
        self._began = self._spent = 0.0
        self.latencies = []

    def setup(self):
        for name in self._names:
            self._bankroll.tell(LaneOpened(name, ACCOUNT))

    def receive(self, message):
        match message:
            case LaneView(lane=name) if message.bankroll.ready and name not in self._asked:
                self._propose(name)
            case Denied(lane=name):
                self.after(ASK_AGAIN_S, name)
            case str(name):
                self._propose(name)
            case Settled(closed=closed):
                self.latencies.append(perf_counter() - self._asked.pop(closed.lane))
                self._propose(closed.lane)

    def _propose(self, name):
        now = perf_counter()
        if not self._began:
            self._began, self._spent = now, process_time()
        if now < self._began + self._seconds:
            self._asked[name] = now
            self._bankroll.tell(Propose(name, BET))
        elif not self._asked:
            self._done(now - self._began, process_time() - self._spent, self.latencies)


class Silence(Worker):
    """Where notices go."""

    def receive(self, message):
        del message


def terms(limits):
    return Terms(
        agent="bench",
        run="bench",
        version="0",
        config={},
        limits=limits,
        send_timeout=10 * SECOND,
        quiet_period=65 * SECOND,
        lookup_gap=2 * SECOND,
        reconcile_every=600 * SECOND,
        services=frozenset({"casino"}),
        builtin_venue=True,
        dry_run=False,
        requests=request_of,
        boot=Boot("", 0),
        entropy=lambda: token_hex(16),
        bets_limit=lambda: None,
        has_room=lambda: True,
    )


def play(data: Path, lanes: int, at_least_s: float, *, beside=None) -> Played:
    """Play so many lanes for so long on a fresh journal; `beside` makes further actors, given what finds handles."""
    wall, over, told, journals = steady_wall(), Event(), [], []

    def open_journal():
        path = data / f"{lanes}-{wall()}.sqlite"
        journals.append(Counted(Journal.open(path, agent="bench", binding="bench", wall_micros=wall)))
        return journals[-1]

    def done(*what):
        told.append(what)
        over.set()

    def find(to):
        return casino if to == ACCOUNT else system.handle("lanes" if to.startswith("lane:") else to)

    def bankroll():
        return BankrollActor(terms(Limits(bets_per_minute=10**9)), {ACCOUNT: ACCOUNT}, find("journal"), find, wall)

    children = [
        ChildSpec("reporter", Silence),
        ChildSpec("journal", lambda: PersistenceActor(open_journal, find("bankroll")), thread=MONEY),
        ChildSpec("bankroll", bankroll, thread=MONEY),
        *(beside(find) if beside else ()),
        ChildSpec("lanes", lambda: Lanes(find("bankroll"), lanes, at_least_s, done)),
    ]
    system = System(Supervisor.spec("bench", children, max_restarts=0))
    casino = NullCasino(system.handle("bankroll"))
    with system:
        system.handle("bankroll").tell(ServiceUp(ACCOUNT, 1))
        if not over.wait(at_least_s + PATIENCE_S):
            raise AssertionError(f"{lanes} lanes did not end in time:\n{system.render()}")
        rows, commits = journals[0].rows, journals[0].commits
    ((seconds, cpu_seconds, latencies),) = told
    return Played(seconds, cpu_seconds, latencies, rows, commits)
