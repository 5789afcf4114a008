"""What a process looks like from outside: everything that a library could change behind its host's back."""

import asyncio
import decimal
import gc
import locale
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pykka

from actors import Agent, AgentConfig

CONFIG = {
    "risk.bets_per_minute": 60_000,
    "venue.send_timeout": 2,
    "strategy": [{"name": "boosted_coin", "every": 0.01}],
}
"""A paper agent that plays fast, at the venue that `conftest` adds."""

OWN_VENUE = {"venue.casino": None, "venue.escrow": None, "venue.faucet": None}
"""Overrides for an agent that starts the built-in venue itself, as it does for a user."""

GONE_S = 2.0
"""How long a daemon thread that is ending may still be seen."""


GOES_ON_S = 10.0
"""How long a restarted agent may take until its next bet."""


def config(data, agent="agent-1", **overrides):
    return AgentConfig.load(data=data, env={}, overrides={**CONFIG, "agent.id": agent, **overrides})


@contextmanager
def playing(data, *, agent="agent-1", strategies=(), observer=None, **overrides):
    """An agent that has won or lost its first bet."""
    with Agent(config(data, agent, **overrides), strategies=strategies, observer=observer) as one:
        assert one.wait(bets=1, seconds=10) == "bets"
        yield one


def goes_on(agent):
    """Tell whether the agent, which may be restarting something, makes another bet."""
    status = agent._await(lambda now: now.phase == "RUNNING", GOES_ON_S)
    return status is not None and agent.wait(bets=status.bets + 1, seconds=GOES_ON_S) == "bets"


def children():
    """The processes that this one would have to wait for, zombies included."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found |= {*(task / "children").read_text().split()}
    return found


def imprint():
    """Return all that is global in this process, by name."""
    root = logging.getLogger()
    return {
        "signal handlers": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "wake-up descriptor": _wakeup(),
        "hooks": (sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook),
        "trace": (sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "root logger": (root.level, tuple(root.handlers), tuple(root.filters), logging.raiseExceptions),
        "logging": (logging.getLoggerClass(), logging.getLogRecordFactory(), logging.root.manager.disable),
        "log levels": _named_loggers(),
        "level names": logging.getLevelNamesMapping(),
        "warnings": (tuple(warnings.filters), warnings.showwarning),
        "environment": dict(os.environ),
        "directory": Path.cwd(),
        "umask": _umask(),
        "actors": {ref.actor_urn for ref in pykka.ActorRegistry.get_all()},
        "decimal": repr(decimal.getcontext()),
        "locale": locale.setlocale(locale.LC_ALL),
        "chance": random.getstate(),
        "socket timeout": socket.getdefaulttimeout(),
        "event loop policy": asyncio.get_event_loop_policy(),
        "garbage": (gc.isenabled(), gc.get_threshold(), tuple(gc.callbacks)),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), threading.stack_size()),
        "threads": sorted(thread.name for thread in threading.enumerate()),
    }


def differences(before, after):
    """Return the names of what is not as it was, with both states."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def settled(before):
    """Wait, within a bound, for daemon threads that were told to end; return the imprint then."""
    known = set(before["threads"])
    until = monotonic() + GONE_S
    for thread in threading.enumerate():
        if thread.name not in known:
            thread.join(max(0.0, until - monotonic()))
    return imprint()


def is_forgotten(reference):
    """Tell whether nothing, `atexit` included, keeps an object that was let go."""
    gc.collect()
    return reference() is None


def descriptors():
    """Return what the process's open file descriptors lead to."""
    found = {}
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            found[link.name] = str(link.readlink())
    return found


def _named_loggers():
    found = logging.root.manager.loggerDict
    return {
        name: (one.level, tuple(one.handlers), one.propagate, one.disabled)
        for name, one in found.items()
        if isinstance(one, logging.Logger) and (one.level or one.handlers or one.disabled or not one.propagate)
    }


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _wakeup():
    if threading.current_thread() is not threading.main_thread():
        return None
    number = signal.set_wakeup_fd(-1)
    if number != -1:
        signal.set_wakeup_fd(number)
    return number
