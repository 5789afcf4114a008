"""A running agent: looked at, steered, ended."""

import json
import signal

import pytest

from actors.cli import running as running_command
from actors.console import Screen
from tests.cli.conftest import Program, until


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """An agent that plays until the module's tests are over, and its process."""
    program = Program(tmp_path_factory.mktemp("running") / "paper")
    process = program.start()
    until(process, "reconcile")
    yield program, process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_status_tells_how_it_stands(running):
    program, _ = running
    found = json.loads(program("status", "--json").stdout)
    assert (found["phase"], found["mode"], found["stop_reason"]) == ("RUNNING", "paper", None)
    shown = program("status").stdout
    assert all(f"\n{key} " in shown for key in ("equity", "venue_then", "checked_at"))


def test_tree_shows_every_actor(running):
    program, _ = running
    drawn = program("tree").stdout
    assert all(f"- {name} " in drawn for name in ("ops", "core", "journal", "bankroll", "casino", "price_feed"))
    assert json.loads(program("tree", "--json").stdout)["tree"][0].startswith("stakekeeper")


def test_pause_and_resume_are_shown(running):
    program, process = running
    assert program("pause", "lunch").returncode == 0
    until(process, "paused: lunch")
    assert program("resume").returncode == 0
    until(process, "resumed by")


def test_a_crashed_actor_is_restarted_and_the_tree_is_drawn_again(running):
    program, process = running
    assert program("crash", "casino").returncode == 0
    until(process, "CRASH casino (RuntimeError) restarted in")
    until(process, "`- core")
    assert "(1 restart)" in program("tree").stdout
    assert program("reconcile").returncode == 0


def test_an_unknown_actor_is_a_sentence(running):
    program, _ = running
    ended = program("crash", "nobody")
    assert (ended.returncode, ended.stderr[:29]) == (2, "There is no actor nobody; the")


def test_usr1_draws_the_tree(running):
    _, process = running
    process.send_signal(signal.SIGUSR1)
    until(process, "`- core")


def test_a_second_agent_on_the_same_data_ends_with_3(running):
    program, _ = running
    ended = program("--bets", "1")
    assert (ended.returncode, "is held by process" in ended.stderr, "Traceback" in ended.stderr) == (3, True, False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(program, number):
    process = program.start()
    until(process, "reconcile")
    process.send_signal(number)
    said, trouble = process.communicate(timeout=30)
    assert (process.returncode, trouble) == (0, "")
    assert said.rstrip().endswith("journal closed | bye")


def test_a_signal_that_is_sent_twice_in_one_breath_as_timeout_does_is_one(monkeypatch):
    at_once = []
    monkeypatch.setattr(running_command._Signals, "_end_at_once", lambda _: at_once.append("ended"))
    with running_command._Signals(Screen()):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert at_once == []
        signal.raise_signal(signal.SIGINT)
        assert at_once == ["ended"]


def test_two_signals_end_it_at_once_and_say_what_is_open(program):
    process = program.start()
    until(process, "reconcile")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    said, trouble = process.communicate(timeout=30)
    assert (process.returncode, trouble[:15], "bye" in said) == (130, "Ended at once; ", False)
    assert program("--bets", "1").returncode == 0


def test_without_a_network_live_says_so_and_ends_within_5_seconds(program):
    unreachable = program.data.parent / "unreachable.toml"
    hosts = {"casino": "http://127.0.0.1:9/api/v1", "escrow": "http://127.0.0.1:9", "faucet": "http://127.0.0.1:9"}
    hosts["price_feed"] = "ws://127.0.0.1:9/ws"
    unreachable.write_text("[venue]\n" + "".join(f'{name} = "{url}"\n' for name, url in hosts.items()))
    program.env["STAKEKEEPER_CASINO_KEY"] = "sk_live_0123456789"
    process = program.start("--live", "--config", str(unreachable))
    said = until(process, "casino cannot be read")
    process.send_signal(signal.SIGINT)
    rest, trouble = process.communicate(timeout=5)
    assert (process.returncode, trouble) == (0, "")
    assert "sk_live_0123456789" not in "".join(said) + rest


def test_the_command_stop_ends_it_in_order(program):
    process = program.start()
    until(process, "reconcile")
    assert program("stop").stdout == "Stopped.\n"
    assert process.wait(timeout=30) == 0
    process.communicate()


def test_a_stop_rule_ends_a_bounded_run_with_4(program):
    ended = program("--bets", "60", "--config", str(_strict(program)))
    assert (ended.returncode, "STOPPED by" in ended.stdout) == (4, True)
    assert "`run --resume` lifts it" in ended.stdout


def _strict(program):
    program.data.parent.joinpath("strict.toml").write_text("[risk]\nloss_streak = 1\n")
    return program.data.parent / "strict.toml"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--live",), 2, "Keys: none for casino. Set STAKEKEEPER_CASINO_KEY"),
        (("--strategy", "nope"), 2, "There is no strategy nope;"),
        (("--strategy", "no.such:Thing"), 2, "The strategy no.such:Thing does not import:"),
    ],
)
def test_what_cannot_run_ends_with_a_sentence(program, words, code, sentence):
    ended = program(*words)
    assert (ended.returncode, ended.stderr[: len(sentence)], ended.stderr.count("\n")) == (code, sentence, 1)
