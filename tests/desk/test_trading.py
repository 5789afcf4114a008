"""Trading on the desk: margin, what became of an order, what the account holds, and the end of it all."""

from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace

from actors.desk import operator, settle, trading
from actors.desk.answers import Answers
from actors.desk.till import HOUSE_WAIT
from actors.messages import Denied, Drain, LaneView, Notice, Poll, Resume, ServiceHealth, Settled
from actors.money import trading as evidence
from actors.money.book import Bucket
from actors.money.events import AgentStopped, IncidentNoted, IntentClosed, LaneFailed, StopSet, TradeBooked
from actors.money.evidence import Executed, NotSent, Refused, Unknown
from actors.money.orders import CancelOrder, CloseOrder, ExitOrder, LimitOrder, Order
from actors.money.positions import LimitView, TradeDone
from actors.money.risk import Limits
from tests.desk.exchange import TradingDesk
from tests.desk.kit import QUIET, SECOND, SEND_TIMEOUT


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("actors.desk.opening.SLOW_QUIET", 0)


@pytest.fixture
def desk():
    return TradingDesk(lanes=("a", "b"))


def lost(desk, intent):
    desk.answer(intent, Unknown("400 trade_failed"))


def waiting(desk, price="40000"):
    """Place a limit order and let the desk know; return its id."""
    intent = desk.propose(LimitOrder("BTC", "long", "10", price, 5))
    order = desk.venue.wait_for(intent, desk.now)
    desk.answer(intent, Executed(trade=TradeDone("pending", order.order_id, intent.stake_micro)))
    desk.reconciled()
    return order.order_id


# margin and money


def test_an_orders_margin_is_reserved_then_set_aside_and_comes_back_when_it_is_closed(desk):
    intent = desk.order("10")
    assert (intent.stake_micro, desk.micro(Bucket.RESERVED)) == (2_000_000, 2_000_000)
    desk.fill(intent)
    desk.answer(intent, Executed(trade=TradeDone("open", "pos_1", 1_990_000)))
    assert (desk.micro(Bucket.RESERVED), desk.micro(Bucket.MARGIN)) == (0, 1_990_000)
    desk.reconciled()
    assert desk.micro(Bucket.MARGIN) == 2_000_000
    desk.venue.close("BTC", desk.now)
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    assert desk.micro(Bucket.MARGIN) == 0


def test_money_is_booked_from_the_exchanges_fills_alone(desk):
    intent = desk.order("10")
    desk.fill(intent)
    desk.answer(intent, Executed(trade=TradeDone("open", "pos_1", 2_000_000)))
    assert desk.of(TradeBooked) == []
    desk.reconciled()
    assert [(one.venue_ref, one.amount_micro) for one in desk.of(TradeBooked)] == [("fill:1", -5_500)]
    assert (desk.micro(Bucket.FEES), desk.sound()) == (5_500, True)


def test_a_result_moves_no_baseline_and_a_deposit_does(desk):
    desk.opened()
    start = desk.state.account("trading").session_start_micro
    desk.venue.fund(-1_000, desk.now)
    desk.venue.deposit(5_000_000, desk.now)
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    assert desk.state.account("trading").session_start_micro == start + 5_000_000


def test_a_loss_that_is_larger_than_what_is_available_is_booked():
    desk = TradingDesk(balance=10_000_000)
    desk.opened("45")
    desk.venue.prices["BTC"] -= 8_000
    desk.venue.close("BTC", desk.now)
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    assert desk.venue.cash < 3_000_000


def test_after_a_trade_nothing_is_opened_before_the_exchange_was_read(desk):
    intent = desk.order()
    desk.fill(intent)
    desk.answer(intent, Executed(trade=TradeDone("open", "pos_1", 2_000_000)))
    assert desk.order(coin="ETH", lane="b") is None
    assert desk.denial() == "account"
    assert desk.reconciled().order(coin="ETH", lane="b")


# what became of an order


