"""One quiet venue for the whole room; each test has an account and a data directory of its own there."""

import pytest

from tests.agent.kit import Stage, stop_venue
from tests.sandbox.house import House


@pytest.fixture(scope="session")
def quiet_house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("quiet"))
    yield house
    stop_venue(house)


@pytest.fixture
def stage(quiet_house, tmp_path):
    made = Stage(quiet_house, tmp_path / "agent")
    yield made
    made.end()
