"""One run after another on the same data: what goes on, what stays stopped, what is met at the venue."""

import contextlib
import sqlite3

import pytest
from pydantic import SecretStr

from actors import bankroll
from actors.credentials import Credential, Credentials
from actors.errors import RefusesToTrade
from actors.journal.chain import snapshot_digest
from actors.money.book import Bucket
from actors.money.events import (
    AccountAdopted,
    CreditBooked,
    DifferenceAccepted,
    IntentOpened,
    SessionStarted,
    StrayBooked,
)
from actors.money.wagers import EscrowCreate
from tests.agent.kit import BOOSTED, COIN, MICRO, Endless, Script


def move_without_a_trace(stage, amount):
    """Change the account's balance behind the venue's back: nothing in its records explains it."""
    with contextlib.closing(sqlite3.connect(stage.house.data / "sandbox.sqlite", timeout=5)) as books, books:
        books.execute("UPDATE agents SET balance = balance + ? WHERE id = ?", (amount, stage.player.agent_id))


def grant(stage, amount):
    assert stage.house.post("/sandbox/grant", {"agent_id": stage.player.agent_id, "amount": amount}).status == 200


def bring_account(stage):
    """Give the agent an account that had a life before it."""
    player = stage.house.register()
    stage.data.mkdir(parents=True)
    Credentials.load(stage.data, {}).save("casino", Credential(SecretStr(player.key), player.agent_id))


def test_a_second_run_goes_on_with_the_bankroll_the_account_and_the_venue(stage):
    stage.play(Endless(BOOSTED)).wait(bets=5)
    account = stage.player
    first = stage.agent.stop("enough")
    stage.play()
    assert stage.until(phase="RUNNING")["book_micro"] == first.book_balance
    stage.play(Endless(BOOSTED)).wait(bets=5)
    second = stage.agent.stop("enough")
    assert (second.bets, second.difference, stage.player) == (5, 0, account)
    books = stage.books().check().check_tags()
    assert (len(books.of(AccountAdopted)), len(books.of(IntentOpened))) == (1, 10)


def test_a_second_agent_on_the_same_data_refuses_and_the_first_goes_on(stage):
    first, seen = stage.play(Endless(BOOSTED)), stage.seen
    seen.reach((stage.data / "control.json").exists, "the gateway's file")
    control = (stage.data / "control.json").read_text()
    stage.agent = None
    try:
        with pytest.raises(RefusesToTrade, match="is held by process"):
            stage.play(Endless(BOOSTED))
        sent = first.status()["sent"]
        seen.reach(lambda: first.status()["sent"] > sent, "further bets of the first")
        assert (stage.data / "control.json").read_text() == control
    finally:
        stage.agent = first
    stage.end()
    stage.books().check().check_tags()


def test_an_account_with_a_past_is_adopted_as_it_is(stage):
    bring_account(stage)
    for _ in range(3):
        stage.house.flip(stage.player)
    balance_micro = stage.venue_micro()
    past = {row.bet_id for row in stage.venue_rows()}
    stage.play(Endless(BOOSTED)).wait(bets=3)
    stage.end()
    books = stage.books()
    assert books.of(AccountAdopted)[0].balance_micro == balance_micro
    assert (len(past), books.of(StrayBooked), books.book_micro) == (3, [], books.venue_micro)


def test_what_others_did_between_two_runs_is_booked_as_theirs(stage):
    stage.play(Endless(BOOSTED)).wait(bets=3)
    stage.end()
    for stake in (1, 2):
        stage.house.flip(stage.player, stake)
    grant(stage, 7)
    grant(stage, -3)
    agent = stage.play(Endless(BOOSTED))
    agent.wait(bets=3)
    stage.end()
    assert (agent.summary().bets >= 3, agent.summary().strays) == (True, 2)
    books = stage.books().check()
    strays = [(stray.kind, stray.stake_micro) for stray in books.of(StrayBooked)]
    assert sorted(strays) == [("foreign", 1_000_000), ("foreign", 2_000_000)]
    assert sorted(credit.amount_micro for credit in books.of(CreditBooked)) == [-3_000_000, 7_000_000]


def test_what_others_do_meanwhile_is_booked_at_the_next_reconcile_and_is_no_loss_of_ours(stage):
    agent = stage.play()
    stage.until(phase="RUNNING")
    stage.house.flip(stage.player, 30, game="multiplier", target_multiplier=1000)
    grant(stage, -20)
    checked = agent.reconcile()
    assert (checked["ok"], checked["venue"]) == (True, stage.venue_micro())
    assert stage.status()["stop_reason"] is None
    stage.end()
    books = stage.books().check()
    assert books.state.account("casino").session_start_micro == books.venue_micro