def test_an_order_whose_answer_is_lost_is_found_by_its_fill(desk):
    intent = desk.order()
    desk.fill(intent)
    lost(desk, intent)
    desk.run(SECOND)
    assert (desk.outcome(intent), desk.lane(), desk.sound()) == ("executed", "IDLE", True)
    assert desk.of(IntentClosed)[0].venue_ref == "pos_1"


def test_an_order_that_the_venue_has_no_record_of_is_held_and_a_person_must_look(desk):
    intent = desk.order()
    desk.fill(intent, record=False)
    lost(desk, intent)
    desk.run(SECOND)
    assert (desk.outcome(intent), desk.lane(), desk.sound()) == ("executed", "ERROR", True)
    assert desk.incidents() == ["unrecorded"]
    assert desk.held.positions[0].position_id == ""


def test_an_order_that_was_filled_in_part_is_ours_if_the_venue_recorded_it(desk):
    intent = desk.order("100")
    desk.venue.trade("BTC", 30, desk.now)
    lost(desk, intent)
    desk.run(SECOND)
    assert (desk.outcome(intent), desk.sound(), desk.micro(Bucket.MARGIN)) == ("executed", True, 6_000_000)


@pytest.mark.parametrize(("usd", "record"), [(30, False), (200, True)])
def test_a_fill_of_another_size_is_left_to_a_person(desk, usd, record):
    intent = desk.order("100")
    desk.venue.trade("BTC", usd, desk.now, record=record)
    lost(desk, intent)
    desk.run(SECOND)
    assert (desk.outcome(intent), desk.lane(), desk.incidents()) == ("open", "ERROR", ["undecided"])


def test_two_orders_that_may_be_it_are_left_to_a_person_and_nothing_is_closed(desk):
    intent = desk.order()
    desk.fill(intent)
    desk.fill(intent)
    lost(desk, intent)
    desk.run(SECOND)
    assert (desk.outcome(intent), desk.lane()) == ("open", "ERROR")
    assert "2 orders were filled" in desk.of(LaneFailed)[0].reason
    assert desk.order(lane="b") is None


def test_an_operators_word_on_it_takes_what_the_exchange_holds(desk):
    test_two_orders_that_may_be_it_are_left_to_a_person_and_nothing_is_closed(desk)
    (intent,) = desk.state.open
    step, _ = desk.desk.resolve(operator.Resolve(intent, "executed", 0, "seen at the exchange"), desk.now)
    desk.carry_out(step)
    assert desk.reconciled().sound()
    assert desk.held.size("BTC") * 50_000 == 20


def test_an_order_that_no_fill_shows_is_void_after_the_quiet_period_and_two_readings(desk):
    intent = desk.order()
    lost(desk, intent)
    desk.run(QUIET)
    assert desk.outcome(intent) == "open"
    desk.run(60 * SECOND)
    assert (desk.outcome(intent), desk.lane(), desk.sound()) == ("void", "IDLE", True)


def test_an_order_that_the_venue_executed_twice_is_held_twice_and_a_person_must_look(desk):
    intent = desk.order()
    desk.fill(intent)
    desk.fill(intent)
    desk.answer(intent, Executed(trade=TradeDone("open", desk.venue.trades[0].position_id, intent.stake_micro)))
    assert desk.reconciled().sound()
    assert [(one.name, one.intent) for one in desk.of(IncidentNoted)] == [("duplicate", intent.intent)]
    assert (desk.lane(), desk.held.size("BTC")) == ("ERROR", Decimal("0.0004"))
    desk.tell(Poll("trading", "positions"))
    desk.reconciled()
    assert len(desk.incidents()) == 1


@pytest.mark.parametrize("again", [False, True])
def test_an_order_that_fills_after_it_was_void_is_an_incident_that_names_it(desk, again):
    intent = desk.order()
    lost(desk, intent)
    desk.run(60 * SECOND)
    if again:
        desk.opened()
    desk.fill(intent)
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    (late,) = desk.of(IncidentNoted)
    assert (late.name, late.intent, desk.outcome(intent)) == ("resurrected", intent.intent, "void")
    assert [notice.level for notice in desk.of(Notice) if notice.action == "incident"] == ["ERROR"]


