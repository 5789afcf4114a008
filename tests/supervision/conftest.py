import threading

import pykka
import pytest

from tests.supervision.kit import Events


@pytest.fixture
def events():
    return Events()


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """No test may leave a thread or a registered actor."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5.0)
    assert set(threading.enumerate()) <= before
    assert pykka.ActorRegistry.get_all() == []
