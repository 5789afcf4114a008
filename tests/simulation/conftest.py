import pytest

from actors.simulation.seeds import hushed


@pytest.fixture(autouse=True)
def quiet_log():
    with hushed():
        yield
