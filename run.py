"""The process: a thin call into the command line."""

import signal
import sys
from pathlib import Path

import actors

signal.signal(signal.SIGINT, signal.SIG_DFL)  # while nothing is open, Ctrl-C needs no traceback

if Path(actors.__file__).resolve().parent != Path(__file__).resolve().parent / "actors":
    sys.exit(
        f"The package `actors` at {actors.__file__} hides Stakekeeper's own; use a virtual environment of its own."
    )

from actors.cli import main  # noqa: E402  only when it is ours

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
