"""From the feed to a strategy: it sees the newest prices, and none that are stale. In virtual time."""

from decimal import Decimal
from random import Random

import pytest

from actors import Idle, Strategy
from actors.messages import BankrollView, LaneOpened, LaneView
from actors.price_feed import PriceFeedActor
from actors.strategy import StrategyActor
from supervision import ChildSpec, Supervisor, System, Worker
from supervision.simulation import Simulation
from tests.venue.test_feed_actor import Ear, Port, Socket

RICH = BankrollView(100_000_000, 100_000_000, 100_000_000, ready=True)


class Onlooker(Strategy):
    """Wants nothing, and notes the prices it is shown."""

    every = 3_600.0
    wants_prices = True

    def __init__(self):
        self.seen = []

    def decide(self, view):
        self.seen.append(dict(view.prices))
        return Idle("it only looks")


class Bankroll(Worker):
    def __init__(self, lane):
        super().__init__()
        self._lane = lane

    def receive(self, message):
        if isinstance(message, LaneOpened):
            self._lane().tell(LaneView("lane", "IDLE", "", RICH))


class Rig:
    def __init__(self):
        self.sim, self.strategy, self.sockets = Simulation(1), Onlooker(), []

        def find(path):
            return self.system.handle(path)

        def socket(on_prices, on_state):
            self.sockets.append(Socket(on_prices, on_state))
            return self.sockets[-1]

        def feed():
            return PriceFeedActor(socket, {"lane": find("lane")}, find("reporter"), self.wall, Port())

        def lane():
            where = find("bankroll"), find("reporter"), self.wall, Random(1), find("feed")
            return StrategyActor("lane", "casino", lambda: self.strategy, *where)

        children = [
            ChildSpec("reporter", lambda: Ear([])),
            ChildSpec("bankroll", lambda: Bankroll(lambda: find("lane"))),
            ChildSpec("feed", feed),
            ChildSpec("lane", lane),
        ]
        self.system = System(Supervisor.spec("top", children), runtime=self.sim)
        self.system.start()
        self.sim.run(1)

    def wall(self):
        return int(self.sim.now * 1_000_000)

    def price(self, price):
        self.sockets[-1].prices({"BTC": Decimal(price)})
        self.sim.run(0.1)

    def state(self, state):
        self.sockets[-1].state(state, "a test")
        self.sim.run(0.1)


def test_a_strategy_sees_each_new_price_as_it_comes():
    rig = Rig()
    for price in (1, 2, 3):
        rig.price(price)
    assert rig.strategy.seen[-3:] == [{"BTC": 1}, {"BTC": 2}, {"BTC": 3}]


@pytest.mark.parametrize("down", ["stale", "lost"])
def test_a_strategy_is_asked_without_prices_when_they_are_stale(down):
    rig = Rig()
    rig.price(1)
    rig.state(down)
    assert rig.strategy.seen[-2:] == [{"BTC": 1}, {}]
    rig.price(2)
    assert rig.strategy.seen[-1] == {"BTC": 2}


@pytest.mark.parametrize("who", ["lane", "feed"])
def test_whoever_of_the_two_dies_prices_come_again(who):
    rig = Rig()
    rig.price(1)
    rig.system.handle(who).kill(RuntimeError("told to fail"))
    rig.sim.run(1)
    for price in (2, 3):
        rig.price(price)
    assert rig.strategy.seen[-1] == {"BTC": 3}
