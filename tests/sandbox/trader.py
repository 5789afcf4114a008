"""An account of the trading server and its wallet at the exchange, for tests."""

from dataclasses import dataclass
from decimal import Decimal

from tests.sandbox.house import House

V1 = "/trading/v1"
OPEN, CLOSE, POSITIONS = f"{V1}/trade/open", f"{V1}/trade/close", f"{V1}/trade/positions"
MONITOR_S = 30  # after it the trading server's prices are new and its monitor looks again


@dataclass(frozen=True)
class Trader:
    house: House
    agent_id: str
    key: str
    address: str

    @classmethod
    def register(cls, house, **body):
        told = house.post(f"{V1}/auth/register", body).body
        return cls(house, told["agent_id"], told["api_key"], told["hl_wallet"]["address"])

    def get(self, path):
        return self.house.get(f"{V1}{path}", self.key)

    def post(self, path, **body):
        return self.house.post(f"{V1}{path}", body, self.key)

    def open(self, coin="ETH", side="long", size_usd=120, leverage=2, **more):
        return self.post("/trade/open", coin=coin, side=side, size_usd=size_usd, leverage=leverage, **more)

    def close(self, position_id):
        return self.post("/trade/close", position_id=position_id)

    def positions(self, query=""):
        return self.get(f"/trade/positions{query}").body["positions"]

    def info(self, kind, **more):
        return self.house.post("/exchange/info", {"type": kind, "user": self.address, **more}).body

    def state(self):
        return self.info("clearinghouseState")

    def held(self, coin="ETH"):
        """The signed size at the exchange."""
        return next(
            (Decimal(p["position"]["szi"]) for p in self.state()["assetPositions"] if at(p) == coin), Decimal(0)
        )

    def fills(self):
        return self.info("userFillsByTime", startTime=0)

    def cash(self):
        state = self.state()
        unrealised = sum(Decimal(p["position"]["unrealizedPnl"]) for p in state["assetPositions"])
        return Decimal(state["marginSummary"]["accountValue"]) - unrealised

    def moved(self):
        """The sum of everything that the exchange says it moved."""
        updates = self.info("userFunding", startTime=0) + self.info("userNonFundingLedgerUpdates", startTime=0)
        signs = {"withdraw": -1}
        return sum(Decimal(row["closedPnl"]) - Decimal(row["fee"]) for row in self.fills()) + sum(
            signs.get(row["delta"]["type"], 1) * Decimal(row["delta"]["usdc"]) for row in updates
        )


def at(position):
    return position["position"]["coin"]


def hold(house, coin, price):
    """Hold a market at a price; the exchange knows it at once, the trading server within MONITOR_S."""
    return house.post("/sandbox/price", {"coin": coin, "price": price}).body


def settle(house, coin, price):
    """Hold a market at a price that the trading server knows too."""
    hold(house, coin, price)
    return house.advance(MONITOR_S)
