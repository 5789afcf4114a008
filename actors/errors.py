"""Errors that end a command: one sentence with the mend, and the exit code that says what a restart would do."""

import sys

OURS = frozenset({"actors", "supervision", "tests", ""})


class StakekeeperError(Exception):
    """Base of every error whose text is meant for people as it stands.

    Attributes:
        exit_code: what the process ends with; 70 says that an automatic restart is right.
    """

    exit_code = 70


class ConfigError(StakekeeperError):
    """Usage, configuration or surroundings are wrong (also: no agent runs here); nothing was started."""

    exit_code = 2


class RefusesToTrade(StakekeeperError):  # noqa: N818  it says what happens
    """Trading would be a risk: integrity, a mismatch, another owner, a newer journal. A restart does not help."""

    exit_code = 3


def uninstalled(error: BaseException) -> ConfigError | None:
    """Return how to mend a missing dependency, or None if that is not what the error tells."""
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing in OURS or missing in sys.stdlib_module_names:  # a module of ours that is missing is a bug
        return None
    return ConfigError(
        f"Stakekeeper needs the package {missing}, which is not installed for {sys.executable}; "
        "in the directory of run.py say: python -m pip install -e ."
    )
