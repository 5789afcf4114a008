import contextlib
import json
import os
import signal
from pathlib import Path

import pytest

from actors.sandbox.launch import ensure_running
from tests.contract.target import Target
from tests.kit import VENUE_IDLE_S


def pytest_addoption(parser):
    parser.addoption("--venue-config", type=Path, help="a TOML file with the servers to play the cards at")
    parser.addoption("--spend", action="store_true", help="play there also the cards that take money or make accounts")


def configured(config):
    path = config.getoption("--venue-config", None)
    try:
        return Target.configured(path) if path else None
    except (OSError, ValueError, KeyError) as error:
        raise pytest.UsageError(f"--venue-config {path}: {type(error).__name__}: {error}") from None


def pytest_collection_modifyitems(config, items):
    """At a foreign venue only those cards are played that it has accounts for and that do it no harm.

    What is tested of `Target` itself needs all the accounts of the built-in venue.
    """
    target, spend = configured(config), config.getoption("--spend", default=False)
    if target is None:
        return
    out = [
        item
        for item in items
        if ("card" in getattr(item, "fixturenames", ()) and not target.plays(item.callspec.params["card"], spend=spend))
        or "foreign" in getattr(item, "fixturenames", ())
    ]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session")
def target(request, tmp_path_factory):
    """The venue that is asked; the built-in one unless a file says otherwise."""
    if foreign := configured(request.config):
        yield foreign
        return
    data = tmp_path_factory.mktemp("venue")
    yield Target.built_in(ensure_running(data, seed=7, idle_exit_s=VENUE_IDLE_S))
    with contextlib.suppress(OSError):
        os.kill(json.loads((data / "sandbox.json").read_text())["pid"], signal.SIGTERM)
