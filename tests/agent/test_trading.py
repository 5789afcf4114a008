"""Trading end to end: a real agent at the built-in venue's trading server and exchange, and what goes wrong between."""

import json
from decimal import Decimal

import pytest

from actors.credentials import Credentials
from actors.desk import opening
from actors.errors import RefusesToTrade
from actors.money.book import Bucket
from actors.money.events import HoldingsTaken, IntentClosed, IntentOpened, TradeBooked
from actors.money.orders import CancelOrder, CloseOrder, ExitOrder, LimitOrder, Order
from tests.agent.kit import BOOSTED, MICRO, Endless, Script, Stage, stop_venue
from tests.sandbox.house import House
from tests.sandbox.trader import CLOSE, OPEN, V1, Trader

LONG = Order("ETH", "long", "100", 5)


class Dealer(Script):
    account = "trading"
    view = None

    def decide(self, view):
        self.view = view
        return super().decide(view)


class TradingStage(Stage):
    """A stage whose agent trades."""

    @property
    def trader(self):
        known = Credentials.load(self.data, {}).require("trading")
        key = known.key.get_secret_value()
        address = self.house.get(f"{V1}/auth/account", key).body["hl_wallet"]["address"]
        return Trader(self.house, known.agent_id, key, address)

    def dealing(self, *wagers):
        """Start an agent that makes these trades; return its strategy."""
        dealer = Dealer(*wagers)
        self.play(dealer)
        return dealer

    def fault(self, text):
        self.house.post("/sandbox/faults", {"faults": text})

    def position(self, coin="ETH"):
        """The id by which the venue knows the open position."""
        return next(row["position_id"] for row in self.trader.positions() if row["coin"] == coin)

    def agreed(self):
        """Stop the agent: cash, margin and positions of the book must be the exchange's, and nothing sent twice."""
        trader = self.trader
        self.end()
        books = self.books()
        book, held = books.state.book, books.state.holdings["trading"]
        assert (book.violations(), book.at_venue("trading")) == ([], round(trader.cash() * MICRO))
        assert {p.coin: p.size for p in held.positions} == {
            p["position"]["coin"]: Decimal(p["position"]["szi"]) for p in trader.state()["assetPositions"]
        }
        assert book.balance("trading", Bucket.MARGIN) == held.margin_micro
        assert {one.venue_ref for one in books.of(TradeBooked)} >= {f"fill:{row['tid']}" for row in trader.fills()}
        return books


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("trading"), faults="cut=0")
    yield house
    stop_venue(house)


@pytest.fixture
def stage(venue, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "SLOW_QUIET", 0)
    terms = {"services.trading": True, "bankroll.max_stake_fraction": "1", "risk.max_open": "1"}
    made = TradingStage(venue, tmp_path / "agent", **terms)
    yield made
    made.fault("")
    made.end()


def test_a_position_is_opened_and_closed_and_the_account_is_the_exchanges(stage):
    """Mission 5.2."""
    dealer = stage.dealing(LONG)
    stage.seen.until(action="order", outcome="open")
    dealer.add(CloseOrder(stage.position()))
    stage.seen.until(action="close_order", outcome="closed")
    books = stage.agreed()
    assert [one.kind for one in books.of(IntentOpened)] == ["order", "close_order"]
    assert len(books.of(TradeBooked)) == 2
    assert books.state.book.balance("trading", Bucket.FEES) > 0


def test_a_service_may_be_switched_off_and_on_again_and_the_journal_stays_ours(stage):
    stage.play()
    stage.until(phase="RUNNING")
    stage.play(**{f"services.{name}": False for name in ("casino", "escrow", "faucet", "referral")})
    stage.until(phase="RUNNING")
    stage.play()
    stage.until(phase="RUNNING")


def fail(stage):
    """Start an agent that is to fail, while it starts or at once behind it."""
    agent = stage.play()
    agent.wait(seconds=5)
    raise agent.failure()


def test_another_accounts_key_is_refused_before_anything_is_read_or_decided(stage):
    stage.play()
    stage.until(phase="RUNNING")
    stage.end()
    keys = stage.data / "credentials.json"
    kept = keys.read_text()
    keys.write_text(json.dumps({name: one for name, one in json.loads(kept).items() if name != "trading"}))
    with pytest.raises(RefusesToTrade, match="trading account is not the one of this key"):
        fail(stage)
    keys.write_text(kept)
    stage.play()
    stage.until(phase="RUNNING")


