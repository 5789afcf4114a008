"""A port runs jobs beside the actors, a few at a time, and loses none silently."""

import queue
import threading

import pytest

from actors.venue.port import Port, PortClosed

SOON = 5


@pytest.fixture
def told():
    return queue.SimpleQueue()


@pytest.fixture
def port():
    made = Port("test-port", threads=2, capacity=3)
    yield made
    assert made.close(SOON)


def blocked(port, gate, count=2):
    """Fill the port's threads with jobs that wait for the gate."""
    started = [threading.Event() for _ in range(count)]
    for event in started:
        assert port.submit(lambda e=event: (e.set(), gate.wait(SOON)), lambda _: None)
    assert all(event.wait(SOON) for event in started)


def test_tells_the_result_of_a_job(port, told):
    assert port.submit(lambda: 42, told.put)
    assert told.get(timeout=SOON) == 42


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_tells_what_a_job_raised_and_goes_on(port, told, error):
    def job():
        raise error

    port.submit(job, told.put)
    assert told.get(timeout=SOON) is error
    port.submit(lambda: "next", told.put)
    assert told.get(timeout=SOON) == "next"


def test_outlives_whoever_asked(port, told):
    def gone(_):
        raise RuntimeError("the actor is dead")

    port.submit(lambda: 1, gone)
    port.submit(lambda: 2, told.put)
    assert told.get(timeout=SOON) == 2


def test_starts_no_thread_before_it_is_needed_and_daemons_only(port, told):
    before = threading.active_count()
    port.submit(threading.current_thread, told.put)
    thread = told.get(timeout=SOON)
    assert thread.daemon
    assert thread.name.startswith("test-port")
    assert threading.active_count() == before + 1
    port.submit(threading.current_thread, told.put)
    assert told.get(timeout=SOON).name.startswith("test-port")


def test_runs_at_most_its_number_of_jobs_and_refuses_beyond_its_capacity(port, told):
    gate = threading.Event()
    blocked(port, gate)
    assert [port.submit(lambda: "late", told.put) for _ in range(4)] == [True, True, True, False]
    assert told.empty()
    gate.set()
    assert [told.get(timeout=SOON) for _ in range(3)] == ["late"] * 3


def test_closing_gives_up_what_waits_and_says_so(told):
    port, gate = Port("closing", threads=2, capacity=3), threading.Event()
    blocked(port, gate)
    port.submit(lambda: "never", told.put)
    assert not port.close(0)
    assert isinstance(told.get(timeout=SOON), PortClosed)
    assert not port.submit(lambda: 1, told.put)
    gate.set()
    assert port.close(SOON)


def test_negative_control_a_full_port_would_take_a_job_with_more_capacity(told):
    port, gate = Port("roomy", threads=1, capacity=10), threading.Event()
    blocked(port, gate, count=1)
    assert all(port.submit(lambda: 1, told.put) for _ in range(10))
    gate.set()
    assert port.close(SOON)


def test_a_job_for_which_the_system_has_no_thread_is_not_taken_and_the_next_one_is(port, told, monkeypatch):
    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", lambda _: (_ for _ in ()).throw(RuntimeError("no thread")))
        assert not port.submit(lambda: 1, told.put)
    assert port.submit(lambda: 2, told.put)
    assert told.get(timeout=SOON) == 2


def test_a_job_waits_for_the_threads_there_are_if_the_system_has_no_further_one(port, told, monkeypatch):
    gate = threading.Event()
    blocked(port, gate, count=1)
    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", lambda _: (_ for _ in ()).throw(RuntimeError("no thread")))
        assert port.submit(lambda: 1, told.put)
    gate.set()
    assert told.get(timeout=SOON) == 1
