"""The keys of the services: from the environment, or from credentials.json in the data directory."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE

from pydantic import SecretStr, TypeAdapter, ValidationError

from actors.errors import ConfigError
from actors.files import PRIVATE_MODE, write_private

SECRET_CHARS = 8
"""What is shorter is no secret, and would be found in many a word."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A service's key, and the agent id it belongs to ("" while it is not known). The key is in no repr."""

    key: SecretStr
    agent_id: str = ""


_FILE = TypeAdapter(dict[str, Credential])


class Credentials:
    """The keys of one agent. Not thread-safe: read once at the start, written by `register`."""

    def __init__(self, path: Path, known: Mapping[str, Credential]) -> None:
        self._path = path
        self._known = dict(known)

    @classmethod
    def load(cls, data: Path, keys: Mapping[str, SecretStr]) -> "Credentials":
        """Read what is known; a key that is given wins over the file.

        Args:
            data: the data directory.
            keys: by service; see `AgentConfig.keys`.

        Raises:
            ConfigError: credentials.json is open to others, or is not what this program wrote.
        """
        path = data / "credentials.json"
        given = {service: Credential(key) for service, key in keys.items()}
        return cls(path, _read(path) | given)

    def get(self, service: str) -> Credential | None:
        """Return a service's credential, or None. Escrow, faucet and referral live on the casino's."""
        return self._known.get(owner_of(service))

    def require(self, service: str) -> Credential:
        """Return a service's credential.

        Raises:
            ConfigError: there is none.
        """
        owner = owner_of(service)
        if owner not in self._known:
            raise ConfigError(
                f"There is no key for {service}; set STAKEKEEPER_{owner.upper()}_KEY "
                f"or run: python run.py register {owner} --live."
            )
        return self._known[owner]

    def services(self) -> tuple[str, ...]:
        """Return the services that have a key of their own, sorted."""
        return tuple(sorted(self._known))

    def save(self, service: str, credential: Credential) -> None:
        """Keep a new credential in credentials.json (mode 0600, replaced atomically).

        Raises:
            ConfigError: the service has one in the file; a key cannot be had again, so it is never overwritten.
            OSError: the disk refused; nothing is changed.
        """
        stored = _read(self._path)
        if service in stored:
            raise ConfigError(f"{self._path} has a key for {service} already; move that file away to use another.")
        stored[service] = credential
        text = {
            name: {"key": one.key.get_secret_value(), "agent_id": one.agent_id} for name, one in sorted(stored.items())
        }
        write_private(self._path, json.dumps(text, indent=2) + "\n")
        self._known[service] = credential

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self.services()) or 'none'})"


class Redactor:
    """Takes keys out of texts that others wrote: a strategy's exception may have been told one."""

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        self._secrets = tuple(secret for secret in secrets if len(secret) >= SECRET_CHARS)

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        for secret in self._secrets:
            text = text.replace(secret.get_secret_value(), "[a key]")
        return text


def owner_of(service: str) -> str:
    """Return the service whose account and key a service uses."""
    return "casino" if service in ("escrow", "faucet", "referral") else service


def _read(path: Path) -> dict[str, Credential]:
    try:
        mode = S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} cannot be read; check that it is yours.") from None
    if mode & ~PRIVATE_MODE:
        raise ConfigError(f"{path} is open to others (mode {mode:04o}); close it with: chmod 600 {path}.")
    try:
        return _FILE.validate_json(text)
    except ValidationError:
        raise ConfigError(f'{path} is damaged; it must read {{"casino": {{"key": "..."}}}}.') from None
