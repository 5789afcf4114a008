"""The trading client: requests, answers that prove something, and evidence from the exchange itself."""

import json
import random
from decimal import Decimal

import pytest
from pydantic import SecretStr

from actors.money.evidence import Executed, NotSent, Query, Refused, Unknown
from actors.money.orders import CancelOrder, CloseOrder, ExitOrder, LimitOrder, Order, checked_order
from actors.money.positions import TradeDone
from actors.ticket import Ticket
from actors.venue import endpoints, exchange
from actors.venue.errors import BadAnswer, VenueDown
from actors.venue.exchange import Exchange
from actors.venue.line import Line
from actors.venue.trading import Trading, trade_request
from tests.venue.conftest import KEY, make_breakers, wall
from tests.venue.raw import RawServer, http

ADDRESS = "0x" + "ab" * 20
ACCOUNT = {"max_leverage": 10, "max_position_usd": 10000, "hl_wallet": {"address": ADDRESS}}
NOTHING = {"source": "hyperliquid", "positions": []}
NONE_WAIT = {"pending": [], "filled": [], "cancelled": []}
FILL = {
    "coin": "BTC", "px": "50000.0", "sz": "0.0002", "side": "B", "time": 1_000, "dir": "Open Long", "closedPnl": "0.0",
    "fee": "0.0055", "oid": 7, "tid": 9, "hash": "0x", "startPosition": "0.0", "crossed": True, "feeToken": "USDC",
}  # fmt: skip
WAGERS = {
    "order": Order("BTC", "long", "10", 5),
    "close_order": CloseOrder("pos_1"),
    "limit_order": LimitOrder("BTC", "short", "10", "60000.5", 5),
    "cancel_order": CancelOrder("ord_1"),
    "exit_order": ExitOrder("pos_1", "stop_loss", "45000"),
}


def body_of(request):
    return request.partition(b"\r\n\r\n")[2]


def state(value="100.0", size="0.0", pnl="0.0"):
    """An account at the exchange with one position, or none."""
    position = {
        "coin": "BTC",
        "szi": size,
        "leverage": {"type": "cross", "value": 5},
        "entryPx": "50000",
        "unrealizedPnl": pnl,
    }
    return {
        "marginSummary": {"accountValue": value},
        "assetPositions": [{"position": position}] if Decimal(size) else [],
    }


class Scripted(RawServer):
    """Trading service and exchange on one port: answers by path, or by the type of the question; the last repeats."""

    def __init__(self, **answers):
        usual = {
            "account": [ACCOUNT], "limit-orders": [NONE_WAIT], "positions": [NOTHING],
            "clearinghouseState": [state()], "meta": [{"universe": [{"name": "BTC"}]}], "userFillsByTime": [[]],
            "userFunding": [[]], "userNonFundingLedgerUpdates": [[]],
        }  # fmt: skip
        self.answers = usual | {name.replace("_", "-"): list(found) for name, found in answers.items()}
        super().__init__(self._act)

    def asked(self, name):
        return [
            json.loads(body_of(r)) for r in self.requests if b"/info" in r and json.loads(body_of(r))["type"] == name
        ]

    def _act(self, line):
        request = self.requests[-1]
        path = request.split(b" ")[1].decode().partition("?")[0]
        name = json.loads(body_of(request))["type"] if path.endswith("/info") else path.rpartition("/")[2]
        found = self.answers[name]
        answer = found.pop(0) if len(found) > 1 else found[0]
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        http(status, json.dumps(content).encode())(line)


@pytest.fixture
def make():
    servers = []

    def built(**answers):
        server = Scripted(**answers)
        servers.append(server)
        common = {
            "timeout_s": 2.0,
            "wall": wall,
            "rng": random.Random(1),
            "breakers": make_breakers(),
            "wait": lambda _: None,
        }
        line = Line("trading", server.url, key=KEY, agent_id="ag_1", **common)
        public = Line("exchange", server.url, key=SecretStr(""), agent_id="", **common)
        return Trading(line, Exchange(public)), server

    yield built
    for server in servers:
        server.__exit__()


def ticket(kind="order", stake=2_000_000):
    request = trade_request(checked_order(WAGERS[kind]))
    return Ticket(intent="i1", kind=kind, tag="t", stake_micro=stake, request=request, send_by=wall() + 10_000_000)


def read(client, since=20_000_000):
    return client.evidence(Query("trading", since, 0, 0))


LIMIT = '{"coin":"BTC","leverage":5,"limit_price":60000.5,"side":"short","size_usd":10}'
OPENED = {
    "position_id": "pos_1",
    "coin": "BTC",
    "side": "long",
    "margin_used": 1.99,
    "execution": "real",
    "status": "open",
}