@pytest.mark.parametrize("again", [False, True])
def test_a_close_that_fills_after_it_was_void_is_an_incident_unless_another_did_it(desk, again):
    desk.opened()
    close = desk.propose(CloseOrder(desk.held.positions[0].position_id))
    lost(desk, close)
    desk.run(60 * SECOND)
    second = desk.propose(CloseOrder(close.subject)) if again else None
    desk.venue.close("BTC", desk.now)
    if second:
        desk.answer(second, Executed(trade=TradeDone("closed")))
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    desk.tell(Poll("trading", "positions"))
    desk.reconciled()
    named = [] if again else [("late_close", close.intent)]
    assert [(one.name, one.intent) for one in desk.of(IncidentNoted)] == named


def test_a_limit_order_that_is_listed_after_it_was_void_is_an_incident_that_names_it(desk):
    intent = desk.propose(LimitOrder("BTC", "long", "10", "40000", 5))
    lost(desk, intent)
    desk.run(60 * SECOND)
    desk.venue.wait_for(intent, desk.now)
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    assert [(late.name, late.intent) for late in desk.of(IncidentNoted)] == [("resurrected", intent.intent)]


@pytest.mark.parametrize("cause", ["order", "unrecorded", "limit", "close"])
def test_a_fill_that_has_another_cause_is_no_late_order(desk, cause):
    lost(desk, desk.order())
    desk.run(60 * SECOND)
    if cause == "limit":
        desk.venue.mark(waiting(desk), "filled")
        desk.venue.trade("BTC", 10, desk.now)
    elif cause == "unrecorded":
        other = desk.order(lane="b")
        desk.fill(other, record=False)
        lost(desk, other)
    else:
        desk.opened(side="long" if cause == "order" else "short")
        desk.venue.close("BTC", desk.now)
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    assert "resurrected" not in desk.incidents()


def test_an_order_keeps_its_quiet_period_long(monkeypatch):
    monkeypatch.undo()
    desk = TradingDesk()
    intent = desk.order()
    assert intent.quiet_until - intent.send_by == 600 * SECOND


def test_a_fill_from_before_it_was_sent_is_none_of_its_own(desk):
    desk.opened()
    desk.venue.close("BTC", desk.now)
    desk.tell(Poll("trading", "positions"))
    desk.reconciled()
    intent = desk.order()
    lost(desk, intent)
    desk.run(80 * SECOND)
    assert desk.outcome(intent) == "void"


@pytest.mark.parametrize("answer", [Refused("position_too_large"), NotSent("no connection")])
def test_a_refusal_gives_the_margin_back_at_once(desk, answer):
    intent = desk.order()
    desk.answer(intent, answer)
    assert (desk.micro(Bucket.RESERVED), desk.lane()) == (0, "IDLE")


def test_a_crash_between_the_fill_and_the_journal_loses_and_doubles_nothing(desk):
    intent = desk.order()
    desk.fill(intent)
    desk.crash().run(SECOND)
    assert (desk.outcome(intent), desk.sound(), len(desk.sent)) == ("executed", True, 1)
    assert desk.crash().reconciled().sound()


def test_another_lane_waits_while_an_order_is_under_way(desk):
    desk.order()
    assert desk.order(coin="ETH", lane="b") is None
    assert desk.denial() == "account"


# positions


def test_a_falsely_empty_list_frees_no_margin_and_stops_the_account_until_it_shows_all(desk):
    desk.opened()
    desk.venue.shows_nothing = True
    desk.tell(Poll("trading", "positions"))
    desk.run(10 * SECOND)
    assert (desk.micro(Bucket.MARGIN), desk.lane()) == (2_000_000, "STOPPED")
    assert "its fills make it 0.0002" in desk.of(StopSet)[0].value
    desk.venue.shows_nothing = False
    desk.tell(Poll("trading", "positions"))
    assert desk.run(10 * SECOND).sound()
    assert desk.lane() == "IDLE"


