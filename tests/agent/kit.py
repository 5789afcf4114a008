"""A real agent in this process, a real built-in venue in its own, and what both of them wrote down."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from actors import Agent, AgentConfig, Strategy
from actors.credentials import Credentials
from actors.errors import StakekeeperError
from actors.journal import Reader
from actors.journal.codec import decode
from actors.messages import Notice
from actors.money.events import IntentClosed, StrayBooked
from actors.money.state import State
from actors.money.wagers import Bet, Idle
from actors.venue.shapes import read_export
from tests.sandbox.house import House, Player

WAIT_S = 8.0
"""Longest wait for anything that must happen (seconds); the longest real ones are below two."""

LOOK_S = 0.01
"""How often a state without a notice of its own is looked at (seconds)."""

MICRO = 1_000_000
COIN = Bet("coin_flip", {"side": "heads"}, probability="0.5", odds="1.99", stake="0.50")
BOOSTED = Bet("boosted_coin", {"side": "heads"}, probability="0.5", odds="2.10")

TERMS = {
    "venue.send_timeout": "0.4",
    "venue.quiet_period": "0.4",
    "venue.lookup_gap": "0.05",
    "bankroll.entertainment_budget": "1000",
    "risk.bets_per_minute": 60_000,
    "risk.stop_loss": "0.95",
    "risk.max_drawdown": "0.95",
    "risk.daily_loss": "0.95",
}


class Witness:
    """Hears every notice of an agent; tests wait for the one they need."""

    def __init__(self):
        self.notices: list[Notice] = []
        self._heard = threading.Condition()

    def __call__(self, notice):
        with self._heard:
            self.notices.append(notice)
            self._heard.notify_all()

    def all(self, text="", **fields):
        """Every notice so far with these fields and this text."""
        return [n for n in list(self.notices) if text in n.text and _fits(n, fields)]

    def until(self, text="", *, times=1, **fields):
        """Wait for the notice (the one number `times`) with these fields and this text."""
        deadline = time.monotonic() + WAIT_S
        with self._heard:
            while len(found := self.all(text, **fields)) < times:
                if not self._heard.wait(deadline - time.monotonic()):
                    raise AssertionError(f"never heard {text!r} {fields} {times} times; heard:\n{self.story()}")
        return found[times - 1]

    def reach(self, reached: Callable[[], object], what=""):
        """Wait until something can be seen to hold, and return it."""
        deadline = time.monotonic() + WAIT_S
        with self._heard:
            while time.monotonic() < deadline:
                if seen := reached():
                    return seen
                self._heard.wait(LOOK_S)
        raise AssertionError(f"never reached {what}, last {seen!r}; heard:\n{self.story()}")

    def story(self):
        return "\n".join(
            f"{n.service} {n.action} {n.outcome}: {n.text}" for n in list(self.notices) if n.action != "tree"
        )


def _fits(notice, fields):
    return all(getattr(notice, name) == value for name, value in fields.items())


class Script(Strategy):
    """Proposes the wagers it is given, each until it is settled, then waits for more."""

    every = 0.0

    def __init__(self, *wagers):
        self._wagers = list(wagers)
        self._last = None

    def add(self, *wagers):
        self._wagers.extend(wagers)

    def decide(self, view):
        if view.last is not self._last:
            self._last = view.last
            del self._wagers[:1]
        return self._wagers[0] if self._wagers else Idle("the script has ended")


class Endless(Strategy):
    """Proposes the same for ever."""

    every = 0.0

    def __init__(self, wager=BOOSTED):
        self._wager = wager

    def decide(self, view):
        return self._wager


class Stage:
    """One data directory, one venue, and the agents that run there one after the other."""

    def __init__(self, house: House, data: Path, **terms):
        self.house = house
        self.data = data
        self.terms = {**TERMS, **terms}
        self.agent: Agent | None = None
        self.seen = Witness()

    def config(self, **more):
        url = self.house.url
        places = {"venue.casino": f"{url}/api/v1", "venue.escrow": url, "venue.faucet": url}
        named = {name.replace("__", "."): value for name, value in more.items()}
        return AgentConfig.load(data=self.data, env={}, overrides={**places, **self.terms, **named})

    def play(self, *strategies, **more):
        """Start an agent; one that runs already is stopped."""
        self.end()
        self.seen = Witness()
        if not strategies and "strategy" not in more:
            more["idle"] = True
        self.agent = Agent(self.config(**more), strategies=strategies, observer=self.seen)
        self.agent.start()
        return self.agent

    def end(self):
        """Stop the agent in order."""
        if self.agent:
            agent, self.agent = self.agent, None
            agent.stop("the test is over")

    def vanish(self):
        """End the tree without a word to the bankroll, as a crash of the process would."""
        agent, self.agent = self.agent, None
        agent._tree().stop(WAIT_S)

    def status(self):
        """The agent's status, once the bankroll answers."""

        def ask():
            try:
                return self.agent.status()
            except StakekeeperError:
                return None

        return self.seen.reach(ask, "a status")

    def until(self, **fields):
        """Wait until the status has these values."""
        return self.seen.reach(
            lambda: (now := self.status()) and all(now[k] == v for k, v in fields.items()) and now, f"{fields}"
        )

    def lane(self, name="Script"):
        return next(lane for lane in self.status()["lanes"] if lane["lane"] == name)

    def lanes(self):
        """The lanes' names, in the order of their strategies."""
        paths = (node.path for node in self.agent._tree().tree().walk())
        return [path.rpartition("/")[2] for path in paths if path.startswith("core/strategies/")]

    def incarnations(self):
        """How often each actor of the running agent has begun."""
        return {node.path: node.incarnation for node in self.agent._tree().tree().walk()}

    @property
    def player(self):
        known = Credentials.load(self.data, {}).require("casino")
        return Player(known.agent_id, known.key.get_secret_value(), "")

    def venue_micro(self):
        text = self.house.call("GET", "/api/v1/auth/balance", None, self.player.key).body
        return round(text["balance_usd"] * MICRO)

    def venue_rows(self):
        return read_export(self.house.get("/api/v1/bets/export.csv", self.player.key).body.encode())

    def books(self):
        return Books(self)


class Books:
    """What the journal and the venue have, side by side."""

    def __init__(self, stage: Stage):
        with Reader.open(stage.data / "stakekeeper.sqlite") as reader:
            assert reader.verify().ok
            self.events = [decode(row) for row in reader.rows()]
        self.state = State()
        for event in self.events:
            self.state.replay(event)
        self.rows = stage.venue_rows()
        self.book_micro, self.venue_micro = self.state.book.at_venue("casino"), stage.venue_micro()

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def balance(self, bucket):
        return self.state.book.balance("casino", bucket)

    def check(self):
        """Every row of the venue is booked once, and the money agrees."""
        booked = Counter(e.venue_ref for e in self.events if isinstance(e, IntentClosed | StrayBooked) and e.venue_ref)
        bets = Counter({ref: times for ref, times in booked.items() if ref.startswith("bet_")})
        assert bets == Counter(row.bet_id for row in self.rows)
        assert (self.book_micro, self.state.book.violations()) == (self.venue_micro, [])
        return self

    def check_tags(self):
        """No tag was executed twice."""
        tags = Counter(row.client_seed for row in self.rows)
        assert [tag for tag, times in tags.items() if times > 1] == []
        return self


def stop_venue(house: House):
    """End it in order: its process, not its parent's business."""
    house.kill(signal.SIGTERM)
