"""Libraries that look for a database's drivers when they are loaded, loaded without them: a third of a short start."""

import importlib
import sys
from types import ModuleType
from typing import cast

SEEKERS = ("peewee", "pybreaker")
DRIVERS = ("psycopg", "psycopg2", "redis")
"""What they look for and this process does not use through them; for its own use each can still be loaded later."""


def load() -> None:
    """Load them, in a process that is ours; a host application's peewee must find what the host has installed."""
    hidden = [name for name in DRIVERS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden, cast("ModuleType", None)))  # None is imports' word for: not there
    try:
        for name in SEEKERS:
            importlib.import_module(name)
    finally:
        for name in hidden:
            del sys.modules[name]
