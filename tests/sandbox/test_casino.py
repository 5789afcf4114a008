"""Bets and the account behind them."""

from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest


def signed(rows):
    return sum(row["amount"] if row["type"] == "credit" else -row["amount"] for row in rows)


def test_the_first_account_has_a_hundred_from_faucet_and_grant(build):
    house = build()
    player = house.register()
    assert [(row["reason"], row["service"], row["amount"]) for row in house.ledger(player)] == [
        ("faucet_claim: $1 free credits", "faucet", 1),
        ("sandbox_grant", "deposit", 99),
    ]
    assert house.balance(player) == 100
    assert house.balance(house.register()) == 100


def test_the_venue_says_that_it_is_the_built_in_one(house):
    body = house.get("/sandbox").body
    assert (body["sandbox"], body["seed"], body["games"]) == (True, 7, ["boosted_coin"])


def test_the_date_header_follows_the_venues_clock(build):
    house = build()
    before = parsedate_to_datetime(house.get("/ping").headers["date"])
    house.advance(86_400)
    assert (parsedate_to_datetime(house.get("/ping").headers["date"]) - before).days == 1


def test_a_bet_takes_its_stake_and_pays_the_whole_return(house, player):
    bet = house.flip(player, 2, client_seed="mine").body
    returned = 2 * 1.99 if bet["won"] else 0
    assert bet["amount_won"] == pytest.approx(returned)
    assert house.balance(player) == pytest.approx(98 + returned)
    assert bet["proof"]["client_seed"] == "mine"


def test_a_won_bet_leaves_two_ledger_rows_and_a_lost_one_leaves_one(house, player):
    for index in range(20):
        bet = house.flip(player, 0.5, client_seed=f"tag-{index}").body
        rows = [row for row in house.ledger(player) if row["reference"] == bet["bet_id"]]
        reasons = ["reservation", "reservation_release"] if bet["won"] else ["reservation"]
        assert [row["reason"] for row in rows] == reasons


def test_the_boosted_coin_pays_two_ten(house, player):
    bets = [house.flip(player, 0.1, game="boosted-coin").body for _ in range(20)]
    assert {bet["payout_multiplier"] for bet in bets} == {2.1}
    assert {bet["amount_won"] for bet in bets} == {0, 0.21}
    assert {bet["game"] for bet in bets} == {"boosted_coin"}


def test_winnings_are_kept_unrounded(house, player):
    while not house.flip(player, 0.03).body["won"]:
        pass
    assert any(row["amount"] == 0.03 * 1.99 for row in house.ledger(player))


def test_ledger_balance_and_history_agree_to_the_micro_dollar(house, player):
    for _ in range(30):
        house.flip(player, 0.37, game="boosted-coin")
    curve = house.get("/api/v1/kelly/history", player.key).body["bankroll_curve"]
    assert sum(point["change"] for point in curve) == pytest.approx(house.balance(player), abs=1e-6)
    assert curve[-1]["balance"] == house.balance(player)


def test_the_ledger_shows_fifty_rows_and_the_history_all(house, player):
    for _ in range(50):
        house.flip(player, 0.01)
    assert len(house.ledger(player)) == 50
    assert house.get("/api/v1/kelly/history", player.key).body["data_points"] >= 51


def test_the_server_caps_a_stake_at_its_kelly_limit(house, player):
    refused = house.flip(player, 12.51)
    assert (refused.status, refused.error, refused.body["max_bet"]) == (400, "kelly_limit_exceeded", 12.5)
    assert house.flip(player, 12.5).status == 200


def test_a_higher_risk_factor_moves_the_cap(house, player):
    assert house.call("PUT", "/api/v1/kelly/config", {"risk_factor": 1}, player.key).status == 200
    assert house.flip(player, 50).status == 200
    assert house.call("PUT", "/api/v1/kelly/config", {"risk_factor": 1.1}, player.key).error == "invalid_risk_factor"


