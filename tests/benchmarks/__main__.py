"""Run one benchmark by name: `python -m tests.benchmarks supervision`. Exit code 1 if a limit is missed."""

import importlib
import pkgutil
import sys

import tests.benchmarks as here

NAMES = sorted(module.name for module in pkgutil.iter_modules(here.__path__) if not module.name.startswith("_"))


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in NAMES:
        sys.stderr.write(f"usage: python -m tests.benchmarks NAME   (one of: {', '.join(NAMES)})\n")
        return 2
    return importlib.import_module(f"tests.benchmarks.{arguments[0]}").main()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
