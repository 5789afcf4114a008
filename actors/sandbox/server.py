"""The process: one port, one data directory, one lock, an end of its own."""

import argparse
import asyncio
import contextlib
import fcntl
import functools
import json
import logging
import os
import random
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from actors.sandbox import escrow
from actors.sandbox.app import build
from actors.sandbox.books import Books
from actors.sandbox.door import Venue
from actors.sandbox.exchange.clearing import Exchange
from actors.sandbox.faults import FaultPlan, FaultSpecError, parse
from actors.sandbox.limits import Limiter
from actors.sandbox.market import Market
from actors.sandbox.proxy import Proxy
from actors.sandbox.pushes import Pusher
from actors.sandbox.trading.events import push
from actors.sandbox.trading.monitor import Monitor, keep_time
from actors.sandbox.trading.prices import Prices

HOST = "127.0.0.1"
IDLE_EXIT_S = 10.0
IDLE_LOOK_S = 0.2
KEEP_PRICES_EVERY_S = 5.0
TRADE_EVERY_S = 0.5  # how often waiting orders, funding and margins are looked at
SWEEP_EVERY_S = 300.0  # how often timed-out escrows are looked for, as on the venue
KEEP_ALIVE_S = 65  # an idle connection is closed after this
SHUTDOWN_S = 1  # for answers under way when the end is ordered
BACKLOG = 512
EXIT_USAGE, EXIT_OWNED = 2, 3
STATE_FILE, BOOKS_FILE, LOCK_FILE = "sandbox.json", "sandbox.sqlite", "sandbox.lock"
log = logging.getLogger("sandbox")


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own handlers would kill the process again after the end, before our files are cleared away
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end)
        yield

    def end(self) -> None:
        self.should_exit = True


def main(argv: Sequence[str]) -> int:
    """Run the built-in venue until it is told to end or nobody uses it; returns the exit code.

    Args:
        argv: the command line without the program's name.
    """
    options = _options(argv)
    options.ready = _detach() if options.detach else None
    data = Path(options.data).resolve()
    try:
        plan = FaultPlan(parse(options.faults), options.seed)
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / LOCK_FILE).open("a")
    except FaultSpecError as error:
        return _complain(str(error), EXIT_USAGE)
    except OSError as error:
        return _complain(f"cannot use the directory {data}: {error.strerror}", EXIT_USAGE)
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return _complain(f"another built-in venue runs on {data}; stop it or use another --data", EXIT_OWNED)
        try:
            listener = _listen(options.port)
        except (OSError, OverflowError) as error:
            return _complain(f"cannot listen on port {options.port}: {error}", EXIT_USAGE)
        _log_to(options.log)
        with listener:
            return _run(options, data, listener, plan)


def _run(options: argparse.Namespace, data: Path, listener: socket.socket, plan: FaultPlan) -> int:
    try:
        books = Books(data / BOOKS_FILE)
    except sqlite3.DatabaseError as error:
        return _complain(f"cannot read {data / BOOKS_FILE} ({error}); move it away to start afresh", EXIT_USAGE)
    try:
        asyncio.run(_serve(options, data, listener, books, plan))
    finally:
        books.close()
        (data / STATE_FILE).unlink(missing_ok=True)
    return 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="The built-in venue on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--data", default="var/paper", help="directory of its books (default %(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="of server seeds, prices and faults (default %(default)s)")
    parser.add_argument("--faults", default="", help="kind[@path-prefix]=rate[:amount],... or storm")
    parser.add_argument("--limits", choices=("contract", "off"), default="contract", help="the rate limiters")
    parser.add_argument(
        "--idle-exit",
        type=float,
        default=IDLE_EXIT_S,
        metavar="SECONDS",
        help="end so long after the last user; 0 is never (default %(default)s)",
    )
    parser.add_argument("--log", help="file to log to instead of standard error")
    parser.add_argument("--detach", action="store_true", help="run on in the background as soon as it is up")
    return parser.parse_args(argv)


