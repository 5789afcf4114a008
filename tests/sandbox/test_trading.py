"""The trading server: accounts, markets, orders, positions, and how it parts from the exchange behind it."""

from decimal import Decimal

import pytest

from tests.sandbox.trader import CLOSE, MONITOR_S, OPEN, POSITIONS, V1, Trader, hold, settle

WALLET, SIGNING_KEY = "0x" + "aB" * 20, "0x" + "1" * 64


@pytest.fixture
def trader(house):
    settle(house, "ETH", 3000)
    return Trader.register(house)


@pytest.fixture
def faulty(house):
    """Orders faults for one test, and a trader who meets them."""

    def order(spec):
        assert house.post("/sandbox/faults", {"faults": spec}).status == 200

    yield order
    order("")


def test_an_own_wallet_needs_its_key_to_trade(house):
    settle(house, "ETH", 3000)
    watcher = Trader.register(house, hl_wallet_address=WALLET)
    assert watcher.get("/auth/account").body["hl_wallet"]["signing_key_stored"] is False
    assert watcher.open().error == "wallet_not_configured"
    owner = Trader.register(house, hl_wallet_address=WALLET, hl_signing_key=SIGNING_KEY)
    assert owner.address == WALLET.lower()
    assert owner.open().status == 200


def test_a_wallet_gets_its_play_money_once(house):
    for _ in range(2):
        trader = Trader.register(house, hl_wallet_address="0x" + "2" * 40)
    assert trader.cash() == 1000


@pytest.mark.parametrize(
    ("body", "error"),
    [({"hl_wallet_address": "0x12"}, "invalid_wallet"), ({"hl_signing_key": "12"}, "invalid_signing_key")],
)
def test_a_wallet_that_is_none_is_refused(house, body, error):
    refused = house.post(f"{V1}/auth/register", body)
    assert (refused.status, refused.error) == (400, error)


def test_keys_of_other_services_do_not_open_it(house, player):
    assert house.get(f"{V1}/auth/account").error == "unauthorized"
    refused = house.get(f"{V1}/auth/account", player.key)
    assert (refused.status, refused.error) == (401, "invalid_key")


@pytest.mark.parametrize(("name", "coin"), [("eth", "ETH"), ("TSLA", "xyz:TSLA"), ("xyz:gold", "xyz:GOLD")])
def test_markets_are_found_in_any_case_and_without_their_dex(house, name, coin):
    assert house.get(f"{V1}/markets/{name}").body["coin"] == coin


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/markets/none", 404, "market_not_found"),
        ("/markets/none/price", 404, "no_price"),
        ("/markets/none/orderbook", 404, "market_not_found"),
        ("/markets/multi-price", 400, "missing_coins"),
    ],
)
def test_unknown_markets(house, path, status, error):
    refused = house.get(f"{V1}{path}")
    assert (refused.status, refused.error) == (status, error)


def test_several_prices_at_once_name_what_is_missing(house):
    told = house.get(f"{V1}/markets/multi-price?coins=btc,none,GOLD").body
    assert [row["coin"] for row in told["prices"]] == ["BTC", "xyz:GOLD"]
    assert (told["count"], told["not_found"]) == (2, ["none"])


def test_the_book_stands_around_the_mid_price(trader):
    book = trader.get("/markets/ETH/orderbook?depth=3").body
    bids, asks = ([level["price"] for level in book[side]] for side in ("bids", "asks"))
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert (len(bids), len(asks)) == (3, 3)
    assert bids[0] < book["mid_price"] == 3000 < asks[0]


def test_the_book_of_the_cheapest_market_has_no_price_below_zero(trader, house):
    settle(house, "@9", 0.000003)
    book = trader.get("/markets/@9/orderbook").body
    assert [level["price"] for level in book["bids"]] == [0.000002, 0.000001]


def test_prices_are_kept_for_thirty_seconds(trader, house):
    assert trader.get("/markets/ETH/price").body["price"] == 3000
    hold(house, "ETH", 3300)
    assert trader.get("/markets/ETH/price").body["price"] == 3000
    house.advance(MONITOR_S)
    assert trader.get("/markets/ETH/price").body["price"] == 3300


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"coin": None}, "invalid_request"),
        ({"size_usd": 0}, "invalid_request"),
        ({"size_usd": "120"}, "invalid_size"),
        ({"size_usd": -1}, "invalid_size"),
        ({"side": "buy"}, "invalid_side"),
        ({"leverage": 0.5}, "invalid_leverage"),
        ({"size_usd": 10_001}, "position_too_large"),
        ({"coin": "NONE"}, "trade_failed"),
        ({"coin": "@1", "leverage": 6}, "trade_failed"),
        ({"size_usd": 1e-9}, "trade_failed"),
    ],
)
def test_an_order_that_cannot_be_is_refused_without_an_effect(trader, change, error):
    refused = trader.open(**change)
    assert (refused.status, refused.error) == (400, error)
    assert (trader.fills(), trader.positions()) == ([], [])


def test_leverage_is_cut_to_the_accounts_limit(trader):
    assert trader.open(leverage=40).body["leverage"] == 10


def test_a_close_takes_the_whole_position_of_the_market_and_leaves_the_other_row_open(trader):
    first, second = (trader.open().body["position_id"] for _ in range(2))
    assert trader.held() == Decimal("0.08")
    assert trader.close(first).body["status"] == "closed"
    assert trader.held() == 0
    assert [row["id"] for row in trader.positions("?status=all") if row["status"] == "open"] == [second]
    refused = trader.close(second)
    assert (refused.error, refused.body["message"]) == ("close_failed", "No open position for ETH")
    assert trader.close(first).error == "position_not_found"


