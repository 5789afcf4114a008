"""Trading in any order of events, with lost answers, crashes, false lists and strangers: the book is the exchange's."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from actors.desk import opening
from actors.messages import Poll, Resolve
from actors.money import audit
from actors.money.book import BookError
from actors.money.evidence import Executed, NotSent, Refused, Unknown
from actors.money.orders import CancelOrder, CloseOrder, LimitOrder
from actors.money.positions import TradeDone
from tests.desk.exchange import TradingDesk
from tests.desk.kit import SECOND

COINS = some.sampled_from(["BTC", "ETH"])
ENDS = some.sampled_from(["answered", "cut", "unrecorded", "lost", "refused", "not sent", "crash"])
SETTLES = 100 * SECOND


class Trades(RuleBasedStateMachine):
    """One agent, whose every message may be lost, on an account that strangers and triggers move too."""

    @initialize()
    def begin(self):
        self.desk = TradingDesk(balance=1_000_000_000)

    def end(self, intent, done, ends, act):
        """Let the venue act, or not, and tell the desk, or not."""
        desk = self.desk
        if ends in ("answered", "cut", "unrecorded", "crash"):
            act(ends != "unrecorded")
        if ends == "crash":
            desk.crash()
            return
        answers = {"answered": Executed(trade=done), "refused": Refused("no"), "not sent": NotSent("no")}
        desk.answer(intent, answers.get(ends, Unknown(ends)))

    @rule(coin=COINS, side=some.sampled_from(["long", "short"]), cents=some.integers(1_000, 20_000), ends=ENDS)
    def order(self, coin, side, cents, ends):
        intent = self.desk.order(Decimal(cents) / 100, side, coin)
        if intent:
            done = TradeDone("open", f"pos_{len(self.desk.venue.fills) + 1}", intent.stake_micro)
            self.end(intent, done, ends, lambda record: self.desk.fill(intent, record=record))

    @rule(coin=COINS, ends=ENDS)
    def close(self, coin, ends):
        desk = self.desk
        held = next((p for p in desk.held.positions if p.coin == coin and p.position_id), None)
        intent = desk.propose(CloseOrder(held.position_id)) if held else None
        if intent:
            there = bool(desk.venue.sizes.get(coin))
            self.end(intent, TradeDone("closed"), ends, lambda _: there and desk.venue.close(coin, desk.now))

    @rule(coin=COINS, cents=some.integers(1_000, 20_000), ends=ENDS.filter(lambda ends: ends != "unrecorded"))
    def limit(self, coin, cents, ends):
        desk = self.desk
        intent = desk.propose(LimitOrder(coin, "long", Decimal(cents) / 100, 1_000, 5))
        if intent:
            done = TradeDone("pending", f"ord_{len(desk.venue.limits) + 1}", intent.stake_micro)
            self.end(intent, done, ends, lambda _: desk.venue.wait_for(intent, desk.now))

    @rule(ends=ENDS.filter(lambda ends: ends != "unrecorded"))
    def cancel(self, ends):
        desk = self.desk
        intent = desk.propose(CancelOrder(desk.held.orders[0].order_id)) if desk.held.orders else None
        if intent:
            self.end(intent, TradeDone("cancelled"), ends, lambda _: desk.venue.mark(intent.subject, "cancelled"))

    @rule()
    def trigger(self):
        venue = self.desk.venue
        order = next((one for one in venue.limits if one.status == "pending"), None)
        if order:
            venue.mark(order.order_id, "filled")
            venue.trade(order.coin, Decimal(order.size_micro) / 1_000_000, self.desk.now)

    @rule(coin=COINS)
    def stop_out(self, coin):
        if self.desk.venue.sizes.get(coin):
            self.desk.venue.close(coin, self.desk.now)

    @rule(coin=COINS, usd=some.integers(-50, 50).filter(bool))
    def let_a_stranger_trade(self, coin, usd):
        self.desk.venue.trade(coin, usd, self.desk.now)

    @rule(coin=COINS, permille=some.integers(900, 1_100))
    def move_the_price(self, coin, permille):
        prices = self.desk.venue.prices
        prices[coin] = (prices[coin] * permille / 1000).quantize(Decimal("0.1"))

    @rule(micro=some.integers(-500, 500).filter(bool), deposit=some.booleans())
    def move_cash(self, micro, deposit):
        (self.desk.venue.deposit if deposit else self.desk.venue.fund)(micro, self.desk.now)

    @precondition(lambda self: self.desk.venue.shows_nothing or self.desk.held.positions)
    @rule()
    def show_nothing_or_all(self):
        self.desk.venue.shows_nothing = not self.desk.venue.shows_nothing

    @rule(tenths=some.integers(0, 60))
    def let_time_pass(self, tenths):
        self.desk.tell(Poll("trading", "positions"))
        self.desk.run(tenths * SECOND // 10)

    @rule()
    def crash(self):
        self.desk.crash()

    @invariant()
    def the_book_is_sound(self):
        assert self.desk.state.book.violations() == []

    @invariant()
    def a_position_is_what_the_booked_fills_made_of_it(self):
        desk = self.desk
        booked = [fill for fill in desk.venue.fills if fill.ref in desk.state.traded]
        for coin in ("BTC", "ETH"):
            assert desk.held.size(coin) == sum(fill.change for fill in booked if fill.coin == coin)

    @precondition(lambda self: not self.desk.state.open)
    @rule()
    def settle(self):
        desk = self.desk
        desk.venue.shows_nothing = False
        desk.tell(Poll("trading", "positions"))
        desk.run(10 * SECOND)
        assert desk.sound()

    def teardown(self):
        desk = self.desk
        desk.venue.shows_nothing = False
        desk.run(SETTLES)
        for intent in list(desk.state.open):  # what evidence cannot decide, a person decides; wrongly or not
            desk.carry_out(desk.desk.resolve(Resolve(intent, "void", 0, "a guess"), desk.now)[0])
        desk.tell(Poll("trading", "positions"))
        desk.run(10 * SECOND)
        assert desk.sound()
        assert desk.journal.replayed().book == desk.state.book


PLAYED = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,), report_multiple_bugs=False,
)  # fmt: skip
AT_ONCE = settings(PLAYED, max_examples=400)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(opening, "SLOW_QUIET", 0)


def test_the_book_is_the_exchanges_whatever_happens():
    run_state_machine_as_test(Trades, settings=PLAYED)


def believing_every_list(patch):
    patch.setattr(audit, "drift", lambda *_: "")


def leaving_margin_where_it_was(patch):
    patch.setattr(audit, "taken", lambda *_: [])


@pytest.mark.parametrize("mutant", [believing_every_list, leaving_margin_where_it_was])
def test_a_broken_rule_is_found(mutant, monkeypatch):
    mutant(monkeypatch)
    with pytest.raises((AssertionError, BookError)):
        run_state_machine_as_test(Trades, settings=AT_ONCE)