@pytest.mark.parametrize(
    ("kind", "method", "path", "body"),
    [
        ("order", "POST", "/trade/open", '{"coin":"BTC","leverage":5,"side":"long","size_usd":10}'),
        ("close_order", "POST", "/trade/close", '{"position_id":"pos_1"}'),
        ("limit_order", "POST", "/trade/limit", LIMIT),
        ("cancel_order", "DELETE", "/trade/limit-orders/ord_1", ""),
        ("exit_order", "POST", "/trade/stop-loss", '{"position_id":"pos_1","trigger_price":45000}'),
    ],
)  # fmt: skip
def test_each_trade_is_one_request(kind, method, path, body):
    request = trade_request(checked_order(WAGERS[kind]))
    assert (request.path, request.body) == (path, body)
    assert endpoints.endpoint("trading", path).method == method


@pytest.mark.parametrize(
    ("kind", "name", "answer", "done"),
    [
        ("order", "open", OPENED, TradeDone("open", "pos_1", 1_990_000)),
        (
            "close_order",
            "close",
            {"position_id": "pos_1", "execution": "real", "status": "closed"},
            TradeDone("closed"),
        ),
        (
            "limit_order",
            "limit",
            (201, {"order_id": "ord_2", "status": "pending"}),
            TradeDone("pending", "ord_2", 2_000_000),
        ),
        ("cancel_order", "ord-1", {"order_id": "ord_1"}, TradeDone("cancelled")),
        ("exit_order", "stop-loss", {"order_id": "ord_3", "position_id": "pos_1"}, TradeDone("set", "ord_3")),
    ],
)
def test_a_success_says_what_it_came_to(make, kind, name, answer, done):
    client, server = make()
    server.answers[name.replace("ord-1", "ord_1")] = [answer]
    assert client.place(ticket(kind)) == Executed(trade=done)


@pytest.mark.parametrize(
    "wrong",
    [{"coin": "ETH"}, {"side": "short"}, {"execution": "simulated"}, {"position_id": None}, {"margin_used": "1"}],
)
def test_a_success_that_is_not_our_order_proves_nothing(make, wrong):
    client, _ = make(open=[OPENED | wrong])
    assert isinstance(client.place(ticket()), Unknown)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (400, {"error": "position_too_large"}, Refused),
        (403, {"error": "daily_loss_limit_reached"}, Refused),
        (400, {"error": "trade_failed", "message": "Hyperliquid order rejected: no"}, Refused),
        (400, {"error": "trade_failed", "message": "SQLITE_BUSY: database is locked"}, Unknown),
        (400, {"error": "trade_failed"}, Unknown),
        (400, {"error": "invalid_json"}, Unknown),
        (500, {"error": "internal_error"}, Unknown),
    ],
)
def test_only_a_no_from_before_the_order_proves_that_there_was_none(make, status, answer, kind):
    client, _ = make(open=[(status, answer)])
    assert isinstance(client.place(ticket()), kind)


def test_a_failed_close_proves_nothing(make):
    client, _ = make(close=[(400, {"error": "close_failed", "message": "No open position"})])
    assert isinstance(client.place(ticket("close_order")), Unknown)


def test_an_order_is_sent_once_whatever_comes_back(make):
    client, server = make(open=[(500, {"error": "internal_error"})])
    client.place(ticket())
    assert sum(b"/trade/open" in request for request in server.requests) == 1


def test_an_order_for_a_market_of_another_name_never_leaves(make):
    client, server = make(meta=[{"universe": [{"name": "ETH"}]}])
    assert client.place(ticket()) == NotSent("the exchange has no market of its own that is called BTC")
    assert not any(b"/trade/open" in request for request in server.requests)


def test_the_exchange_is_told_no_key(make):
    client, server = make()
    read(client)
    public = [request for request in server.requests if b"/info" in request]
    assert public
    assert not any(b"uthorization" in r or b"sk_" in r or b"Agent-ID" in r for r in public)


def test_cash_is_the_accounts_value_without_what_is_not_realised(make):
    client, _ = make(clearinghouseState=[state("101.234567", "0.0002", "1.5")])
    found = read(client)
    assert (found.balance_micro, found.trading.unrealized_micro) == (99_734_567, 1_500_000)
    (held,) = found.trading.holdings.positions
    assert (held.side, held.margin_micro, held.position_id) == ("long", 2_000_000, "")


def test_a_fill_is_one_row_less_its_fee(make):
    client, _ = make(userFillsByTime=[[FILL | {"closedPnl": "-1.25"}]])
    (row,) = read(client).history
    assert (row.change_micro, row.fee_micro, row.ref, row.earned) == (-1_255_500, 5_500, "fill:9", True)


