"""What a person reads, and what a pipe gets."""

import io
import os

from actors.console import Screen
from actors.messages import Notice

AT = 1_795_000_000_123_000


def shown(*notices):
    stream = io.StringIO()
    screen = Screen(stream)
    for notice in notices:
        screen.notice(notice)
    return stream.getvalue()


def test_a_bet_has_its_time_its_sentence_and_the_bankroll():
    text = shown(Notice(AT, "casino", "bet", "won", "b7f2  won 0.94 (+0.49)", 490_000, extra={"bankroll": 100_490_000}))
    assert text.startswith("11:06:40.123  b7f2  won 0.94 (+0.49)   ")
    assert text.endswith("  bankroll 100.49\n")


def test_a_pipe_gets_no_control_codes_and_no_wrapping():
    text = shown(Notice(AT, "casino", "bet", "error", "x" * 300, level="ERROR"))
    assert "\x1b" not in text
    assert text.count("\n") == 1


def test_brackets_and_colons_are_shown_as_they_are():
    assert "[bold] :smile: /x" in shown(Notice(AT, "a", "b", "c", "[bold] :smile: /x"))


def test_an_accounts_first_reconcile_is_a_line_of_the_start_and_later_ones_are_for_the_log():
    coins, trades = (
        Notice(AT, "bankroll", "reconcile", "ok", f"{name}: OK", extra={"account": name})
        for name in ("casino", "trading")
    )
    assert shown(coins, trades, coins) == "reconcile   casino: OK\nreconcile   trading: OK\n"


def test_what_concerns_the_log_alone_is_not_shown():
    crash = Notice(AT, "casino", "crash", "failed", "CRASH", level="ERROR")
    lost = Notice(AT, "poller", "dead_letters", "seen", "poller was down for 1 of its messages (Poll)")
    late = Notice(AT, "poller", "late_letters", "seen", "poller had ended when 1 of its messages came (Poll)")
    assert shown(crash, lost, late, Notice(AT, "agent", "stop", "ok", "stopped: bets")) == ""


def test_a_tree_stands_as_it_is():
    assert shown(Notice(AT, "agent", "tree", "ok", "root\n`- leaf")) == "root\n`- leaf\n"


def test_a_closed_pipe_ends_the_display_and_nothing_else():
    reader, writer = os.pipe()
    os.close(reader)
    screen = Screen(os.fdopen(writer, "w", buffering=1))
    screen.line("one")
    screen.line("two")
