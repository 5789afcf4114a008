"""docs/supervision.md: each guarantee names its tests, and its program runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parent.parent / "docs" / "supervision.md").read_text()
README = (HERE.parent.parent / "README.md").read_text()
GUARANTEES = [line for line in PAGE.splitlines() if line.startswith("- ")]
SOURCES = [file.read_text() for file in HERE.glob("test_*.py")]
TESTS = {name for text in SOURCES for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}


def unheld(line):
    """Return what is wrong with a guarantee: the tests it names that do not exist, or that it names none."""
    named = re.findall(r"`(test_\w+)`", line)
    return [name for name in named if name not in TESTS] or ([] if named else ["no test"])


@pytest.mark.parametrize("line", GUARANTEES, ids=lambda line: line[2:40])
def test_each_guarantee_names_tests_that_exist(line):
    assert unheld(line) == []


def test_control_a_guarantee_without_a_test_is_noticed():
    assert unheld("- The moon is round.") == ["no test"]
    assert unheld("- The moon is round. `test_the_moon`") == ["test_the_moon"]
    assert len(GUARANTEES) > 50


def output_of(text):
    """Run the program in a text, and return what it writes."""
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stderr == ""
    return done.stdout


def test_the_program_on_the_page_runs():
    assert "\n2\nshop " in output_of(PAGE)


def test_the_program_in_the_readme_runs():
    _, _, section = README.partition("\n## The supervisors by themselves\n")
    assert output_of(section.partition("\n## ")[0]).startswith("2\nshop ")
