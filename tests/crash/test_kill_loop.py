"""kill -9 at random moments, again and again: nothing is doubled, lost or forgotten."""

import json

import pytest

from tests.crash.kit import Arena, arena, close, random_of

LONGEST_LIFE_S = 2.5
SETTLE_TIMEOUT_S = 60


@pytest.fixture
def storm(tmp_path, request):
    made = arena(tmp_path, seed=request.param, faults="storm")
    yield made
    close(made)


def live_and_die(storm: Arena, kills: int, seed: int) -> None:
    chance = random_of(seed)
    for _ in range(kills):
        storm.start()
        storm.kill_after(chance.uniform(0.2, LONGEST_LIFE_S))
    summary = storm.data / "summary.json"
    code = storm.start("--bets", "5", "--summary", str(summary)).wait(SETTLE_TIMEOUT_S)
    assert code == 0, storm.output()
    assert json.loads(summary.read_text())["difference"] == 0


@pytest.mark.parametrize("storm", [7], indirect=True)
def test_kills_under_faults_double_lose_and_forget_nothing(storm):
    live_and_die(storm, kills=8, seed=7)
    storm.compare().check()


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("storm", [1, 2, 3], indirect=True)
def test_fifty_kills_in_a_row(storm, request):
    live_and_die(storm, kills=50, seed=request.node.callspec.params["storm"])
    storm.compare().check()
