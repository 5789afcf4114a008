"""What strategies may do and may not: nonsense is refused with a reason, pauses its lane, and harms no other."""

from asyncio import CancelledError

import pytest

from actors import Strategy, strategy
from actors.errors import ConfigError
from actors.money.events import IntentClosed, IntentOpened
from actors.money.wagers import Bet, EscrowAct, EscrowCreate, Idle
from tests.agent.kit import BOOSTED, COIN, Endless

LONGEST_TEXT = 500
"""Of a notice about a strategy's text (characters)."""


class Raises(Strategy):
    def __init__(self, error):
        self._error = error

    def decide(self, view):
        raise self._error


class Unprintable:
    def __repr__(self):
        raise RuntimeError("no text for you")


class Good(Endless):
    """The neighbour of all that nonsense."""


class Greedy(Strategy):
    def __init__(self):
        self.asked = []

    def decide(self, view):
        self.asked.append(view.now)
        return coin(stake="500.00")


def coin(**changed):
    return Bet(**{"game": "coin_flip", "params": {"side": "heads"}, "probability": "0.5", "odds": "1.99", **changed})


@pytest.fixture
def quick_pauses(monkeypatch):
    monkeypatch.setattr(strategy, "FAULT_WAITS_S", (0.02, 0.04, 0.08))


NONSENSE = (
    (Raises(ValueError("my mistake")), "raised ValueError: my mistake"),
    (Raises(SystemExit("enough")), "raised SystemExit: enough"),
    (Raises(RecursionError()), "raised RecursionError"),
    (Raises(CancelledError()), "raised CancelledError"),
    (Raises(ValueError("x" * 100_000)), "raised ValueError: xxx"),
    (Raises(ValueError(Unprintable())), "raised ValueError: (no text)"),
    (Endless("heads"), "decided on a str, which is no wager"),
    (Endless(object()), "decided on a object, which is no wager"),
    (Endless(coin(stake="-1")), "above zero"),
    (Endless(coin(stake=float("nan"))), "finite number"),
    (Endless(coin(stake="0.001")), "multiple of 0.01"),
    (Endless(coin(odds="inf")), "odds"),
    (Endless(coin(odds="2.50")), "odds is stated as 2.5"),
    (Endless(coin(probability="0.6")), "probability is stated as 0.6"),
    (Endless(coin(params={"side": "edge"})), "side must be heads or tails"),
    (Endless(coin(params={"side": "x" * 100_000})), "side must be heads or tails"),
    (Endless(coin(params={"side": Unprintable()})), "of the Bet raises"),
    (Endless(coin(params=None)), "params must be"),
    (Endless(coin(game="no_such_game")), "list of sound games"),
    (Endless(coin(game="keno")), "list of sound games"),
    (Endless(coin(game=["coin_flip"])), "coin_flip"),
    (Endless(EscrowCreate("0.05", "ag_0123456789ab", "a logo")), "at least 0.10"),
    (Endless(EscrowCreate("1.005", "ag_0123456789ab", "a logo")), "multiple of 0.01"),
    (Endless(EscrowCreate(float("nan"), "ag_0123456789ab", "a logo")), "finite number"),
    (Endless(EscrowCreate("-3", "ag_0123456789ab", "a logo")), "above zero"),
    (Endless(EscrowCreate("3", "somebody", "a logo")), "counterparty must be"),
    (Endless(EscrowCreate("3", "ag_0123456789ab", "  ")), "characters"),
    (Endless(EscrowCreate("3", "ag_0123456789ab", "a logo", 0)), "1 to 720"),
    (Endless(EscrowAct("esc_1", "steal")), "complete, release, dispute"),
    (Endless(EscrowAct("../auth", "release")), "esc_"),
)


def test_nonsense_pauses_its_lane_longer_and_longer_and_harms_no_other(stage, quick_pauses):
    stage.play(*(faulty for faulty, _ in NONSENSE), Good())
    for lane, text in zip(stage.lanes(), (text for _, text in NONSENSE), strict=False):
        for wait_s in ("0.02", "0.04", "0.08"):
            pause = stage.seen.until(f"pauses for {wait_s} s", action="decide", outcome="fault", lane=lane)
            assert text in pause.text
            assert len(pause.text) < LONGEST_TEXT
    stage.seen.until(action="bet", outcome="opened", lane="Good", times=5)
    assert stage.agent.summary().crashes == 0
    stage.end()
    assert {opened.lane for opened in stage.books().check().of(IntentOpened)} == {"Good"}


