import contextlib
import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from actors.money.games import odds
from actors.money.wagers import CheckedBet, Request
from actors.sandbox.launch import ensure_running
from actors.ticket import Ticket
from actors.venue.breakers import Breakers
from actors.venue.casino import Casino, bet_request
from actors.venue.escrow import Escrow
from actors.venue.line import Line
from actors.venue.registration import Credentials, register
from tests.kit import VENUE_IDLE_S

KEY = SecretStr("sk_live_0123456789abcdef")
TAG = "sk1-agent-1-0123456789abcdef"


NOW = 1_795_330_000_000_000


class Clock:
    """A monotonic clock that stands still until a test moves it, and the wall clock beside it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> int:
        return NOW + int((self.now - 1_000) * 1_000_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def wall() -> int:
    return time.time_ns() // 1_000


def quiet(*_: object) -> None:
    pass


def make_breakers() -> Breakers:
    return Breakers(clock=time.monotonic, wall=wall, changed=quiet)


def make_line(url: str, service: str = "casino", **changes) -> Line:
    options = {
        "key": KEY,
        "agent_id": "ag_0123456789ab",
        "timeout_s": 5.0,
        "wall": wall,
        "rng": random.Random(1),
        "breakers": make_breakers(),
        "wait": quiet,
    }
    return Line(service, url, **(options | changes))


def make_casino(url: str, **changes) -> Casino:
    return Casino(make_line(url, **changes), Escrow(make_line(url, "escrow", **changes)))


def a_bet(game: str = "coin_flip", **params) -> CheckedBet:
    params = params or {"side": "heads"}
    return CheckedBet(game, tuple(sorted(params.items())), odds(game, params))


def bet_ticket(
    stake_micro: int = 450_000, tag: str = TAG, bet: CheckedBet | None = None, seconds: float = 60
) -> Ticket:
    return ticket("bet", bet_request(bet or a_bet(), stake_micro, tag), stake_micro, tag, seconds)


def ticket(kind: str, request: Request, stake_micro: int, tag: str, seconds: float = 60) -> Ticket:
    send_by = wall() + int(seconds * 1_000_000)
    return Ticket(intent=tag, kind=kind, tag=tag, stake_micro=stake_micro, request=request, send_by=send_by)


@pytest.fixture(scope="session")
def sandbox():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        yield ensure_running(Path(data), seed=7, limits="off", idle_exit_s=VENUE_IDLE_S)
        with contextlib.suppress(FileNotFoundError):  # it ends by itself without a user
            os.kill(json.loads((Path(data) / "sandbox.json").read_text())["pid"], signal.SIGTERM)


@pytest.fixture
def account(sandbox) -> Credentials:
    return register(f"{sandbox}/api/v1", timeout_s=5)


@pytest.fixture
def casino(sandbox, account) -> Casino:
    mine = {"key": account.api_key, "agent_id": account.agent_id}
    return Casino(make_line(f"{sandbox}/api/v1", **mine), Escrow(make_line(sandbox, "escrow", **mine)))
