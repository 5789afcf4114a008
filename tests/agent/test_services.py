"""Payments, withdrawals, domains, wallet, faucet and referral: a real agent at the real built-in venue, also when its
answers are cut and its outside fails."""

from decimal import Decimal

import pytest

from actors import agent, schedule
from actors.errors import ConfigError, StakekeeperError
from actors.money.book import Bucket
from actors.money.events import CreditBooked, IntentClosed, ReferralsNoted
from actors.money.wagers import Bet, Idle, Pay, RegisterDomain, Withdraw
from tests.agent.kit import Endless, Script, Stage, stop_venue
from tests.sandbox.house import House

DAY_S = 86_400
NOWHERE = "http://127.0.0.1:1/v1"
ADDRESS = "0x" + "12" * 20
FAULTS = (
    "cut@/api/v1/stats/pay=1,upstream@/casino/treasury=1,500-after@/domains/v1/domains/register=1,"
    "upstream@/wallet/solana=1,500-before@/api/v1/games/dice=1"
)


@pytest.fixture(autouse=True)
def polled_at_once(monkeypatch):
    monkeypatch.setattr(schedule, "START_SPREAD_S", 0.0)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("services"), faults=FAULTS)
    yield house
    stop_venue(house)


@pytest.fixture
def shaken(faulty, tmp_path):
    made = Stage(faulty, tmp_path / "agent")
    yield made
    made.end()


class Buyer(Script):
    """Registers names on the domains account."""

    account = "domains"


def ended(stage, action):
    """Wait until an intent of this kind has ended; return the books."""
    stage.seen.reach(lambda: stage.seen.all(action=action)[1:], f"the end of a {action}")
    assert stage.agent.reconcile()["ok"]
    stage.end()
    return stage.books()


def test_a_payment_reaches_the_other_agent_and_is_booked_once(stage, quiet_house):
    other = quiet_house.register()
    stage.play(Script(Pay(other.agent_id, "1.50", "thanks")))
    books = ended(stage, "pay")
    assert quiet_house.balance(other) == 101.5
    assert (books.book_micro, books.venue_micro) == (98_500_000, 98_500_000)
    assert [closed.by for closed in books.of(IntentClosed)] == ["answer"]


def test_a_payment_whose_answer_is_cut_is_found_and_never_sent_again(shaken, faulty):
    other = faulty.register()
    shaken.play(Script(Pay(other.agent_id, "1.50")))
    shaken.seen.until(action="pay", outcome="paid")
    books = ended(shaken, "pay")
    assert faulty.balance(other) == 101.5
    assert [closed.by for closed in books.of(IntentClosed)] == ["look-up"]
    assert books.book_micro == books.venue_micro


def test_a_withdrawal_is_booked_with_its_fee(stage):
    stage.play(Script(Withdraw(10, ADDRESS)))
    books = ended(stage, "withdraw")
    assert (books.book_micro, books.balance(Bucket.FEES)) == (books.venue_micro, 500_000)
    assert books.venue_micro == 89_500_000


def test_a_withdrawal_that_failed_at_the_venue_is_void_and_the_money_is_there(shaken):
    shaken.play(Script(Withdraw(10, ADDRESS)))
    shaken.seen.until(action="withdraw", outcome="failed")
    books = ended(shaken, "withdraw")
    assert [closed.outcome for closed in books.of(IntentClosed)] == ["void"]
    assert books.book_micro == books.venue_micro == 100_000_000


def buy(stage, name, most):
    """Play a strategy that wants a name, which the venue's clock might have given to somebody else."""
    assert stage.house.post("/sandbox/domains", {"domain": name, "free": True}).status == 200
    stage.play(Buyer(RegisterDomain(name, most)), services__domains=True)


def test_a_domain_is_registered_once_and_costs_what_the_venue_charged(stage):
    """Mission 5.4."""
    buy(stage, "stakekeeper-two.xyz", 9)
    stage.seen.until(action="register_domain", outcome="registered")
    books = ended(stage, "register_domain")
    assert books.state.book.at_venue("domains") < 50_000_000
    assert books.state.book.balance("domains", Bucket.RESERVED) == 0


def test_a_domain_whose_answer_is_an_error_is_found_by_its_name(shaken):
    buy(shaken, "stakekeeper-two.xyz", 9)
    shaken.seen.until(action="register_domain", outcome="registered")
    books = ended(shaken, "register_domain")
    assert [closed.by for closed in books.of(IntentClosed)] == ["look-up"]


def test_a_domain_that_costs_more_than_allowed_is_not_registered(stage):
    buy(stage, "stakekeeper-five.xyz", "0.01")
    stage.seen.until("above_max_price", action="register_domain", outcome="refused")


def test_watched_names_are_told_and_not_bought(stage):
    """Mission 1.6."""
    seen = []

    class Collector(Buyer):
        def decide(self, view):
            seen.append(dict(view.domains))
            return Idle("looks on")

    watched = "stakekeeper-one.com", "stakekeeper-two.com"
    stage.house.post("/sandbox/domains", {"domain": watched[0], "free": True})
    stage.play(Collector(), services__domains=True, domains__watch=watched)
    stage.seen.until(".com is free for 19.44 USD", service="domains")
    stage.seen.reach(lambda: seen and seen[-1], "a free name in the view")
    assert stage.status()["sent"] == 0


