"""Proofs of bets: what an honest venue made holds for every sound game, and each lie about it is caught."""

import hashlib
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.money.amounts import times
from actors.money.evidence import Seed
from actors.money.fairness import Unproven, bet_flaw, nonce_flaw, result_hash, roll_of, seed_flaw
from actors.money.games import SOUND_GAMES
from actors.sandbox import odds as house

SIDES = ["heads", "tails"]
BETS = some.one_of(
    some.tuples(some.sampled_from(["coin_flip", "boosted_coin"]), some.builds(dict, side=some.sampled_from(SIDES))),
    some.tuples(some.just("dice"), some.builds(dict, direction=some.just("over"), threshold=some.integers(1, 99))),
    some.tuples(some.just("custom"), some.builds(dict, win_probability=some.integers(1, 99))),
    some.tuples(some.just("multiplier"), some.builds(dict, target_multiplier=some.sampled_from([1.01, 1.5, 999.99]))),
    some.tuples(some.just("crash"), some.builds(dict, cash_out_at=some.sampled_from([1.01, 1.5, 2, 10, 99.99]))),
    some.tuples(
        some.just("roulette"),
        some.one_of(
            some.builds(dict, bet_type=some.sampled_from([*house.OUTSIDE_BETS, *house.DOZENS_AND_COLUMNS])),
            some.builds(dict, bet_type=some.just("number"), bet_value=some.integers(0, 36)),
        ),
    ),
)  # fmt: skip
SEEDS = some.binary(min_size=32, max_size=32).map(bytes.hex)


def played(game, params, text="5eed", nonce=7, tag="sk1-a-1-0", stake=450_000, **changes):
    """Return a seed and a bet under it, as the built-in venue's own arithmetic decides it."""
    seed = Seed(hashlib.sha256(text.encode()).hexdigest(), text, draws=nonce + 1)
    digest = house.result_hash(text, tag, nonce)
    offer = house.GAMES[game].offer(params)
    won, _ = offer.decide(house.roll_of(digest))
    payout = times(stake, Fraction(str(offer.pays))) if won else 0
    bet = Unproven(
        "intent", "lane", "casino", 0, "bet_1", game, {name: str(value) for name, value in params.items()},
        stake, payout, won, tag, seed.seed_hash, nonce, digest, 0, 1, nonce,
    )  # fmt: skip
    return seed, replace(bet, **changes)


@given(bet=BETS, text=SEEDS, nonce=some.integers(0, 999), stake=some.integers(1, 10_000))
def test_what_an_honest_venue_decided_is_proven_for_every_sound_game(bet, text, nonce, stake):
    seed, made = played(*bet, text, nonce, stake=stake * 10_000)
    assert (seed_flaw(seed), bet_flaw(made, seed)) == ("", "")


def test_every_sound_game_is_played_here():
    assert set(SOUND_GAMES) == set(house.GAMES)


def test_a_result_and_its_roll_are_what_the_contract_says():
    text, tag = "0123456789abcdef" * 4, "sk1-a-1-0"
    assert result_hash(text, tag, 3) == house.result_hash(text, tag, 3)
    assert roll_of("000026ff" + "0" * 56) == 99.83


def lies(seed, bet):
    """Return the bet and its seed with one thing changed each, by what it is called."""
    other = played("coin_flip", {"side": "heads"}, text="another")[0]
    return {
        "seed": (replace(seed, text=other.text), bet),
        "result": (seed, replace(bet, result_hash="0" * 64)),
        "tag": (seed, replace(bet, tag="sk1-a-1-1")),
        "nonce": (seed, replace(bet, nonce=bet.nonce + 1)),
        "draws": (replace(seed, draws=bet.nonce), bet),
        "outcome": (seed, replace(bet, won=not bet.won)),
        "payout": (seed, replace(bet, payout_micro=bet.payout_micro + 1)),
        "side": (seed, replace(bet, params={"side": "tails" if bet.params["side"] == "heads" else "heads"})),
    }


@given(text=SEEDS, lie=some.sampled_from([*lies(*played("coin_flip", {"side": "heads"}))]))
def test_each_lie_is_caught(text, lie):
    seed, bet = lies(*played("coin_flip", {"side": "heads"}, text))[lie]
    assert seed_flaw(seed) or bet_flaw(bet, seed)


def test_a_flaw_says_what_was_expected_and_what_reported():
    seed, bet = played("coin_flip", {"side": "heads"})
    assert bet_flaw(replace(bet, result_hash="ff"), seed) == f"result: expected {bet.result_hash}, reported ff"


def earlier(nonce, highest, after):
    return replace(
        played("coin_flip", {"side": "heads"})[1], intent=f"of {nonce}", nonce=nonce, highest=highest, known_after=after
    )


def now(nonce, before):
    return replace(played("coin_flip", {"side": "heads"})[1], nonce=nonce, known_before=before)


def test_a_nonce_is_used_once():
    assert nonce_flaw(now(4, before=0), [earlier(4, 4, after=1)]) == "nonce: 4 was used before, by of 4"


def test_a_bet_that_began_later_has_a_higher_nonce():
    assert nonce_flaw(now(3, before=5), [earlier(2, 4, after=5)]) == "nonce: expected above 4, reported 3"


def test_bets_under_way_together_may_end_in_any_order():
    assert nonce_flaw(now(3, before=4), [earlier(4, 4, after=5)]) == ""


def test_gaps_are_the_draws_of_others():
    assert nonce_flaw(now(900, before=5), [earlier(2, 4, after=5)]) == ""


def test_another_seed_begins_anew():
    assert nonce_flaw(replace(now(0, before=5), seed_hash="new"), [earlier(0, 4, after=5)]) == ""
