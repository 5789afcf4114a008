"""The matrix and the page of promises are complete, and every test that they name exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from actors.crashpoints import POINTS

TESTS = Path(__file__).resolve().parents[1]
NUMBER_OF_ROWS = 65
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
LATER = ("PostgreSQL", "Redis")


def rows():
    """Return the cells of each row, by its number."""
    lines = (TESTS / "crash" / "matrix.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d+ \|", line)]
    return {int(number): rest for number, *rest in cells}


@cache
def names_in(file):
    """Return the names of a file's tests."""
    tree = ast.parse((TESTS / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def flaws(row):
    """Return what is wrong with a row."""
    what, _, covered = row
    named = NAMED.findall(covered)
    missing = [f"{file}::{name}" for file, name in named if name not in names_in(file)]
    later = "comes later" in covered or "come later" in covered
    if later and not any(word in what + covered for word in LATER):
        missing.append("only PostgreSQL and Redis may come later")
    if not named and not later:
        missing.append("no test is named")
    return missing


def test_every_row_is_there_once():
    assert list(rows()) == list(range(1, NUMBER_OF_ROWS + 1))


@pytest.mark.parametrize("number", rows())
def test_every_test_of_the_row_exists(number):
    assert flaws(rows()[number]) == []


def test_the_points_it_names_are_points():
    text = (TESTS / "crash" / "matrix.md").read_text()
    named = {name for group in re.findall(r"test_death_at` \(([^)]*)\)", text) for name in group.split(", ")}
    assert named
    assert named <= POINTS


def test_every_promise_names_tests_that_exist():
    page = (TESTS.parent / "docs" / "reliability.md").read_text()
    promises = [NAMED.findall(line) for line in page.splitlines() if line.startswith("- ")]
    assert promises
    assert all(promises)
    assert [one for named in promises for one in named if one[1] not in names_in(one[0])] == []


def test_control_a_row_without_a_test_is_noticed():
    assert flaws(["killed", "idle", "nothing yet"])
    assert flaws(["killed", "idle", "comes later"])
    assert flaws(["killed", "idle", "`crash/test_points.py::test_of_tomorrow`"])
