"""The simulated exchange: exact money, margins, funding, liquidation, and its public reads."""

from decimal import Decimal

import pytest

from tests.sandbox.trader import Trader, at, hold, settle


@pytest.fixture
def trader(house):
    settle(house, "ETH", 3000)
    return Trader.register(house)


def moved_by(fill):
    return Decimal(fill["closedPnl"]) - Decimal(fill["fee"])


def test_a_new_wallet_has_a_thousand_dollars_as_a_deposit(trader):
    assert trader.state()["marginSummary"]["accountValue"] == "1000.0"
    (row,) = trader.info("userNonFundingLedgerUpdates", startTime=0)
    assert row["delta"] == {"type": "deposit", "usdc": "1000.0"}


def test_an_order_fills_at_the_mid_price_with_both_fees_exact(trader):
    trader.open(size_usd=120)
    (fill,) = trader.fills()
    told = {name: fill[name] for name in ("px", "sz", "side", "dir", "startPosition", "closedPnl", "fee", "builderFee")}
    assert told == {
        "px": "3000.0",
        "sz": "0.04",
        "side": "B",
        "dir": "Open Long",
        "startPosition": "0.0",
        "closedPnl": "0.0",
        "fee": "0.066",  # 0.035 % and the builder's 0.02 %
        "builderFee": "0.024",
    }


def test_a_closed_position_brings_its_move_times_its_size(trader, house):
    position = trader.open(size_usd=120).body
    settle(house, "ETH", 3300)
    trader.close(position["position_id"])
    opened, closed = trader.fills()
    assert (closed["dir"], closed["closedPnl"], closed["fee"]) == ("Close Long", "12.0", "0.0726")
    funded = sum(Decimal(row["delta"]["usdc"]) for row in trader.info("userFunding", startTime=0))  # if an hour ended
    assert trader.cash() == 1000 + moved_by(opened) + moved_by(closed) + funded
    assert trader.held() == 0


def test_a_short_gains_when_the_price_falls(trader, house):
    position = trader.open(side="short", size_usd=120).body
    assert trader.held() == Decimal("-0.04")
    settle(house, "ETH", 2700)
    trader.close(position["position_id"])
    assert trader.fills()[1]["closedPnl"] == "12.0"


def test_a_second_order_averages_the_entry_and_an_opposite_one_nets(trader, house):
    trader.open(size_usd=300)
    settle(house, "ETH", 3600)
    trader.open(size_usd=360)
    assert trader.state()["assetPositions"][0]["position"]["entryPx"] == "3300.0"
    trader.open(side="short", size_usd=900)
    assert trader.fills()[-1]["dir"] == "Long > Short"
    assert (trader.held(), trader.fills()[-1]["closedPnl"]) == (Decimal("-0.05"), "60.0")


def test_oids_and_tids_increase(trader):
    for _ in range(3):
        trader.open(size_usd=30)
    for name in ("oid", "tid"):
        numbers = [fill[name] for fill in trader.fills()]
        assert numbers == sorted(set(numbers))


def test_margin_is_the_value_over_the_leverage(trader):
    trader.open(size_usd=600, leverage=3)
    summary = trader.state()["marginSummary"]
    assert (summary["totalNtlPos"], summary["totalMarginUsed"]) == ("600.0", "200.0")
    assert trader.state()["withdrawable"] == "799.67"


def test_without_margin_nothing_is_opened(trader):
    refused = trader.open(size_usd=5000, leverage=2)
    assert (refused.status, refused.error) == (400, "trade_failed")
    assert refused.body["message"].startswith("Order error: Insufficient margin")
    assert trader.fills() == []


def test_a_size_below_ten_dollars_is_refused(trader):
    assert "minimum value of $10" in trader.open(size_usd=9).body["message"]
    assert trader.fills() == []


def test_an_order_whose_price_has_run_away_does_not_fill(trader, house):
    trader.get("/markets/ETH/price")  # the trading server remembers this price for 30 s
    hold(house, "ETH", 3000 * 1.006)
    assert "could not immediately match" in trader.open().body["message"]
    assert trader.open(side="short").status == 200  # better than its limit


def test_funding_is_paid_every_hour_and_is_a_movement(trader, house):
    trader.open(size_usd=1200, leverage=5)
    told = house.advance(3 * 3600)
    rows = trader.info("userFunding", startTime=0)
    assert told["funded"] >= 3  # others of this venue may hold positions too
    assert len(rows) in (3, 4)  # an hour may end meanwhile
    for row in rows:
        delta, rate = row["delta"], Decimal(row["delta"]["fundingRate"])
        assert row["time"] % 3_600_000 == 0
        assert Decimal(delta["usdc"]) == -(Decimal(delta["szi"]) * 3000 * rate).quantize(Decimal("1e-6"))