def test_money_that_moved_without_a_trace_stops_the_agent_until_an_operator_accepts_it(stage):
    agent = stage.play(Endless(COIN))
    agent.wait(bets=3)
    move_without_a_trace(stage, -5)
    assert agent.reconcile()["difference"] == -5 * MICRO
    assert agent.wait() == "stopped:mismatch"
    assert "differ by -5" in stage.status()["stop_reason"]
    agent.resume("an operator in a hurry")
    agent = stage.play(Endless(COIN))
    assert agent.wait() == "stopped:mismatch"
    sent = stage.status()["sent"]
    accepted = agent.reconcile("the venue lost it and pays it back by post")
    assert (accepted["ok"], sent) == (True, 0)
    assert agent.wait(bets=3) == "bets"
    stage.end()
    books = stage.books().check().check_tags()
    assert [difference.amount_micro for difference in books.of(DifferenceAccepted)] == [-5 * MICRO]
    assert books.balance(Bucket.SUSPENSE) == 5 * MICRO


def test_a_reconcile_tells_what_was_compared_though_bets_go_on(stage):
    agent = stage.play(Endless(COIN))
    look = agent._await_reading

    def look_late(reached):
        look(reached)
        stage.seen.until(action="bet", outcome="opened", times=len(stage.seen.all(action="bet", outcome="opened")) + 2)
        return agent._status()

    agent._await_reading = look_late
    checked = agent.reconcile()
    assert (checked["ok"], checked["book"]) == (True, checked["venue"])


def test_money_that_appeared_without_a_trace_stops_it_too(stage):
    agent = stage.play()
    stage.until(phase="RUNNING")
    move_without_a_trace(stage, 2.5)
    assert agent.reconcile() == {"book": 100 * MICRO, "venue": 102_500_000, "difference": 2_500_000, "ok": False}
    assert agent.reconcile("a gift")["ok"]
    stage.end()
    assert stage.books().check().book_micro == 102_500_000


def test_a_difference_below_the_tolerance_is_none(stage):
    # The negative control of the two above: the venue's doubles carry dust.
    agent = stage.play()
    stage.until(phase="RUNNING")
    move_without_a_trace(stage, 1e-9)
    assert agent.reconcile()["ok"]


def test_a_run_that_ends_in_order_is_a_session_and_one_that_vanishes_is_not_the_end_of_it(stage):
    stage.play(Endless(BOOSTED)).wait(bets=3)
    stage.vanish()
    stage.play(Endless(BOOSTED)).wait(bets=3)
    assert not stage.books().of(SessionStarted)
    assert stage.books().state.account("casino").session_start_micro == 100 * MICRO
    stage.end()
    stage.play()
    stage.until(phase="RUNNING")
    assert len(stage.books().of(SessionStarted)) == 1


@pytest.mark.parametrize("known", [True, False], ids=["a snapshot", "a snapshot of another version"])
def test_a_run_that_begins_with_a_snapshot_knows_all_that_a_replay_knows(stage, monkeypatch, known):
    """Mission 2.3."""
    monkeypatch.setattr(bankroll, "SNAPSHOT_EVERY", 7)
    monkeypatch.setattr(bankroll, "SNAPSHOT_GAP", 0)
    other = stage.house.register()
    escrow = EscrowCreate("5.00", other.agent_id, "a logo", 24)
    stage.play(Script(escrow), Endless(BOOSTED)).wait(bets=10)
    stage.seen.until(action="escrow_create", outcome="funded")
    stage.vanish()
    path = stage.data / "stakekeeper.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as journal:
        ((seq, head, text),) = journal.execute("SELECT seq, hash, state_json FROM snapshots").fetchall()
        if not known:
            text = text.replace('"epoch":', '"epoch":"of another version",')
            journal.execute("UPDATE snapshots SET state_json = ?, digest = ?", (text, snapshot_digest(seq, head, text)))
    agent = stage.play(Endless(BOOSTED))
    agent.wait(bets=5)
    ended = agent.stop("enough")
    books = stage.books().check().check_tags()
    assert (ended.book_balance, ended.difference) == (books.book_micro, 0)
    assert (books.balance(Bucket.ESCROW_HELD), len(books.state.contracts)) == (5_000_000, 1)
