import pytest

from tests.sandbox.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("venue"))
    yield house
    house.kill()


@pytest.fixture
def player(house):
    return house.register()


@pytest.fixture
def faults(house):
    """Orders faults in the venue that the module shares, until the test is over."""

    def order(spec):
        assert house.post("/sandbox/faults", {"faults": spec}).status == 200

    yield order
    order("")


@pytest.fixture
def build(tmp_path):
    """Makes venues with settings of their own, one a call."""
    houses = []

    def make(**settings):
        houses.append(House(tmp_path / f"venue{len(houses)}", **settings))
        return houses[-1]

    yield make
    for house in houses:
        house.kill()
