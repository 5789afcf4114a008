"""Times as the venue writes them, against the standard library's calendar."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from actors.money.calendar import iso


def expected(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@given(some.integers(0, 7_258_118_399))
def test_every_second_until_the_year_2200_is_written_as_the_venue_writes_it(seconds):
    assert iso(seconds) == expected(seconds)


@pytest.mark.parametrize("day", ["1970-01-01", "2000-02-29", "2023-12-31", "2024-02-29", "2024-03-01", "2100-02-28"])
def test_the_edges_of_years_and_months(day):
    seconds = int(datetime.fromisoformat(f"{day}T23:59:59+00:00").timestamp())
    assert [iso(at) for at in (seconds, seconds + 1)] == [expected(seconds), expected(seconds + 1)]
