"""Numbers are rounded and printed as JavaScript does."""

import math

from actors.sandbox.figures import cents, json_text, number_field, number_text


def test_halves_round_up_and_not_to_even():
    assert [cents(0.125), cents(2.5 / 100), cents(-0.125)] == [0.13, 0.03, -0.12]


def test_whole_doubles_print_as_integers_and_nan_as_null():
    assert json_text({"a": 1000.0, "b": 0.0199, "c": [math.nan, -0.0]}) == '{"a":1000,"b":0.0199,"c":[null,0]}'


def test_a_multiplier_prints_without_needless_zeros():
    assert [number_text(1.99), number_text(2.0), number_text(34.825)] == ["1.99", "2", "34.825"]


def test_what_is_no_number_compares_false_with_everything():
    for value in ("1", None, True, [], {}):
        assert math.isnan(number_field({"x": value}, "x"))
    assert number_field({"x": 10**400}, "x") == math.inf
