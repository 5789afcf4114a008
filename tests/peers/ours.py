"""Stakekeeper as a host application embeds it."""

import threading
from pathlib import Path

from pydantic import SecretStr

from actors import Agent, AgentConfig, Notice, Strategy
from actors.credentials import Credential, Credentials
from actors.journal import Reader
from actors.journal.codec import decode
from actors.money.events import IntentClosed, IntentOpened, StrayBooked
from actors.money.state import State
from actors.money.wagers import Bet
from tests.peers.books import Books
from tests.peers.coin import TIMEOUT_S, Account
from tests.peers.nursery import LIFE_S, ready, serve

QUIET_S = 1.0
"""65 s, on the scale of all times here."""

RECOVERING_S = 0.3
"""An agent that is not in business so long after its start may be killed all the same: kills hit recoveries too."""

TERMS = {
    "agent.id": "ours",
    "venue.send_timeout": TIMEOUT_S,
    "venue.quiet_period": QUIET_S,
    "venue.lookup_gap": 0.03,
    "risk.bets_per_minute": 60_000,
    "risk.stop_loss": "0.95",
    "risk.max_drawdown": "0.95",
    "risk.daily_loss": "0.95",
}


class Heads(Strategy):
    """The bet that all peers make, again as soon as the one before is settled."""

    every = 0.0

    def __init__(self, asked) -> None:
        self._asked = asked

    def decide(self, view):
        self._asked()
        return Bet("boosted_coin", {"side": "heads"}, probability="0.5", odds="2.10", stake="0.10")


def live(data: Path, account: Account, settle: bool) -> None:
    """Recover, and unless it is to settle, bet until killed."""
    places = {"venue.casino": f"{account.root}/api/v1", "venue.escrow": account.root, "venue.faucet": account.root}
    config = AgentConfig.load(data=data, env={}, overrides={**TERMS, **places, "idle": settle})
    credentials = Credentials.load(data, {})
    if credentials.get("casino") is None:
        credentials.save("casino", Credential(SecretStr(account.key), account.agent_id))
    if settle:
        ready()
        with Agent(config) as agent:
            agent.reconcile()
        return
    up = _Up()
    with Agent(config, strategies=[Heads(up.say)], observer=up.hear) as agent:
        agent.wait(seconds=LIFE_S)


class _Up:
    """Says once that the agent is ready: at its first decision, or when recovering takes long."""

    def __init__(self) -> None:
        self._once = threading.Lock()

    def say(self) -> None:
        if self._once.acquire(blocking=False):
            ready()

    def hear(self, notice: Notice) -> None:
        if (notice.service, notice.action) == ("agent", "venue"):
            threading.Timer(RECOVERING_S, self.say).start()


def books(data: Path) -> Books:
    """Replay the journal, which must be whole."""
    with Reader.open(data / "stakekeeper.sqlite") as reader:
        if not (report := reader.verify()).ok:
            raise AssertionError(f"the journal is broken: {report.why}")
        events = [decode(row) for row in reader.rows()]
    state = State()
    for event in events:
        state.replay(event)
    if state.open or state.book.violations():
        raise AssertionError(f"not settled: {len(state.open)} open, {state.book.violations()}")
    operations = frozenset(event.tag for event in events if isinstance(event, IntentOpened))
    booked = frozenset(event.venue_ref for event in events if isinstance(event, IntentClosed | StrayBooked))
    return Books(operations, booked - {None}, state.book.at_venue("casino"))


if __name__ == "__main__":
    serve(live)
