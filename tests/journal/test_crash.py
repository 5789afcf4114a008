"""kill -9 of a real writer, again and again: what it acknowledged is there, and the chain is whole."""

import os
import random
import resource
import signal
import subprocess
import sys
from functools import partial

import pytest

from actors.journal import Journal, Reader

KILLS = 20
MOST_ACKS = 25  # commits before a kill
FILE_LIMIT = 300_000  # bytes


def writer(path, *arguments, **options):
    """Start a writer process that says what it acknowledges."""
    command = [sys.executable, "-m", "tests.journal.writer", path, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def acknowledged(lines):
    """Return the writer's epoch and the heads it acknowledged, as a dict from number to hash."""
    epoch, *heads = [line.split() for line in lines if line.endswith("\n")]
    return int(epoch[0]), {int(seq): last_hash for seq, last_hash in heads}


def run_and_kill(path, acks, *arguments):
    """Kill a writer as soon as it has acknowledged ``acks`` commits."""
    with writer(path, *arguments) as process:
        lines = [process.stdout.readline() for _ in range(acks + 1)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
    return acknowledged(lines)


def verify(path):
    with Reader.open(path) as reader:
        return reader.verify()


def written(path):
    """Open the journal as a restarted agent does, and return all its rows."""
    with Journal.open(path, agent="ada", binding="paper:casino", wall_micros=lambda: 0) as journal:
        return list(journal.replay())


@pytest.mark.parametrize("seed", [2026])
def test_no_acknowledged_group_is_lost_by_kills(path, seed):
    chance = random.Random(seed)
    promised = {}
    for kill in range(1, KILLS + 1):
        epoch, heads = run_and_kill(path, chance.randrange(MOST_ACKS), str(kill))
        promised |= heads
        assert (verify(path).why, epoch) == ("", kill)
    kept = {row.seq: row.hash for row in written(path)}
    assert promised.items() <= kept.items()
    assert len(promised) > KILLS


def test_the_kill_loop_would_notice_a_broken_promise(path):
    _, promised = run_and_kill(path, 1, "2", "--never-commits")
    assert promised
    assert "the table ends at row 0" in verify(path).why


def test_a_group_is_there_whole_or_not_at_all(path):
    for kill in range(5):
        run_and_kill(path, 3, str(kill))
    kinds = [row.kind for row in written(path)]
    assert set(zip(kinds[::2], kinds[1::2], strict=True)) == {("intent_opened", "incident_noted")}


def test_a_disk_that_is_really_full_loses_nothing_acknowledged(path):
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (FILE_LIMIT, resource.RLIM_INFINITY))
    with writer(path, "1", preexec_fn=limit) as process:
        stdout, stderr = process.communicate()
    _, promised = acknowledged(stdout.splitlines(keepends=True))
    assert "JournalBroken" in stderr.splitlines()[-1]
    assert verify(path).ok
    assert promised.items() <= {row.seq: row.hash for row in written(path)}.items()
