"""GatewayActor: lets an operator on this machine look at the agent and steer it."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from msgspec import Struct

from actors.control import Control
from actors.control_server import ControlServer
from actors.files import write_private
from supervision import Exit, Worker

TOKEN_BYTES = 32
WATCH_S = 5.0


class Publish(Struct, frozen=True):
    """Write control.json: the journal's lock is held, so the directory is this agent's and not another's."""


class GatewayActor(Worker):
    """Keeps a control server; control.json says where it is, and has the token.

    No HTTP is served in the actor's thread, and no server is loaded before the first caller comes.

    Args:
        control: what is steered; called in worker threads.
        path: control.json; written with mode 0600, removed at the end.
    """

    def __init__(self, control: Control, path: Path) -> None:
        super().__init__()
        self._agent = control
        self._path = path
        self._server: ControlServer | None = None
        self._written = False

    def setup(self) -> None:
        """Listen on a free port, and say where."""
        self._server = ControlServer(self._agent, secrets.token_urlsafe(TOKEN_BYTES))
        self._server.start()
        if self.incarnation > 1:
            self._publish(self._server)
        self.note(f"control on 127.0.0.1:{self._server.port}")
        self.every(WATCH_S, _Watch())

    def receive(self, message: Any) -> Any:
        """Say where the server is, or see whether it still serves."""
        match message:
            case Publish() if self._server is not None:
                self._publish(self._server)
            case _Watch():
                if self._server is not None and not self._server.is_serving():
                    raise RuntimeError("the control server's thread ended")
            case _:
                return super().receive(message)
        return None

    def teardown(self, exit: Exit) -> None:  # noqa: A002, ARG002  the field's word
        """Remove control.json and close the server."""
        if self._written:
            self._path.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()

    def _publish(self, server: ControlServer) -> None:
        place = {"port": server.port, "token": server.token, "pid": os.getpid()}
        write_private(self._path, json.dumps(place) + "\n")
        self._written = True


class _Watch:
    """The timer's message."""
