import threading

import pykka
import pytest

from tests.supervision.kit import Events, Rig


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def rig():
    """Make started rigs; they are stopped after the test and must have come to their end."""
    made = []

    def make(*children, **options):
        made.append(Rig(*children, **options))
        return made[-1].start()

    yield make
    for one in made:
        one.system.stop()
        assert one.ended() is not None


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """No test may leave a thread or a registered actor."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5.0)
    assert set(threading.enumerate()) <= before
    assert pykka.ActorRegistry.get_all() == []