@pytest.mark.parametrize(
    ("delta", "change"),
    [
        ({"type": "deposit", "usdc": "5.0"}, 5_000_000),
        ({"type": "withdraw", "usdc": "5.0", "fee": "1.0"}, -6_000_000),
        ({"type": "accountClassTransfer", "usdc": "5.0", "toPerp": True}, 5_000_000),
        ({"type": "accountClassTransfer", "usdc": "5.0", "toPerp": False}, -5_000_000),
        ({"type": "internalTransfer", "usdc": "5.0", "fee": "0.0", "destination": ADDRESS}, 5_000_000),
        ({"type": "internalTransfer", "usdc": "5.0", "fee": "1.0", "destination": "0x1"}, -6_000_000),
        ({"type": "somethingNew", "usdc": "5.0"}, 0),
    ],
)
def test_what_moves_cash_is_known_by_its_type(make, delta, change):
    client, _ = make(userNonFundingLedgerUpdates=[[{"time": 1, "hash": "0x1", "delta": delta}]])
    (row,) = read(client).history
    assert (row.change_micro, row.earned) == (change, False)


def test_two_rows_of_one_hash_have_two_references(make):
    update = {"time": 1, "hash": "0x1", "delta": {"type": "deposit", "usdc": "5.0"}}
    client, _ = make(userNonFundingLedgerUpdates=[[update, update | {"delta": {"type": "deposit", "usdc": "6.0"}}]])
    assert len({row.ref for row in read(client).history}) == 2


def test_fills_of_other_markets_than_the_exchanges_own_are_none_of_this_account(make):
    client, _ = make(userFillsByTime=[[FILL | {"coin": "xyz:TSLA"}, FILL | {"dir": "Buy"}]])
    assert read(client).trading.fills == ()


def test_a_full_page_goes_on_from_its_last_time_and_counts_no_row_twice(make, monkeypatch):
    monkeypatch.setitem(exchange.PAGE_ROWS, "userFillsByTime", 2)
    pages = [[FILL, FILL | {"tid": 10, "time": 2_000}], [FILL | {"tid": 10, "time": 2_000}]]
    client, server = make(userFillsByTime=pages)
    found = read(client)
    assert ([row.ref for row in found.history], found.rows_complete) == (["fill:9", "fill:10"], True)
    assert server.asked("userFillsByTime")[1]["startTime"] == 2_000


def test_pages_without_end_are_incomplete(make, monkeypatch):
    monkeypatch.setitem(exchange.PAGE_ROWS, "userFillsByTime", 1)
    client, _ = make(userFillsByTime=[[FILL]])
    assert not read(client).rows_complete


def test_an_account_that_moves_while_it_is_read_is_read_again(make):
    client, server = make(clearinghouseState=[state("100.0"), state("99.0")])
    assert read(client).balance_micro == 99_000_000
    assert len(server.asked("clearinghouseState")) == 3


def test_an_account_that_never_rests_is_not_believed(make):
    client, _ = make(clearinghouseState=[state(f"{value}.0") for value in range(100, 110)])
    with pytest.raises(VenueDown, match="moved during each of 5 readings"):
        read(client)


def test_an_account_that_owes_cash_is_not_read(make):
    client, _ = make(clearinghouseState=[state("5.0", "0.001", "9.0")])
    with pytest.raises(VenueDown, match="owes the exchange cash"):
        read(client)


@pytest.mark.parametrize("wrong", [{"error": "busy"}, None, [], {"marginSummary": {}}, {"assetPositions": []}])
def test_an_error_in_place_of_an_account_is_never_an_empty_one(make, wrong):
    client, _ = make(clearinghouseState=[wrong])
    with pytest.raises(BadAnswer):
        read(client)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", "", "x", 5, None])
def test_a_number_of_the_exchange_is_finite_text(make, text):
    client, _ = make(clearinghouseState=[{"marginSummary": {"accountValue": text}, "assetPositions": []}])
    with pytest.raises(BadAnswer, match="accountValue"):
        read(client)


@pytest.mark.parametrize(("side", "known"), [("long", "pos_1"), ("short", "")])
def test_an_id_belongs_to_a_position_of_the_same_side(make, side, known):
    listed = {
        "source": "hyperliquid",
        "positions": [{"coin": "BTC", "side": side, "position_id": "pos_1", "id": "pos_1", "status": "open"}],
    }
    client, _ = make(positions=[listed], clearinghouseState=[state("100.0", "0.0002")])
    assert read(client).trading.holdings.positions[0].position_id == known


@pytest.mark.parametrize(
    "path", ["/trade/close-all", "/trade/check-exits", "/trade/check-limits", "/referral/withdraw"]
)
def test_the_dangerous_endpoints_are_never_called(path):
    assert endpoints.endpoint("trading", path).capability is endpoints.Capability.K4


def test_control_a_trade_failed_taken_for_a_refusal_is_caught(make, monkeypatch):
    monkeypatch.setattr(Line, "_refusal", lambda *_: "trade_failed")
    with pytest.raises(AssertionError):
        test_only_a_no_from_before_the_order_proves_that_there_was_none(
            make, 400, {"error": "trade_failed", "message": "SQLITE_BUSY"}, Unknown
        )


def test_control_a_client_that_tries_again_is_caught(make, monkeypatch):
    once = Line._send
    monkeypatch.setattr(Line, "_send", lambda *args: (once(*args), once(*args))[1])
    with pytest.raises(AssertionError):
        test_an_order_is_sent_once_whatever_comes_back(make)
