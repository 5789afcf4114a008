"""kill -9 at random moments, again and again: nothing is doubled, lost or forgotten."""

import pytest

from actors.money.events import AgentStarted, IntentClosed, IntentOpened, LookedUp
from actors.money.state import State
from tests.crash.kit import KILLED, Arena, abreast, random_of, venue
from tests.kit import end_venue

KILLS = {"": 70, "storm": 35}
"""Of each loop in the test command; there are two of each kind."""

LIFE_S = {"": 0.5, "storm": 2.0}
"""Longest life of an agent that is up (seconds): often longer than it takes to prove that a bet is void, and bet on."""

WAITS = {"": {"send_timeout": 0.2, "quiet_period": 0.1}, "storm": {"send_timeout": 0.3, "quiet_period": 0.4}}
"""What a proof takes (seconds), by what may come late at the venue."""

INFANTS = 0.15
"""Share of the lives that may end before the agent is up."""

RECOVERY_S = (0.05, 0.3)
"""As above, of lives that are to end before they have recovered."""

SETTLE_S = 150.0
"""For the life after the kills, under faults (seconds): a storm may open the breaker twice, for half a minute each."""

LANES = ("boosted_coin", "fair_games")


def live_and_die(arena, faults, kills, seed):
    """Kill an agent with two lanes so often, let one live on, and compare."""
    arena.configure(*LANES, **WAITS[faults])
    arena.settle(bets=1, seconds=SETTLE_S)  # the account, the first time
    chance = random_of(seed)
    for _ in range(kills):
        arena.live(chance.uniform(0, LIFE_S[faults]), up=chance.random() > INFANTS)
    return arena.settle(bets=5, seconds=SETTLE_S)


def loop(tmp_path, zygotes, items):
    """Run a loop for each (faults, kills, seed), several at a time, each with a venue of its own."""

    def one(item, zygote):
        faults, kills, seed = item
        house, data = tmp_path / f"venue-{seed}", tmp_path / f"agent-{seed}"
        root = venue(house, seed=seed, faults=faults)
        try:
            return live_and_die(Arena(data, root, zygote), faults, kills, seed)
        finally:
            end_venue(house)

    return abreast(one, items, zygotes)


def check(after, kills):
    """Nothing is wrong, and the kills met what they were to meet."""
    if isinstance(after, AssertionError):
        raise after
    after.check()
    lives, met = lives_of(after.events)
    print(f"{kills} kills, {len(after.of(IntentOpened))} bets; {met} of {lives} lives began with one to resolve")  # noqa: T201
    assert lives > kills / 2
    assert met > kills / 8


def lives_of(events):
    """Return how many lives the journal knows, and how many of them began with an open intent."""
    state, lives, met = State(), 0, 0
    for event in events:
        if isinstance(event, AgentStarted):
            lives, met = lives + 1, met + bool(state.open)
        state.replay(event)
    return lives, met


@pytest.mark.timeout(300)
def test_two_hundred_kills_double_lose_and_forget_nothing(tmp_path, zygotes):
    items = [(faults, KILLS[faults], seed) for seed, faults in enumerate(("", "storm", "", "storm"), start=1)]
    for (_, kills, _), after in zip(items, loop(tmp_path, zygotes, items), strict=True):
        check(after, kills)


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)
def test_ten_thousand_kills(tmp_path, zygotes):
    items = [("storm" if seed % 2 else "", 200, seed) for seed in range(50)]
    for (_, kills, _), after in zip(items, loop(tmp_path, zygotes, items), strict=True):
        check(after, kills)


def test_kills_while_recovering_only_delay_it(arena):
    arena.configure(quiet_period=3.0)
    assert arena.die_at("connected") == KILLED
    chance = random_of(3)
    for _ in range(12):
        arena.live(chance.uniform(*RECOVERY_S), up=False)
    after = arena.settle().check()
    opened, closed = after.of(IntentOpened)[0], after.of(IntentClosed)[0]
    assert (closed.intent, closed.outcome) == (opened.intent, "void")
    assert closed.at >= opened.quiet_until
    assert all(look.at >= opened.quiet_until for look in after.of(LookedUp))
