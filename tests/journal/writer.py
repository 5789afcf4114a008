"""A real writer process: appends until it is killed, and prints a line for each acknowledged commit.

Every group is a pair, an intent_opened and a note. With --never-commits it breaks its promise, on purpose.
Usage: python -m tests.journal.writer PATH SEED [--never-commits]
"""

import random
import sys
from itertools import count
from pathlib import Path

from actors.journal import Journal, sqlite
from tests.journal.entries import note, opened


def main(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    seconds = count(1_790_000_000_000_000, 1_000_000)  # so that the head file is written after every commit
    with Journal.open(path, agent="ada", binding="paper:casino", wall_micros=seconds.__next__) as journal:
        journal._connection.run("PRAGMA wal_autocheckpoint = 4")  # so that kills meet checkpoints
        if "--never-commits" in sys.argv:
            sqlite.COMMIT = "SELECT 1"
        print(journal.epoch, flush=True)  # noqa: T201 - to the parent process
        for number in count():
            intents = [f"{seed}-{number}-{index}" for index in range(chance.randrange(1, 4))]
            groups = [[opened(intent), note("y" * chance.randrange(400))] for intent in (*intents, "refused but once")]
            journal.append(groups)
            if chance.random() < 0.1:
                journal.save_snapshot(journal.head.seq, "{}")
            print(*journal.head, flush=True)  # noqa: T201 - to the parent process


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