def test_a_position_that_others_opened_is_held_too(desk):
    desk.venue.trade("ETH", -50, desk.now)
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    assert desk.micro(Bucket.MARGIN) == 10_000_000


def test_an_account_is_adopted_with_what_it_holds(monkeypatch):
    monkeypatch.setattr(TradingDesk, "reconciled", lambda self: self.venue.trade("BTC", 30, self.now))
    desk = TradingDesk()
    monkeypatch.undo()
    assert desk.reconciled().sound()
    assert desk.of(TradeBooked) == []


def test_an_id_that_a_position_had_it_keeps(desk):
    desk.opened()
    desk.venue.trades.clear()
    desk.tell(Poll("trading", "positions"))
    desk.reconciled()
    assert desk.held.positions[0].position_id == "pos_1"


def test_a_lane_sees_what_is_held(desk):
    desk.opened()
    views = [message.bankroll.holdings for message in desk.mail if hasattr(message, "bankroll")]
    assert [position.coin for position in views[-1].positions] == ["BTC"]


def test_people_see_what_is_held_and_what_it_cost(desk):
    desk.opened()
    status = desk.desk.status(desk.now)
    assert status.holdings == ("trading holds long 0.000200 BTC at 50000, margin 2.00 USD",)
    assert status.fees_micro == 5_500


# closing


def closing(desk):
    desk.opened()
    return desk.propose(CloseOrder("pos_1"))


def test_a_close_is_found_by_the_fill_that_made_it(desk):
    intent = closing(desk)
    desk.venue.close("BTC", desk.now)
    lost(desk, intent)
    desk.run(SECOND)
    assert (desk.outcome(intent), desk.sound(), desk.held.positions) == ("executed", True, ())


def test_a_close_is_not_believed_because_a_list_is_empty(desk):
    intent = closing(desk)
    desk.venue.shows_nothing = True
    lost(desk, intent)
    desk.run(SECOND)
    assert (desk.outcome(intent), desk.micro(Bucket.MARGIN)) == ("open", 2_000_000)


def test_a_close_that_did_nothing_is_void(desk):
    intent = closing(desk)
    lost(desk, intent)
    desk.run(80 * SECOND)
    assert (desk.outcome(intent), desk.sound(), len(desk.held.positions)) == ("void", True, 1)


def test_a_close_in_part_leaves_the_rest(desk):
    intent = closing(desk)
    desk.venue.trade("BTC", -4, desk.now)
    lost(desk, intent)
    desk.run(SECOND)
    assert desk.of(IntentClosed)[-1].reason == "closed in part"
    assert (desk.sound(), desk.micro(Bucket.MARGIN)) == (True, 1_200_000)


# orders that wait


def test_a_waiting_order_keeps_its_margin_until_it_is_taken_back(desk):
    order_id = waiting(desk)
    assert (desk.micro(Bucket.MARGIN), desk.sound()) == (2_000_000, True)
    intent = desk.propose(CancelOrder(order_id))
    desk.venue.mark(order_id, "cancelled")
    desk.answer(intent, Executed(trade=TradeDone("cancelled")))
    assert desk.reconciled().sound()
    assert desk.micro(Bucket.MARGIN) == 0


def test_a_waiting_order_that_is_triggered_becomes_a_position(desk):
    order_id = waiting(desk)
    desk.venue.mark(order_id, "filled")
    desk.venue.trade("BTC", 10, desk.now)
    desk.tell(Poll("trading", "positions"))
    assert desk.reconciled().sound()
    assert (desk.held.orders, len(desk.held.positions)) == ((), 1)


