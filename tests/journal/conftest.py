"""What the journal's tests share: a place, a clock, a journal that is closed at the end."""

from itertools import count
from pathlib import Path

import pytest

from actors.journal import Journal

SECOND = 1_000_000  # microseconds
START = 1_790_000_000 * SECOND


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stakekeeper.sqlite"


@pytest.fixture
def open_journal(path):
    """Open the journal at ``path``; its clock ticks one second with each reading."""
    opened = []
    clock = count(START, SECOND).__next__

    def opener(agent="ada", binding="paper:casino", **more):
        opened.append(Journal.open(path, agent=agent, binding=binding, wall_micros=clock, **more))
        return opened[-1]

    yield opener
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(open_journal):
    return open_journal()
