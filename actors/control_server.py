"""The loopback control server: each path is one call of the agent, for who bears the token."""

import hmac
import select
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from actors.control import LOOKUP_S, QUICK_S, Control, Verdict
from actors.errors import StakekeeperError
from supervision import AskError, Refuse

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse

BACKLOG = 16
CLOSE_S = 3.0
GRACE_S = 1


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Nothing(_Order):
    pass


class _Pause(_Order):
    reason: str = Field(min_length=1)


class _Resume(_Order):
    by: str = Field(min_length=1)


class _Crash(_Order):
    actor: str = Field(min_length=1)


class _Reconcile(_Order):
    because: str | None = Field(default=None, min_length=1)


class _Resolve(_Order):
    intent: str = Field(min_length=1)
    verdict: Verdict
    payout_micro: int = Field(ge=0)
    because: str = Field(min_length=1)


_O = TypeVar("_O", bound=_Order)


class ControlServer:
    """An HTTP server on a free loopback port, in a thread of its own.

    Attributes:
        port: where it listens, from the constructor on.
        token: what a caller must bear.
    """

    def __init__(self, control: Control, token: str) -> None:
        self.token = token
        self._control = control
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port: int = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._lock = threading.Lock()
        self._closing = False
        self._uvicorn: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin to serve; returns at once."""
        self._thread.start()

    def is_serving(self) -> bool:
        """Return whether its thread lives."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End it; callers in flight get a second. Blocks up to 3 s."""
        with self._lock:
            self._closing = True
            if self._uvicorn is not None:
                self._uvicorn.should_exit = True
        self._wake.close()
        self._thread.join(CLOSE_S)
        self._woken.close()
        self._listener.close()

    def _run(self) -> None:
        ready, _, _ = select.select([self._listener, self._woken], [], [])
        if self._woken in ready:
            return
        import uvicorn  # noqa: PLC0415  a tenth of a second that no bet has to wait for

        config = uvicorn.Config(
            control_app(self._control, self.token),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        server = uvicorn.Server(config)
        with self._lock:
            if self._closing:
                return
            self._uvicorn = server
        server.run(sockets=[self._listener])


def control_app(control: Control, token: str) -> "Starlette":
    """Return the control server's application: each path is one call of `control`."""
    from starlette.applications import Starlette  # noqa: PLC0415  as above
    from starlette.routing import Route  # noqa: PLC0415

    def pause(order: _Pause) -> None:
        control.pause(order.reason)

    def resume(order: _Resume) -> None:
        control.resume(order.by)

    def crash(order: _Crash) -> None:
        control.crash(order.actor)

    def reconcile(order: _Reconcile) -> dict[str, Any]:
        return control.reconcile(order.because)

    def resolve(order: _Resolve) -> dict[str, Any]:
        return {"text": control.resolve(order.intent, order.verdict, order.payout_micro, order.because)}

    def route(
        method: str, path: str, kind: type[_O], call: Callable[[_O], Mapping[str, Any] | None], limit_s: float = QUICK_S
    ) -> Route:
        return Route(path, _endpoint(kind, call, token, limit_s), methods=[method])

    return Starlette(
        routes=[
            route("GET", "/status", _Nothing, lambda _: control.status()),
            route("GET", "/tree", _Nothing, lambda _: {"tree": control.tree()}),
            route("POST", "/pause", _Pause, pause),
            route("POST", "/resume", _Resume, resume),
            route("POST", "/stop", _Nothing, lambda _: control.request_stop()),
            route("POST", "/crash", _Crash, crash),
            route("POST", "/reconcile", _Reconcile, reconcile, LOOKUP_S),
            route("POST", "/resolve", _Resolve, resolve, LOOKUP_S),
        ]
    )


def _endpoint(
    kind: type[_O], call: Callable[[_O], Mapping[str, Any] | None], token: str, limit_s: float
) -> Callable[["Request"], Awaitable["JSONResponse"]]:
    import anyio  # noqa: PLC0415  as above
    from starlette.responses import JSONResponse  # noqa: PLC0415

    async def endpoint(request: "Request") -> JSONResponse:
        borne = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(borne, f"Bearer {token}".encode()):
            return JSONResponse({"error": "The token is wrong; control.json has the right one.", "exit_code": 2}, 401)
        try:
            order = kind.model_validate_json(await request.body() or b"{}")
            with anyio.fail_after(limit_s):
                answer = await anyio.to_thread.run_sync(call, order, abandon_on_cancel=True)
        except Exception as error:  # noqa: BLE001  the caller gets the sentence, the server lives on
            status, sentence, exit_code = _refusal(error, limit_s)
            return JSONResponse({"error": sentence, "exit_code": exit_code}, status)
        return JSONResponse({"ok": True} if answer is None else dict(answer))

    return endpoint


def _refusal(error: Exception, limit_s: float) -> tuple[int, str, int]:
    match error:
        case ValidationError():
            first = error.errors(include_url=False, include_input=False)[0]
            return 400, f"{'.'.join(map(str, first['loc'])) or 'the order'}: {first['msg']}.", 2
        case StakekeeperError():
            return 409, str(error), error.exit_code
        case Refuse():
            return 409, str(error), 2
        case AskError():
            return 503, f"The agent is busy or restarting ({error}); ask again.", 70
        case TimeoutError():
            return 504, f"The agent did not answer within {limit_s:g} s.", 70
    return 500, f"The agent failed to answer: {type(error).__name__}: {error}.", 70
