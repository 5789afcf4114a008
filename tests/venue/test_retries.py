"""The retry table: data, and the only place that says when anything is tried again."""

import random
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import actors
from actors.money.wagers import Wager
from actors.strategy import OPERATIONS
from actors.venue.errors import BreakerOpen, RateLimited, VenueDown, VenueRefused
from actors.venue.retries import READS, RETRIES, as_rows, as_text, delay, reading
from tests.venue.conftest import make_line
from tests.venue.raw import RawServer, http


@pytest.mark.parametrize(
    ("operation", "retries", "first_s", "cap_s"),
    [
        ("casino bet", 2, 0.5, None),
        ("escrow create", 3, 2, None),
        ("price feed", None, 1, 30),
        ("wallet balance", 5, 1, None),
        ("trade order", 0, 0, None),
    ],
)
def test_the_table_has_the_missions_rows(operation, retries, first_s, cap_s):
    """Mission 4.6."""
    row = RETRIES[operation]
    assert (row.retries, row.first_s) == (retries, first_s)
    assert cap_s in (None, row.cap_s)


@given(st.sampled_from(sorted(RETRIES)), st.integers(1, 10_000), st.integers())
def test_a_wait_lies_between_first_and_cap_and_ends_with_the_row(operation, attempt, seed):
    row = RETRIES[operation]
    wait = delay(row, attempt, random.Random(seed))
    assert (wait is None) == (row.retries is not None and attempt > row.retries)
    assert wait is None or row.first_s <= wait <= row.cap_s


def test_waits_grow_and_vary():
    waits = [delay(RETRIES["price feed"], n, random.Random(1)) for n in range(1, 12)]
    assert waits[0] < 2 < waits[4] < waits[-1]
    assert len({delay(RETRIES["price feed"], 4, random.Random(seed)) for seed in range(9)}) == 9


def fails(times, error):
    left = [error] * times

    def read():
        if left:
            raise left.pop()
        return "read"

    return read


def tried(read, waits):
    return reading(RETRIES["evidence"], read, rng=random.Random(1), wait=waits.append)


def test_reading_goes_on_while_the_row_allows():
    waits = []
    assert tried(fails(2, VenueDown("x")), waits) == "read"
    assert len(waits) == 2
    with pytest.raises(VenueDown):
        tried(fails(3, VenueDown("x")), [])


@pytest.mark.parametrize(("service", "retries", "first_s"), [("wallet", 5, 1), ("casino", 2, 0.2), ("trading", 2, 0.2)])
def test_each_services_reads_are_repeated_by_its_row(service, retries, first_s):
    """Mission 4.4."""
    waits = []
    with RawServer(http(503, b"")) as venue, pytest.raises((VenueDown, BreakerOpen)):
        make_line(venue.url, service, wait=waits.append).get("/balance")
    assert len(waits) == min(retries, 5)
    assert waits[0] >= first_s


@pytest.mark.parametrize("error", [VenueRefused(401, "unauthorized"), RateLimited("/x", 1), BreakerOpen("casino", 1)])
def test_only_a_venue_that_is_down_is_asked_again(error):
    waits = []
    with pytest.raises(type(error)):
        tried(fails(1, error), waits)
    assert waits == []


def test_no_other_code_repeats_or_paces_what_is_asked_of_the_venue():
    """Mission 4.6."""
    room = Path(actors.__file__).parent
    users = {path.relative_to(room).as_posix() for path in room.rglob("*.py") if "retries import" in path.read_text()}
    assert users == {"strategy.py", "venue/feed.py", "venue/line.py"}
    adapters = [path.name for path in room.rglob("*.py") if "max_retries=" in path.read_text()]
    assert adapters == ["http.py"]


def test_every_wager_has_its_row_and_every_row_its_use():
    assert OPERATIONS.keys() == set(get_args(Wager))
    assert {*OPERATIONS.values(), *READS.values(), "price feed", "evidence"} == RETRIES.keys()


def test_the_table_is_shown():
    assert "no limit" in as_text()
    assert len(as_text().splitlines()) == len(RETRIES) + 1 == len(as_rows()) + 1
