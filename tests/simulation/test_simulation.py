"""The money's side of the agent against every fault we know, in virtual time, from printed seeds."""

import json
import os
import subprocess
import sys

import pytest

from actors import bankroll, persistence
from actors.simulation import Run, play_all, report

SEEDS = range(20_000, 20_400)
LEAST_STEPS = 300_000
NIGHTLY = range(1_000_000, 1_100_000)
NIGHTLY_STEPS = 10_000_000

FAULTS = (
    "actor crashes", "kills", "power losses", "systems given up", "orderly ends",
    "disk broken", "disk busy", "disk refused",
    "request 400", "request 429", "request 429 after", "request 500", "request cut", "request duplicate",
    "request garbled", "request incomplete", "request late", "request lost", "request not sent", "request refused",
    "request too late", "request cheat", "sweeps", "seeds asked for",
    "intent resurrected", "intent proven", "intent broken", "intent duplicate",
    "intent executed", "intent incomplete", "intent not_sent", "intent refused", "intent void",
)  # fmt: skip


def broken(total):
    """Return what is needed to look into each broken seed."""
    return [f"python run.py simulate --start {one.seed} --seeds 1 --trace: {one.violation}" for one in total.broken]


@pytest.mark.timeout(300)
def test_every_invariant_holds_whatever_strikes():
    total = report(play_all(SEEDS))
    assert not broken(total)
    assert total.steps >= LEAST_STEPS
    assert [fault for fault in FAULTS if not total.counts[fault]] == []


@pytest.mark.nightly
@pytest.mark.timeout(6 * 3600)
def test_every_invariant_holds_through_the_night():
    total = report(play_all(NIGHTLY))
    assert not broken(total)
    assert total.steps >= NIGHTLY_STEPS


def test_every_invariant_holds_with_a_snapshot_every_few_events(monkeypatch):
    monkeypatch.setattr(bankroll, "SNAPSHOT_EVERY", 15)
    monkeypatch.setattr(bankroll, "SNAPSHOT_GAP", 0)
    assert not broken(report(Run(seed).play() for seed in range(40)))


def test_every_invariant_holds_with_a_journal_that_is_replayed_in_many_parts(monkeypatch):
    monkeypatch.setattr(persistence, "REPLAY_ROWS", 5)
    assert not broken(report(Run(seed).play() for seed in range(40)))


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_is_the_same_story(seed):
    assert Run(seed).play() == Run(seed).play()


def test_another_seed_is_another_story():
    assert len({Run(seed).play().trace for seed in range(10)}) == 10


def test_a_seed_means_the_same_in_every_process():
    def trace(hash_seed):
        code = "from actors.simulation import Run; print([Run(seed).play().trace for seed in range(5)])"
        env = os.environ | {"PYTHONHASHSEED": hash_seed}
        return subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=env).stdout

    assert trace("1") == trace("2")


def simulate(*words):
    """Run the command."""
    return subprocess.run([sys.executable, "run.py", "simulate", *words], capture_output=True, text=True, check=False)


def test_the_command_says_what_it_played():
    done = simulate("--seeds", "3", "--start", "7", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["seeds"], found["start"], found["broken"]) == (0, 3, 7, [])
    assert found["steps"] > 300


def test_the_command_tells_a_story_in_words():
    story = simulate("--seeds", "1", "--start", "2", "--trace").stdout
    assert "a process starts" in story
    assert "is sent: " in story
    assert story.endswith("every invariant held.\n")
