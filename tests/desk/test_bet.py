"""The life of a bet: proposed, opened on disk, sent once, answered, settled on disk."""

import pytest

from actors.messages import Denied, Notice, Place, Propose, ServiceHealth, ServiceUp, Settled
from actors.money.book import Bucket
from actors.money.events import IntentClosed, IntentOpened, OutcomeUnknown
from actors.money.evidence import Executed, NotSent, Refused, Unknown
from actors.money.machine import LaneState
from actors.money.wagers import Bet
from tests.desk.kit import ACCOUNT, NOON, QUIET, SECOND, SEND_TIMEOUT, Table, bet


def test_a_won_bet():
    """Mission 1.2."""
    table = Table().reconciled()
    opened = table.propose(bet("0.45"))
    assert table.lane() == "PENDING"
    assert table.bucket(Bucket.RESERVED) == "0.45"
    table.answer(opened, Executed(bet=table.execute(opened, won=True)))
    assert table.lane() == "IDLE"
    assert table.outcome(opened) == "executed"
    assert table.bucket(Bucket.AVAILABLE) == "100.49"  # 100.00 - 0.45 + 0.45 * 2.10, half a cent and all
    assert table.sound()


def test_a_lost_bet():
    table = Table().reconciled()
    opened = table.play()
    assert table.of(IntentClosed)[0].won is False
    assert table.bucket(Bucket.AVAILABLE) == "99.55"
    assert table.outcome(opened) == "executed"
    assert table.sound()


def test_the_states_follow_the_disk():
    table = Table().reconciled()
    table.prompt = False
    table.tell(Propose("a", bet()))
    assert (table.lane(), table.sent) == ("SIZING", {})
    table.commit()
    assert table.lane() == "PENDING"
    (opened,) = table.sent.values()
    table.answer(opened, Executed(bet=table.execute(opened)))
    assert (table.lane(), table.of(Settled)) == ("SETTLING", [])
    table.commit()
    assert (table.lane(), len(table.of(Settled))) == ("IDLE", 1)


def test_an_intent_says_everything_that_is_needed_to_find_out_about_it():
    table = Table().reconciled()
    opened = table.propose()
    assert (opened.send_by, opened.quiet_until) == (table.now + SEND_TIMEOUT, table.now + SEND_TIMEOUT + QUIET)
    assert (opened.nonces, opened.balance_micro) == (0, 100_000_000)
    assert opened.tag in opened.body
    assert opened.tag.startswith("sk1-ada-1-")
    assert (opened.epoch, opened.probability, opened.multiplier) == (1, "0.5", "2.1")


@pytest.mark.parametrize(
    ("answer", "retry_at"),
    [
        (Refused("minimum_bet"), None),
        (Refused("rate_limited", temporary=True, retry_at=5), 5),
        (NotSent("connection refused"), 0),
        (NotSent("a spent budget", 7), 7),
    ],
)
def test_a_lane_hears_whether_and_from_when_on_a_retry_makes_sense(answer, retry_at):
    """Mission 4.1."""
    table = Table().reconciled()
    table.answer(table.propose(), answer)
    assert table.of(Settled)[-1].retry_at == retry_at


@pytest.mark.parametrize(
    ("answer", "outcome"), [(Refused("minimum_bet"), "refused"), (NotSent("connection refused"), "not_sent")]
)
def test_a_definite_no_gives_the_stake_back(answer, outcome):
    table = Table().reconciled()
    opened = table.propose()
    table.answer(opened, answer)
    assert table.outcome(opened) == outcome
    assert table.lane() == "IDLE"
    assert table.bucket(Bucket.AVAILABLE) == "100.00"
    assert table.state.tally.bets == 0


def test_an_unknown_answer_settles_nothing():
    table = Table().reconciled()
    opened = table.propose()
    table.answer(opened, Unknown("connection reset"))
    assert table.outcome(opened) == "open"
    assert table.lane() == "PENDING"
    assert table.bucket(Bucket.RESERVED) == "0.45"
    assert [unknown.reason for unknown in table.of(OutcomeUnknown)] == ["connection reset"]


def test_silence_past_send_by_is_an_unknown_answer():
    table = Table().reconciled()
    opened = table.propose()
    table.now = opened.send_by + SECOND
    table.tick()
    assert not table.of(OutcomeUnknown)
    table.now += 1
    table.tick()
    assert [unknown.intent for unknown in table.of(OutcomeUnknown)] == [opened.intent]


def test_a_restarted_service_has_forgotten_what_it_sent():
    table = Table().reconciled()
    opened = table.propose()
    table.tell(ServiceUp("casino", 1))
    assert not table.of(OutcomeUnknown)  # the same incarnation said so again
    table.tell(ServiceUp("casino", 2))
    assert [unknown.intent for unknown in table.of(OutcomeUnknown)] == [opened.intent]


def test_a_service_may_answer_after_its_outcome_was_called_unknown():
    table = Table().reconciled()
    opened = table.propose()
    table.answer(opened, Unknown("no answer in time"))
    table.answer(opened, Executed(bet=table.execute(opened)))
    assert table.outcome(opened) == "executed"
    assert table.sound()


