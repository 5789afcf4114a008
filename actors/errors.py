"""Errors that end a command: one sentence with the mend, and the exit code that says what a restart would do."""


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
