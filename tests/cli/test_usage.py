"""Bad input: one clear sentence, the exit code, no traceback."""

import importlib.metadata
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys

import pytest

from actors import agent, cli
from actors.cli import common
from tests.cli.conftest import HOME

VOID = ("resolve", "b7f2", "--as", "void", "--because", "it never was")


def refused(capsys, *words):
    code = cli.main(words)
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert told.count("\n") == 1
    return code, told.strip()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("statsu",), "No such command 'statsu'. Did you mean 'status'? Help: python run.py --help."),
        (("run", "--bets", "0"), "Invalid value for '--bets': "),
        (("run", "--bets", "many"), "Invalid value for '--bets': "),
        (("--nonsense",), "No such option: --nonsense"),
        (("crash",), "Missing argument 'actor'."),
        (("run", "--config", "/nowhere.toml"), "There is no configuration file /nowhere.toml;"),
        (("run", "--summary", "/nowhere/s.json"), "--summary /nowhere/s.json: there is no directory /nowhere;"),
        (("run", "--live", "--bets", "1"), "No bet would ever come: name what is to bet with --strategy"),
        (
            ("run", "--live", "--dry-run", "--bets", "1", "--strategy", "fair_games"),
            "No bet would ever come: a dry run",
        ),
        (("ledger", "--csv", "--json"), "Choose one of --json and --csv."),
        (("crash", "casino", "--live"), "Crash is for paper: leave --live out."),
        (("reconcile", "--accept"), "To accept a difference say both: --accept --because TEXT."),
        (("resolve", "x", "--as", "executed", "--because", "y"), "--as executed needs --payout USD"),
        (("resolve", "x", "--as", "executed", "--because", "y", "--payout", "1e-9"), "--payout: '1e-9' is not a whole"),
        (("resolve", "x", "--as", "maybe", "--because", "y"), "Invalid value for '--as': "),
        (("register", "bank"), "There is no registering at bank; known are casino"),
    ],
)
def test_wrong_usage_ends_with_2(capsys, words, sentence):
    code, told = refused(capsys, *words)
    assert (code, told[: len(sentence)]) == (2, sentence)