def test_an_account_below_its_maintenance_margin_is_liquidated(trader, house):
    trader.open(size_usd=9000, leverage=10)
    liquidation_px = Decimal(trader.state()["assetPositions"][0]["position"]["liquidationPx"])
    hold(house, "ETH", float(liquidation_px) * 1.001)
    assert trader.held() == 3
    assert hold(house, "ETH", float(liquidation_px) * 0.999)["liquidated"] == 1
    assert trader.held() == 0
    last = trader.fills()[-1]
    assert (last["dir"], last["fee"], last["liquidation"]["method"]) == ("Liquidated Cross Long", "0.0", "market")
    assert trader.positions() == []
    assert [row["status"] for row in trader.positions("?status=all")] == ["open"]  # its row never hears of it


def test_a_fall_through_the_maintenance_margin_takes_no_more_than_there_is(trader, house):
    trader.open(size_usd=9000, leverage=10)
    hold(house, "ETH", 1500)
    assert trader.cash() == 0 == trader.moved()


def test_cash_is_the_sum_of_all_movements_to_the_micro(trader, house):
    settle(house, "BTC", 95_123.4)
    positions = [trader.open("ETH", "long", 777.77).body, trader.open("BTC", "short", 431.19).body]
    settle(house, "ETH", 2_987.7)
    settle(house, "BTC", 96_001.3)
    house.advance(7200)
    trader.close(positions[0]["position_id"])
    house.post("/sandbox/grant", {"agent_id": trader.agent_id, "amount": -12.34})
    assert trader.cash() == trader.moved()
    assert len(trader.fills()) == 3


def test_a_span_of_time_holds_exactly_its_fills(trader, house):
    trader.open(size_usd=30)
    house.advance(10)
    trader.open(size_usd=30)
    first, second = trader.fills()
    assert trader.info("userFillsByTime", startTime=first["time"], endTime=first["time"]) == [first]
    assert trader.info("userFillsByTime", startTime=first["time"] + 1) == [second]
    assert trader.info("userFills") == [second, first]


def test_an_order_is_found_by_its_oid_and_only_by_its_owner(trader, house):
    oid = trader.open().body["hl_order_id"]
    assert trader.info("orderStatus", oid=oid)["order"]["status"] == "filled"
    assert Trader.register(house).info("orderStatus", oid=oid) == {"status": "unknownOid"}


def test_mids_and_universe_are_the_275_markets(house):
    mids = house.post("/exchange/info", {"type": "allMids"}).body
    universe = house.post("/exchange/info", {"type": "meta"}).body["universe"]
    assert len(mids) == 275
    assert {market["name"] for market in universe} == mids.keys()


def test_markets_of_the_real_world_are_a_part_of_their_own(house, trader):
    mids = house.post("/exchange/info", {"type": "allMids", "dex": "xyz"}).body
    assert "xyz:TSLA" in mids
    assert all(coin.startswith("xyz:") for coin in mids)
    trader.open("TSLA")
    assert [at(position) for position in trader.info("clearinghouseState", dex="xyz")["assetPositions"]] == ["xyz:TSLA"]
    assert trader.state()["assetPositions"] == []


@pytest.mark.parametrize("body", [{}, {"type": "dance"}, {"type": "userFills"}, {"type": "l2Book", "coin": "NONE"}])
def test_a_question_that_makes_no_sense_is_a_422(house, body):
    assert house.post("/exchange/info", body).status == 422


def test_an_unknown_address_has_nothing(house):
    state = house.post("/exchange/info", {"type": "clearinghouseState", "user": "0x" + "1" * 40}).body
    assert (state["marginSummary"]["accountValue"], state["assetPositions"]) == ("0.0", [])


def test_questions_have_a_weight_and_a_minute_takes_twelve_hundred(build):
    house = build(limits="contract")

    def ask(kind):
        return house.post("/exchange/info", {"type": kind}).status

    assert [ask("meta") for _ in range(60)] == [200] * 60
    assert (ask("meta"), ask("allMids")) == (429, 429)
    house.advance(60)
    assert [ask("allMids") for _ in range(60)] == [200] * 60


def test_a_restart_keeps_money_positions_and_prices(build):
    house = build()
    settle(house, "ETH", 3000)
    trader = Trader.register(house)
    trader.open(size_usd=1200)
    hold(house, "ETH", 3100)
    before = (trader.state()["marginSummary"], trader.fills())
    house.kill()
    house.start()
    assert (trader.state()["marginSummary"], trader.fills()) == before
