"""Any actor may die while bets flow: the tree heals as it is drawn, and the money does not notice."""

import json

import pytest

from actors.errors import ConfigError
from tests.agent.kit import Endless

SERVICES = tuple(f"core/services/{name}" for name in ("casino", "escrow", "faucet", "referral"))
CORE = {
    "core/journal": (),
    "core/bankroll": (),
    "core/services": SERVICES,
    "core/feeds": ("core/feeds/price_feed", "core/feeds/poller"),
    "core/strategies": ("core/strategies/Endless",),
}
OPS = ("ops/reporter", "ops/gateway")
PATHS = ["ops", *OPS, "core", *CORE, *SERVICES, *CORE["core/feeds"], *CORE["core/strategies"]]


def falls_with(path):
    """What begins again when `path` dies: itself, whatever is inside, and in the core whatever stands later."""
    if path == "ops":
        return {path, *OPS}
    if path not in ("core", *CORE):
        return {path}
    first = 0 if path == "core" else list(CORE).index(path)
    later = list(CORE.items())[first:]
    return {path} | {one for child, inside in later for one in (child, *inside)}


@pytest.fixture
def betting(stage):
    stage.play(Endless())
    stage.seen.until(action="bet", outcome="opened", times=5)
    return stage


def bets_go_on(stage):
    sent = stage.status()["sent"]
    stage.seen.reach(lambda: stage.status()["sent"] > sent + 5, "further bets")


def begun_again(stage, before):
    return {path for path, incarnation in stage.incarnations().items() if incarnation > before[path]}


@pytest.mark.parametrize("path", PATHS)
def test_whoever_dies_is_restarted_as_the_tree_says_and_no_money_is_touched(betting, path):
    before = betting.incarnations()
    betting.agent.crash(path)
    fallen = falls_with(path)
    betting.seen.reach(lambda: begun_again(betting, before) >= fallen, f"a new {path}")  # its last child comes last
    bets_go_on(betting)
    assert begun_again(betting, before) == fallen
    betting.end()
    betting.books().check().check_tags()


def test_the_log_shows_the_crash_and_the_tree_before_and_after(betting):
    betting.agent.crash("casino")
    betting.seen.until("CRASH casino (RuntimeError) restarted in", action="crash", outcome="restarted")
    betting.seen.until(action="tree", times=2)
    before, after = (notice.text for notice in betting.seen.all(action="tree")[:2])
    assert "0 restarts" in before
    assert "1 restarts" in after or "1 restart" in after
    lines = [json.loads(line) for line in (betting.data / "logs" / "agent.jsonl").read_text().splitlines()]
    assert [line["service"] for line in lines if line["action"] == "crash"] == ["casino", "casino"]


@pytest.mark.parametrize("path", ["core/journal", "core/bankroll", "core/services/casino", "core/strategies/Endless"])
def test_an_exception_in_a_handler_is_a_crash_like_any_other(betting, path):
    betting.agent._tree().handle(path).kill(ZeroDivisionError("a test's hook"))
    betting.seen.until("ZeroDivisionError", action="crash", outcome="restarted")
    bets_go_on(betting)
    assert betting.agent.summary().crashes == 1
    betting.end()
    betting.books().check().check_tags()


def test_a_message_that_nobody_knows_is_refused_and_harms_nobody(betting):
    betting.agent._tree().handle("core/bankroll").tell("nonsense")
    bets_go_on(betting)
    assert betting.agent.summary().crashes == 0


def test_only_actors_that_exist_can_be_crashed(betting):
    with pytest.raises(ConfigError, match=r"There is no actor dragon; there are Endless, bankroll, casino"):
        betting.agent.crash("dragon")
    with pytest.raises(ConfigError, match="There is no actor \\.;"):
        betting.agent.crash(".")


def test_bankrolls_that_die_in_a_row_lose_no_bet(betting):
    for _ in range(4):
        incarnation = betting.incarnations()["core/bankroll"]
        betting.agent.crash("bankroll")
        betting.seen.reach(lambda: betting.incarnations()["core/bankroll"] > incarnation, "a new bankroll")  # noqa: B023
        bets_go_on(betting)
    betting.end()
    books = betting.books().check().check_tags()
    assert books.state.tally.bets + books.state.tally.void == books.state.tally.sent


def test_a_core_that_keeps_dying_ends_the_agent_and_the_next_start_recovers(betting):
    # The negative control: restarts are not for ever, and the host is told.
    agent = betting.agent
    for life in range(1, 7):
        betting.seen.reach(lambda: betting.incarnations()["core"] == life, f"core number {life}")  # noqa: B023
        agent.crash("core")
    assert "gave up (restart limit reached). core failed: " in str(betting.seen.reach(agent.failure, "the end"))
    assert agent.wait() == "failed"
    betting.play()
    betting.until(phase="RUNNING", difference_micro=0)
    betting.end()
    betting.books().check().check_tags()