def test_a_lane_sees_its_position_and_its_price(stage):
    dealer = stage.dealing(LONG)
    (position,) = stage.seen.reach(lambda: getattr(dealer, "view", None) and dealer.view.positions, "the position")
    assert (position.coin, position.side, position.position_id) == ("ETH", "long", stage.position())


def test_bets_and_trades_go_on_beside_each_other_and_each_account_is_its_venues(stage):
    dealer = Dealer(LONG)
    stage.play(dealer, Endless(BOOSTED))
    stage.seen.until(action="order", outcome="open")
    dealer.add(CloseOrder(stage.position()))
    stage.seen.until(action="close_order", outcome="closed")
    stage.seen.reach(lambda: stage.status()["bets"] > 20, "some bets")
    stage.agreed().check().check_tags()


@pytest.mark.parametrize("fault", ["cut", "reset-after", "500-after"])
def test_an_order_that_was_filled_without_an_answer_is_found_and_never_sent_again(stage, fault):
    """Mission 4.5."""
    dealer = stage.dealing()
    stage.until(phase="RUNNING")
    stage.fault(f"{fault}@{OPEN}=1")
    dealer.add(LONG)
    stage.seen.until(action="order", outcome="open")
    stage.fault("")
    books = stage.agreed()
    assert [(one.kind, one.service) for one in books.of(IntentOpened)] == [("order", "trading")]
    assert books.of(IntentClosed)[0].by == "look-up"
    assert len(stage.trader.fills()) == 1


def test_a_filled_order_without_a_record_is_booked_and_its_lane_waits_for_a_person(stage):
    dealer = stage.dealing()
    stage.until(phase="RUNNING")
    stage.fault(f"unbooked@{OPEN}=1")
    dealer.add(LONG)
    stage.seen.until(action="incident", outcome="unrecorded")
    stage.fault("")
    assert stage.lane("Dealer")["state"] == "ERROR"
    assert stage.agreed().state.holdings["trading"].positions[0].position_id == ""


def test_an_order_that_never_reached_the_venue_is_void(stage):
    dealer = stage.dealing()
    stage.until(phase="RUNNING")
    stage.fault(f"500-before@{OPEN}=1")
    dealer.add(LONG)
    stage.seen.until(action="order", outcome="void")
    stage.fault("")
    del dealer._wagers[:]
    assert stage.agreed().state.book.balance("trading", Bucket.MARGIN) == 0


@pytest.mark.parametrize("fault", ["500-after", "unbooked"])
def test_a_close_without_an_answer_is_found_by_its_fill(stage, fault):
    dealer = stage.dealing(LONG)
    stage.seen.until(action="order", outcome="open")
    position = stage.position()
    stage.fault(f"{fault}@{CLOSE}=1")
    dealer.add(CloseOrder(position))
    stage.seen.until(action="close_order", outcome="closed")
    stage.fault("")
    assert len(stage.trader.fills()) == 2
    assert stage.agreed().state.holdings["trading"].positions == ()


def test_a_falsely_empty_list_of_the_venue_changes_nothing(stage):
    dealer = stage.dealing(LONG)
    stage.seen.reach(lambda: dealer.view and dealer.view.positions, "the position in view")
    position = stage.position()
    stage.fault(f"empty@{V1}/trade/positions=1")
    assert stage.agent.reconcile()["ok"]
    assert [p.position_id for p in dealer.view.positions] == [position]
    stage.fault("")
    dealer.add(CloseOrder(position))
    stage.seen.until(action="close_order", outcome="closed")
    stage.agreed()


def test_while_the_exchange_cannot_be_read_nothing_is_opened(stage):
    dealer = stage.dealing()
    stage.until(phase="RUNNING")
    stage.fault("upstream@/exchange/info=1")
    dealer.add(LONG)
    stage.seen.until("trading cannot be read", action="look_up", outcome="failed")
    dealer.add(Order("SOL", "long", "100", 5))
    stage.seen.reach(lambda: "reconciling" in stage.lane("Dealer")["why"], "why the lane is idle")
    assert stage.status()["sent"] == 1


def test_what_the_venue_refuses_gives_its_margin_back(stage):
    stage.dealing(Order("ETH", "long", "20000", 50))
    stage.seen.until("leverage", action="propose", outcome="denied")
    assert stage.status()["sent"] == 0


def test_an_order_for_a_market_that_the_exchange_has_not_is_not_sent(stage):
    stage.dealing(Order("TSLA", "long", "100", 5))
    stage.seen.until("no market of its own that is called TSLA", action="order", outcome="not_sent")


