"""The harness's end of a nursery: order a life, kill it, let the last one settle."""

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]

PATIENCE_S = 60.0
"""For a child to be born, to be ready, to settle, in seconds. More is a failure of the harness or of the peer."""


class PeerError(Exception):
    """A peer did not come up, ended by itself, or did not settle; with the end of what it wrote."""


class Nest:
    """One peer's process that forks lives, one at a time.

    Args:
        module: the peer's, below tests.peers.
        data: its directory, with account.json.
    """

    def __init__(self, module: str, data: Path) -> None:
        self._log = data / "out.txt"
        self._unread = b""
        self._child = 0
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", f"tests.peers.{module}", str(data)]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=log, bufsize=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def live_and_die(self, seconds: float) -> None:
        """Let a child play, and SIGKILL it so long after it was ready."""
        self._bear("play")
        early = self._word(seconds)
        if early is not None:
            raise self._failure(f"said {early!r} before it was killed")
        os.kill(self._child, signal.SIGKILL)
        self._end(-signal.SIGKILL)

    def settle(self) -> None:
        """Let a last child recover and settle what is open; it ends by itself."""
        self._bear("settle")
        self._end(0)

    def _bear(self, order: str) -> None:
        self._process.stdin.write(f"{order}\n".encode())
        self._child = int(self._expect("born"))
        self._expect("ready")

    def _end(self, code: int) -> None:
        ended = int(self._expect("ended"))
        self._child = 0
        if ended != code:
            raise self._failure(f"ended with {ended}, not {code}")

    def _expect(self, name: str) -> str:
        word = self._word(PATIENCE_S)
        if word is None or word.partition(" ")[0] != name:
            raise self._failure(f"said {word!r} instead of {name!r}")
        return word.partition(" ")[2]

    def _word(self, seconds: float) -> str | None:
        # The next line, or None if none comes in time; so a kill's delay needs no sleep and notices an early end.
        until = time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                return None
            read = os.read(self._process.stdout.fileno(), 4096)
            if not read:
                raise self._failure("is gone")
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def _failure(self, what: str) -> PeerError:
        return PeerError(f"The peer {what}. Its output ends with:\n{self._log.read_text(errors='replace')[-2000:]}")
