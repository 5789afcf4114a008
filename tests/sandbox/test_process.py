"""The process: found again, alone on its directory, gone when nobody needs it, unharmed by a kill."""

import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actors.sandbox.errors import SandboxError
from actors.sandbox.launch import ensure_running
from actors.sandbox.server import main
from tests.kit import wait_for_end
from tests.sandbox.house import bet_bytes


def test_the_same_venue_is_found_again(build):
    house = build()
    assert ensure_running(house.data, seed=7, limits="off") == house.url
    assert ensure_running(house.data, seed=99, limits="off") == house.url


def test_two_that_start_it_at_once_find_one_venue(tmp_path, build):
    data = build().data
    with ThreadPoolExecutor(4) as pool:
        urls = list(pool.map(lambda _: ensure_running(data, seed=7, limits="off"), range(4)))
    assert len(set(urls)) == 1


def test_a_cold_start_is_quick(tmp_path, build):
    began = time.monotonic()
    build()
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("asked", [{"faults": "cut=0.1"}, {"limits": "off"}])
def test_a_living_venue_without_what_is_asked_for_is_an_error(build, asked):
    house = build(limits="contract")
    assert ensure_running(house.data, seed=7) == house.url
    with pytest.raises(SandboxError, match=r"already lives on .* stop it"):
        ensure_running(house.data, seed=7, **asked)


def test_a_second_process_on_the_same_directory_refuses(build, capsys):
    house = build()
    assert main(["--data", str(house.data)]) == 3
    assert "another built-in venue runs on" in capsys.readouterr().err


def test_a_bad_fault_spec_is_one_sentence_and_exit_2(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--faults", "rain=1"]) == 2
    complaint = capsys.readouterr().err
    assert "unknown kind 'rain'" in complaint
    assert complaint.count("\n") == 1


def test_a_port_in_use_is_one_sentence_and_exit_2(tmp_path, capsys):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        assert main(["--data", str(tmp_path), "--port", str(port)]) == 2
    assert f"cannot listen on port {port}" in capsys.readouterr().err


def test_a_directory_that_cannot_be_is_one_sentence_and_exit_2(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["--data", str(tmp_path / "file")]) == 2
    assert "cannot use the directory" in capsys.readouterr().err


def test_books_that_are_no_database_are_one_sentence_and_exit_2(tmp_path, capsys):
    (tmp_path / "sandbox.sqlite").write_text("no database, but long enough to look like a file of one" * 20)
    assert main(["--data", str(tmp_path)]) == 2
    assert "move it away to start afresh" in capsys.readouterr().err


def test_what_it_died_of_is_in_the_error(tmp_path):
    with pytest.raises(SandboxError, match="unknown kind 'rain'"):
        ensure_running(tmp_path, seed=1, faults="rain=1")


def test_it_ends_when_its_last_user_is_gone(build):
    house = build(idle_exit_s=0.3)
    wait_for_end(house.data)
    assert (house.data / "logs" / "sandbox.log").read_text().endswith("ended\n")
    assert not (house.data / "sandbox.json").exists()


def test_one_that_is_about_to_end_is_not_taken_for_one_that_lives(build):
    house = build()
    before = house.pid
    os.kill(before, signal.SIGTERM)
    house.start()
    assert house.pid != before
    assert house.get("/ping").body == "pong"


def test_an_open_connection_is_a_user(build):
    house = build(idle_exit_s=0.3)
    with socket.create_connection(("127.0.0.1", house.port)) as wire:
        wire.settimeout(0.8)
        with pytest.raises(TimeoutError):
            wire.recv(1)
        assert house.get("/ping").body == "pong"


def test_an_order_to_end_clears_its_file_away(build):
    house = build()
    house.kill(signal.SIGTERM)
    assert not (house.data / "sandbox.json").exists()
    assert (house.data / "sandbox.sqlite").exists()


def test_a_client_that_leaves_in_the_middle_of_its_request_has_no_effect_and_no_traceback(build):
    house = build()
    player = house.register()
    with socket.create_connection(("127.0.0.1", house.port)) as wire:
        wire.sendall(bet_bytes(player)[:-5])
    assert house.balance(player) == 100
    assert "Traceback" not in (house.data / "logs" / "sandbox.log").read_text()


def test_after_a_kill_the_books_and_the_clock_go_on(build):
    house = build()
    player = house.register()
    bet = house.flip(player, 1, client_seed="before").body
    house.advance(86_400)
    balance = house.balance(player)
    house.kill()
    assert (house.data / "sandbox.json").exists()
    house.start()
    assert house.balance(player) == balance
    after = house.flip(player, 1, client_seed="after").body
    assert (after["proof"]["server_seed_hash"], after["proof"]["nonce"]) == (bet["proof"]["server_seed_hash"], 1)
    times = [row["createdAt"] for row in house.ledger(player)]
    assert times[0] - times[-1] >= 86_400


def test_kills_in_the_middle_of_bets_lose_no_row(build):
    house = build()
    player = house.register()
    for _ in range(5):
        with ThreadPoolExecutor(1) as pool:
            betting = pool.submit(lambda: [house.flip(player, 0.01) for _ in range(1000)])
            while house.flip(player, 0.01).status != 200:
                pass
            house.kill()
            assert betting.exception() is not None
        house.start()
    with contextlib.closing(sqlite3.connect(house.data / "sandbox.sqlite")) as books:
        assert books.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        signed = "SELECT total(CASE type WHEN 'credit' THEN amount ELSE -amount END) FROM ledger"
        assert books.execute(signed).fetchone()[0] == pytest.approx(house.balance(player), abs=1e-6)


def loaded_by(module):
    listing = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    return json.loads(subprocess.run([sys.executable, "-c", listing], capture_output=True, check=True).stdout)


def test_it_loads_nothing_of_the_agent():
    with_the_package_itself = loaded_by("actors")
    ours = {name for name in loaded_by("actors.sandbox.server") if name.startswith(("actors", "supervision"))}
    assert {name for name in ours - set(with_the_package_itself) if not name.startswith("actors.sandbox")} == set()
    assert "actors.agent" not in ours


def test_starting_it_loads_the_standard_library_alone():
    loaded = {name.split(".")[0] for name in loaded_by("actors.sandbox.launch")}
    assert not loaded & {"starlette", "uvicorn", "anyio", "pydantic", "websockets", "pykka"}


def test_by_hand_it_logs_where_it_is_told_and_ends_in_order(tmp_path):
    log = tmp_path / "own.log"
    command = [sys.executable, "-m", "actors.sandbox", "--data", tmp_path, "--log", log, "--idle-exit", "0.1"]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""
    assert "listening on http://127.0.0.1:" in log.read_text()


@pytest.mark.parametrize("faults", ["", "cut=0"])
def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(build, faults):
    connection = http.client.HTTPConnection("127.0.0.1", build(faults=faults).port)
    began = time.monotonic()
    for _ in range(20):
        connection.request("GET", "/health")
        connection.getresponse().read()
    connection.close()
    assert time.monotonic() - began < 20 * 0.03


def test_three_hundred_bets_take_less_than_a_second_of_the_venues_processor(house, player):
    def spent_s():
        user, system = Path(f"/proc/{house.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    before = spent_s()
    for _ in range(300):
        house.flip(player, 0.01)
    assert spent_s() - before < 1
