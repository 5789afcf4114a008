"""An agent in a host application changes nothing of the process and leaves nothing behind."""

import atexit
import logging
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pykka
import pytest

from actors import Agent, RefusesToTrade
from actors.journal.ownership import FileLock
from tests.embedding.kit import (
    OWN_VENUE,
    children,
    config,
    descriptors,
    differences,
    imprint,
    is_forgotten,
    playing,
    settled,
)
from tests.kit import end_venue

HOME = Path(__file__).resolve().parents[2]
STARTS = 5

IMPORTS = """
import atexit
import anyio, pydantic, requests, websocket, peewee, pybreaker, pykka  # what they set up is theirs
from tests.embedding.kit import descriptors, differences, imprint

registered = []
register, atexit.register = atexit.register, lambda call, *rest, **named: registered.append(call.__module__)
before, open_before = imprint(), descriptors()
from actors import *
import actors.agent, actors.blueprint
after = imprint()
assert not differences(before, after), differences(before, after)
assert descriptors() == open_before
assert not [name for name in registered if name.startswith(("actors", "supervision"))], registered
"""


def run(program):
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=HOME, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr


class CasinoActor(pykka.ThreadingActor):
    """The host's own, of the same name as one of ours."""

    def on_receive(self, message):
        return f"the host's {message}"


def test_importing_sets_nothing_up():
    run(IMPORTS)


def test_importing_the_package_loads_no_part_of_it():
    run("import sys, actors; assert not {'actors.agent', 'pykka', 'requests', 'pydantic'} & set(sys.modules)")


def test_a_run_changes_nothing_global(tmp_path):
    before = imprint()
    with playing(tmp_path, **OWN_VENUE):
        pass
    assert not differences(before, settled(before))


def test_not_even_while_it_runs(tmp_path):
    before = imprint()
    with playing(tmp_path):
        during = imprint()
    changed = set(differences(before, during))
    assert changed == {"threads"}


def test_a_start_that_fails_leaves_nothing_behind(tmp_path):
    agent = Agent(config(tmp_path))
    held = FileLock(Path(f"{agent.config.journal_path}.lock"))  # no agent of this process: its threads come and go
    before, open_before = imprint(), descriptors()
    with pytest.raises(RefusesToTrade, match="held by process"):
        agent.start()
    assert not differences(before, settled(before))
    assert len(descriptors()) <= len(open_before)
    held.release()


def test_open_files_do_not_grow(tmp_path):
    with playing(tmp_path, **OWN_VENUE):
        pass
    before = descriptors()
    for _ in range(STARTS):
        with playing(tmp_path, **OWN_VENUE):
            pass
    after = descriptors()
    assert len(after) <= len(before), {number: after[number] for number in set(after) - set(before)}


def test_a_venue_that_was_started_is_no_child_of_the_host_and_becomes_no_zombie(tmp_path):
    before = children()
    with playing(tmp_path, **OWN_VENUE):
        assert children() == before
    end_venue(tmp_path)
    assert children() == before


def test_an_ordinary_run_puts_no_warning_into_the_hosts_log(tmp_path, caplog):
    with caplog.at_level(logging.INFO), playing(tmp_path):
        pass
    assert caplog.records
    warnings = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert warnings == []


def test_nothing_in_the_process_keeps_an_agent(tmp_path):
    with playing(tmp_path) as agent:
        reference = weakref.ref(agent)
    del agent
    assert is_forgotten(reference)


def test_an_exit_handler_would_keep_it(tmp_path):
    reference = weakref.ref(Agent(config(tmp_path)))
    assert is_forgotten(reference)
    agent = Agent(config(tmp_path))
    reference, leave = weakref.ref(agent), agent.request_stop
    atexit.register(leave)
    del agent, leave
    assert not is_forgotten(reference)
    atexit.unregister(reference().request_stop)
    assert is_forgotten(reference)


def test_the_imprint_sees_what_a_careless_library_does():
    before = imprint()
    handler, release = logging.NullHandler(), threading.Event()
    thread = threading.Thread(target=release.wait, name="left behind")
    logging.getLogger().addHandler(handler)
    actor = CasinoActor.start()
    thread.start()
    try:
        assert {"root logger", "actors", "threads"} <= set(differences(before, imprint()))
    finally:
        release.set()
        thread.join()
        actor.stop()
        logging.getLogger().removeHandler(handler)
