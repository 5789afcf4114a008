"""How the agent's side finds the built-in venue, or starts it. Standard library only."""

import contextlib
import http.client
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from actors.sandbox.errors import SandboxError

HOST = "127.0.0.1"
START_TIMEOUT_S = 10.0  # from the call to a venue that answers
FIRST_LOOK_S, LAST_LOOK_S = 0.01, 0.1  # wait between looks: doubles from the first to the last
ANSWER_TIMEOUT_S = 1.0
EXIT_OWNED = 3  # the process's word for: another one has this directory
LOG_TAIL = 400  # characters of the log that an error shows


@dataclass(frozen=True, slots=True)
class _Wanted:
    data: Path
    seed: int
    faults: str
    limits: str
    idle_exit_s: float


def ensure_running(
    data_dir: Path, *, seed: int, faults: str = "", limits: str = "contract", idle_exit_s: float = 10
) -> str:
    """Find the venue that lives on `data_dir`, or start it in a session of its own; about 0.4 s when cold.

    Blocks until it answers, at most `START_TIMEOUT_S` seconds. A venue found alive is used as it is: seed and port
    are its own, and so are faults and limits when the defaults are asked for.

    Args:
        data_dir: where its books are; its output goes to logs/sandbox.log below.
        seed: of server seeds, prices and faults.
        faults: as after `--faults`.
        limits: of its rate limiters, "contract" or "off".
        idle_exit_s: it ends so long after its last user; 0 is never.

    Returns:
        "http://127.0.0.1:PORT".

    Raises:
        SandboxError: it did not start, or one lives there with other faults or limits; the text says what to do.
    """
    wanted = _Wanted(data_dir.resolve(), seed, faults, limits, idle_exit_s)
    deadline, pause_s, child = time.monotonic() + START_TIMEOUT_S, FIRST_LOOK_S, None
    while time.monotonic() < deadline:
        url = _living(wanted)
        if url:
            _reap(child)
            return url
        if child is None:
            child = _start(wanted)
        elif _ended(child, wanted.data):
            child = None  # it is up, or another one had the directory: that will answer, or end and leave it to us
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LAST_LOOK_S)
    raise SandboxError(
        f"the built-in venue did not answer within {START_TIMEOUT_S:g} s; see {_log(wanted.data)}{_tail(wanted.data)}"
    )


def _living(wanted: _Wanted) -> str | None:
    try:
        state = json.loads((wanted.data / "sandbox.json").read_text())
        port, pid = int(state["port"]), int(state["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if _who_answers(port) != pid:  # nobody, or another venue that took the port of a dead one
        return None
    for name, value, default in (("faults", wanted.faults, ""), ("limits", wanted.limits, "contract")):
        if value not in (default, state.get(name)):
            raise SandboxError(
                f"a built-in venue already lives on {wanted.data} with {name} {state.get(name)!r} instead of {value!r};"
                f" stop it (pid {state.get('pid')}) or wait until it ends by itself"
            )
    return f"http://{HOST}:{port}"


def _who_answers(port: int) -> int | None:
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/sandbox")
        answer = connection.getresponse()
        announced = json.loads(answer.read())
        return int(announced["pid"]) if announced["sandbox"] is True else None
    except (OSError, ValueError, TypeError, KeyError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _log(data: Path) -> Path:
    return data / "logs" / "sandbox.log"


def _tail(data: Path) -> str:
    try:
        return "\n" + _log(data).read_text(errors="replace")[-LOG_TAIL:].strip()
    except OSError:
        return ""


def _start(wanted: _Wanted) -> int:
    # posix_spawn and not Popen: the venue outlives us. What is spawned ends as soon as it is up, or cannot be.
    try:
        _log(wanted.data).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SandboxError(f"cannot write to {wanted.data}: {error.strerror}") from error
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    arguments = {
        "--data": wanted.data,
        "--seed": wanted.seed,
        "--faults": wanted.faults,
        "--limits": wanted.limits,
        "--idle-exit": wanted.idle_exit_s,
    }
    options = ["--detach", *(f"{name}={value}" for name, value in arguments.items())]
    command = [sys.executable, "-P", "-m", "actors.sandbox", *options]
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(_log(wanted.data)), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(sys.executable, command, {**os.environ, "PYTHONPATH": path}, file_actions=files, setsid=True)


def _ended(child: int, data: Path) -> bool:
    try:
        pid, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return True
    if pid == 0:
        return False
    if os.waitstatus_to_exitcode(status) not in (0, EXIT_OWNED):
        raise SandboxError(f"the built-in venue did not start:{_tail(data)}")
    return True


def _reap(child: int | None) -> None:
    if child is not None:
        with contextlib.suppress(ChildProcessError):  # the host application ignores its children
            os.waitpid(child, 0)
