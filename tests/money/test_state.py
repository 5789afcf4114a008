"""The state is a fold: every prefix is sound, a snapshot anywhere changes nothing, stops and baselines survive."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from actors.journal.codec import decode, dump_state, encode, load_state
from actors.journal.records import Row
from actors.messages import Drain, EscrowsSeen, Pause, Reconcile, Resume
from actors.money.book import BookError, Bucket, Posting
from actors.money.events import CreditBooked, IntentClosed, IntentOpened, OutcomeUnknown, SessionStarted, StopSet
from actors.money.evidence import Executed, NotSent, Refused, Unknown
from actors.money.machine import IllegalTransition
from actors.money.risk import MICROS_PER_DAY, Limits
from actors.money.state import State
from actors.money.wagers import Bet, EscrowAct, EscrowCreate
from tests.desk.kit import ACCOUNT, SECOND, Table, bet

LIMITS = Limits(daily_loss=Fraction(1, 100), stop_loss=Fraction(2, 100), loss_streak=4, entertainment_micro=10**7)
FAIR = Bet("coin_flip", {"side": "heads"}, "0.5", "1.99", "0.10")


def end(table, opened, how):
    """Let a bet end in one of the ways in which bets end."""
    if opened is None:
        return
    match how:
        case "win" | "lose":
            table.answer(opened, Executed(bet=table.execute(opened, won=how == "win")))
        case "refuse":
            table.answer(opened, Refused("minimum_bet"))
        case "fail":
            table.answer(opened, NotSent("connection refused"))
        case "half":
            table.venue.half_a_bet(opened.stake_micro, table.now)
            table.answer(opened, Unknown("500"))
        case "vanish":
            table.answer(opened, Unknown("reset"))


def escrow(table):
    """Fund a contract, and release it or let its deadline pass."""
    opened = table.propose(EscrowCreate("1.00", "ag_other", "a cat"))
    if opened is None:
        return
    view = table.venue.lock(opened.tag, opened.stake_micro, table.now)
    table.answer(opened, Executed(escrow=view))
    table.run(SECOND)
    release = table.propose(EscrowAct(view.escrow_id, "release"))
    if release:
        table.answer(release, Executed(escrow=table.venue.turn(view.escrow_id, "released")))
    else:
        table.tell(EscrowsSeen((table.venue.refund(view.escrow_id, table.now),)))


ENDS = ("win", "lose", "lose", "refuse", "fail", "half", "vanish")
ACTS = {
    "credit": lambda table: table.venue.credit(1_000_000, table.now),
    "debit": lambda table: table.venue.credit(-500_000, table.now),
    "foreign": lambda table: table.venue.bet("human", 450_000, table.now),
    "lost money": lambda table: setattr(table.venue, "balance", table.venue.balance - 7),
    "escrow": escrow,
    "fun": lambda table: end(table, table.propose(FAIR), "lose"),
    "pause": lambda table: table.tell(Pause("lunch")),
    "resume": lambda table: table.tell(Resume("me")),
    "accept": lambda table: table.tell(Reconcile("so be it")),
    "crash": lambda table: table.crash(),
    "restart": lambda table: (table.tell(Drain("done")), table.run(SECOND), table.crash()),
    "wait": lambda table: table.run(20 * SECOND),
    "sleep": lambda table: table.run(MICROS_PER_DAY, beat=3_600 * SECOND),
}
PLANS = some.lists(some.sampled_from([*ENDS, *ACTS]), max_size=15)


def lived(plan):
    """Return a table after a life."""
    table = Table(lanes=("a", "b"), limits=LIMITS, reconcile_every=60 * SECOND).reconciled()
    for number, act in enumerate(plan):
        if act in ACTS:
            ACTS[act](table)
        else:
            end(table, table.propose(bet("0.45"), lane="ab"[number % 2]), act)
        table.run(SECOND)
    return table


def fold(events, state=None):
    state = state or State()
    for event in events:
        state.replay(event)
    for lane in "ab":  # a lane is known from its first intent on, or when its strategy comes up
        state.lane(lane, ACCOUNT)
    return state


@settings(max_examples=60, deadline=None)
@given(PLANS)
def test_every_prefix_of_a_journal_gives_a_sound_book(plan):
    state = State()
    for event in lived(plan).journal.events:
        state.replay(event)
        assert state.book.violations() == []
        assert set(state.book.reservations) == {one.intent for one in state.open.values() if one.stake_micro}


@settings(max_examples=60, deadline=None)
@given(PLANS, some.floats(0, 1))
def test_a_snapshot_anywhere_changes_nothing(plan, where):
    table = lived(plan)
    events = table.journal.events
    cut = int(len(events) * where)
    snapshot = load_state(dump_state(fold(events[:cut])))
    assert fold(events[cut:], snapshot) == fold(events) == table.state


@settings(max_examples=60, deadline=None)
@given(PLANS)
def test_events_are_read_as_they_were_written(plan):
    for event in lived(plan).journal.events:
        entry = encode(event)
        assert decode(Row(1, "", 1, 0, entry.kind, entry.intent, entry.venue_ref, entry.payload, "", "")) == event


def test_a_snapshot_behind_undurable_events_is_as_if_they_were_durable():
    table = Table().reconciled()
    table.prompt = False
    table.propose()
    snapshot = load_state(dump_state(table.state.as_committed()))
    assert str(table.state.lanes["a"].state) == "SIZING"
    table.commit()
    assert snapshot == table.state == table.journal.replayed()


def test_every_way_to_live_is_lived():
    table = lived(["win", "lose", "credit", "vanish", "wait", "sleep", "pause", "restart", "resume", "half", "wait"])
    assert {type(event) for event in table.journal.events} >= {
        IntentOpened, IntentClosed, OutcomeUnknown, StopSet, SessionStarted, CreditBooked,
    }  # fmt: skip


# one rule at a time


@pytest.fixture
def table():
    return Table(limits=Limits(entertainment_micro=10**7)).reconciled()


def test_an_event_that_breaks_the_book_is_refused(table):
    before = dict(table.state.book.balances[ACCOUNT])
    posting = Posting(ACCOUNT, Bucket.AVAILABLE, Bucket.EXTERNAL, 10**9)
    with pytest.raises(BookError):
        table.state.apply(CreditBooked(table.now, ACCOUNT, "ref", "theft", -(10**9), (posting,)))
    assert table.state.book.balances[ACCOUNT] == before


def test_a_second_intent_in_a_lane_is_an_illegal_transition(table):
    opened = table.propose()
    with pytest.raises(IllegalTransition):
        table.state.apply(opened)
    assert table.state.open == {opened.intent: opened}


def test_the_peak_is_the_highest_equity_there_was(table):
    table.play(won=True)
    table.play()
    assert table.state.account(ACCOUNT).peak_micro == 100_495_000


def test_the_streak_counts_lost_bets_and_a_win_ends_it(table):
    table.play()
    table.play()
    assert table.state.account(ACCOUNT).loss_streak == 2
    table.play(won=True)
    assert table.state.account(ACCOUNT).loss_streak == 0


@pytest.mark.parametrize("how", ["refuse", "fail"])
def test_what_was_not_executed_is_no_loss(table, how):
    end(table, table.propose(), how)
    account = table.state.account(ACCOUNT)
    assert (account.loss_streak, table.state.tally.bets, table.state.tally.lost) == (0, 0, 0)


def test_a_new_day_begins_with_what_is_there(table):
    table.play(wager=FAIR)
    table.now += MICROS_PER_DAY
    seen = table.state.exposure(ACCOUNT, table.now)
    assert (seen.day_start_micro, seen.fun_today_micro) == (99_900_000, 0)
    table.play()
    assert table.state.account(ACCOUNT).day_start_micro == 99_900_000


@pytest.mark.parametrize("change", [1_000_000, -1_000_000])
def test_money_from_outside_shifts_what_the_stops_count_from(table, change):
    table.play()
    before = table.state.exposure(ACCOUNT, table.now)
    source, target = (Bucket.EXTERNAL, Bucket.AVAILABLE) if change > 0 else (Bucket.AVAILABLE, Bucket.EXTERNAL)
    posting = Posting(ACCOUNT, source, target, abs(change))
    table.state.apply(CreditBooked(table.now, ACCOUNT, "ref", "deposit", change, (posting,)))
    after = table.state.exposure(ACCOUNT, table.now)
    for name in ("equity_micro", "session_start_micro", "day_start_micro", "peak_micro"):
        assert getattr(after, name) - getattr(before, name) == change


def test_a_lane_that_is_new_to_a_stopped_account_is_stopped(table):
    table.tell(Pause("lunch"))
    assert str(table.state.lane("new", ACCOUNT).state) == "STOPPED"
