"""The arrows of the house: who may import whom, read from the source and checked in a fresh interpreter."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("actors", "supervision")

ACTORS = (
    "bankroll",
    "persistence",
    "casino",
    "escrow",
    "trading",
    "domains",
    "wallet",
    "faucet",
    "referral",
    "price_feed",
    "strategy",
    "reporter",
    "gateway",
    "poller",
    "webhook",
)
"""The files of the actors: they know messages and handles, never each other."""

ASSEMBLES = ("actors.agent", "actors.blueprint", "actors.crew", "actors.world", "actors.simulation.world")
"""Who may know all of them: the tree's plan, and the worlds (the real one, the simulated one) that it is built in."""

# What each room, or file, may import besides itself and the standard library.
ALLOWED = {
    "supervision": {"pykka"},
    "actors/money": {"msgspec"},
    "actors/journal": {"actors.crashpoints", "actors.money", "msgspec", "peewee", "playhouse"},
    "actors/venue": {
        "actors.crashpoints",
        "actors.money",
        "actors.ticket",
        "msgspec",
        "pybreaker",
        "pydantic",
        "requests",
        "urllib3",
        "websocket",
    },
    "actors/desk": {"actors.money", "actors.messages", "msgspec"},
    "actors/strategies": {"actors.money.orders", "actors.money.positions", "actors.money.wagers", "msgspec"},
    "actors/sandbox": {"starlette", "uvicorn", "websockets", "anyio"},
    "actors/messages.py": {"actors.money", "actors.ticket", "msgspec"},
    "actors/ticket.py": {"actors.money.wagers"},
    "actors/crashpoints.py": set(),
}


def files(place):
    """Return the Python files of a room, or the one file."""
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    """Return every module that a file imports, wherever in it the import stands; those for type checkers included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            # `from actors.money import audit` may name a module or a thing in one: keep the longer where it is a file.
            for name in node.names:
                longer = f"{node.module}.{name.name}"
                is_file = (ROOT / Path(*longer.split("."))).with_suffix(".py").exists()
                is_room = (ROOT / Path(*longer.split("."))).is_dir()
                found.add(longer if node.module.startswith(OURS) and (is_file or is_room) else node.module)
    return found


def within(module, place):
    return module == place or module.startswith(f"{place}.")


def foreign(place):
    """Return what a room imports that is neither its own, nor the standard library's, nor allowed."""
    own = module_of(ROOT / place) if place.endswith(".py") else place.replace("/", ".")
    allowed = {own, *ALLOWED[place]}
    return {
        (path.name, module)
        for path in files(place)
        for module in imports(path)
        if module.partition(".")[0] not in sys.stdlib_module_names and not any(within(module, one) for one in allowed)
    }


@pytest.mark.parametrize("place", ALLOWED)
def test_a_room_imports_what_it_may(place):
    assert foreign(place) == set()


@pytest.mark.parametrize("name", ACTORS)
def test_actors_never_import_each_other(name):
    others = {f"actors.{other}" for other in ACTORS if other != name}
    assert imports(ROOT / "actors" / f"{name}.py") & others == set()


def test_only_those_who_assemble_the_tree_know_the_actors():
    known = {f"actors.{name}" for name in ACTORS}
    knowing = {module_of(path) for path in files("actors") if imports(path) & known}
    assert knowing <= set(ASSEMBLES)


@pytest.mark.parametrize("word", ["time", "datetime", "random", "secrets", "os", "logging", "threading", "socket"])
def test_money_has_no_clock_no_chance_and_no_outside(word):
    assert word not in {module.partition(".")[0] for path in files("actors/money") for module in imports(path)}


@pytest.mark.parametrize("word", ["time", "random", "secrets", "os", "logging", "threading", "pykka", "supervision"])
def test_the_desk_has_no_clock_no_chance_and_no_outside(word):
    assert word not in {module.partition(".")[0] for path in files("actors/desk") for module in imports(path)}


def test_pykka_stays_behind_supervision():
    assert [path.name for path in files("actors") if "pykka" in imports(path)] == []


def loaded_by(statement):
    """Return which modules of ours a fresh interpreter has loaded after a statement."""
    tell = "import sys; print(*[name for name in sys.modules if name.split('.')[0] in ('actors', 'supervision')])"
    script = f"{statement}; {tell}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    return set(done.stdout.split())


def test_the_built_in_venue_does_not_load_the_agent():
    loaded = loaded_by("import actors.sandbox, actors.sandbox.app, actors.sandbox.launch")
    assert {name for name in loaded if not within(name, "actors.sandbox")} == {"actors", "actors.shadow"}


def test_the_money_room_loads_nothing_else():
    loaded = loaded_by("import actors.money.audit, actors.money.resolve, actors.money.sizing")
    assert {name for name in loaded if not within(name, "actors.money")} == {"actors", "actors.shadow"}


def test_a_forbidden_arrow_is_seen(tmp_path):
    file = tmp_path / "bad.py"
    file.write_text("def late():\n    from actors.money import audit\n    import pykka.debug\n")
    assert imports(file) == {"actors.money.audit", "pykka.debug"}
