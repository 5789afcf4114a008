"""The ledger's window in place of the whole history: used only where nothing new can lie behind it."""

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.money.events import CreditBooked
from actors.money.evidence import BetRow, Evidence, HistoryRow, LedgerRow, Query, Withdrawal
from actors.money.history import LEDGER_ROWS, as_expected, at_rest, cursor, external_rows, recent_history
from actors.venue.times import iso
from tests.desk.kit import ACCOUNT, SECOND, Table

SECONDS = some.lists(some.integers(0, 40), min_size=1, max_size=120).map(sorted)


def ledger(*moments, reason="daily_bonus"):
    return tuple(LedgerRow(str(n), True, 10_000, reason, f"cr_{n}", at, iso(at)) for n, at in enumerate(moments))


def history(rows):
    return tuple(HistoryRow(row.amount_micro, row.reason, iso(row.at_seconds)) for row in rows)


def test_a_short_ledger_is_the_whole_history():
    rows = ledger(1, 2, 3)
    assert recent_history(rows, "") == tuple(reversed(history(rows)))


def test_a_full_window_that_does_not_reach_the_cursor_is_not_enough():
    rows = ledger(*range(10, 10 + LEDGER_ROWS))
    assert recent_history(rows, iso(10)) is None
    assert recent_history(rows, iso(11)) is not None


def test_a_debit_is_below_zero():
    assert recent_history((replace(ledger(1)[0], credit=False),), "")[0].change_micro == -10_000


@given(moments=SECONDS, known=some.integers(0, 40))
def test_behind_the_cursor_the_window_says_what_the_history_says(moments, known):
    """Equal rows within a second are told apart by counting, so a second must be there whole or not at all."""
    everything = ledger(*moments)
    window = recent_history(everything[-LEDGER_ROWS:], iso(known))
    if window is not None:

        def fresh(rows):
            return {ref for ref, row in external_rows(rows) if row.at >= iso(known)}

        assert fresh(window) == fresh(history(everything))
        assert cursor(window) == cursor(history(everything)) or not fresh(window)


def test_a_quiet_reading_that_shows_bets_alone_moves_the_cursor():
    table = Table(reconcile_every=60 * SECOND).reconciled()
    table.venue.credit(10_000, table.now)
    table.run(61 * SECOND)
    for number in range(LEDGER_ROWS):
        table.play(won=number % 2 == 0)
        table.now += SECOND
    table.run(61 * SECOND)
    table.venue.credit(10_000, table.now)
    assert recent_history(tuple(table.venue.ledger[-LEDGER_ROWS:]), table.state.account(ACCOUNT).cursor_at)
    table.run(61 * SECOND)
    assert len(table.of(CreditBooked)) == 2
    assert table.sound()


def test_a_credit_in_a_quiet_window_leaves_the_cursor():
    """+1 before the window and -1 in it come to nothing: to begin between them would book one of them alone."""
    table = Table(reconcile_every=60 * SECOND).reconciled()
    table.venue.credit(10_000, table.now + SECOND)
    for number in range(LEDGER_ROWS):
        table.now += SECOND
        table.play(won=number % 2 == 0)
    table.venue.credit(-10_000, table.now + SECOND)
    table.run(61 * SECOND)
    table.venue.credit(20_000, table.now)
    table.run(2 * 61 * SECOND)
    assert sum(credit.amount_micro for credit in table.of(CreditBooked)) == 20_000
    assert table.sound()


BONUS = LedgerRow("1", True, 10_000, "daily_bonus", "db_1", 100, iso(100))
PAYMENT = LedgerRow("2", False, 10_000, "payment_sent", "pay_1", 100, iso(100))


def reading(*ledger, balance_micro=7_000_000):
    history = recent_history(ledger, "")
    return Evidence("casino", 0, (), True, 5, balance_micro, True, ledger, history)


def test_what_came_and_went_between_two_readings_is_seen_though_the_sums_agree():
    assert at_rest(reading(BONUS), reading(BONUS))
    assert not at_rest(reading(), reading(BONUS))
    assert not at_rest(reading(BONUS), reading(BONUS, PAYMENT))
    assert not at_rest(reading(BONUS), reading(BONUS, balance_micro=6_990_000))
    assert not at_rest(reading(BONUS), replace(reading(BONUS), withdrawals=(Withdrawal("w", "failed", 1, 0, "0x", 1),)))


def test_one_reading_is_enough_only_if_nobody_else_moves_the_account():
    query = Query("casino", 0, 7_000_000, 5, cursor_at=iso(99))
    assert as_expected(reading(), query)
    assert not as_expected(reading(BONUS), query)
    assert as_expected(reading(BONUS), replace(query, cursor_at=iso(100)))


def test_a_stake_whose_bet_is_not_listed_needs_a_second_reading():
    stake = LedgerRow("1", False, 10_000, "reservation", "bet_1", 100, iso(100))
    query = Query("casino", 0, 7_000_000, 5, cursor_at=iso(100))
    listed = BetRow("bet_1", "coin_flip", 10_000, 0, "1.96", False, "", 0, "", "")
    torn = reading(stake)
    assert not as_expected(torn, query)
    assert as_expected(replace(torn, rows=(listed,)), query)
    assert as_expected(torn, replace(query, since=101_000_000))
