"""A process that has everything imported and forks agents: an agent's life then begins in milliseconds.

It serves one agent at a time. A line of JSON on its input starts one; the agent's process id comes back, and when it
has ended, its exit code (the signal's number below zero). `changes` are put in place of constants, as
"actors.bankroll:SNAPSHOT_EVERY"; `mutant` is the name of a rule to break, of `tests.crash.mutants`.
Usage: python -m tests.crash.zygote
"""

import json
import os
import sys

import actors.agent
import actors.doctor
from actors import cli, crashpoints
from tests.crash import mutants

IMPORTED = (actors.agent, actors.doctor)
"""What a command imports only when it needs it, so that the forks have it."""


def main() -> None:
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            live(wanted)
        print(child, flush=True)  # noqa: T201 - to the test
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


def live(wanted: dict) -> None:
    """Run an agent's command line as a process of its own, and end."""
    os.setsid()
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 70
    try:
        for place, value in wanted["changes"].items():
            module, _, name = place.partition(":")
            setattr(sys.modules[module], name, value)
        if wanted["mutant"]:
            getattr(mutants, wanted["mutant"])(setattr)
        crashpoints.arm(wanted["crash_at"])
        code = cli.main(wanted["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
