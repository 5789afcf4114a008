"""The program as a user starts it: a process with its own directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


class Program:
    """`python run.py` on one data directory."""

    def __init__(self, data):
        self.data = data
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("STAKEKEEPER_")}

    def command(self, *words):
        return [sys.executable, str(HOME / "run.py"), *words, "--data", str(self.data)]

    def __call__(self, *words):
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            env=self.env,
            cwd=self.data.parent,
        )

    def start(self, *words):
        """Start it beside us; read its lines with `until`."""
        return subprocess.Popen(
            self.command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.env,
            cwd=self.data.parent,
        )


def until(process, text):
    """Read the process's lines up to one that contains `text`, and return them."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    pytest.fail(f"it ended without saying {text!r}: {''.join(lines)}{process.stderr.read()}")


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path / "paper")


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A data directory on which three bets were played, and how that went."""
    directory = tmp_path_factory.mktemp("played")
    program = Program(directory / "paper")
    ended = program("--bets", "3", "--seed", "7", "--summary", str(directory / "summary.json"))
    assert ended.returncode == 0, ended.stderr
    return program, ended
