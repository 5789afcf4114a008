"""Breakers open, wait and close by the mission's numbers, on the test's clock."""

import threading

import pytest

from actors.venue.breakers import Breakers
from actors.venue.errors import BreakerOpen
from tests.venue.conftest import NOW


class Told(list):
    def __call__(self, *change):
        self.append(change)


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def breakers(clock, told):
    return Breakers(clock=clock, wall=clock.wall, changed=told)


def record(breakers, service, *results, reads=False):
    for ok in results:
        breakers.record(service, ok=ok, reads=reads)


def is_open(breakers, service, *, reads=False):
    try:
        breakers.check(service, reads=reads)
    except BreakerOpen:
        return True
    return False


@pytest.mark.parametrize(
    ("service", "failures", "reset_s"), [("casino", 5, 30), ("escrow", 5, 60), ("trading", 3, 60), ("wallet", 5, 60)]
)
def test_each_service_has_the_missions_numbers(breakers, clock, told, service, failures, reset_s):
    record(breakers, service, *[False] * (failures - 1))
    assert not is_open(breakers, service)
    record(breakers, service, False)
    assert is_open(breakers, service)
    assert told == [(service, True, NOW + reset_s * 1_000_000)]
    clock.now += reset_s - 0.001
    assert is_open(breakers, service)
    clock.now += 0.002
    assert not is_open(breakers, service)


def test_two_successes_close_it(breakers, clock, told):
    record(breakers, "casino", *[False] * 5)
    clock.now += 31
    record(breakers, "casino", True)
    assert len(told) == 1
    record(breakers, "casino", True)
    assert told[1:] == [("casino", False, 0)]


def test_a_failed_trial_opens_it_again_for_the_whole_time(breakers, clock, told):
    record(breakers, "casino", *[False] * 5)
    clock.now += 31
    record(breakers, "casino", False)
    assert is_open(breakers, "casino")
    assert told[1:] == [("casino", True, clock.wall() + 30_000_000)]


def test_only_failures_in_a_row_count(breakers):
    record(breakers, "casino", *[False, False, False, False, True] * 5)
    assert not is_open(breakers, "casino")


def test_a_late_result_of_before_does_not_close_an_open_one(breakers):
    record(breakers, "casino", *[False] * 5, True, True)
    assert is_open(breakers, "casino")


def test_sends_reads_and_services_are_apart(breakers, told):
    record(breakers, "casino", *[False] * 5, reads=True)
    assert is_open(breakers, "casino", reads=True)
    assert not is_open(breakers, "casino")
    assert not is_open(breakers, "escrow")
    assert [change[0] for change in told] == ["casino reads"]


def test_no_lock_is_held_while_a_change_is_told(clock):
    seen = []

    def changed(service, *_):
        other = threading.Thread(target=lambda: seen.append(is_open(breakers, service)))
        other.start()
        other.join(5)

    breakers = Breakers(clock=clock, wall=clock.wall, changed=changed)
    record(breakers, "casino", *[False] * 5)
    assert seen == [True]
