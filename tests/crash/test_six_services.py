"""kill -9 at random moments of an agent that bets, trades, pays and buys names at once: every account stays right."""

import pytest

from actors.money.events import IntentOpened
from tests.crash import mutants
from tests.crash.kit import KILLED, abreast, random_of, venue
from tests.crash.six import NO_SLOW_QUIET, OPENER, SixArena
from tests.crash.test_kill_loop import INFANTS, lives_of
from tests.kit import end_venue

OPEN, CLOSE, REGISTER = "/trading/v1/trade/open", "/trading/v1/trade/close", "/domains/v1/domains/register"
SENT = (OPEN, CLOSE, "/trading/v1/trade/limit", REGISTER, "/api/v1/stats/pay", "/api/v1/auth/withdraw", "/escrow")
"""What spends, trades or locks money."""

LOST = {
    "latency": "0.3:0.1",
    "500-after": 0.1,
    "cut": 0.1,
    "reset-after": 0.05,
    "reset-before": 0.05,
    "malformed": 0.05,
    "late": "0.05:0.2",
}
"""What leaves an effect without a good answer, or a bad answer without an effect; and time to die in between."""

HALVED = (
    f"unbooked@{OPEN}=0.03,unbooked@{CLOSE}=0.1,empty@/trading/v1/trade/positions=0.2,"
    f"unbooked@{REGISTER}=0.1,500-debit@/api/v1/stats/pay=0.1"
)
"""What the venue does by half, and what it denies."""

AIMED = ",".join((HALVED, *(f"{kind}@{door}={rate}" for door in SENT for kind, rate in LOST.items())))
FAULTS = {"aimed": AIMED, "storm": f"storm,{HALVED}"}
"""Aimed at what is sent, so that much is sent; and at everything, so that little can be read."""

KILLS = {"aimed": 8, "storm": 4}
LIFE_S = {"aimed": 1.5, "storm": 3.0}
"""Longest life of an agent that is up (seconds)."""

JUMPS = 0.3
"""How often a market jumps and time passes between two lives."""


def live_and_die(arena, weather, kills, seed):
    """Kill the agent so often, let it come to rest, and compare."""
    arena.furnish()
    arena.order_faults(FAULTS[weather])
    chance = random_of(seed)
    for _ in range(kills):
        arena.live(chance.uniform(0, LIFE_S[weather]), up=chance.random() > INFANTS, changes=NO_SLOW_QUIET)
        if chance.random() < JUMPS:
            arena.jump(chance)
    return arena.rest()


def with_venues(job, tmp_path, zygotes, items):
    """Do a job for each item, several at a time, each with an agent and a venue of its own; return what came of each.

    The job gets the item and the agent's arena.
    """

    def one(numbered, zygote):
        number, item = numbered
        house = tmp_path / f"venue-{number}"
        root = venue(house, seed=number, faults="cut=0")
        try:
            return job(item, SixArena(tmp_path / f"agent-{number}", root, zygote, house))
        finally:
            end_venue(house)

    return abreast(one, list(enumerate(items, start=1)), zygotes)


def loop(tmp_path, zygotes, items):
    """Run a loop for each (faults, kills, seed), and check each."""

    def one(item, arena):
        return live_and_die(arena, *item).check()

    found = with_venues(one, tmp_path, zygotes, items)
    for item, after in zip(items, found, strict=True):
        print(item, after if isinstance(after, AssertionError) else story(after))  # noqa: T201
    assert [after for after in found if isinstance(after, AssertionError)] == []


def story(after):
    lives, met = lives_of(after.events)
    kinds = sorted({one.kind for one in after.of(IntentOpened)})
    ended = {kind: f"{len(after.executed(kind))} of {len(after.opened(kind))}" for kind in kinds}
    return f"{met} of {lives} lives began with something open; executed {ended}; found {after.found()}"


@pytest.mark.timeout(120)
def test_kills_leave_every_account_right(tmp_path, zygotes):
    loop(tmp_path, zygotes, [(weather, kills, seed) for seed, (weather, kills) in enumerate(KILLS.items(), start=1)])


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)
def test_three_hundred_kills_leave_every_account_right(tmp_path, zygotes):
    loop(tmp_path, zygotes, [("storm" if seed % 3 == 0 else "aimed", 30, seed) for seed in range(1, 11)])


# the negative controls: an order that the exchange fills and the venue fails on

OF_TRADERS = {
    mutants.resends_orders: (f"500-after@{OPEN}=1", "insert/outcome_unknown", "orders: 2 done"),
    mutants.takes_trade_failed_for_refused: (f"unbooked@{OPEN}=1", "commit/intent_closed", "orders: 1 done"),
}
"""The mutants, the fault that shows each, where its life ends, and what the comparison then says."""


def fill_fail_and_die(mutant, arena):
    faults, point, _ = OF_TRADERS[mutant]
    arena.furnish(OPENER).order_faults(faults)
    assert arena.die_at(point, "--for", "20", mutant=mutant.__name__, changes=NO_SLOW_QUIET) == KILLED
    return arena.rest().check()


def test_an_order_that_is_sent_twice_or_is_filled_and_called_refused_is_noticed(tmp_path, zygotes):
    found = with_venues(fill_fail_and_die, tmp_path, zygotes, OF_TRADERS)
    told = [said in str(error) for error, (_, _, said) in zip(found, OF_TRADERS.values(), strict=True)]
    assert told == [True, True], found
