"""The process: a thin call into the command line."""

import sys
from pathlib import Path

import actors

if Path(actors.__file__).resolve().parent != Path(__file__).resolve().parent / "actors":
    sys.exit(
        f"The package `actors` at {actors.__file__} hides Stakekeeper's own; use a virtual environment of its own."
    )

from actors.cli import main

if __name__ == "__main__":
    sys.exit(main())