def test_a_stake_above_the_balance_is_refused_and_asked_about_ever_more_rarely(stage):
    greedy = Greedy()
    agent = stage.play(greedy, Endless(COIN))
    stage.seen.until("at 500.00 USD wanted", action="propose", outcome="denied")
    first, second, third, fourth = stage.seen.reach(
        lambda: len(greedy.asked) > 3 and greedy.asked[:4], "four questions"
    )
    assert fourth - third > third - second > second - first
    assert agent.wait(bets=5) == "bets"
    stage.end()
    assert {opened.lane for opened in stage.books().check().of(IntentOpened)} == {"Endless"}


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"class": "no.such.module:Mine"}, "does not import: ModuleNotFoundError"),
        ({"class": "tests.agent.bad:Missing"}, "does not import: AttributeError"),
        ({"class": "tests.agent.bad:NoStrategy"}, "no class derived from actors.Strategy"),
        ({"class": "broken_at_import:Mine"}, "does not import: ZeroDivisionError"),
        ({"name": "no_such"}, "There is no strategy no_such; there are boosted_coin"),
        ({"name": "boosted_coin", "colour": "red"}, "does not take its parameters"),
    ],
)
def test_a_strategy_that_cannot_be_made_is_an_error_before_anything_starts(stage, tmp_path, monkeypatch, section, says):
    (tmp_path / "broken_at_import.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=says):
        stage.play(strategy=[section])
    assert not (stage.data / "stakekeeper.sqlite").exists()
    stage.agent = None


def test_a_strategy_that_fails_while_it_is_made_pauses_its_lane(stage):
    stage.play(strategy=[{"class": "tests.agent.bad:RaisesAtOnce"}])
    stage.seen.until("raised RuntimeError: no such file", outcome="fault", lane="RaisesAtOnce")
    assert stage.agent.summary().crashes == 0


def test_without_a_budget_fair_games_stays_idle_and_says_why(stage):
    stage.play(strategy=[{"name": "fair_games"}], bankroll__entertainment_budget="0")
    denial = stage.seen.until(action="propose", outcome="denied", lane="fair_games")
    assert "no edge: limit an edge above 0, or an entertainment budget" in denial.text
    assert stage.status()["sent"] == 0


def test_fair_games_plays_from_its_budget_and_stops_when_it_is_spent(stage):
    stage.play(strategy=[{"name": "fair_games", "every": 0.0}], bankroll__entertainment_budget="0.12")
    denial = stage.seen.until("entertainment budget", action="propose", outcome="denied")
    assert "limit 0.12 USD a day, at 0.13 USD with this stake, lifts at " in denial.text
    assert "00:00:00 UTC" in denial.text
    stage.play(strategy=[{"name": "fair_games", "every": 0.0}], bankroll__entertainment_budget="0.12")
    stage.seen.until("entertainment budget", action="propose", outcome="denied")
    stage.end()
    opened = stage.books().check().of(IntentOpened)
    assert (len(opened), {one.stake_micro for one in opened}, all(one.fun for one in opened)) == (12, {10_000}, True)
    assert len({one.subject for one in opened}) == 5


def test_momentum_goes_with_its_market_and_out_when_it_turns(stage):
    momentum = {"name": "momentum", "market": "BTC", "move": 0.0000001, "every": 0.0}
    stage.play(strategy=[momentum], services__trading=True)
    stage.seen.until(action="order", outcome="open", lane="momentum")
    stage.seen.until(action="close_order", outcome="closed", lane="momentum")


def test_momentum_waits_while_nothing_moves(stage):
    stage.play(strategy=[{"name": "momentum", "market": "BTC", "move": 0.9, "every": 0.0}], services__trading=True)
    stage.seen.until("BTC has moved less than 90", outcome="idle", lane="momentum")
    assert stage.status()["sent"] == 0


class Trader(Endless):
    account = "trading"


def test_a_lane_on_an_account_that_is_not_there_rests_and_says_so(stage):
    agent = stage.play(Trader(), Endless())
    assert agent.wait(bets=3) == "bets"
    stage.seen.reach(lambda: "the account trading is not served" in agent.tree(), "the lane's line in the tree")
    stage.seen.until("Trader rests: the account trading is not served", action="lane", outcome="unserved")
    assert agent.summary().crashes == 0


class OwnBet(Bet):
    """A user's own kind of bet."""


def test_a_wager_may_be_of_a_derived_class(stage):
    mine = OwnBet("boosted_coin", {"side": "heads"}, probability="0.5", odds="2.10")
    assert stage.play(Endless(mine)).wait(bets=2) == "bets"


def test_an_idle_reason_may_be_anything(stage):
    stage.play(Endless(Idle(Unprintable())))
    stage.seen.until("Endless is idle: (no text)", outcome="idle")
    assert stage.agent.summary().crashes == 0


def test_two_lanes_share_an_account(stage):
    agent = stage.play(Endless(BOOSTED), Endless(COIN))
    assert agent.wait(bets=40) == "bets"
    stage.end()
    books = stage.books().check().check_tags()
    closed = books.of(IntentClosed)
    assert {one.lane for one in closed} == {"Endless", "Endless#2"}
    assert len(closed) == 40


def test_a_service_that_is_switched_off_is_named(stage):
    stage.play(Endless(EscrowCreate("1", "ag_0123456789ab", "a logo")), services__escrow=False)
    stage.seen.until("service: limit escrow is on, at switched off in [services]", action="propose", outcome="denied")
