"""docs/services.md says what the agent's tables say, and which test shows each row of what was asked for."""

import ast
import re
from pathlib import Path

import pytest

from actors.money.games import SOUND_GAMES
from actors.venue.endpoints import ENDPOINTS, EVERYWHERE, covers, endpoint
from tests.contract.test_cards import CARDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "services.md").read_text()
TITLES = {"casino": "Casino", "referral": "Casino"}

ROWS = {1: 7, 2: 9, 3: 5, 4: 6, 5: 9}
"""How many rows the sections of what was asked for have."""

LATER = {"2.8"}
"""Several agents on PostgreSQL."""


def section(service):
    title = TITLES.get(service, service.capitalize())
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def called(row):
    """An endpoint as the page writes it."""
    game = any(covers(row.prefix, f"/games/{game.path}") for game in SOUND_GAMES.values())
    return f"`{row.method} {'/games/GAME' if game else row.prefix}`"


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: f"{row.service} {row.prefix}")
def test_each_endpoint_stands_on_the_page_with_its_class_and_its_proofs(row):
    (line,) = [line for line in section(row.service).splitlines() if line.startswith(f"| {called(row)} |")]
    _, _, what, capability, proofs, _ = line.split("|")
    assert capability.strip() == row.capability.name
    assert what.strip().startswith("never") is bool(row.why)
    codes = set(re.findall(r"`([a-z_]+)`", proofs)) - {"trade_failed"}
    assert codes == {code for _, code in row.refusals - EVERYWHERE}
    assert all(f'"{words}"' in proofs for words in row.early)


def test_the_page_names_no_endpoint_that_the_table_has_not():
    known = {called(row).strip("`") for row in ENDPOINTS}
    named = set(re.findall(r"^\| `((?:GET|POST|PUT|DELETE) [^`]*)` \|", PAGE, re.MULTILINE))
    assert named == known


READS = re.compile(r'(?:line|_line|_casino)\.get\(\s*f?"(/[^"{]*)')


def test_everything_that_is_read_has_a_card():
    room = ROOT / "actors" / "venue"
    read = {path for file in room.glob("*.py") for path in READS.findall(file.read_text())}
    carded = [card.ask.removeprefix("GET ") for card in CARDS if card.ask.startswith("GET ")]
    assert read
    assert {path for path in read if not any(one.startswith(path) for one in carded)} == set()


def test_nothing_that_is_read_is_an_endpoint_that_changes_something():
    for card in CARDS:
        if card.ask.startswith("GET "):
            assert endpoint(card.service, card.ask.removeprefix("GET ")).why in ("", "nothing is known of it")


def mapped():
    for line in PAGE.partition("## What was asked for")[2].splitlines():
        if found := re.match(r"\| (\d\.\d) \| .* \| (.*) \|$", line):
            yield found[1], re.findall(r"`([^`]+)::(\w+)`", found[2])


def test_each_row_of_what_was_asked_for_is_mapped():
    wanted = {f"{part}.{row}" for part, rows in ROWS.items() for row in range(1, rows + 1)}
    found = dict(mapped())
    assert found.keys() == wanted
    assert {row for row, tests in found.items() if not tests} == LATER


@pytest.mark.parametrize(("row", "tests"), list(mapped()))
def test_each_mapped_test_exists_and_names_its_row(row, tests):
    for file, name in tests:
        tree = ast.parse((ROOT / "tests" / file).read_text())
        (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        assert f"{row}" in (ast.get_docstring(function) or "")
