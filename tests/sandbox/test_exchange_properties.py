"""Whatever is traded, in whatever order: at the exchange every micro-dollar and every lot is accounted for."""

import random
from contextlib import closing
from decimal import Decimal

import pytest

from actors.sandbox.books import Books
from actors.sandbox.exchange.clearing import Exchange, Order, OrderError
from actors.sandbox.exchange.valuation import net
from actors.sandbox.market import Market

COINS = ("BTC", "ETH", "DOGE", "@1")
USERS = ("0xa", "0xb")
STEPS = 150


class Play:
    """One exchange and a clock of its own, played with at random."""

    def __init__(self, path, seed):
        self.rng = random.Random(seed)
        self.now = 1_800_000_000.0
        self.books = Books(path / "books.sqlite", lambda: self.now)
        self.market = Market(random.Random(seed), lambda: 0.0)
        self.exchange = Exchange(self.books, self.market, seed)
        for user in USERS:
            self.exchange.deposit(user, 1_000_000_000)

    def step(self):
        coin, user, rng = self.rng.choice(COINS), self.rng.choice(USERS), self.rng
        match rng.randrange(4):
            case 0:
                self.market.hold(coin, float(self.market.price(coin)) * rng.uniform(0.85, 1.15))
            case 1:
                self.now += rng.uniform(0, 7200)
                self.exchange.fund()
            case 2:
                self.exchange.liquidate()
            case _:
                self.order(user, coin)

    def order(self, user, coin):
        px, listing = self.market.price(coin), self.market.listings[coin]
        is_buy, size = self.rng.random() < 0.5, Decimal(self.rng.randint(10, 1500)) / px
        size = size.quantize(Decimal(1).scaleb(-listing.size_decimals))
        order = Order(user, coin, is_buy, size, px, self.rng.randint(1, listing.max_leverage), self.rng.random() < 0.2)
        before = self.exchange.account(user)
        try:
            self.exchange.place(order)
        except OrderError:
            assert self.exchange.account(user) == before

    def cash_moved(self, user):
        fills = "SELECT total(closed_pnl_micro - fee_micro) AS n FROM exchange_fills WHERE address = ?"
        updates = "SELECT total(usdc_micro) AS n FROM exchange_updates WHERE address = ?"
        return sum(int(self.books.only(sql, user)["n"]) for sql in (fills, updates))

    def lots_moved(self, user, coin):
        rows = self.books.all("SELECT side, sz FROM exchange_fills WHERE address = ? AND coin = ?", user, coin)
        return sum(Decimal(row["sz"]) * (1 if row["side"] == "B" else -1) for row in rows)


@pytest.fixture(params=range(6))
def play(request, tmp_path):
    play = Play(tmp_path, request.param)
    with closing(play.books):
        yield play


def test_cash_and_positions_are_what_fills_and_updates_add_up_to(play):
    for _ in range(STEPS):
        play.step()
        for user in USERS:
            account = play.exchange.account(user)
            assert account.cash_micro == play.cash_moved(user)
            for coin in COINS:
                held = account.of(coin)
                assert (held.size if held else 0) == play.lots_moved(user, coin)


def test_after_a_look_nobody_is_below_the_maintenance_margin_and_nobody_owes(play):
    for _ in range(STEPS):
        play.step()
        play.exchange.liquidate()
        for user in USERS:
            account = play.exchange.account(user)
            assert account.value_micro >= account.maintenance_micro >= 0


def test_the_funding_of_an_hour_is_paid_before_its_first_fill(play):
    play.exchange.fund()
    for moment in (play.now, play.now + 3600):
        play.now = moment
        px = play.market.price("ETH")
        play.exchange.place(Order("0xa", "ETH", True, Decimal("0.1"), px))
    (row,) = play.books.all("SELECT * FROM exchange_updates WHERE kind = 'funding'")
    assert row["size"] == "0.1"  # the second order had not been there in that hour


def test_the_play_meets_every_kind_of_event(tmp_path):
    play = Play(tmp_path, 0)
    with closing(play.books):
        for _ in range(10 * STEPS):
            play.step()
        kinds = {row["dir"] for row in play.books.all("SELECT dir FROM exchange_fills")}
        traded = {"Open Long", "Open Short", "Close Long", "Close Short", "Long > Short", "Short > Long"}
        assert kinds == traded | {"Liquidated Cross Long", "Liquidated Cross Short"}


@pytest.mark.parametrize("seed", range(5))
def test_a_round_trip_in_any_pieces_closes_for_what_the_prices_differ(seed):
    rng = random.Random(seed)
    size, cost_micro, closed_micro, paid = Decimal(0), 0, 0, Decimal(0)
    changes = [Decimal(rng.randint(-50, 50)) / 1000 for _ in range(30)]
    for change in [*changes, -sum(changes)]:
        px = Decimal(rng.randint(90_000, 110_000)) / 10
        after = net(size, cost_micro, change, px)
        size, cost_micro, closed_micro = after.size, after.cost_micro, closed_micro + after.closed_pnl_micro
        paid += change * px
    assert (size, cost_micro, closed_micro) == (0, 0, -paid * 1_000_000)
