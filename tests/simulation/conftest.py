import pytest

from actors.simulation.seeds import hush


@pytest.fixture(autouse=True)
def quiet_log():
    hush()