@pytest.mark.parametrize(("copies", "outcome"), [(1, "executed"), (2, "open")])
def test_a_limit_order_is_found_in_the_list_if_only_one_is_like_it(desk, copies, outcome):
    intent = desk.propose(LimitOrder("BTC", "long", "10", "40000", 5))
    for _ in range(copies):
        desk.venue.wait_for(intent, desk.now)
    lost(desk, intent)
    desk.run(SECOND)
    assert desk.outcome(intent) == outcome


@pytest.mark.parametrize("wager", [Order("BTC", "long", "10", 5), LimitOrder("BTC", "long", "10", "40000", 5)])
def test_a_clock_that_was_set_back_while_the_agent_was_down_hides_nothing(desk, wager):
    desk.now += 3_600 * SECOND
    intent = desk.propose(wager)
    desk.now -= 3_600 * SECOND
    desk.fill(intent) if isinstance(wager, Order) else desk.venue.wait_for(intent, desk.now)
    desk.crash().run(SECOND)
    assert (desk.outcome(intent), desk.sound()) == ("executed", True)


def test_a_limit_order_that_was_filled_and_has_no_date_is_left_to_a_person(desk):
    intent = desk.propose(LimitOrder("BTC", "long", "10", "40000", 5))
    lost(desk, intent)
    order = desk.venue.wait_for(intent, desk.now, "filled")
    desk.venue.limits = [replace(order, created_at=0)]
    desk.run(intent.quiet_until + 10 * SECOND - desk.now)
    assert (desk.outcome(intent), desk.incidents()) == ("open", ["undecided"])


def test_an_order_of_before_the_account_was_met_is_not_taken_for_ours(monkeypatch):
    old = LimitView("ord_old", "BTC", "long", 10_000_000, Decimal(40_000), 5, "filled", 0)
    monkeypatch.setattr(TradingDesk, "reconciled", lambda self: self.venue.limits.append(old))
    desk = TradingDesk()
    monkeypatch.undo()
    intent = desk.reconciled().propose(LimitOrder("BTC", "long", "10", "40000", 5))
    lost(desk, intent)
    desk.run(intent.quiet_until + 10 * SECOND - desk.now)
    assert (desk.outcome(intent), desk.incidents()) == ("void", [])


@pytest.mark.parametrize("status", ["cancelled", "filled"])
def test_a_cancel_is_found_by_the_orders_status(desk, status):
    order_id = waiting(desk)
    intent = desk.propose(CancelOrder(order_id))
    desk.venue.mark(order_id, status)
    lost(desk, intent)
    desk.run(SECOND)
    assert (desk.outcome(intent), desk.of(IntentClosed)[-1].reason) == ("executed", status)