def test_the_result_of_a_close_leaves_fees_out(trader, house):
    position_id = trader.open(size_usd=120, leverage=2).body["position_id"]
    settle(house, "ETH", 3300)
    told = trader.close(position_id).body
    assert (told["pnl"], told["pnl_percent"], told["fee"], told["exit_price"]) == (12, 20, 0.07, 3300)


def test_positions_come_from_the_exchange_and_from_the_books(trader):
    opened = trader.open().body
    listed, rows = trader.get("/trade/positions").body, trader.get("/trade/positions?status=all").body
    assert (listed["source"], rows["source"]) == ("hyperliquid", "database")
    assert listed["positions"][0]["position_id"] == opened["position_id"] == rows["positions"][0]["id"]
    assert rows["positions"][0]["hlOrderId"] == str(opened["hl_order_id"])


def test_close_all_closes_nothing_at_the_exchange(trader):
    trader.open()
    assert trader.post("/trade/close-all").status == 200
    assert {row["status"] for row in trader.positions("?status=all")} == {"closed"}
    assert trader.held() == Decimal("0.04")
    assert trader.positions()[0]["position_id"] is None


def test_trades_are_listed_newest_first(trader):
    position_id = trader.open().body["position_id"]
    trader.close(position_id)
    trades = trader.get("/trade/history?limit=2").body["trades"]
    assert [trade["side"] for trade in trades] == ["sell", "buy"]
    assert trader.get("/trade/portfolio").body["total_fees_paid"] == 0.14
    assert trader.get("/trade/pnl-history?days=1").body["history"][0]["trades"] == 2


def test_a_daily_loss_limit_ends_the_day(trader, house):
    trader.post("/trade/risk-settings", max_daily_loss_usd=5)
    position_id = trader.open(size_usd=120).body["position_id"]
    settle(house, "ETH", 2800)
    trader.close(position_id)
    refused = trader.open()
    assert (refused.status, refused.error) == (403, "daily_loss_limit_reached")
    house.advance(86_400)
    assert trader.open().status == 200


def test_risk_settings_stop_at_the_free_tiers_limits(trader):
    told = trader.post("/trade/risk-settings", max_leverage=50, max_position_usd=1e6).body
    assert (told["max_leverage"], told["max_position_usd"]) == (20, 50_000)
    assert [trader.post("/trade/risk-settings", max_leverage=n).status for n in (0, 51)] == [400, 400]
    assert trader.get("/auth/account").body["max_leverage"] == 20


def test_a_referrer_earns_a_share_of_the_builders_fee(house, trader):
    code = trader.get("/referral/code").body["referral_code"]
    referred = Trader.register(house, referral_code=code)
    referred.open(size_usd=3000, leverage=10)
    assert trader.get("/referral/stats").body["total_earned_usd"] == 0.12
    refused = trader.post("/referral/withdraw", address=WALLET)
    assert (refused.error, refused.body["available_usd"]) == ("insufficient_balance", 0.12)


def test_orders_are_limited_to_thirty_a_minute(build):
    house = build(limits="contract")
    trader = Trader.register(house)
    assert [trader.post("/trade/close").status for _ in range(31)] == [400] * 30 + [429]


def test_a_fill_without_a_row_is_a_trade_that_failed(trader, faulty):
    faulty(f"unbooked@{OPEN}=1")
    refused = trader.open()
    assert (refused.status, refused.error) == (400, "trade_failed")
    assert trader.held() == Decimal("0.04")
    assert trader.positions("?status=all") == []
    assert trader.positions()[0]["position_id"] is None


def test_a_close_that_is_not_stored_leaves_its_row_open(trader, faulty):
    position_id = trader.open().body["position_id"]
    faulty(f"unbooked@{CLOSE}=1")
    assert trader.close(position_id).error == "close_failed"
    assert trader.held() == 0
    assert trader.positions("?status=all")[0]["status"] == "open"


def test_a_falsely_empty_list_says_it_comes_from_the_exchange(trader, faulty):
    trader.open()
    faulty(f"empty@{POSITIONS}=1")
    assert trader.get("/trade/positions").body["source"] == "hyperliquid"
    assert trader.positions() == []
    assert trader.held() == Decimal("0.04")


def test_without_the_exchange_the_list_is_the_books_and_no_order_passes(trader, faulty):
    trader.open()
    faulty("upstream@/trading/exchange=1")
    assert trader.get("/trade/positions").body["source"] == "database"
    assert trader.open().body["message"].startswith("No price")
    assert trader.get("/markets").status == 500
    assert trader.state()["assetPositions"]  # whoever asks the exchange itself is answered


def test_the_exchange_can_be_down_for_everybody(trader, faulty):
    faulty("upstream@/exchange/info=1")
    assert trader.house.post("/exchange/info", {"type": "allMids"}).status == 500


def test_stale_prices_stay(trader, house, faulty):
    trader.get("/markets/ETH/price")
    faulty(f"stale@{V1}=1")
    settle(house, "ETH", 3300)
    assert trader.get("/markets/ETH/price").body["price"] == 3000
    assert trader.open().error == "trade_failed"


def test_an_executed_order_whose_answer_is_lost_stands_in_both_books(build):
    house = build(faults="500-after@/trading/v1/trade/open=1")
    trader = Trader.register(house)
    assert trader.open().status == 500
    assert len(trader.fills()) == 1 == len(trader.positions("?status=all"))