def test_a_refused_bet_moves_nothing(house, player):
    for amount in (0, -1, "1", None, 0.001, 1000, 99):
        assert house.flip(player, amount).status == 400
    assert house.balance(player) == 100


def test_a_body_of_null_is_an_error_of_the_server(house, player):
    assert house.call("POST", "/api/v1/games/coin-flip", "null", player.key).status == 500
    assert house.balance(player) == 100


@pytest.mark.parametrize("client_seed", [{"a": 1}, ["x"], True])
def test_a_client_seed_that_is_no_text_fails_after_the_debit(house, player, client_seed):
    assert house.flip(player, 7, client_seed=client_seed).status == 500
    reference = next(row["reference"] for row in house.ledger(player) if row["amount"] == 7)
    assert house.get(f"/api/v1/fairness/audit/{reference}", player.key).error == "bet_not_found"


def test_the_same_client_seed_twice_makes_two_bets(house, player):
    first, second = (house.flip(player, 1, client_seed="same").body for _ in range(2))
    assert first["bet_id"] != second["bet_id"]
    assert (first["proof"]["nonce"], second["proof"]["nonce"]) == (0, 1)


def test_parallel_bets_are_served_one_at_a_time(house, player):
    with ThreadPoolExecutor(20) as pool:
        bets = [answer.body for answer in pool.map(lambda _: house.flip(player, 1), range(20))]
    assert sorted(bet["proof"]["nonce"] for bet in bets) == list(range(20))
    wins = sum(bet["won"] for bet in bets)
    assert house.balance(player) == pytest.approx(80 + 1.99 * wins)


def test_a_batch_settles_each_bet_for_itself(house, player):
    bets = [{"game": "coin_flip", "amount": 1}, {"game": "nope"}, {"game": "dice", "amount": 99}]
    body = house.post("/api/v1/bets/batch", {"bets": bets}, player.key).body
    assert [result.get("error") for result in body["results"]] == [None, "unknown_game", "kelly_limit_exceeded"]
    assert (body["summary"]["errors"], body["summary"]["total_wagered"]) == (2, 0)


def test_a_batch_refuses_an_impossible_bet_by_its_limit(house, player):
    bet = {"game": "dice", "threshold": 100, "amount": 1}
    body = house.post("/api/v1/bets/batch", {"bets": [bet]}, player.key).body
    assert body["results"][0]["error"] == "kelly_limit_exceeded"


def test_a_payment_moves_money_between_accounts(house, player):
    other = house.register()
    paid = house.post("/api/v1/stats/pay", {"to_agent_id": other.agent_id, "amount": 2.5}, player.key).body
    assert (house.balance(player), house.balance(other)) == (97.5, 102.5)
    assert [row["reference"] for row in house.ledger(other) if row["service"] == "payment"] == [paid["tx_id"]]


@pytest.mark.parametrize(
    ("to", "amount", "error"),
    [
        (None, 1, "invalid_request"),
        ("other", 0.001, "invalid_amount"),
        ("self", 1, "same_agent"),
        ("other", 500, "insufficient_balance"),
        ("ag_000000000000", 1, "recipient_not_found"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(house, player, to, amount, error):
    to = {"self": player.agent_id, "other": house.register().agent_id}.get(to, to)
    assert house.post("/api/v1/stats/pay", {"to_agent_id": to, "amount": amount}, player.key).error == error
    assert house.balance(player) == 100


def test_the_daily_bonus_grows_with_the_streak_and_comes_once_a_day(build):
    house = build()
    player = house.register()
    first = house.post("/api/v1/daily/claim", key=player.key).body
    assert (first["bonus_usd"], first["streak_day"]) == (0.5, 1)
    assert house.post("/api/v1/daily/claim", key=player.key).error == "already_claimed"
    house.advance(86_400)
    assert house.post("/api/v1/daily/claim", key=player.key).body["bonus_usd"] == 0.75
    house.advance(2 * 86_400)
    assert house.post("/api/v1/daily/claim", key=player.key).body["streak_broken"] is True
