"""Rate budgets count as the venue does, on the test's clock."""

import threading

import pytest

from actors.venue.budget import Budget
from actors.venue.errors import RateLimited


@pytest.fixture
def budget(clock):
    return Budget(clock=clock, wall=clock.wall)


def spend(budget, service, path, times):
    for _ in range(times):
        budget.spend(service, path)


@pytest.mark.parametrize(
    ("service", "path", "per_minute"),
    [
        ("casino", "/games/dice", 60),
        ("casino", "/bets/export.csv", 60),
        ("casino", "/bets/batch", 10),
        ("casino", "/auth/register", 10),
        ("casino", "/auth/withdraw", 5),
        ("escrow", "/escrow/create", 20),
        ("escrow", "/escrow/complete/esc_1", 30),
        ("escrow", "/escrow/release/esc_1", 30),
        ("escrow", "/escrow/dispute/esc_1", 10),
        ("faucet", "/faucet/claim", 5),
        ("trading", "/auth/register", 10),
        ("trading", "/trade/open", 30),
        ("trading", "/trade/close", 30),
        ("wallet", "/auth/register", 10),
        ("wallet", "/wallet/send", 20),
    ],
)
def test_each_path_has_the_venues_number_a_minute(budget, clock, service, path, per_minute):
    spend(budget, service, path, per_minute)
    clock.now += 10
    with pytest.raises(RateLimited) as limited:
        budget.spend(service, path)
    assert limited.value.until == clock.wall() + 51_000_000
    clock.now += 51
    budget.spend(service, path)


def test_the_same_path_of_two_services_counts_apart(budget):
    spend(budget, "casino", "/auth/register", 10)
    budget.spend("trading", "/auth/register")
    spend(budget, "domains", "/auth/register", 500)


def test_a_limit_of_a_path_is_not_one_of_the_paths_that_begin_like_it(budget):
    spend(budget, "trading", "/trade/close", 30)
    spend(budget, "trading", "/trade/close-all", 100)


def test_the_exchange_counts_what_a_question_weighs(budget):
    for _ in range(59):
        budget.spend("exchange", "/info", 20)
    budget.spend("exchange", "/info", 18)
    with pytest.raises(RateLimited):
        budget.spend("exchange", "/info", 20)
    budget.spend("exchange", "/info", 2)


def test_all_games_share_the_accounts_bucket(budget):
    spend(budget, "casino", "/games/dice", 40)
    spend(budget, "casino", "/games/coin-flip", 20)
    with pytest.raises(RateLimited):
        budget.spend("casino", "/games/crash")
    assert budget.left() == {
        "casino games": 0,
        "casino /games/dice": 20,
        "casino /games/coin-flip": 40,
        "casino /games/crash": 60,
    }


def test_paths_without_a_limit_are_free_and_contracts_count_apart(budget):
    spend(budget, "casino", "/auth/balance", 500)
    spend(budget, "escrow", "/escrow/release/esc_1", 30)
    spend(budget, "escrow", "/escrow/release/esc_2", 30)
    assert budget.left() == {"escrow /escrow/release/esc_1": 0, "escrow /escrow/release/esc_2": 0}


def test_a_refused_spend_takes_nothing_from_the_other_bucket(budget):
    spend(budget, "casino", "/games/dice", 60)
    with pytest.raises(RateLimited):
        budget.spend("casino", "/games/crash")
    assert budget.left()["casino /games/crash"] == 60


@pytest.mark.parametrize(("shared", "other"), [(True, False), (False, True)])
def test_a_429_corrects_the_bucket_it_speaks_of(budget, clock, shared, other):
    budget.spend("casino", "/games/dice")
    budget.correct("casino", "/games/dice", clock.wall() + 20_000_000, shared=shared)
    with pytest.raises(RateLimited) as limited:
        budget.spend("casino", "/games/dice")
    assert limited.value.until == clock.wall() + 20_000_000
    assert (budget.left()["casino games"] > 0) is other
    clock.now += 20
    budget.spend("casino", "/games/dice")


def test_a_budget_is_never_overspent_by_threads(budget):
    taken, barrier = [], threading.Barrier(4)

    def work():
        barrier.wait(5)
        for _ in range(40):
            try:
                budget.spend("casino", "/games/dice")
            except RateLimited:
                return
            taken.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(taken) == 60


def test_the_tree_shows_of_which_bucket_least_is_left(budget):
    assert budget.least("trading") == "no call counted this minute"
    spend(budget, "trading", "/trade/open", 3)
    spend(budget, "trading", "/trade/close", 1)
    spend(budget, "casino", "/games/dice", 25)
    spend(budget, "casino", "/games/crash", 25)
    assert budget.least("trading") == "27 left this minute on /trade/open"
    assert budget.least("casino") == "10 left this minute on games"
