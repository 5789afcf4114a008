"""Amounts: exact in, exact out; the venue's doubles lose their dust, and nothing else is ever rounded."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from actors.money.amounts import floor_to_cents, from_venue, parse_usd, signed_usd, times, usd

MICROS = some.integers(-(10**18), 10**18)
CENTS = some.integers(0, 10**8)


@given(MICROS)
def test_what_is_written_is_read_back(micro):
    assert parse_usd(usd(micro, 6)) == micro


@given(some.integers(-(10**12), 10**12))
def test_whole_dollars_are_read_from_numbers_and_decimals(dollars):
    assert parse_usd(dollars) == parse_usd(Decimal(dollars)) == parse_usd(str(dollars)) == dollars * 1_000_000


@given(MICROS, some.integers(1, 999))
def test_what_is_finer_than_a_micro_dollar_is_refused(micro, rest):
    with pytest.raises(ValueError, match="micro-USD"):
        parse_usd(f"{Decimal(micro) / 10**6:.6f}{rest:03}")


@pytest.mark.parametrize(
    "text", ["", "ten", "NaN", "sNaN", "inf", "-Infinity", "1e999999", "1e-999999", "0.1.2", None, (1, 2), "9" * 60]
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  each has its own sentence
        parse_usd(text)


def test_many_digits_are_never_rounded_to_an_amount():
    with pytest.raises(ValueError, match="micro-USD"):
        parse_usd("0.4500000000000000000000000000001")


@given(some.integers(-(10**13), 10**13), some.integers(-3, 3))
def test_the_venues_doubles_lose_their_dust(micro, dust):
    number = float(Decimal(micro) / 10**6)
    for _ in range(abs(dust)):
        number = number + dust / abs(dust) * abs(number) * 2**-52
    assert from_venue(Decimal(repr(number))) == micro


@given(some.lists(some.integers(1, 10**8), max_size=50))
def test_sums_of_doubles_as_the_venue_makes_them_are_read_exactly(cents):
    balance = 0.0
    for cent in cents:
        balance += cent / 100 * 1.99
    assert from_venue(Decimal(repr(balance))) == sum(cent * 19_900 for cent in cents)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999999"])
def test_what_is_no_sum_of_money_is_refused(number):
    with pytest.raises(ValueError, match="where an amount belongs"):
        from_venue(Decimal(number))


@given(CENTS, some.integers(0, 10_000_000))
def test_a_stake_times_a_multiplier_of_four_decimals_is_exact(cents, ten_thousandths):
    assert times(cents * 10_000, Fraction(ten_thousandths, 10_000)) == cents * ten_thousandths


@given(some.integers(0, 10**15), some.fractions(0, 1_000))
def test_any_product_is_rounded_down_by_less_than_a_micro_dollar(micro, factor):
    assert 0 <= micro * factor - times(micro, factor) < 1


@given(MICROS)
def test_the_floor_is_the_cent_at_or_below(micro):
    assert floor_to_cents(micro) % 10_000 == 0
    assert 0 <= micro - floor_to_cents(micro) < 10_000


def test_amounts_are_written_for_people():
    assert (usd(12_345_678), usd(450_000, 6)) == ("12.34", "0.450000")
    assert (signed_usd(494_999), signed_usd(-450_000)) == ("+0.49", "-0.45")
