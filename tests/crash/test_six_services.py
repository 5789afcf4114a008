"""kill -9 at random moments of an agent that bets, trades, pays and buys names at once: every account stays right."""

import pytest

from tests.crash.kit import abreast, end_venue, random_of, venue
from tests.crash.six import NO_SLOW_QUIET, SixArena
from tests.crash.test_kill_loop import INFANTS, lives_of

SENT = (
    "/trading/v1/trade/open",
    "/trading/v1/trade/close",
    "/domains/v1/domains/register",
    "/api/v1/stats/pay",
    "/escrow",
)
"""What spends, trades or locks money."""

LOST = ("500-after=0.1", "cut=0.1", "reset-after=0.05", "reset-before=0.05", "malformed=0.05", "late=0.05:0.2")
"""What leaves an effect without a good answer, or a bad answer without an effect."""

HALVED = (
    "unbooked@/trading/v1/trade/open=0.03,unbooked@/trading/v1/trade/close=0.1,empty@/trading/v1/trade/positions=0.2,"
    "unbooked@/domains/v1/domains/register=0.1,500-debit@/api/v1/stats/pay=0.1"
)
"""What the venue does by half, and what it denies."""

AIMED = ",".join((HALVED, *(one.replace("=", f"@{door}=", 1) for door in SENT for one in LOST)))
FAULTS = {"aimed": AIMED, "storm": f"storm,{HALVED}"}
"""Aimed at what is sent, so that much is sent; and at everything, so that little can be read."""

KILLS = {"aimed": 8, "storm": 4}
LIFE_S = {"aimed": 1.5, "storm": 3.0}
"""Longest life of an agent that is up (seconds)."""


def live_and_die(arena, weather, kills, seed):
    """Kill the agent so often, let it come to rest, and compare."""
    arena.furnish()
    arena.order_faults(FAULTS[weather])
    chance = random_of(seed)
    for _ in range(kills):
        arena.live(chance.uniform(0, LIFE_S[weather]), up=chance.random() > INFANTS, changes=NO_SLOW_QUIET)
    return arena.rest()


def loop(tmp_path, zygotes, items):
    """Run a loop for each (faults, kills, seed), several at a time, each with a venue of its own; check each."""

    def one(item, zygote):
        weather, kills, seed = item
        house = tmp_path / f"venue-{seed}"
        root = venue(house, seed=seed, faults="cut=0")
        try:
            arena = SixArena(tmp_path / f"agent-{seed}", root, zygote, house)
            return live_and_die(arena, weather, kills, seed).check()
        finally:
            end_venue(house)

    results = abreast(one, items, zygotes)
    for item, after in zip(items, results, strict=True):
        if isinstance(after, AssertionError):
            print(f"{item} failed")  # noqa: T201
            raise after
        print(item, story(after))  # noqa: T201


def story(after):
    lives, met = lives_of(after.events)
    kinds = ("bet", "escrow_create", "escrow_act", "pay", "order", "close_order", "register_domain")
    ended = {kind: f"{len(after.executed(kind))} of {len(after.opened(kind))}" for kind in kinds}
    return f"{met} of {lives} lives began with something open; executed {ended}; found {after.found()}"


@pytest.mark.timeout(120)
def test_kills_leave_every_account_right(tmp_path, zygotes):
    loop(tmp_path, zygotes, [(weather, kills, seed) for seed, (weather, kills) in enumerate(KILLS.items(), start=1)])


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)
def test_three_hundred_kills_leave_every_account_right(tmp_path, zygotes):
    loop(tmp_path, zygotes, [("storm" if seed % 3 == 0 else "aimed", 30, seed) for seed in range(10)])
