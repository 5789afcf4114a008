"""The loopback control server: each path is one call of the agent, for who bears the token."""

import hmac
import select
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, validate_call

from actors.control import Control, Verdict, limit_s
from actors.errors import StakekeeperError
from supervision import AskError, Refuse

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request

BACKLOG = 16
CLOSE_S = 3.0
GRACE_S = 1

_Text = Annotated[str, Field(min_length=1)]
_ORDER = TypeAdapter(dict[str, Any])
_checked = validate_call(config=ConfigDict(hide_input_in_errors=True))


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
        self._uvicorn = uvicorn.Server(config)
        if not self._closing:  # in this order: either we see that, or `close` sees the server
            self._uvicorn.run(sockets=[self._listener])


def control_app(control: Control, token: str) -> "Starlette":
    """Return the control server's application: each path is one call of `control`, its JSON the arguments."""
    import anyio  # noqa: PLC0415  as above
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.responses import JSONResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    async def endpoint(request: "Request") -> JSONResponse:
        borne = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(borne, f"Bearer {token}".encode()):
            return JSONResponse({"error": "The token is wrong; control.json has the right one.", "exit_code": 2}, 401)
        name = request.url.path.removeprefix("/")
        try:
            order = _ORDER.validate_json(await request.body() or b"{}")
            with anyio.fail_after(limit_s(name)):
                answer = await anyio.to_thread.run_sync(lambda: orders[name](**order), abandon_on_cancel=True)
        except Exception as error:  # noqa: BLE001  the caller gets the sentence, the server lives on
            status, sentence, exit_code = _refusal(error, limit_s(name))
            return JSONResponse({"error": sentence, "exit_code": exit_code}, status)
        return JSONResponse({"answer": answer})

    orders = _orders(control)
    return Starlette(routes=[Route(f"/{name}", endpoint, methods=["POST"]) for name in orders])


def _orders(control: Control) -> dict[str, Callable[..., Any]]:
    def pause(reason: _Text) -> None:
        control.pause(reason)

    def resume(by: _Text) -> None:
        control.resume(by)

    def crash(actor: _Text) -> None:
        control.crash(actor)

    def reconcile(because: _Text | None) -> dict[str, Any]:
        return control.reconcile(because)

    def resolve(intent: _Text, verdict: Verdict, payout_micro: Annotated[int, Field(ge=0)], because: _Text) -> str:
        return control.resolve(intent, verdict, payout_micro, because)

    looks = {"status": control.status, "tree": control.tree, "stop": control.request_stop}
    orders = {order.__name__: order for order in (pause, resume, crash, reconcile, resolve)}
    return {name: _checked(call) for name, call in (looks | orders).items()}


def _refusal(error: Exception, limit: float) -> tuple[int, str, int]:
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
            return 504, f"The agent did not answer within {limit:g} s.", 70
    return 500, f"The agent failed to answer: {type(error).__name__}: {error}.", 70
