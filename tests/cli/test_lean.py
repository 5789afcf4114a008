"""What a start loads, and what it leaves to whoever uses it."""

import subprocess
import sys

import pytest

LEAN = "from actors.cli import lean; lean.load()"
PLAIN = "import actors.agent"


def after(statement, expression):
    """Return what an expression is in a new process after a statement."""
    program = f"import gc, sys\n{statement}\nprint({expression})"
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize(("statement", "loaded"), [(LEAN, "False"), (PLAIN, "True")])
def test_a_driver_that_nobody_uses_is_not_loaded_with_the_agent(statement, loaded):
    assert after(statement, "'redis' in sys.modules") == loaded


def test_a_driver_can_still_be_loaded_and_garbage_is_collected():
    assert after(f"{LEAN}\nimport redis", "'agent' in dir(sys.modules['actors']) and gc.isenabled()") == "True"
