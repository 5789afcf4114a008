"""How a door says no."""

from typing import Any


class RefusedError(Exception):
    """An answer other than success, thrown from wherever it is found out.

    Attributes:
        status: HTTP status.
        body: the JSON object of the answer, `error` first.
    """

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body.get('error')}")
        self.status = status
        self.body = body


class InjectedFaultError(RuntimeError):
    """A fault that was ordered broke the work off here; the client sees a 500."""


class SandboxError(RuntimeError):
    """The built-in venue could not be started or reached; the text says why and how to mend it."""


def refuse(status: int, code: str, message: str | None = None, **extra: Any) -> RefusedError:
    """The error to raise for `code`; `extra` are further fields of the body."""
    body: dict[str, Any] = {"error": code}
    if message is not None:
        body["message"] = message
    return RefusedError(status, {**body, **extra})
