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
        with breakers.call(service, reads=reads) as call:
            call.ok = ok


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
    """Mission 3.1."""
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
    """Mission 3.2."""
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
    with breakers.call("casino") as late, breakers.call("casino") as later:
        record(breakers, "casino", *[False] * 5)
        late.ok = later.ok = True
    assert is_open(breakers, "casino")


def test_one_trial_at_a_time_passes_a_half_open_breaker(breakers, clock):
    """Mission 3.3."""
    record(breakers, "casino", *[False] * 5)
    clock.now += 31
    with breakers.call("casino") as trial:
        with pytest.raises(BreakerOpen) as refused, breakers.call("casino"):
            pass
        assert refused.value.until == clock.wall() + 1_000_000
        trial.ok = True
    with breakers.call("casino") as second:
        assert is_open(breakers, "casino")
        second.ok = True
    assert not is_open(breakers, "casino")


def test_a_trial_that_was_not_made_leaves_its_place_to_the_next(breakers, clock, told):
    record(breakers, "casino", *[False] * 5)
    clock.now += 31
    with breakers.call("casino"):
        pass
    assert not is_open(breakers, "casino")
    assert len(told) == 1


def test_a_trial_that_never_comes_back_is_given_up(breakers, clock):
    record(breakers, "casino", *[False] * 5)
    clock.now += 31
    with breakers.call("casino"):
        clock.now += 30
        assert not is_open(breakers, "casino")


def test_of_many_threads_one_is_the_trial(breakers, clock):
    record(breakers, "casino", *[False] * 5)
    clock.now += 31
    passed, ready, refused = [], threading.Barrier(8), threading.Semaphore(0)

    def attempt():
        ready.wait(5)
        try:
            with breakers.call("casino"):
                passed.append(all(refused.acquire(timeout=5) for _ in range(7)))
        except BreakerOpen:
            refused.release()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert passed == [True]


def test_sends_reads_and_services_are_apart(breakers, told):
    """Mission 5.8."""
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


def test_negative_control_without_trials_everybody_passes_a_half_open_breaker(breakers, clock, monkeypatch):
    monkeypatch.setattr("actors.venue.breakers._Breaker.enter", lambda *_: None)
    record(breakers, "casino", *[False] * 5)
    clock.now += 31
    with breakers.call("casino"):
        assert not is_open(breakers, "casino")
