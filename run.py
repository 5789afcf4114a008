"""The process: a thin call into the command line."""

import gc
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import actors

USAGE = 2

signal.signal(signal.SIGINT, signal.SIG_DFL)  # while nothing is open, Ctrl-C needs no traceback


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    sys.exit(USAGE)


if sys.platform == "win32":  # before anything is loaded that takes its signals and locks for granted
    _refuse("Stakekeeper relies on file locks and signals that Windows does not have; use Linux, macOS or WSL.")

if Path(actors.__file__).resolve().parent != Path(__file__).resolve().parent / "actors":
    _refuse(f"The package `actors` at {actors.__file__} hides Stakekeeper's own; use a virtual environment of its own.")

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # no stranger's code beside money, and no search for it
gc.disable()  # what is loaded now is no garbage: to look for some takes a twentieth of a start
try:
    from actors.cli import main  # only when it is ours
except ModuleNotFoundError as error:
    from actors.errors import uninstalled

    if (mend := uninstalled(error)) is None:
        raise
    _refuse(str(mend))
gc.enable()

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
