"""Steering a running agent: what can be asked of it, and the client that asks over loopback."""

import json
import os
from pathlib import Path
from typing import Any, Literal, Protocol

from msgspec import Struct
from pydantic import SecretStr

from actors.errors import ConfigError, StakekeeperError

CONNECT_S = 2.0

Verdict = Literal["executed", "void"]


class Control(Protocol):
    """What an operator may ask of an agent. Each may block up to its limit; none is called from an actor's thread."""

    def status(self) -> dict[str, Any]:
        """Return how the agent stands, as plain JSON values."""

    def tree(self) -> str:
        """Return the supervision tree as text."""

    def pause(self, reason: str) -> None:
        """Accept no new work."""

    def resume(self, by: str) -> None:
        """Lift a pause or a stop, and begin a new session."""

    def request_stop(self) -> None:
        """Have the process end in order; returns at once."""

    def crash(self, actor: str) -> None:
        """Let an actor fail, on paper only."""

    def reconcile(self, because: str | None) -> dict[str, Any]:
        """Compare the book with the venue; with `because`, post a difference to suspense."""

    def resolve(self, intent: str, verdict: Verdict, payout_micro: int, because: str) -> str:
        """Take the operator's word on an intent in ERROR; return what came of it."""


class NoAgent(ConfigError):  # noqa: N818  it says what is
    """No agent runs on the data directory."""


class Unsteered(StakekeeperError):  # noqa: N818  as above
    """The agent answered with an error of its own; `exit_code` is the one it gave."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


class RemoteAgent(Struct, frozen=True):
    """The agent that runs on a data directory, steered through its control server. Calls block the caller."""

    data: Path
    port: int
    pid: int
    token: SecretStr

    @classmethod
    def find(cls, data: Path) -> "RemoteAgent":
        """Read control.json.

        Raises:
            NoAgent: no agent runs there, or the one that wrote the file is gone.
        """
        try:
            found = json.loads((data / "control.json").read_text(encoding="utf-8"))
            agent = cls(data, int(found["port"]), int(found["pid"]), SecretStr(str(found["token"])))
        except FileNotFoundError:
            raise NoAgent(f"No agent runs here (data {data}); start one with: python run.py.") from None
        except (OSError, ValueError, KeyError, TypeError):
            raise NoAgent(f"{data / 'control.json'} cannot be read; is the agent another user's?") from None
        if not _is_alive(agent.pid):
            raise NoAgent(
                f"No agent runs here (data {data}): process {agent.pid} ended without tidying up; "
                "start it again with: python run.py."
            )
        return agent

    def status(self) -> dict[str, Any]:
        """Return how the agent stands."""
        return dict(self._call("status"))

    def tree(self) -> str:
        """Return the supervision tree as text."""
        return str(self._call("tree"))

    def pause(self, reason: str) -> None:
        """Have the agent accept no new work."""
        self._call("pause", reason=reason)

    def resume(self, by: str) -> None:
        """Lift a pause or a stop."""
        self._call("resume", by=by)

    def request_stop(self) -> None:
        """Have the process end in order; returns at once."""
        self._call("stop")

    def crash(self, actor: str) -> None:
        """Let an actor fail."""
        self._call("crash", actor=actor)

    def reconcile(self, because: str | None) -> dict[str, Any]:
        """Compare the book with the venue."""
        return dict(self._call("reconcile", because=because))

    def resolve(self, intent: str, verdict: Verdict, payout_micro: int, because: str) -> str:
        """Take the operator's word on an intent in ERROR."""
        return str(self._call("resolve", intent=intent, verdict=verdict, payout_micro=payout_micro, because=because))

    def is_running(self) -> bool:
        """Return whether the agent is still there: its process, and its entry in control.json."""
        try:
            listed = RemoteAgent.find(self.data)
        except NoAgent:
            return False
        return listed == self

    def _call(self, name: str, **order: object) -> Any:
        import requests  # noqa: PLC0415  a tenth of a second that `run` has no use for

        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy of the surroundings must not see the token
                response = session.post(
                    f"http://127.0.0.1:{self.port}/{name}",
                    json=order,
                    headers={"Authorization": f"Bearer {self.token.get_secret_value()}"},
                    timeout=(CONNECT_S, limit_s(name) + CONNECT_S),
                )
            said = response.json()
        except requests.ConnectionError:
            raise NoAgent(
                f"No agent runs here (data {self.data}): nothing listens on port {self.port} of its control.json."
            ) from None
        except requests.Timeout:
            raise Unsteered(f"The agent (process {self.pid}) did not answer within {limit_s(name):g} s.", 70) from None
        except ValueError:
            raise NoAgent(f"Port {self.port} of {self.data / 'control.json'} is not an agent's any more.") from None
        if response.ok:
            return said["answer"]
        raise Unsteered(str(said.get("error", "The agent refused.")), int(said.get("exit_code", 70)))


def limit_s(name: str) -> float:
    """Return how long a call may take, in seconds; some read the venue, beyond a live quiet period."""
    return 90.0 if name in ("reconcile", "resolve") else 10.0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        pass
    return True
