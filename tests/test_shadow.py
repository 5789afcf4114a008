"""Another distribution's `supervision` or `actors` in our place is found out at import."""

import subprocess
import sys
from pathlib import Path

import pytest

from actors.shadow import check_supervision

HOME = Path(__file__).resolve().parent.parent


def test_our_own_package_passes():
    check_supervision(HOME)


@pytest.fixture
def foreign(tmp_path):
    package = tmp_path / "supervision"
    package.mkdir()
    (package / "__init__.py").write_text('"""Computer vision."""\n')
    return tmp_path


def in_a_process(code, path):
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(path)!r}); {code}"],
        capture_output=True, text=True, cwd=HOME, timeout=30, check=False,
    )  # fmt: skip


def test_a_foreign_supervision_is_named_with_its_place(foreign):
    code = f"from pathlib import Path; from actors.shadow import check_supervision as c; c(Path({str(HOME)!r}))"
    ended = in_a_process(code, foreign)
    assert "ImportError: The package `supervision` at " in ended.stderr
    assert f"{foreign}/supervision belongs to" in ended.stderr


def test_one_installed_over_ours_is_found_by_its_text(foreign):
    code = f"from pathlib import Path; from actors.shadow import check_supervision as c; c(Path({str(foreign)!r}))"
    assert "hides Stakekeeper's own" in in_a_process(code, foreign).stderr


def test_run_py_finds_out_a_foreign_actors_package(tmp_path):
    (tmp_path / "actors").mkdir()
    (tmp_path / "actors" / "__init__.py").write_text("")
    code = f"import runpy; runpy.run_path({str(HOME / 'run.py')!r}, run_name='__main__')"
    ended = in_a_process(code, tmp_path)
    assert (ended.returncode, "hides Stakekeeper's own" in ended.stderr) == (2, True)


def test_run_py_refuses_windows_before_it_loads_anything(tmp_path):
    code = f"sys.platform = 'win32'; import runpy; runpy.run_path({str(HOME / 'run.py')!r}, run_name='__main__')"
    ended = in_a_process(code, tmp_path)
    assert (ended.returncode, ended.stderr.endswith("use Linux, macOS or WSL.\n")) == (2, True)
    assert ended.stderr.count("\n") == 1
