"""One built-in venue for all tests of this room; starting one for each agent would take most of their time."""

import pytest

from actors.sandbox.launch import ensure_running
from tests.embedding.kit import CONFIG
from tests.kit import VENUE_IDLE_S, end_venue


@pytest.fixture(scope="package", autouse=True)
def venue(tmp_path_factory):
    data = tmp_path_factory.mktemp("venue")
    root = ensure_running(data, seed=7, limits="off", idle_exit_s=VENUE_IDLE_S)
    CONFIG.update({"venue.casino": f"{root}/api/v1", "venue.escrow": root, "venue.faucet": root})
    yield root
    end_venue(data)
