"""Rate budgets count as the venue does, on the test's clock."""

import threading

import pytest

from actors.venue.budget import Budget
from actors.venue.errors import RateLimited


@pytest.fixture
def budget(clock):
    return Budget(clock=clock, wall=clock.wall)


def spend(budget, path, times):
    for _ in range(times):
        budget.spend(path)


@pytest.mark.parametrize(
    ("path", "per_minute"),
    [
        ("/games/dice", 60),
        ("/bets/export.csv", 60),
        ("/auth/register", 10),
        ("/escrow/create", 20),
        ("/escrow/complete/esc_1", 30),
        ("/escrow/release/esc_1", 30),
        ("/escrow/dispute/esc_1", 10),
        ("/faucet/claim", 5),
    ],
)
def test_each_path_has_the_venues_number_a_minute(budget, clock, path, per_minute):
    spend(budget, path, per_minute)
    clock.now += 10
    with pytest.raises(RateLimited) as limited:
        budget.spend(path)
    assert limited.value.until == clock.wall() + 51_000_000
    clock.now += 51
    budget.spend(path)


def test_all_games_share_the_accounts_bucket(budget):
    spend(budget, "/games/dice", 40)
    spend(budget, "/games/coin-flip", 20)
    with pytest.raises(RateLimited):
        budget.spend("/games/crash")
    assert budget.left() == {"games": 0, "/games/dice": 20, "/games/coin-flip": 40, "/games/crash": 60}


def test_paths_without_a_limit_are_free_and_contracts_count_apart(budget):
    spend(budget, "/auth/balance", 500)
    spend(budget, "/escrow/release/esc_1", 30)
    spend(budget, "/escrow/release/esc_2", 30)
    assert budget.left() == {"/escrow/release/esc_1": 0, "/escrow/release/esc_2": 0}


def test_a_refused_spend_takes_nothing_from_the_other_bucket(budget):
    spend(budget, "/games/dice", 60)
    with pytest.raises(RateLimited):
        budget.spend("/games/crash")
    assert budget.left()["/games/crash"] == 60


@pytest.mark.parametrize(("shared", "other"), [(True, False), (False, True)])
def test_a_429_corrects_the_bucket_it_speaks_of(budget, clock, shared, other):
    budget.spend("/games/dice")
    budget.correct("/games/dice", clock.wall() + 20_000_000, shared=shared)
    with pytest.raises(RateLimited) as limited:
        budget.spend("/games/dice")
    assert limited.value.until == clock.wall() + 20_000_000
    assert (budget.left()["games"] > 0) is other
    clock.now += 20
    budget.spend("/games/dice")


def test_a_budget_is_never_overspent_by_threads(budget):
    taken, barrier = [], threading.Barrier(4)

    def work():
        barrier.wait(5)
        for _ in range(40):
            try:
                budget.spend("/games/dice")
            except RateLimited:
                return
            taken.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(taken) == 60