def test_a_chain_that_does_not_answer_is_unknown_and_not_empty(shaken, monkeypatch):
    """Mission 1.3, 5.3."""
    monkeypatch.setattr("actors.venue.retries.delay", lambda *_: None)
    shaken.play(services__wallet=True, wallet__base=ADDRESS, wallet__solana="So1" + "a" * 40)
    shaken.seen.until("base: ", service="wallet", outcome="ok")
    shaken.seen.until("solana: SOL cannot be read", service="wallet", outcome="unknown")
    shaken.seen.until("solana: USDC cannot be read", service="wallet", outcome="unknown")
    told = shaken.agent.tree()
    assert "solana SOL unknown" in told
    assert "solana 0" not in told


def test_what_referrals_bring_is_booked_by_level_and_told(stage, quiet_house):
    """Mission 1.4, 2.5."""
    stage.play(services__referral=True)
    code = quiet_house.get("/api/v1/auth/referral/code", stage.player.key).body["referral_code"]
    friend = quiet_house.register(code)
    for _ in range(40):
        quiet_house.flip(friend)
    stage.end()
    stage.play(services__referral=True)
    stage.seen.until("1 agents referred", service="referral")
    assert stage.agent.reconcile()["ok"]
    earned = stage.until(referred=1)["commissions_micro"]["l1"]
    stage.end()
    books = stage.books()
    income = [row.amount_micro for row in books.of(CreditBooked) if row.reason.startswith("referral_commission_l1")]
    assert sum(income) == earned > 0
    assert len(books.of(ReferralsNoted)[-1].referred) == 1
    assert books.book_micro == books.venue_micro


def test_the_bonus_of_the_day_is_claimed_and_booked(stage):
    stage.play()  # which adopts the account
    stage.play(services__referral=True)
    stage.seen.until("bonus of the day", service="referral")
    stage.seen.until("daily_bonus", action="credit")
    assert stage.status()["book_micro"] == 100_500_000


def test_play_money_stays_the_round_sum_unless_a_service_is_asked_for_by_name(stage):
    stage.play()
    stage.seen.reach(lambda: "referred" in stage.agent.tree(), "a look at the referrals")
    assert stage.agent.reconcile()["book"] == 100_000_000


def test_a_faucet_that_failed_has_credited_all_the_same_and_the_history_says_so(tmp_path, monkeypatch):
    """Mission 5.5."""
    monkeypatch.setattr("actors.faucet.LOOK_AGAIN_S", 0.1)
    house = House(tmp_path / "venue", faults="500-after@/faucet/claim=1")
    stage = Stage(house, tmp_path / "agent")
    house.register()  # the venue grants one claim a day to an address, and this account has it
    stage.play()
    house.advance(DAY_S)
    stage.play(services__faucet=True)
    stage.seen.until("faucet_claim", action="credit")
    stage.seen.reach(lambda: "had its credit" in stage.agent.tree(), "a second look")
    assert len([row for row in house.ledger(stage.player) if row["reason"].startswith("faucet_claim")]) == 1
    stage.end()
    stop_venue(house)


def test_with_the_casino_closed_the_agent_looks_after_what_still_works(shaken):
    """Mission 3.5."""
    dice = Bet("dice", {"direction": "over", "threshold": 50}, "0.5", "1.99", stake="0.50")
    shaken.play(*(Endless(dice) for _ in range(5)))
    notice = shaken.seen.until("the casino is closed until", action="fallback", outcome="begun")
    assert "looking after referral income, escrow contracts" in notice.text
    assert "without casino" in shaken.agent.tree()


def test_the_server_never_refuses_for_its_own_limit(stage):
    stage.play(Script(Bet("roulette", {"bet_type": "number", "bet_value": 7}, "0.0270", "34.825", stake="1.90")))
    closed = ended(stage, "bet").of(IntentClosed)
    assert [one.outcome for one in closed] == ["executed"]
    assert Decimal(stage.books().rows[0].amount_usd) / 1_000_000 < Decimal("1.90")


def test_an_account_that_cannot_be_read_is_named_and_holds_an_operator_up_for_seconds_only(stage, monkeypatch):
    monkeypatch.setattr(agent, "UNREAD_PATIENCE_S", 0.2)
    stage.terms["services.trading"] = True
    assert stage.play().reconcile()["ok"]
    blind = stage.play(venue__trading=NOWHERE)
    with pytest.raises(StakekeeperError, match=r"^trading cannot be read \(.*\), so book and venue were not compared"):
        blind.reconcile()
    with pytest.raises(ConfigError, match="No intent abc is in ERROR"):
        blind.resolve("abc", "void", 0, "it never was")
    assert stage.status()["unread"].keys() == {"trading"}
