"""What the crash tests share: processes that fork agents, and venues."""

from queue import Queue

import pytest

from tests.crash.kit import ABREAST, Arena, Zygote, venue
from tests.kit import end_venue


@pytest.fixture(scope="package")
def zygotes():
    """A queue of zygotes; whoever takes one puts it back."""
    made = [Zygote() for _ in range(ABREAST)]
    queue = Queue()
    for zygote in made:
        queue.put(zygote)
    yield queue
    for zygote in made:
        zygote.close()


@pytest.fixture
def zygote(zygotes):
    taken = zygotes.get()
    yield taken
    zygotes.put(taken)


@pytest.fixture(scope="package")
def house(tmp_path_factory):
    """Where a venue without faults has its books."""
    directory = tmp_path_factory.mktemp("house")
    yield directory
    end_venue(directory)


@pytest.fixture(scope="module")
def healthy(house):
    """The URL of that venue, which ends by itself when nobody asks; every test has an account of its own there."""
    return venue(house, seed=11)


@pytest.fixture
def arena(healthy, zygote, tmp_path):
    return Arena(tmp_path / "agent", healthy, zygote).configure()