def behind_newer(desk):
    """Push everything out of the venue's list of limit orders: others placed fifty newer ones, and took them back."""
    newer = LimitView("", "ETH", "short", 20_000_000, Decimal(9_000), 5, "cancelled", desk.now // SECOND + 1)
    desk.venue.limits = [replace(newer, order_id=f"ord_n{number}") for number in range(50)]
    desk.tell(Poll("trading", "positions"))


@pytest.mark.parametrize(
    "answer", [Executed(trade=TradeDone("cancelled")), Refused("not_pending"), Refused("rate_limited", temporary=True)]
)
def test_an_order_that_left_the_venues_list_goes_on_waiting_until_a_cancel_proves_that_it_does_not(desk, answer):
    order_id = waiting(desk)
    behind_newer(desk)
    desk.reconciled()
    assert ([order.order_id for order in desk.held.orders], desk.micro(Bucket.MARGIN)) == ([order_id], 2_000_000)
    desk.answer(desk.propose(CancelOrder(order_id)), answer)
    desk.tell(Poll("trading", "positions"))
    desk.reconciled()
    assert desk.micro(Bucket.MARGIN) == (2_000_000 if answer == Refused("rate_limited", temporary=True) else 0)


@pytest.mark.parametrize("cancel", [False, True])
def test_what_the_venues_list_no_longer_reaches_is_left_to_a_person(desk, cancel):
    wager = CancelOrder(waiting(desk)) if cancel else LimitOrder("BTC", "long", "10", "40000", 5)
    intent = desk.propose(wager)
    lost(desk, intent)
    behind_newer(desk)
    desk.run(60 * SECOND)
    assert (desk.outcome(intent), desk.incidents()) == ("open", ["undecided"])


def test_a_full_list_that_reaches_back_behind_a_limit_order_proves_that_it_is_absent(desk):
    intent = desk.propose(LimitOrder("BTC", "long", "10", "40000", 5))
    lost(desk, intent)
    behind_newer(desk)
    desk.venue.limits[-1] = replace(desk.venue.limits[-1], created_at=desk.now // SECOND - 60)
    desk.run(60 * SECOND)
    assert desk.outcome(intent) == "void"


def test_what_nobody_lists_is_not_waited_for_for_ever(desk):
    desk.opened()
    intent = desk.propose(ExitOrder("pos_1", "stop_loss", "45000"))
    lost(desk, intent)
    desk.run(80 * SECOND)
    assert desk.outcome(intent) == "void"
    assert "set it again" in desk.of(IntentClosed)[-1].reason


# limits


@pytest.mark.parametrize(
    ("wager", "rule"),
    [
        (Order("BTC", "long", "10", 11), "leverage"),
        (Order("BTC", "long", "10000.01", 5), "position size"),
        (CloseOrder("pos_9"), "position"),
        (CancelOrder("ord_9"), "order"),
        (ExitOrder("pos_9", "take_profit", 1), "position"),
    ],
)
def test_a_trade_beyond_a_limit_is_denied(desk, wager, rule):
    assert desk.propose(wager) is None
    assert desk.denial() == rule


def test_margin_is_what_is_staked():
    desk = TradingDesk(limits=Limits(max_stake_fraction=Fraction(2, 100)))
    assert desk.order("10.01") is None
    assert desk.denial() == "stake cap"
    assert desk.order("10").stake_micro == 2_000_000


@pytest.mark.parametrize("first", ["position", "order"])
def test_a_coin_has_one_position_or_waiting_order(desk, first):
    desk.opened() if first == "position" else waiting(desk)
    assert desk.order() is None
    assert desk.of(Denied)[-1].denial.value == "BTC has one"
    assert desk.order(coin="ETH")


def test_all_margin_counts_as_open():
    desk = TradingDesk(limits=Limits(max_stake_fraction=1))
    desk.opened("60")
    assert desk.order("50", coin="ETH") is None
    assert desk.denial() == "open exposure"


# the stop and the end


def test_a_loss_that_is_not_yet_realised_stops_the_account_and_closes_its_positions():
    desk, close = losing()
    stop = desk.of(StopSet)[0]
    assert (stop.rule, close.kind, close.subject, close.lane) == ("stop loss", "close_order", "pos_1", "(house)")
    desk.venue.close("BTC", desk.now)
    desk.answer(close, Executed(trade=TradeDone("closed")))
    assert desk.reconciled().sound()
    assert (desk.lane(), desk.held.positions) == ("STOPPED", ())


@pytest.mark.parametrize("answer", [NotSent("out of reach"), Refused("rate_limited", temporary=True)])
def test_a_close_that_did_not_come_about_is_told(answer):
    desk, close = losing()
    desk.answer(close, answer)
    assert desk.incidents() == ["left open"]


def test_the_end_does_not_wait_for_a_house_that_may_not_act(desk):
    waiting(desk)
    desk.state.apply(LaneFailed(desk.now, "(house)", "a person must look", "", "trading"))
    desk.tell(Drain("the end"))
    desk.run(SECOND)
    assert (desk.incidents(), len(desk.of(AgentStopped))) == (["left open"], 1)


def test_what_the_house_tries_it_tries_once():
    desk, close = losing()
    desk.answer(close, Refused("position_not_found"))
    desk.run(60 * SECOND)
    assert len(desk.sent) == 2
    desk.tell(Resume("ada"))
    desk.run(SECOND)
    assert len(desk.sent) == 3


@pytest.mark.parametrize("answer", [NotSent("out of reach"), Refused("rate_limited", temporary=True), Unknown("cut")])
def test_the_house_tries_again_what_never_reached_the_venue(answer):
    desk, close = losing()
    desk.answer(close, answer)
    desk.run(SEND_TIMEOUT + 60 * SECOND)
    first, again, *_ = list(desk.sent.values())[1:]
    assert (first, again.kind, again.subject) == (close, "close_order", close.subject)
    assert again.at >= close.at + HOUSE_WAIT
    desk.venue.close("BTC", desk.now)
    desk.answer(list(desk.sent.values())[-1], Executed(trade=TradeDone("closed")))
    assert desk.reconciled().sound()


def test_the_house_waits_for_the_breaker_and_then_closes():
    desk = TradingDesk()
    desk.opened("400")
    desk.venue.prices["BTC"] -= 4_000
    desk.tell(ServiceHealth("trading", True, desk.now + 30 * SECOND))
    desk.tell(Poll("trading", "positions"))
    desk.run(29 * SECOND)
    assert (len(desk.sent), desk.incidents()) == (1, ["left open"])
    desk.run(2 * SECOND)
    assert [one.kind for one in desk.sent.values()] == ["order", "close_order"]


def losing():
    """Return a desk that tells the venue to close what fell too far, and the intent by which it does."""
    desk = TradingDesk()
    desk.opened("400")
    desk.venue.prices["BTC"] -= 4_000
    desk.tell(Poll("trading", "positions"))
    desk.run(SECOND)
    return desk, list(desk.sent.values())[-1]


def test_what_a_crash_left_to_be_found_out_is_not_tried_again_before_the_account_was_read():
    desk, close = losing()
    desk.venue.close("BTC", desk.now)
    desk.crash()
    desk.tick()
    desk.look()
    assert (desk.outcome(close), bool(desk.asked)) == ("executed", True)
    desk.tick()  # while that is still being read
    assert desk.reconciled().sound()
    assert len(desk.sent) == 2


def test_a_dry_run_reduces_nothing():
    desk = TradingDesk()
    desk.opened("400")
    desk.venue.prices["BTC"] -= 4_000
    desk.terms = replace(desk.terms, dry_run=True)
    desk.crash().run(SECOND)
    assert (desk.lane(), len(desk.sent)) == ("STOPPED", 1)


def test_the_end_takes_back_what_waits_even_if_book_and_venue_differ(desk):
    order_id = waiting(desk)
    desk.venue.cash -= 1_000_000
    desk.tell(Drain("the end"))
    desk.run(10 * SECOND)
    cancel = list(desk.sent.values())[-1]
    desk.venue.mark(order_id, "cancelled")
    desk.answer(cancel, Executed(trade=TradeDone("cancelled")))
    desk.run(10 * SECOND)
    assert (cancel.subject, len(desk.of(AgentStopped))) == (order_id, 1)


def test_a_gain_that_is_not_realised_is_no_equity(desk):
    desk.opened()
    desk.venue.prices["BTC"] *= 2
    desk.tell(Poll("trading", "positions"))
    desk.reconciled()
    assert desk.desk.status(desk.now).equity_micro == desk.venue.cash


def test_the_end_takes_back_what_waits_and_only_then_ends(desk):
    order_id = waiting(desk)
    desk.tell(Drain("the end"))
    desk.run(SECOND)
    cancel = list(desk.sent.values())[-1]
    assert (cancel.kind, cancel.subject, desk.of(AgentStopped)) == ("cancel_order", order_id, [])
    desk.venue.mark(order_id, "cancelled")
    desk.answer(cancel, Executed(trade=TradeDone("cancelled")))
    desk.run(SECOND)
    assert (len(desk.of(AgentStopped)), desk.sound(), desk.micro(Bucket.MARGIN)) == (1, True, 0)


def test_the_houses_own_lane_has_nobody_who_could_be_told(desk):
    order_id = waiting(desk)
    desk.tell(Drain("the end"))
    desk.run(SECOND)
    desk.venue.mark(order_id, "cancelled")
    desk.answer(list(desk.sent.values())[-1], Executed(trade=TradeDone("cancelled")))
    desk.run(SECOND)
    assert "(house)" in desk.desk.state.lanes
    assert "(house)" not in {one.lane for one in desk.of(LaneView)} | {one.closed.lane for one in desk.of(Settled)}


def test_the_end_leaves_positions_alone_and_does_not_wait_for_a_venue_that_is_away(desk):
    desk.opened()
    desk.tell(Drain("the end"))
    assert len(desk.run(SECOND).of(AgentStopped)) == 1
    assert len(desk.sent) == 1


def test_at_the_end_orders_of_others_go_on_waiting(desk):
    order_id = waiting(desk)
    desk.venue.limits.append(replace(desk.venue.limits[0], order_id="ord_theirs", coin="ETH"))
    desk.tell(Poll("trading", "positions"))
    desk.reconciled()
    desk.tell(Drain("the end"))
    desk.run(SECOND)
    cancel = list(desk.sent.values())[-1]
    desk.venue.mark(order_id, "cancelled")
    desk.answer(cancel, Executed(trade=TradeDone("cancelled")))
    desk.run(SECOND)
    assert ([one.subject for one in list(desk.sent.values())[1:]], len(desk.of(AgentStopped))) == ([order_id], 1)


def test_what_cannot_be_taken_back_is_told(desk):
    waiting(desk)
    desk.desk._services.up.clear()
    desk.tell(Drain("the end"))
    desk.run(SECOND)
    assert (desk.incidents(), len(desk.of(AgentStopped))) == (["left open"], 1)


# controls


def believing_an_empty_list(patch):
    patch.setattr("actors.money.audit.drift", lambda *_: "")
    return test_a_falsely_empty_list_frees_no_margin_and_stops_the_account_until_it_shows_all


def believing_that_what_is_not_listed_is_closed(patch):
    patch.setattr(evidence, "_closed", lambda opened, view, _: None if view.holdings.positions else TradeDone("closed"))
    return test_a_close_is_not_believed_because_a_list_is_empty


def taking_a_failed_trade_for_a_refused_one(patch):
    refuse = lambda self, opened, why: settle.close_unexecuted(self.resolver.till, opened, "refused", why, "answer")  # noqa: E731
    patch.setattr(Answers, "lose_sight", refuse)
    return test_an_order_whose_answer_is_lost_is_found_by_its_fill


def taking_the_first_of_two(patch):
    patch.setattr(evidence, "Ambiguous", lambda _: TradeDone("open", "pos_1", 2_000_000))
    return test_two_orders_that_may_be_it_are_left_to_a_person_and_nothing_is_closed


def counting_no_loss_before_it_is_realised(patch):
    patch.setattr("actors.desk.till.Till.exposure", lambda self, account: self.state.exposure(account, self.now))
    return lambda _: test_a_loss_that_is_not_yet_realised_stops_the_account_and_closes_its_positions()


def ending_with_what_waits(patch):
    patch.setattr("actors.desk.reconciler.reductions", lambda *_, **__: [])
    patch.setattr(trading, "reductions", lambda *_, **__: [])
    return test_the_end_takes_back_what_waits_and_only_then_ends


MUTANTS = (
    believing_an_empty_list,
    believing_that_what_is_not_listed_is_closed,
    taking_a_failed_trade_for_a_refused_one,
    taking_the_first_of_two,
    counting_no_loss_before_it_is_realised,
    ending_with_what_waits,
)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_scenario_fails_for_a_desk(mutant, monkeypatch):
    scenario = mutant(monkeypatch)
    with pytest.raises((AssertionError, IndexError)):
        scenario(TradingDesk(lanes=("a", "b")))
