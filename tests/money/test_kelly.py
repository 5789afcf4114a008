"""Kelly: nothing without an edge, never beyond bankroll or cap, and full Kelly grows a bankroll fastest."""

from fractions import Fraction
from math import log

from hypothesis import assume, given
from hypothesis import strategies as some

from actors.money.book import Book, Bucket, Posting
from actors.money.kelly import edge, kelly, stake

PROBABILITIES = some.fractions(0, 1, max_denominator=10_000)
MULTIPLIERS = some.fractions(Fraction(101, 100), 1_000, max_denominator=10_000)
PARTS = some.fractions(0, 1, max_denominator=100)
BANKROLLS = some.integers(0, 10**12)


def sized(bankroll, p, m, part=Fraction(1), cap=Fraction(1), least=10_000):
    return stake(bankroll, kelly(p, m), fraction=part, cap_fraction=cap, min_stake_micro=least)


@given(BANKROLLS, PROBABILITIES, MULTIPLIERS)
def test_without_an_edge_the_stake_is_zero(bankroll, p, m):
    assume(edge(p, m) <= 0)
    assert kelly(p, m) == sized(bankroll, p, m) == 0


@given(PROBABILITIES, MULTIPLIERS)
def test_a_fraction_lies_between_nothing_and_everything(p, m):
    assert 0 <= kelly(p, m) <= 1


@given(BANKROLLS, PROBABILITIES, MULTIPLIERS, PARTS, PARTS)
def test_a_stake_is_whole_cents_within_bankroll_and_cap(bankroll, p, m, part, cap):
    micro = sized(bankroll, p, m, part, cap)
    assert micro % 10_000 == 0
    assert 0 <= micro <= bankroll * min(cap, kelly(p, m) * part)


@given(BANKROLLS, PROBABILITIES, PROBABILITIES, MULTIPLIERS, PARTS)
def test_more_edge_never_means_a_smaller_stake(bankroll, p, q, m, part):
    assert sized(bankroll, min(p, q), m, part) <= sized(bankroll, max(p, q), m, part)


@given(BANKROLLS, BANKROLLS, PROBABILITIES, MULTIPLIERS)
def test_more_money_never_means_a_smaller_stake(one, other, p, m):
    assert sized(min(one, other), p, m) <= sized(max(one, other), p, m)


@given(BANKROLLS, PROBABILITIES, MULTIPLIERS, some.integers(10_000, 10**9))
def test_a_stake_below_the_minimum_is_none(bankroll, p, m, least):
    micro = sized(bankroll, p, m, least=least)
    assert micro == 0 or micro >= least


@given(some.integers(-(10**12), 0), PROBABILITIES, MULTIPLIERS)
def test_an_empty_bankroll_stakes_nothing(bankroll, p, m):
    assert sized(bankroll, p, m) == 0


def growth(f, p, m):
    """Return the expected log growth of a bankroll that stakes the fraction f, from first principles."""
    return p * log(1 + f * (m - 1)) + (1 - p) * log(1 - f)


@given(some.floats(0.02, 0.98), some.floats(1.05, 40))
def test_full_kelly_maximises_the_expected_growth(p, m):
    best = float(kelly(Fraction(p), Fraction(m)))
    grid = [step / 1_000 for step in range(999)]
    assert growth(min(best, 0.999), p, m) >= max(growth(f, p, m) for f in grid) - 1e-9


@given(BANKROLLS, some.lists(some.tuples(PROBABILITIES, MULTIPLIERS, PARTS), max_size=6))
def test_several_open_intents_never_stake_more_than_the_bankroll(bankroll, wagers):
    book = Book()
    if bankroll:
        book.post([Posting("a", Bucket.EXTERNAL, Bucket.AVAILABLE, bankroll)])
    for number, (p, m, part) in enumerate(wagers):
        if micro := sized(book.balance("a", Bucket.AVAILABLE), p, m, part):
            book.reserve(str(number), Posting("a", Bucket.AVAILABLE, Bucket.RESERVED, micro))
    assert book.balance("a", Bucket.RESERVED) <= bankroll
    assert book.violations() == []


def test_the_coin_of_the_built_in_venue():
    p, m = Fraction(1, 2), Fraction("2.10")
    assert (edge(p, m), kelly(p, m)) == (Fraction(1, 20), Fraction(1, 22))
    assert sized(100_000_000, p, m, Fraction(1, 10)) == 450_000
