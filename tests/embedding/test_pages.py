"""What the pages on embedding and strategies show is run here as it stands there."""

import ast
import inspect
import os
import signal
import subprocess
import sys
import textwrap
from decimal import Decimal
from random import Random

import pytest

from actors import Agent, AgentConfig, Idle, View
from actors.lanes import lanes_of
from actors.money.wagers import checked
from actors.strategies import SHIPPED
from tests.embedding.kit import CONFIG, goes_on, playing
from tests.embedding.pages import HOME, PAGES, blocks

EMBEDDING, STRATEGIES = HOME / "docs" / "embedding.md", HOME / "docs" / "strategies.md"
HOST_LINES = 40
STRATEGY_LINES = 15
PYTHON = [pytest.param(text, id=f"{page.name}-{n}") for page in PAGES for n, text in enumerate(blocks(page, "python"))]


@pytest.fixture
def my_ideas(tmp_path, monkeypatch):
    """The page's strategy as the module that the page says to make of it."""
    (tmp_path / "my_ideas.py").write_text(blocks(STRATEGIES, "python")[0])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_ideas", raising=False)
    yield __import__("my_ideas")
    sys.modules.pop("my_ideas", None)


@pytest.fixture
def host(tmp_path, venue):
    """The page's host application as a process that runs."""
    program = tmp_path / "host.py"
    program.write_text(blocks(EMBEDDING, "python")[0])
    settings = {"STAKEKEEPER_VENUE__CASINO": f"{venue}/api/v1", "STAKEKEEPER_VENUE__ESCROW": venue}
    command = [sys.executable, str(program), str(tmp_path / "data")]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | settings, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    yield process
    process.kill()
    process.communicate()


def code_lines(source):
    """Count the lines of a class's body that are code."""
    one = ast.parse(textwrap.dedent(source)).body[0]
    bodies = [one, *(node for node in ast.walk(one) if isinstance(node, ast.FunctionDef))]
    texts = [body.body[0] for body in bodies if ast.get_docstring(body)]
    words = {line for text in texts for line in range(text.lineno, text.end_lineno + 1)}
    lines = textwrap.dedent(source).splitlines()
    return sum(
        n not in words and bool(line.strip()) for n, line in enumerate(lines[one.lineno :], start=one.lineno + 1)
    )


@pytest.mark.parametrize("text", PYTHON)
def test_every_python_block_compiles(text):
    compile(text, "a page", "exec")


def test_the_host_application_is_short():
    assert len(blocks(EMBEDDING, "python")[0].splitlines()) <= HOST_LINES


def test_the_host_application_plays_and_prints_its_summary(host):
    out, errors = host.communicate(timeout=30)
    assert host.returncode == 0, errors
    assert out.startswith("ended by bets: Summary(agent_id='agent-1'")
    assert "bets=3" in out
    assert "difference=0" in out
    assert "INFO:root:casino opened:" in errors
    assert "Traceback" not in errors


def test_the_host_application_ends_in_order_when_it_is_told_to(host):
    for line in host.stderr:
        if "INFO:root:casino opened:" in line:
            break
    host.send_signal(signal.SIGTERM)
    out, errors = host.communicate(timeout=30)
    assert host.returncode == 0, errors
    assert out.startswith("ended by requested: ")
    assert "difference=0" in out


def test_two_agents_as_on_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(blocks(EMBEDDING, "python")[1], {})
    assert capsys.readouterr().out == "bets bets\n"


def test_the_pages_strategy_is_short():
    source = blocks(STRATEGIES, "python")[0]
    assert code_lines(source[source.index("class ") :]) <= STRATEGY_LINES


@pytest.mark.parametrize("shipped", SHIPPED.values(), ids=SHIPPED)
def test_a_shipped_strategy_is_short(shipped):
    assert code_lines(inspect.getsource(shipped)) <= STRATEGY_LINES


def test_lines_are_counted_without_words():
    words = ["class A:", '    """One."""', "", "    a = 1", "    def b(self):", '        """Two', '        lines."""']
    assert code_lines("\n".join([*words, "        return 1"])) == 3


@pytest.mark.parametrize("name", SHIPPED)
def test_what_a_shipped_strategy_wants_makes_sense(name):
    strategy, chance = SHIPPED[name](), Random(7)
    hundred, price = Decimal(100), Decimal(50_000)
    for step in range(20):
        prices = {"BTC": price * (1 + Decimal(step) / 100)}
        wanted = strategy.decide(View("lane", float(step), hundred, hundred, hundred, None, prices, chance))
        if step:
            checked(wanted, builtin_venue=True)
        assert isinstance(wanted, Idle) == (name == "momentum" and step == 0)


def test_the_pages_strategy_plays(tmp_path, my_ideas):
    with playing(tmp_path / "data", strategies=[my_ideas.Follower(every=0.01)], strategy=[]) as agent:
        assert goes_on(agent)
        assert [lane["lane"] for lane in agent.status()["lanes"]] == ["Follower"]


def test_the_pages_tests_pass(my_ideas):
    page = {}
    exec(blocks(STRATEGIES, "python")[1], page)
    tests = [call for name, call in page.items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()


def test_the_pages_configuration_plays(tmp_path, my_ideas):
    file = tmp_path / "agent.toml"
    file.write_text(blocks(STRATEGIES, "toml")[0])
    venue = {key: value for key, value in CONFIG.items() if key.startswith("venue.")}
    loaded = AgentConfig.load(data=tmp_path / "data", config=file, env={}, overrides=venue)
    assert [lane.name for lane in lanes_of(loaded, ())] == ["fair_games", "momentum", "careful"]
    assert lanes_of(loaded, ())[2].make().keep == 80
    with Agent(loaded) as agent:
        assert agent.wait(bets=2, seconds=10) == "bets"
    assert agent.summary().difference == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_toml_block_is_a_configuration(page, my_ideas, tmp_path):
    for number, text in enumerate(blocks(page, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        AgentConfig.load(data=tmp_path, config=file, env={})