def test_a_limit_order_waits_is_triggered_and_becomes_a_position(stage):
    stage.house.post("/sandbox/price", {"coin": "SOL", "price": 190})
    dealer = stage.dealing(LimitOrder("SOL", "long", "100", "180", 5))
    stage.seen.until(action="limit_order", outcome="pending")
    stage.seen.reach(lambda: dealer.view.orders, "the order in view")
    stage.house.post("/sandbox/price", {"coin": "SOL", "price": 170})
    stage.house.advance(31)
    assert stage.agent.reconcile()["ok"]
    stage.seen.reach(lambda: dealer.view.positions and not dealer.view.orders, "the position in view")
    stage.house.post("/sandbox/price", {"coin": "SOL", "price": None})
    stage.agreed()


def test_a_limit_order_is_cancelled_by_its_id(stage):
    dealer = stage.dealing(LimitOrder("SOL", "short", "100", "900", 5))
    stage.seen.until(action="limit_order", outcome="pending")
    (order,) = stage.seen.reach(lambda: dealer.view.orders, "the order in view")
    dealer.add(CancelOrder(order.order_id))
    stage.seen.until(action="cancel_order", outcome="cancelled")
    assert stage.agreed().state.book.balance("trading", Bucket.MARGIN) == 0


def test_at_the_end_waiting_orders_are_cancelled(stage):
    stage.dealing(LimitOrder("SOL", "short", "100", "900", 5), LimitOrder("ETH", "short", "100", "99000", 5))
    stage.seen.until(action="limit_order", outcome="pending", times=2)
    books = stage.agreed()
    assert [one.lane for one in books.of(IntentOpened) if one.kind == "cancel_order"] == ["(house)", "(house)"]
    assert stage.trader.get("/trade/limit-orders").body["pending"] == []


@pytest.mark.parametrize(("exit_", "trigger", "price"), [("stop_loss", "9", 8), ("take_profit", "15", 16)])
def test_an_exit_closes_the_position_at_the_venue_and_the_book_follows(stage, exit_, trigger, price):
    stage.house.post("/sandbox/price", {"coin": "APT", "price": 12})
    stage.house.advance(31)
    dealer = stage.dealing(Order("APT", "long", "100", 5))
    stage.seen.until(action="order", outcome="open")
    dealer.add(ExitOrder(stage.position("APT"), exit_, trigger))
    stage.seen.until(action="exit_order", outcome="set")
    stage.house.post("/sandbox/price", {"coin": "APT", "price": price})
    stage.house.advance(31)
    assert stage.agent.reconcile()["ok"]
    stage.seen.until("trading holds nothing", action="holdings", times=2)
    assert stage.agreed().state.book.balance("trading", Bucket.MARGIN) == 0


def test_a_loss_stops_the_account_and_closes_its_positions(stage):
    stage.terms["risk.stop_loss"] = "0.02"
    stage.house.post("/sandbox/price", {"coin": "LTC", "price": 95})
    stage.house.advance(31)
    stage.dealing(Order("LTC", "long", "400", 5))
    stage.seen.until(action="order", outcome="open")
    stage.house.post("/sandbox/price", {"coin": "LTC", "price": 85})
    stage.house.advance(31)
    stage.agent.reconcile()
    stage.seen.until("STOPPED by stop loss", action="stop")
    stage.seen.until(action="close_order", outcome="closed", lane="(house)")
    assert stage.agreed().state.holdings["trading"].positions == ()


def test_funding_is_a_result_and_a_deposit_is_none(stage):
    stage.dealing(LONG)
    stage.seen.until(action="order", outcome="open")
    stage.house.post("/sandbox/grant", {"agent_id": stage.trader.agent_id, "amount": 50})
    stage.house.advance(3700)
    assert stage.agent.reconcile()["ok"]
    books = stage.agreed()
    assert [one.reason for one in books.of(TradeBooked) if one.venue_ref.startswith("funding")] != []
    assert books.state.account("trading").session_start_micro == 1_050_000_000


def test_a_process_that_vanishes_while_an_order_is_unknown_finds_it_when_it_comes_back(stage):
    """Mission 2.4."""
    dealer = stage.dealing()
    stage.until(phase="RUNNING")
    stage.fault(f"500-after@{OPEN}=1")
    dealer.add(LONG)
    stage.seen.reach(stage.trader.fills, "the fill")
    stage.vanish()
    stage.fault("")
    stage.dealing()
    stage.until(phase="RUNNING")
    books = stage.agreed()
    assert (len(books.of(IntentOpened)), len(stage.trader.fills())) == (1, 1)
    assert books.of(HoldingsTaken)[-1].holdings.positions[0].coin == "ETH"