def test_bets_that_would_never_come_because_the_casino_is_off_are_not_waited_for(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("STAKEKEEPER_SERVICES__CASINO", "false")
    code, told = refused(capsys, "run", "--bets", "1", "--data", str(tmp_path))
    assert (code, told[:50]) == (2, "No bet would ever come: the casino is off in [serv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["status", "tree", "pause", "resume", "stop"])
def test_steering_without_an_agent_ends_with_2(capsys, tmp_path, command):
    code, told = refused(capsys, command, "--data", str(tmp_path))
    assert (code, told) == (2, f"No agent runs here (data {tmp_path}); start one with: python run.py.")


@pytest.mark.parametrize("words", [("ledger",), ("verify",), ("explain", "b7f2"), ("reconcile",), VOID])
def test_the_audit_trail_without_a_journal_ends_with_2_and_makes_none(capsys, tmp_path, words):
    code, told = refused(capsys, *words, "--data", str(tmp_path))
    assert (code, told[:22]) == (2, "There is no journal at")
    assert list(tmp_path.iterdir()) == []


def test_an_account_that_cannot_be_read_is_named_before_a_stopped_agent_gives_up(capsys, played, monkeypatch):
    monkeypatch.setattr(agent, "UNREAD_PATIENCE_S", 0.1)
    monkeypatch.setenv("STAKEKEEPER_VENUE__CASINO", "http://127.0.0.1:1/api/v1")
    assert cli.main(["reconcile", "--data", str(played[0].data)]) == 70
    asking, early, last = capsys.readouterr().err.splitlines()
    assert asking == "No agent runs here; asking the venue, up to 30 s."
    assert early.startswith("Casino cannot be read: ")
    assert last.endswith(", so book and venue were not compared.")


@pytest.mark.parametrize("words", [("reconcile",), VOID])
def test_a_data_directory_that_may_only_be_read_ends_with_2(capsys, played, monkeypatch, words):
    monkeypatch.setattr(os, "access", lambda _, mode: not mode & os.W_OK)  # root may write everywhere
    data = played[0].data
    assert cli.main([*words, "--data", str(data)]) == 2
    mend = "check its owner and rights, or name another data directory"
    assert capsys.readouterr().err.splitlines()[1:] == [f"{data} cannot be used (it takes no files); {mend}."]


def test_a_file_in_the_place_of_a_directory_ends_with_2(capsys, played, tmp_path, monkeypatch):
    monkeypatch.setenv("STAKEKEEPER_VENUE__CASINO", "http://127.0.0.1:1/api/v1")
    for name in ("stakekeeper.sqlite", "credentials.json"):
        shutil.copy(played[0].data / name, tmp_path)
    (tmp_path / "logs").touch()
    assert cli.main(["reconcile", "--data", str(tmp_path)]) == 2
    assert f"{tmp_path / 'logs'} cannot be used (File exists); check its owner" in capsys.readouterr().err


def test_a_journal_that_is_none_ends_with_3(capsys, tmp_path):
    (tmp_path / "stakekeeper.sqlite").write_bytes(b"no database" * 1000)
    assert refused(capsys, "verify", "--data", str(tmp_path))[0] == 3


def test_a_bug_ends_with_70_and_its_traceback_is_in_the_log(capsys, tmp_path):
    @common.guarded
    def broken(data):
        raise ZeroDivisionError("oops")

    with pytest.raises(Exception) as ended:  # noqa: PT011  typer's own, whichever it is
        broken(data=tmp_path)
    told = capsys.readouterr().err
    (line,) = (tmp_path / "logs" / "agent.jsonl").read_text().splitlines()
    assert (ended.value.exit_code, "This is a bug of ours: oops" in told, "Traceback" in told) == (70, True, False)
    assert (json.loads(line)["action"], "ZeroDivisionError" in json.loads(line)["traceback"]) == ("broken", True)


def test_the_version_is_the_packages(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"stakekeeper {importlib.metadata.version('stakekeeper')}\n"


def test_help_names_every_command(capsys):
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    names = ["run", "sandbox", "status", "tree", "pause", "resume", "stop", "crash", "doctor", "register"]
    names += ["ledger", "explain", "verify", "reconcile", "resolve", "retries"]
    assert all(f"\n  {name} " in told for name in names)
    assert "..." not in told.partition("Commands:")[2]


def test_retries_are_the_published_ones(capsys):
    """Mission 4.6."""
    assert cli.main(["retries", "--json"]) == 0
    table = {
        row["operation"]: (row["retries"], row["first_s"]) for row in json.loads(capsys.readouterr().out)["retries"]
    }
    assert (table["casino bet"], table["escrow create"]) == ((2, 0.5), (3, 2))
    assert (table["wallet balance"], table["price feed"][0], table["trade order"][0]) == ((5, 1), None, 0)


def test_the_doctor_tells_a_wrong_configuration_as_a_row(capsys, tmp_path):
    (tmp_path / "my.toml").write_text("[risk]\nstop_loss = 7")
    words = ["doctor", "--json", "--data", str(tmp_path), "--config", str(tmp_path / "my.toml")]
    assert cli.main(words) == 2
    rows = {row["check"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["config"]["state"], rows["disk"]["state"]) == ("fail", "ok")
    assert "risk.stop_loss = 7" in rows["config"]["mend"]


def test_a_python_without_the_dependencies_is_told_how_to_install_them():
    bare = [sys.executable, "-S", str(HOME / "run.py"), "--help"]
    ended = subprocess.run(bare, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert ended.stderr.startswith("Stakekeeper needs the package typer, which is not installed for ")
    assert ended.stderr.endswith("python -m pip install -e .\n")


@pytest.mark.parametrize(("module", "code"), [("requests.adapters", 2), ("actors.nothing", 70), ("_json", 70)])
def test_only_a_dependency_that_is_missing_is_not_our_bug(capsys, tmp_path, module, code):
    error = ModuleNotFoundError(f"No module named {module!r}", name=module)
    assert common.tell_error(error, tmp_path, "run") == code
    assert ("This is a bug of ours" in capsys.readouterr().err) == (code == 70)


def test_register_keeps_the_key_off_the_screen_and_never_makes_a_second_one(program):
    first, second = program("register", "casino"), program("register", "casino")
    key = json.loads((program.data / "credentials.json").read_text())["casino"]["key"]
    assert (first.returncode, first.stdout[:17], key in first.stdout) == (0, "Registered as ag_", False)
    assert (second.returncode, "has a key for casino already" in second.stderr) == (2, True)


def test_a_port_in_use_is_a_sentence(program):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = program("sandbox", "--port", str(taken.getsockname()[1]))
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert "cannot listen on port" in ended.stderr


def test_a_reader_that_has_seen_enough_is_no_error(played):
    program, _ = played
    command = " ".join(map(shlex.quote, program.command("ledger")))
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | head -n 1"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr, ended.stdout.count("\n")) == (0, "", 1)
