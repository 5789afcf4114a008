"""The games' arithmetic against the measured figures of the contract and against recorded bets."""

import json

import pytest

from actors.sandbox import kelly, odds
from actors.sandbox.figures import plain
from tests.contract.story import RECORDED

ROLLS = [step / 100 for step in range(odds.ROLLS)]
REVEALED = next(row["response"]["previous_seed"] for row in RECORDED if row["case"] == "rotate")


@pytest.mark.parametrize(
    ("game", "params", "expected"),
    [
        ("coin_flip", {"side": "heads"}, 0.995),
        ("coin_flip", {"side": "tails"}, 0.995),
        ("boosted_coin", {"side": "heads"}, 1.05),
        ("dice", {"direction": "over", "threshold": 50}, 0.995),
        ("dice", {"direction": "over", "threshold": 1}, 0.995),
        ("dice", {"direction": "under", "threshold": 50}, 0.9751),
        ("dice", {"direction": "under", "threshold": 2}, 0.4975),
        ("dice", {"direction": "under", "threshold": 1}, 0.0),
        ("multiplier", {"target_multiplier": 1.01}, 0.9999),
        ("multiplier", {"target_multiplier": 2}, 0.9974),
        ("multiplier", {"target_multiplier": 1000}, 0.90),
        ("crash", {"cash_out_at": 10}, 0.995),
        ("crash", {"cash_out_at": 100}, 0.99),
        ("roulette", {"bet_type": "red"}, 0.9681),
        ("roulette", {"bet_type": "dozen_2"}, 0.9683),
        ("roulette", {"bet_type": "number", "bet_value": 7}, 0.9438),
        ("roulette", {"bet_type": "number", "bet_value": 7.5}, 0.0),
        ("custom", {"win_probability": 40}, 0.995),
    ],
)
def test_return_per_unit_staked_over_all_rolls(game, params, expected):
    offer = odds.GAMES[game].offer(params)
    wins = sum(offer.decide(roll)[0] for roll in ROLLS)
    assert wins * offer.pays / len(ROLLS) == pytest.approx(expected, abs=1e-3)


def test_every_outside_bet_covers_its_share_of_the_pockets_and_never_zero():
    for kinds, size in ((odds.OUTSIDE_BETS, 18), (odds.DOZENS_AND_COLUMNS, 12)):
        for wins in kinds.values():
            assert [wins(pocket) for pocket in range(odds.POCKETS)].count(True) == size
            assert not wins(0)


def recorded_bets():
    answers = (row["response"] for row in RECORDED if row["path"].startswith("/api/v1/games/"))
    asked = (row["request"] for row in RECORDED if row["path"].startswith("/api/v1/games/"))
    pairs = (
        (json.loads(text or "{}") if text != "{bad" else {}, body) for text, body in zip(asked, answers, strict=True)
    )
    return [
        (request, bet)
        for request, bet in pairs
        if isinstance(bet, dict) and bet.get("proof", {}).get("server_seed_hash") == REVEALED["seed_hash"]
    ]


def test_recorded_bets_come_out_the_same_from_their_revealed_seed():
    bets = recorded_bets()
    for request, bet in bets:
        proof = bet["proof"]
        digest = odds.result_hash(REVEALED["seed"], str(proof["client_seed"]), proof["nonce"])
        offer = odds.GAMES[bet["game"]].offer(request)
        won, told = offer.decide(odds.roll_of(digest))
        assert (digest, won, plain(told)) == (proof["result_hash"], bet["won"], bet["result"])
        assert offer.pays == bet["payout_multiplier"]
        assert (
            plain(kelly.after_bet(bet["new_balance"], offer, 0.25))["bets_until_ruin"]
            == (bet["kelly"]["bets_until_ruin"])
        )
    assert len(bets) == 18  # one of the nineteen draws was a bet that failed after its debit


@pytest.mark.parametrize("case", ["kelly limits", "kelly config", "kelly config back"])
def test_kelly_limits_are_the_recorded_numbers(case):
    answer = next(row["response"] for row in RECORDED if row["case"] == case)
    recorded = answer.get("new_limits", answer)
    assert plain(kelly.limits(recorded["bankroll"], recorded["risk_factor"])) == recorded


def test_a_refusal_explains_the_recorded_kelly_numbers():
    recorded = next(row["response"]["kelly"] for row in RECORDED if row["case"] == "kelly exceeded dice over 90")
    offer = odds.dice({"direction": "over", "threshold": 90})
    assert plain(kelly.report(997.4775, offer.probability, offer.pays, 0.25)) == recorded
