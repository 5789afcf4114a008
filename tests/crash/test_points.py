"""The process dies at every named point once, and once more while it recovers: afterwards book and venue agree."""

import os
import subprocess
import sys
from itertools import product

import pytest

from actors.crashpoints import POINTS
from tests.crash.kit import KILLED, ROOT, Arena, abreast
from tests.crash.test_pushed import HINTS

NOT_OPENED: list = []
VOID = [("void", "look-up")]
FOUND = [("executed", "look-up")]
SETTLED = [("executed", "answer")]
EITHER = (VOID, FOUND)  # the venue may have read it or not, but never both

# Where the first life dies, and how the bets of the first epoch may end; before an epoch begins there is none to die.
ENDS = {
    "lock": (SETTLED,),
    "migrate": (SETTLED,),
    "anchor": (SETTLED,),
    "anchor:2": (NOT_OPENED,),  # after the first commit
    "replayed": (NOT_OPENED,),
    "append/intent_opened": (NOT_OPENED,),
    "insert/intent_opened": (NOT_OPENED,),
    "commit/intent_opened": (VOID,),
    "acknowledged/intent_opened": (VOID,),
    "place": (VOID,),
    "connect": (VOID,),
    "connected": (VOID,),
    "half_sent": (VOID,),
    "sent": EITHER,
    "answered": (FOUND,),
    "append/intent_closed": (FOUND,),
    "insert/intent_closed": (FOUND,),
    "commit/intent_closed": (SETTLED,),
    "acknowledged/intent_closed": (SETTLED,),
    "notify": (SETTLED,),
    "append/reconciled": (SETTLED,),
    "commit/reconciled": (SETTLED,),
    "snapshot": (SETTLED * 4, SETTLED * 5),
}
# Where the second life dies, which recovers from a first one that died at `connected` or at `answered`.
FROM_THE_START = ("lock", "anchor", "replayed", "append/agent_started", "commit/agent_started", "look_up")
UNTIL_J2 = (*sorted(point for point in POINTS if point.endswith("/intent_closed")), "notify")
AROUND_THE_VOID = (
    *FROM_THE_START,
    "insert/outcome_unknown",
    "append/looked_up",
    "commit/looked_up",
    "append/looked_up:2",  # what is void is closed together with its second negative reading
    "insert/intent_closed",
    "commit/looked_up:2",
    "notify",
)
RECOVERIES = (*product(["connected"], AROUND_THE_VOID), *product(["answered"], (*FROM_THE_START, *UNTIL_J2)))
BETS = {"snapshot": "9", "append/reconciled": "1", "commit/reconciled": "1"}
SHORT = {"actors.bankroll:SNAPSHOT_EVERY": 12, "actors.bankroll:SNAPSHOT_GAP": 0}


def die_and_recover(arena, *points):
    """Die at each point in turn, live on, and return whether each was reached, and the comparison."""
    died = [arena.die_at(point, "--bets", BETS.get(point, "2"), changes=SHORT) == KILLED for point in points]
    return died, arena.settle()


@pytest.fixture(scope="module")
def deaths(healthy, zygotes, tmp_path_factory):
    """Every death and what came of it; or the error."""

    def die(points, zygote):
        data = tmp_path_factory.mktemp("agent") / "data"
        return die_and_recover(Arena(data, healthy, zygote).configure(), *points)

    ways = [(point,) for point in ENDS] + list(RECOVERIES)
    return dict(zip(ways, abreast(die, ways, zygotes), strict=True))


def outcome(deaths, *points):
    result = deaths[points]
    if isinstance(result, AssertionError):
        raise result
    died, after = result
    assert all(died), f"never came to {points[len(died) - 1]}"
    return after.check()


def test_every_point_has_its_test():
    mine = {point.partition(":")[0] for point in (*ENDS, *(second for _, second in RECOVERIES))}
    assert mine | set(HINTS) == POINTS


@pytest.mark.parametrize("point", ENDS)
def test_death_at(point, deaths):
    after = outcome(deaths, point)
    assert after.ends(epoch=1) in ENDS[point]


@pytest.mark.parametrize(("first", "second"), RECOVERIES)
def test_death_while_recovering(first, second, deaths):
    after = outcome(deaths, first, second)
    assert after.ends(epoch=1) == (VOID if first == "connected" else FOUND)


def test_a_command_dies_where_its_environment_says(tmp_path):
    def run(point):
        command = [sys.executable, "run.py", "--data", str(tmp_path / "data"), "--bets", "1", "--no-web"]
        env = os.environ | {"STAKEKEEPER_CRASH_AT": point}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert run("migrate").returncode == KILLED
    nowhere = run("nowhere")
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)
    assert nowhere.stderr.startswith("STAKEKEEPER_CRASH_AT=nowhere: give one of acknowledged/")


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_pair_of_deaths(healthy, zygotes, tmp_path_factory):
    def die(points, zygote):
        data = tmp_path_factory.mktemp("agent") / "data"
        _, after = die_and_recover(Arena(data, healthy, zygote).configure(), *points)
        after.check()

    results = abreast(die, list(product(ENDS, POINTS - set(HINTS))), zygotes)
    assert [error for error in results if error is not None] == []
