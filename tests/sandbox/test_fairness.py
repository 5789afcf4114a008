"""Seeds are committed to before the bets and shown after; everything can be recomputed with hashlib alone."""

import hashlib
import hmac

import pytest


def rotate(house, player):
    return house.post("/api/v1/fairness/rotate", key=player.key).body


def test_the_revealed_seed_fits_its_commitment_and_every_bet(house, player):
    committed = house.get("/api/v1/fairness/seed-hash", player.key).body["server_seed_hash"]
    bets = [house.flip(player, 0.1, client_seed=f"c{n}").body for n in range(10)]
    seed = rotate(house, player)["previous_seed"]["seed"]
    assert hashlib.sha256(seed.encode()).hexdigest() == committed
    for nonce, bet in enumerate(bets):
        digest = hmac.new(seed.encode(), f"c{nonce}:{nonce}".encode(), "sha256").hexdigest()
        roll = int(digest[:8], 16) % 10_000 / 100
        assert (bet["proof"]["result_hash"], bet["result"]["roll"]) == (digest, roll)
        assert bet["won"] == (roll < 50)


def test_a_seed_in_use_is_shown_nowhere(house, player):
    bet = house.flip(player).body["bet_id"]
    audit = house.get(f"/api/v1/fairness/audit/{bet}", player.key).body["fairness"]
    listed = house.get("/api/v1/fairness/seeds", player.key).body["seeds"][0]
    assert audit["server_seed"].startswith("[hidden")
    assert listed["seed"].startswith("[active")
    assert audit["seed_revealed"] is False


def test_rotation_starts_a_new_seed_at_nonce_zero(house, player):
    house.flip(player)
    answer = rotate(house, player)
    proof = house.flip(player).body["proof"]
    assert (proof["server_seed_hash"], proof["nonce"]) == (answer["new_seed_hash"], 0)
    assert answer["previous_seed"]["bets_made"] == 1


def test_rotation_without_a_seed_only_says_so(house, player):
    assert "previous_seed" not in rotate(house, player)


def test_after_a_thousand_draws_the_seed_is_replaced(house, player):
    house.grant(player, 1000)
    bets = [{"game": "coin_flip", "amount": 0.01}] * 20
    for _ in range(50):
        house.post("/api/v1/bets/batch", {"bets": bets}, player.key)
    seeds = house.get("/api/v1/fairness/seeds", player.key).body["seeds"]
    assert [(seed["bets_made"], seed["active"]) for seed in seeds] == [(1000, False), (0, True)]


def test_verify_tells_open_from_revealed(house, player):
    bet = house.flip(player).body["bet_id"]
    asked = {"bet_id": bet}
    assert house.post("/api/v1/fairness/verify", asked, player.key).body["status"] == "seed_not_yet_revealed"
    rotate(house, player)
    assert house.post("/api/v1/fairness/verify", asked, player.key).body["verified"] is True


@pytest.mark.parametrize(("change", "verified"), [({}, True), ({"server_seed": "other"}, False)])
def test_verify_by_hand_checks_the_commitment(house, player, change, verified):
    seed = {"server_seed": "abc", "server_seed_hash": hashlib.sha256(b"abc").hexdigest()}
    body = {**seed, "client_seed": "x", "nonce": 0, **change}
    assert house.post("/api/v1/fairness/verify", body, player.key).body["verified"] is verified


def test_an_audit_shows_exact_amounts_to_the_owner_only(house, player):
    bet = house.flip(player, 0.03).body
    audit = house.get(f"/api/v1/fairness/audit/{bet['bet_id']}", player.key).body
    assert audit["amount_won"] == (0.03 * 1.99 if bet["won"] else 0)
    stranger = house.register()
    assert house.get(f"/api/v1/fairness/audit/{bet['bet_id']}", stranger.key).status == 403


def test_the_same_play_under_the_same_seed_comes_out_the_same(build):
    def play(**settings):
        house = build(**settings)
        player = house.register()
        return [house.flip(player, 0.1, client_seed=f"c{n}").body["result"]["roll"] for n in range(5)]

    assert play(seed=1) == play(seed=1)
    assert play(seed=1) != play(seed=2)


def test_accounts_do_not_share_server_seeds(house):
    hashes = {house.get("/api/v1/fairness/seed-hash", house.register().key).body["server_seed_hash"] for _ in range(3)}
    assert len(hashes) == 3
