"""Where a configuration comes from: a TOML file, the environment, the command line; and how its errors are worded."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from actors import crashpoints
from actors.config.sections import StrategySection
from actors.errors import ConfigError

PREFIX = "STAKEKEEPER_"
KEY_VARIABLES = {f"{PREFIX}{service.upper()}_KEY": service for service in ("casino", "trading", "wallet", "domains")}
"""Variables that hold a service's key; they are credentials, no configuration."""

OTHER_VARIABLES = ("STAKEKEEPER_WEBHOOK_SECRET", crashpoints.VARIABLE)
OPTIONS = ("dry_run", "seed", "resume", "idle")
SHOWN_CHARS = 60

Tables = dict[str, Any]
"""Section to its keys; "strategy" to a list of tables."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the hint of an unknown word's error: the nearest known one, or all of them."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(choices)}."


def keys_in(env: Mapping[str, str]) -> dict[str, SecretStr]:
    """Return the services' keys that an environment has."""
    found = {service: env.get(variable, "").strip() for variable, service in KEY_VARIABLES.items()}
    return {service: SecretStr(key) for service, key in found.items() if key}


def from_file(path: Path) -> Tables:
    """Read a TOML file, numbers as exact decimals.

    Raises:
        ConfigError: no such file, not readable, or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file {path}; name an existing one with --config.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise ConfigError(f"The configuration file {path} cannot be read: {reason}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The configuration file {path} is no valid TOML: {error}.") from None


def from_environment(env: Mapping[str, str]) -> Tables:
    """Read STAKEKEEPER_SECTION__KEY. A variable of ours that means nothing is an error: a limit must not get lost.

    Raises:
        ConfigError: a variable with our prefix and of no known form.
    """
    try:
        crashpoints.wanted(env.get(crashpoints.VARIABLE, ""))
    except ValueError as error:
        raise ConfigError(str(error)) from None
    tables: Tables = {}
    passed = {*KEY_VARIABLES, *OTHER_VARIABLES, env.get(f"{PREFIX}WEBHOOK__SECRET_ENV", "")}
    for variable in sorted(env):
        if not variable.startswith(PREFIX) or variable in passed:
            continue
        section, separator, key = variable.removeprefix(PREFIX).lower().partition("__")
        if not separator:
            likely = variable.removeprefix(PREFIX).replace("_", "__", 1)
            raise ConfigError(
                f"{variable} is neither a key nor a setting; a setting has two underscores after its section, "
                f"as {PREFIX}{likely}."
            )
        if section == "strategy":
            raise ConfigError(f"{variable}: strategies are set in the file ([[strategy]]) or with --strategy.")
        value: object = env[variable]
        if (section, key) in (("alerts", "urls"), ("domains", "watch")):
            value = [part.strip() for part in env[variable].split(",") if part.strip()]
        tables.setdefault(section, {})[key] = value
    return tables


def from_overrides(overrides: Mapping[str, object]) -> tuple[dict[str, object], Tables]:
    """Split what a caller overrides into options of the run and tables ("section.key", "strategy")."""
    options: dict[str, object] = {}
    tables: Tables = {}
    for name, value in overrides.items():
        section, separator, key = name.partition(".")
        if separator:
            tables.setdefault(section, {})[key] = value
        elif name in OPTIONS:
            options[name] = value
        else:
            tables[name] = value
    return options, tables


class Merged:
    """Tables laid over each other, with the memory of where each key came from."""

    def __init__(self, sections: Mapping[str, type[BaseModel]]) -> None:
        self.values: Tables = {}
        self._sections = sections
        self._origin: dict[tuple[str, str], str] = {}

    def add(self, origin: str, tables: Tables) -> None:
        """Lay tables over what is there.

        Raises:
            ConfigError: a section or a key that does not exist, with the nearest one that does.
        """
        for section, table in tables.items():
            if section == "strategy":
                if not isinstance(table, list) or not all(isinstance(one, dict) for one in table):
                    raise ConfigError(f"strategy in {origin} must be a list of tables ([[strategy]]).")
                self.values["strategy"] = table
                continue
            if section not in self._sections:
                hint = nearest(section, [*self._sections, "strategy"])
                raise ConfigError(f"Unknown section {section} in {origin}; {hint}")
            if not isinstance(table, dict):
                raise ConfigError(f"{section} in {origin} must be a section ([{section}]), not {shown(table)}.")
            known = self._sections[section].model_fields
            for key, value in table.items():
                if key not in known:
                    raise ConfigError(f"Unknown key {section}.{key} in {origin}; {nearest(key, known)}")
                self.values.setdefault(section, {})[key] = value
                self._origin[section, key] = origin

    def sentence(self, error: ValidationError, options: Mapping[str, FieldInfo]) -> ConfigError:
        """Return the first of pydantic's complaints as one sentence; a value that may be secret is not shown."""
        first = error.errors(include_url=False)[0]
        section, *path = (str(part) for part in first["loc"])
        if section == "strategy":
            return ConfigError(self._strategy_sentence(path, first))
        if section in OPTIONS:
            return ConfigError(f"{section} = {shown(first['input'])} must be {options[section].description}.")
        key = path[0]
        field = self._sections[section].model_fields[key]
        secret = "SecretStr" in str(field.annotation) or section == "wallet"  # there, it may be a private key
        written = "the value given" if secret else shown(self.values[section][key])
        return ConfigError(f"{section}.{key} = {written} in {self._origin[section, key]}: must be {field.description}.")

    def _strategy_sentence(self, path: list[str], first: Mapping[str, Any]) -> str:
        number = int(path[0]) + 1
        if len(path) == 1:
            return f"[[strategy]] number {number} {first['ctx']['error']}."
        key = "class" if path[1] == "class_" else path[1]
        fields = {field.alias or name: field for name, field in StrategySection.model_fields.items()}
        value = self.values["strategy"][number - 1].get(key)
        return f"[[strategy]] number {number}: {key} = {shown(value)}: must be {fields[key].description}."


def shown(value: object) -> str:
    """Return a value as an error may show it: short, and without the password of a URL."""
    text = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
    text = re.sub(r"//[^/@\s]*@", "//***@", text)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}..."
