"""With the casino closed the agent turns to what still works, says so, and says when it is over (mission 3)."""

import pytest

from actors.desk.operator import brief
from actors.messages import Poll, ReferralsSeen, ServiceHealth, ServiceUp
from actors.money.events import CreditBooked, ReferralsNoted
from actors.money.evidence import Referred
from tests.desk.kit import SECOND, Table

FRIEND = Referred("ag_12345...", 1, 250_000)


@pytest.fixture
def table():
    services = frozenset({"casino", "escrow", "referral", "trading"})
    table = Table(services=services, reconcile_every=10 * SECOND).reconciled()
    table.tell(ServiceUp("referral", 1))
    return table


def closed(table, seconds=30):
    table.tell(ServiceHealth("casino", open=True, until=table.now + seconds * SECOND))


def test_it_says_what_it_turns_to(table):
    closed(table)
    assert any(text.endswith("looking after referral income, trading, escrow contracts") for text in table.notices())


def test_referral_income_is_looked_after_at_once(table):
    closed(table)
    assert [(poll.service, poll.what) for poll in table.of(Poll)] == [("referral", "income"), ("referral", "bonus")]


def test_a_service_that_is_closed_too_is_not_promised(table):
    table.tell(ServiceHealth("trading", open=True, until=table.now + 60 * SECOND))
    closed(table)
    assert not any("trading, escrow" in text for text in table.notices())


def test_the_tree_says_so_until_it_is_over(table):
    closed(table)
    assert brief(table.desk.status(table.now)).endswith("without casino")
    table.tell(ServiceHealth("casino", open=False))
    assert "the casino is open again" in table.notices()
    assert not brief(table.desk.status(table.now)).endswith("without casino")


def test_bets_wait_for_the_trial_and_go_on_then(table):
    closed(table)
    assert table.propose() is None
    assert table.denial() == "service"
    table.now += 30 * SECOND
    assert table.propose()


def seen(table, *referred):
    table.carry_out(table.desk.referrals_seen(ReferralsSeen(referred), table.now))


def test_the_tree_of_referrals_is_journaled_when_it_changes(table):
    for _ in range(3):
        seen(table, FRIEND)
    assert [noted.referred for noted in table.of(ReferralsNoted)] == [(FRIEND,)]
    assert table.crash().state.referred == (FRIEND,)


def test_commissions_are_counted_by_level_from_what_was_booked(table):
    for reason, amount in (("l1:bet_1", 100_000), ("l1:bet_2", 50_000), ("l3:bet_1", 20_000)):
        table.venue.credit(amount, table.now, f"referral_commission_{reason}")
    table.run(20 * SECOND)
    assert len(table.of(CreditBooked)) == 3
    assert table.crash().state.commissions == {"l1": 150_000, "l3": 20_000}
    assert table.reconciled().sound()