@pytest.mark.parametrize("again", ["same", Refused("x"), NotSent("x"), Unknown("x")])
def test_repeated_and_late_answers_change_nothing(again):
    table = Table().reconciled()
    opened = table.propose()
    answer = Executed(bet=table.execute(opened, won=True))
    table.answer(opened, answer)
    before = (list(table.journal.events), dict(table.state.book.balances[ACCOUNT]))
    table.answer(opened, answer if again == "same" else again)
    assert (table.journal.events, table.state.book.balances[ACCOUNT]) == before


def test_an_unknown_answer_twice_is_told_once():
    table = Table().reconciled()
    opened = table.propose()
    table.answer(opened, Unknown("a"))
    table.answer(opened, Unknown("b"))
    assert len(table.of(OutcomeUnknown)) == 1


def test_a_lane_has_one_open_intent():
    """Mission 2.2."""
    table = Table().reconciled()
    table.propose()
    assert table.propose() is None
    assert table.denial() == "lane"


def test_lanes_share_the_account():
    table = Table(lanes=("a", "b")).reconciled()
    first, second = table.propose(lane="a"), table.propose(lane="b")
    assert {first.lane, second.lane} == {"a", "b"}
    assert table.bucket(Bucket.RESERVED) == "0.90"


def test_nothing_is_opened_before_the_account_is_reconciled():
    table = Table()
    assert table.propose() is None
    assert table.denial() == "account"


@pytest.mark.parametrize(
    "wager",
    [
        Bet("keno", {}, 0.5, 2),
        Bet("boosted_coin", {"side": "edge"}, 0.5, 2.1),
        Bet("boosted_coin", {"side": "heads"}, float("nan"), 2.1),
        Bet("boosted_coin", {"side": "heads"}, 0.5, 2.1, stake=-1),
        Bet("boosted_coin", {1: "heads"}, 0.5, 2.1),
        "all in",
        None,
    ],
)
def test_nonsense_is_denied_as_such(wager):
    table = Table().reconciled()
    table.tell(Propose("a", wager))
    assert table.of(Denied)[-1].nonsense
    assert table.lane() == "IDLE"
    assert not table.of(IntentOpened)


def test_a_stake_above_the_balance_is_denied():
    table = Table().reconciled()
    assert table.propose(bet("100.01")) is None
    assert table.denial() == "balance"


def test_the_lab_coin_is_for_the_built_in_venue_only():
    table = Table(builtin_venue=False).reconciled()
    assert table.propose() is None
    assert table.of(Denied)[-1].nonsense


def test_a_dry_run_opens_nothing():
    table = Table(dry_run=True).reconciled()
    assert table.propose() is None
    assert table.denial() == "dry run"
    assert table.of(Denied)[-1].denial.value == "would stake 0.45 USD"
    assert not table.of(IntentOpened)


def test_the_number_of_bets_is_exact_over_lanes_and_outcomes():
    table = Table(lanes=("a", "b", "c"), bets_limit=lambda: 2).reconciled()
    table.play(lane="a")
    refused = table.propose(lane="b")
    assert table.propose(lane="c") is None  # one made, one open
    assert table.denial() == "run"
    table.answer(refused, Refused("minimum_bet"))
    table.play(lane="c")
    assert table.propose(lane="a") is None
    assert table.state.tally.bets == 2


def test_the_number_of_bets_counts_from_the_start_of_the_process():
    table = Table(bets_limit=lambda: 1).reconciled()
    table.play()
    assert table.propose() is None
    table.crash()
    table.reconciled()
    assert table.play()


def test_an_open_breaker_denies_until_it_may_close():
    table = Table().reconciled()
    table.tell(ServiceHealth("casino", open=True, until=table.now + 30 * SECOND))
    assert table.propose() is None
    assert table.of(Denied)[-1].denial.until == table.now + 30 * SECOND
    table.now += 30 * SECOND
    assert table.propose()


@pytest.mark.parametrize("service", ["casino reads", "wallet reads", "domains"])
def test_every_breaker_is_told_and_one_that_does_not_send_bets_denies_none(service):
    table = Table().reconciled()
    table.tell(ServiceHealth(service, open=True, until=table.now + 30 * SECOND))
    table.tell(ServiceHealth(service, open=False))
    told = [notice.outcome for notice in table.of(Notice) if (notice.service, notice.action) == (service, "breaker")]
    assert told == ["open", "closed"]
    assert table.propose()


def test_a_breaker_that_closed_denies_nothing():
    table = Table().reconciled()
    table.tell(ServiceHealth("casino", open=True, until=table.now + 30 * SECOND))
    table.tell(ServiceHealth("casino", open=False))
    assert table.propose()


def test_an_illegal_transition_is_journaled_and_changes_nothing():
    table = Table().reconciled()
    state = table.lane()
    table.carry_out(table.desk.note_illegal("lane a: IDLE -> PENDING is not in the table", NOON))
    assert table.incidents() == ["illegal_transition"]
    assert table.lane() == state == str(LaneState.IDLE)


def test_the_desk_never_sends_by_itself():
    table = Table().reconciled()
    table.play()
    assert not table.of(Place)  # tickets are the actor's, after J1
