"""Loads an agent's code in half the time: a restart is to be short."""

import gc
import importlib
import sys
from types import ModuleType
from typing import cast

SEEKERS = ("peewee", "pybreaker")
DRIVERS = ("psycopg", "psycopg2", "redis")
"""What they look for when they are loaded, and this process does not use through them. It is slow to load, and can
still be loaded by whoever uses it itself."""

GARBAGE_AFTER = 10_000
"""Objects made and kept, after which garbage is looked for: many are kept until a commit, and few make cycles."""


def load() -> None:
    """Load it, in a process that is ours; a host application's peewee must find what the host has installed."""
    hidden = [name for name in DRIVERS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden, cast("ModuleType", None)))  # None is imports' word for: not there
    gc.disable()  # what is loaded now is never garbage
    try:
        for name in SEEKERS:
            importlib.import_module(name)
    finally:
        for name in hidden:
            del sys.modules[name]
    importlib.import_module("actors.agent")
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    gc.enable()
