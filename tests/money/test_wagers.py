"""Wagers: whatever a strategy writes is made exact or refused by the field's name, and no float comes through."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import Struct

from actors.money.games import Odds
from actors.money.wagers import Bet, CheckedBet, EscrowAct, EscrowCreate, Idle, Nonsense, checked

COIN = {"game": "coin_flip", "params": {"side": "heads"}, "probability": "0.5", "odds": "1.99"}
ESCROW = {"amount": "1.00", "counterparty": "ag_other", "description": "a picture of a cat"}
ACT = {"escrow_id": "esc_12345678", "act": "release"}

NO_NUMBERS = [
    float("nan"), float("inf"), float("-inf"), 5e-324, True, None, "", "ten", "0x10", "NaN", "1/0", [], {}, b"1",
    Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), 10**400, -(10**5_000), "1e400", "1e999999999", "1e-999999999",
    Decimal("1e999999999"), Decimal("1e-999999999"), 1e308, 1j,
]  # fmt: skip
NO_TEXTS = [
    None,
    5,
    True,
    "",
    "ab",
    "x" * 401,
    "half a \ud800 pair",
    "two\nlines",
    "nul\0",
    b"bytes",
    ["list"],
    10**5_000,
]


def check(wager, **how):
    return checked(wager, builtin_venue=how.get("builtin", True))


def ids(values):
    return [f"{type(value).__name__}-{number}" for number, value in enumerate(values)]


@pytest.mark.parametrize("field", ["probability", "odds", "stake"])
@pytest.mark.parametrize("number", NO_NUMBERS, ids=ids(NO_NUMBERS))
def test_what_is_no_number_is_nonsense_by_name(field, number):
    if field == "stake" and number is None:
        return  # no wish
    with pytest.raises(Nonsense, match=field):
        check(Bet(**(COIN | {field: number})))


@pytest.mark.parametrize("stake", [0, -1, "-0.01", "0.001", 0.001, "0.455", Fraction(1, 3), Decimal("1e-7"), 1.005])
def test_a_wish_is_cents_above_zero(stake):
    with pytest.raises(Nonsense, match=r"stake must be a multiple of 0\.01"):
        check(Bet(**COIN, stake=stake))


@pytest.mark.parametrize("stake", ["0.45", 0.45, Decimal("0.45"), Fraction(9, 20), "9/20"])
def test_a_wish_may_be_written_in_many_ways(stake):
    assert check(Bet(**COIN, stake=stake)).wish_micro == 450_000


@pytest.mark.parametrize(("field", "own"), [("probability", Fraction(1, 2)), ("odds", Fraction("1.99"))])
@pytest.mark.parametrize("off", [Fraction(1, 10_000), Fraction(2, 10_000), Fraction(-2, 10_000), Fraction(1)])
def test_a_claim_must_be_the_games_own_within_one_roll(field, own, off):
    bet = Bet(**(COIN | {field: own + off}))
    if off == Fraction(1, 10_000):
        assert check(bet).odds.probability == Fraction(1, 2)
    else:
        with pytest.raises(Nonsense, match=f"{field} is stated as"):
            check(bet)


@pytest.mark.parametrize("value", [*NO_NUMBERS, 0, 100, 50.5], ids=ids([*NO_NUMBERS, 0, 100, 50.5]))
def test_a_bad_parameter_is_nonsense(value):
    with pytest.raises(Nonsense, match="threshold"):
        check(Bet("dice", {"direction": "over", "threshold": value}, "0.5", "1.99"))


@pytest.mark.parametrize("params", [None, [], "heads", {1: "heads"}, {"side": None}, {"side": ["heads"]}, {}])
def test_bad_parameters_are_nonsense(params):
    with pytest.raises(Nonsense, match=r"params|side"):
        check(Bet(**(COIN | {"params": params})))


@pytest.mark.parametrize("game", ["keno", "", None, 5, ["coin_flip"], True])
def test_an_unknown_game_is_nonsense(game):
    with pytest.raises(Nonsense):
        check(Bet(**(COIN | {"game": game})))


class Hostile(Mapping):
    """A mapping that breaks when it is looked at."""

    def __getitem__(self, key):
        raise RuntimeError("boo")

    def __iter__(self):
        raise RuntimeError("boo")

    def __len__(self):
        return 1


def test_what_a_strategys_own_objects_raise_is_nonsense():
    with pytest.raises(Nonsense, match="a field of the Bet raises RuntimeError: boo"):
        check(Bet(**(COIN | {"params": Hostile()})))


@pytest.mark.parametrize("wager", [None, "all in", 5, Idle("tired"), Bet, {"game": "coin_flip"}])
def test_what_is_no_wager_is_nonsense(wager):
    with pytest.raises(Nonsense, match="a strategy decides on"):
        check(wager)


def test_the_lab_coin_needs_the_built_in_venue():
    bet = Bet("boosted_coin", {"side": "heads"}, 0.5, 2.1)
    assert check(bet).odds.multiplier == Fraction("2.10")
    with pytest.raises(Nonsense, match="only at the built-in venue"):
        check(bet, builtin=False)


def sense(wager):
    """Return whether the wager is exact; one that is nonsense says why."""
    try:
        return exact(check(wager))
    except Nonsense as error:
        return bool(str(error))


def exact(value):
    """Return whether no float is anywhere in a checked wager."""
    if isinstance(value, Struct | Odds):
        return all(exact(getattr(value, name)) for name in value.__slots__)
    if isinstance(value, tuple):
        return all(map(exact, value))
    return not isinstance(value, float)


@given(some.integers(1, 10**9), some.integers(100, 9_900))
def test_floats_come_in_and_only_exact_values_come_through(cents, hundredths):
    percent = hundredths / 100
    own = check(Bet("custom", {"win_probability": str(percent)}, percent / 100, 0.995 / percent * 100))
    bet = check(Bet("custom", {"win_probability": percent}, percent / 100, 0.995 / percent * 100, stake=cents / 100))
    assert isinstance(bet, CheckedBet)
    assert exact(bet)
    assert (bet.wish_micro, bet.odds) == (cents * 10_000, own.odds)


NAMES = some.text() | some.integers() | some.none() | some.sampled_from(["side", "threshold"])
ANYTHING = (
    some.none() | some.booleans() | some.integers() | some.floats() | some.text() | some.decimals() | some.binary()
)


@given(some.builds(Bet, ANYTHING, some.dictionaries(NAMES, ANYTHING, max_size=2), ANYTHING, ANYTHING, ANYTHING))
def test_any_bet_is_exact_or_nonsense(bet):
    assert sense(bet)


@given(some.builds(EscrowCreate, ANYTHING, ANYTHING, ANYTHING, ANYTHING) | some.builds(EscrowAct, *[ANYTHING] * 3))
def test_any_escrow_is_exact_or_nonsense(wager):
    assert sense(wager)


@pytest.mark.parametrize("amount", ["0.09", 0, -1, "0.105", *NO_NUMBERS], ids=ids([0] * 4 + NO_NUMBERS))
def test_an_escrow_is_cents_from_ten_up(amount):
    with pytest.raises(Nonsense, match="amount"):
        check(EscrowCreate(**(ESCROW | {"amount": amount})))


@pytest.mark.parametrize("field", ["counterparty", "description"])
@pytest.mark.parametrize("text", NO_TEXTS, ids=ids(NO_TEXTS))
def test_an_escrows_texts_are_printable_and_of_fair_length(field, text):
    with pytest.raises(Nonsense):
        check(EscrowCreate(**(ESCROW | {field: text})))


@pytest.mark.parametrize("hours", [0, 721, -1, 1.0, "24", True, None, 10**400])
def test_a_timeout_is_whole_hours_up_to_thirty_days(hours):
    with pytest.raises(Nonsense, match="timeout_hours"):
        check(EscrowCreate(**ESCROW, timeout_hours=hours))


def test_a_sound_escrow():
    escrow = check(EscrowCreate(**(ESCROW | {"description": "  a cat  "}), timeout_hours=720))
    assert (escrow.amount_micro, escrow.description, escrow.timeout_hours) == (1_000_000, "a cat", 720)


@pytest.mark.parametrize("text", ["order_12345", "esc", *NO_TEXTS], ids=ids([0] * 2 + NO_TEXTS))
def test_an_act_names_an_escrow(text):
    with pytest.raises(Nonsense):
        check(EscrowAct(**(ACT | {"escrow_id": text})))


@pytest.mark.parametrize("act", ["refund", "", None, ["release"], {}])
def test_an_act_is_one_of_three(act):
    with pytest.raises(Nonsense, match="act must be one of complete, release, dispute"):
        check(EscrowAct(**(ACT | {"act": act})))


def test_a_reason_is_text():
    assert check(EscrowAct(**ACT, reason=" late ")).reason == "late"
    with pytest.raises(Nonsense, match="reason"):
        check(EscrowAct(**ACT, reason=None))