def _detach() -> int:
    """Go on as a grandchild of whoever started us, who then has no zombie of ours; return where to write `up`.

    The process that was started waits until the venue is up or has ended, and tells which by its exit code.
    """
    up, ready = os.pipe()
    venue = os.fork()
    if not venue:
        os.close(up)
        return ready
    os.close(ready)
    if os.read(up, 1):
        os._exit(0)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(venue, 0)[1]))


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(f"sandbox: {sentence}\n")
    return code


def _log_to(path: str | None) -> None:
    logging.basicConfig(
        filename=path, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _listen(port: int) -> socket.socket:
    # asyncio switches Nagle off (40 ms an answer on a kept connection) only where the protocol is named
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    listener.listen(BACKLOG)
    return listener


async def _serve(
    options: argparse.Namespace, data: Path, listener: socket.socket, books: Books, plan: FaultPlan
) -> None:
    started = time.monotonic()
    market = Market(random.Random(f"prices/{options.seed}"), plan.silences_feed)  # noqa: S311 - no secret
    exchange = Exchange(books, market, options.seed)
    exchange.subscribe(functools.partial(push, books))
    proxy = Proxy(plan)
    venue = Venue(
        books=books,
        limiter=Limiter(books.now, enabled=options.limits == "contract"),
        market=market,
        exchange=exchange,
        prices=Prices(market, books.now, plan),
        monitor=Monitor(),
        seed=options.seed,
        faults=plan,
        uptime=lambda: time.monotonic() - started,
        settled=proxy.settled,
        ending=lambda: server.should_exit,
    )
    server = _Server(
        uvicorn.Config(
            build(venue),
            http="h11",
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
    )
    inner = _listen(0) if plan.needs_proxy else listener
    escrow.sweep(books)
    serving = asyncio.create_task(server.serve([inner]))
    if plan.needs_proxy:
        await proxy.open(listener, inner.getsockname()[1])
    helpers = [
        asyncio.create_task(work)
        for work in (
            market.run(),
            _sweep(books),
            _trade(venue),
            _keep_prices(exchange),
            Pusher(books, plan).run(),
            _watch(server, proxy, options.idle_exit),
        )
    ]
    _announce(options, data, listener)
    try:
        await serving
    finally:
        for helper in helpers:
            helper.cancel()
        proxy.close()
    log.info("ended")


def _announce(options: argparse.Namespace, data: Path, listener: socket.socket) -> None:
    state = {
        "port": listener.getsockname()[1],
        "pid": os.getpid(),
        "seed": options.seed,
        "faults": options.faults,
        "limits": options.limits,
        "started_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    draft = data / f"{STATE_FILE}.new"
    draft.write_text(json.dumps(state) + "\n")
    draft.replace(data / STATE_FILE)
    if options.ready is not None:
        with contextlib.suppress(BrokenPipeError):  # whoever started us is gone; the next one finds us
            os.write(options.ready, b"+")
        os.close(options.ready)
    log.info("listening on http://%s:%d, data %s, faults %r", HOST, state["port"], data, options.faults)


async def _sweep(books: Books) -> None:
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        escrow.sweep(books)


async def _trade(venue: Venue) -> None:
    while True:
        keep_time(venue)
        await asyncio.sleep(TRADE_EVERY_S)


async def _keep_prices(exchange: Exchange) -> None:
    while True:
        await asyncio.sleep(KEEP_PRICES_EVERY_S)
        exchange.keep_prices()


async def _watch(server: _Server, proxy: Proxy, idle_exit_s: float) -> None:
    idle_since, seen = time.monotonic(), 0
    while idle_exit_s > 0:
        await asyncio.sleep(IDLE_LOOK_S)
        state = server.server_state
        if state.connections or proxy.busy or state.total_requests != seen:
            idle_since, seen = time.monotonic(), state.total_requests
        elif time.monotonic() - idle_since >= idle_exit_s:
            log.info("nobody here for %g s", idle_exit_s)
            server.end()
            return
