"""The agent: builds the tree from a configuration, starts it, drains it, stops it. The API for host applications."""

import errno
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from msgspec import to_builtins

from actors import blueprint, parts
from actors.blueprint import OPENING_S
from actors.clock import steady_wall
from actors.config import AgentConfig
from actors.credentials import Redactor
from actors.errors import ConfigError, RefusesToTrade, StakekeeperError
from actors.gateway import Publish
from actors.journal import JournalBroken, JournalBusy, JournalError
from actors.lanes import check_bets, lanes_of
from actors.messages import Drain, GetStatus, Notice, Pause, Reconcile, Resolve, Resume, ServiceHealth, Status
from actors.money.machine import LaneState
from actors.money.risk import MISMATCH, PAUSE
from actors.site import Site, find_site
from actors.strategies import Strategy
from actors.summary import Summary
from actors.witness import Witness
from actors.world import RealWorld
from supervision import (
    SHUTDOWN,
    AskError,
    Fatal,
    Handle,
    Refuse,
    StartError,
    System,
)

START_TIMEOUT_S = OPENING_S + 30
"""For the whole tree; opening a very long journal takes most of it."""

STOP_TIMEOUT_S = 4.0
"""For an ordered stop, besides what is in flight (seconds)."""

FIRST_LOOK_S = 1.5
"""How long `start` waits for the first reconcile with a venue on this machine, so that the first tree shows it."""

ASK_TIMEOUT_S = 2.0
POLL_S = 0.02
"""How often a waiting caller looks at the bankroll's status, in seconds."""

RECONCILE_TIMEOUT_S = 30.0
UNREAD_PATIENCE_S = 5.0
"""How long an operator's question waits while an account cannot be read, in seconds: for a few tries, not for a venue
that is down."""


class Agent:
    """An agent with its own tree, journal and log; several may run in one process on different data directories.

    Use it as a context manager, or call `start` and `stop`. All methods may be called from any thread but not from
    inside an actor; they block as said. Nothing global is set up and nothing is left behind after `stop`.

    Args:
        config: see `AgentConfig.load`.
        strategies: instances to run besides the configured ones, each in a lane named after its class.
        observer: called with every `Notice`, in an actor's thread; what it raises is contained.
    """

    def __init__(
        self,
        config: AgentConfig,
        *,
        strategies: Sequence[Strategy] = (),
        observer: Callable[[Notice], None] | None = None,
    ) -> None:
        self.config = config
        self._given = tuple(strategies)
        self._lanes: set[str] = set()
        self._observer = observer
        self._wall = steady_wall()
        self._system: System | None = None
        self._site: Site | None = None
        self._witness = Witness(lambda: self._system.handle(parts.REPORTER) if self._system else None)
        self._lock = threading.Lock()
        self._requested = False  # no Event: a signal handler that sets one may wait for what it interrupted
        self._resumed = False  # the last wish was a resume, though a status may still show the pause
        self._bets_limit: int | None = 0  # none before the first tree is drawn
        self._started_at = 0.0
        self._ended: Summary | None = None
        self._hide = Redactor(())

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop in order; a failure of the agent itself is raised to the host."""
        self.stop("the host application ends")
        failure = self.failure()
        if failure and error is None:
            raise failure

    @property
    def site(self) -> Site:
        """Where it plays; known after `start`."""
        if self._site is None:
            raise ConfigError("The agent was not started.")
        return self._site

    def start(self) -> None:
        """Find the venue and bring the tree up. Blocks until every actor is up; recovery goes on behind it.

        Raises:
            ConfigError: something is missing or wrong; nothing was started.
            RefusesToTrade: the journal says that trading would be a risk; everything was stopped again.
            StakekeeperError: an actor did not come up; everything was stopped again.
        """
        if self._system is not None:
            raise ConfigError("An agent starts once; make a new one.")
        config = self.config
        lanes = lanes_of(config, self._given)
        self._lanes = {lane.name for lane in lanes}
        _take(config.data)
        site = self._site = find_site(config)
        world = RealWorld(config, site, self._wall, self._breaker_changed)
        self._hide = Redactor(world.secrets())
        made_of = parts.Parts(
            config=config,
            run=secrets.token_hex(8),
            services=site.services,
            builtin=site.builtin,
            world=world,
            lanes=lanes,
            bets_limit=lambda: self._bets_limit,
            handle=lambda path: self._tree().handle(path),
            holders=site.holders,
            hide=self._hide,
        )
        root = blueprint.tree(made_of, self, self._observer)
        self._system = System(root, on_event=self._witness, on_tree=self._say_tree)
        self._started_at = time.monotonic()
        try:
            self._system.start(START_TIMEOUT_S)
            self._begin(site)
        except StartError as error:
            self._system.stop(STOP_TIMEOUT_S)
            raise _start_failure(error) from error
        except BaseException:  # Ctrl-C, or a signal handler of the host that raises
            self._system.stop(STOP_TIMEOUT_S)
            raise

    def wait(self, *, bets: int | None = None, seconds: float | None = None) -> str:
        """Block until the run is over.

        Args:
            bets: end after so many bets of this run; no more than that are made.
            seconds: end after this time.

        Returns:
            "bets", "seconds", "requested" (`request_stop`, or another thread's `stop`), "failed" (see `failure`), or
            "stopped:RULE" when a stop rule is in force: at once for a mismatch, else only if `bets` or `seconds` was
            given. A pause ends it only if it was there before: one that comes later is waited for. "stopped:error" when
            `bets` was given and every lane is in ERROR, so that none would come.

        Raises:
            ConfigError: `bets` was given and the configuration allows none; the agent runs on.
        """
        if bets is not None:
            check_bets(self.config, lanes=bool(self._lanes))
        self._bets_limit = bets
        bounded, lasting = bets is not None or seconds is not None, not self._resumed
        until = None if seconds is None else self._started_at + seconds
        while not self._requested:
            if self._tree().wait(POLL_S) is not None:
                return "failed" if self.failure() else "requested"
            status = self._status()
            if status is not None:
                rule = status.stop_rule
                lasting = lasting and rule == PAUSE
                ends = rule == MISMATCH or (bounded and rule is not None and (rule != PAUSE or lasting))
                if ends and not status.open_intents:
                    return f"stopped:{rule}"
                if bets is not None and not status.open_intents:
                    if status.bets >= bets:
                        return "bets"
                    if {one.state for one in status.lanes if one.lane in self._lanes} == {LaneState.ERROR}:
                        return "stopped:error"
            if until is not None and time.monotonic() >= until:
                return "seconds"
        return "requested"

    def request_stop(self) -> None:
        """Make `wait` return "requested". Safe in a signal handler; returns at once."""
        self._requested = True

    def stop(self, reason: str, timeout_s: float = STOP_TIMEOUT_S) -> Summary:
        """End in order: no new work, wait for what is in flight, reconcile, write the end, stop the tree in reverse.

        Blocks for at most `timeout_s` and, if a send is in flight, its own time-out. What is then still open stays
        PENDING in the journal, and the next start resolves it. Calling it again returns the first summary.

        Raises:
            ConfigError: the reason is no text that can be journaled; the agent runs on.
        """
        reason = _journalable("reason", reason)
        with self._lock:
            if self._ended is None:
                status = self._drain(reason, timeout_s) if self._tree().wait(0) is None else None
                ended = self._summarise(status)
                self._say("stop", f"stopped: {reason.removeprefix('stopped:')}")
                self._tree().stop(timeout_s)
                self._ended = ended  # not before: a stop that was cut short by a signal can be made again
            return self._ended

    def failure(self) -> StakekeeperError | None:
        """Return why the tree ended by itself, or None."""
        ended = self._system.wait(0) if self._system else None
        if self._system is None or ended is None or ended == SHUTDOWN:  # a supervisor that gives up ends cleanly too
            return None
        if self._system.fatal is not None:
            return RefusesToTrade(str(self._system.fatal))
        latest = self._hide(self._witness.latest.rstrip("."))
        return StakekeeperError(f"The supervision tree gave up ({ended.reason}). {latest}. The log has the traceback.")

    def status(self) -> dict[str, Any]:
        """Return how everything stands, as plain data; amounts in micro-USD. Blocks for at most 2 s."""
        status = self._status()
        if status is None and self._tree().wait(0) is not None:
            raise StakekeeperError("The agent has ended; `summary` and `failure` say how.")
        if status is None:
            raise StakekeeperError("The bankroll does not answer just now; it may be restarting. Ask again.")
        return {"agent_id": self.config.agent.id, "mode": self.config.mode, **to_builtins(status)}

    def tree(self) -> str:
        """Return the supervision tree as text, asking nobody."""
        return self._hide(self._tree().render())

    def pause(self, reason: str) -> None:
        """Accept no new work until `resume`. Returns at once.

        Raises:
            ConfigError: the reason is no text that can be journaled.
        """
        order = Pause(_journalable("reason", reason))
        self._resumed = False
        self._bankroll().tell(order)

    def resume(self, by: str) -> None:
        """Lift a pause, and a stop by beginning a new session. Returns at once.

        Raises:
            ConfigError: `by` is no text that can be journaled.
        """
        order = Resume(_journalable("by", by))
        self._resumed = True
        self._bankroll().tell(order)

    def crash(self, actor: str) -> None:
        """Crash an actor, to see the tree heal; on paper only. Returns at once.

        Raises:
            ConfigError: real money, or no such actor.
        """
        if self.config.live:
            raise ConfigError("Actors are crashed on paper only.")
        _, *paths = (node.path for node in self._tree().tree().walk())  # nobody restarts the root
        found = next((path for path in paths if path == actor or path.rpartition("/")[2] == actor), None)
        if found is None:
            names = sorted({path.rpartition("/")[2] for path in paths})
            raise ConfigError(f"There is no actor {actor}; there are {', '.join(names)}.")
        self._tree().handle(found).kill(RuntimeError("crashed by an operator"))

    def reconcile(self, because: str | None = None) -> dict[str, Any]:
        """Compare the book with the venue, and with a reason accept a difference. Blocks, for at most 30 s.

        Returns:
            "book", "venue" and "difference" in micro-USD, and "ok".

        Raises:
            ConfigError: the reason is no text that can be journaled.
            StakekeeperError: the venue could not be read in time; an account that cannot be is waited for 5 s.
        """
        asked, order = self._wall(), Reconcile(None if because is None else _journalable("because", because))
        self._bankroll().tell(order)
        status = self._await_reading(lambda now: now.checked_at >= asked)
        if status is None:
            raise StakekeeperError(
                "The venue could not be read within 30 s, or something is still open; `status` says."
            )
        if status.checked_at < asked:
            unread = "; ".join(f"{account} cannot be read ({why})" for account, why in status.unread.items())
            raise StakekeeperError(f"{unread}, so book and venue were not compared.")
        differs = status.mismatch_micro or 0
        # Bets go on after a reading that agreed; the book was then what the venue showed.
        book = status.book_micro if differs else status.venue_micro
        return {"book": book, "venue": status.venue_micro, "difference": differs, "ok": not differs}

    def resolve(self, intent: str, verdict: Literal["executed", "void"], payout_micro: int, because: str) -> str:
        """Take an operator's word on an intent in ERROR. Returns a sentence; blocks for at most 2 s.

        Raises:
            ConfigError: there is no such intent in ERROR, the payout is no amount, or the reason is no text.
        """
        _journalable("because", because)
        if isinstance(payout_micro, bool) or not isinstance(payout_micro, int) or payout_micro < 0:
            raise ConfigError(f"payout_micro must be whole micro-USD, 0 or more, not {payout_micro!r}.")
        # Recovery must have looked first: an operator's word never overtakes evidence.
        self._await_reading(lambda now: now.phase != "RECOVERING" or bool(now.open_intents))
        try:
            return str(self._bankroll().ask(Resolve(intent, verdict, payout_micro, because), ASK_TIMEOUT_S))
        except Refuse as refusal:
            raise ConfigError(str(refusal)) from None
        except AskError as error:
            raise StakekeeperError(f"The bankroll did not answer: {error}.") from None

    def summary(self) -> Summary:
        """Return the summary as it is now, or, after `stop`, as it was at the end."""
        return self._ended or self._summarise(self._status())

    def _begin(self, site: Site) -> None:
        self._tree().handle(parts.GATEWAY).tell(Publish())
        self._say("venue", site.description)
        if site.builtin:
            self._await(lambda now: now.phase != "RECOVERING", FIRST_LOOK_S)
        self._say_tree()
        if self.config.resume:
            self.resume("--resume")
            self._await(lambda now: now.stop_rule in (None, MISMATCH), ASK_TIMEOUT_S)  # `wait` is not to see it still
        self._bets_limit = None

    def _tree(self) -> System:
        if self._system is None:
            raise ConfigError("The agent was not started.")
        return self._system

    def _bankroll(self) -> Handle:
        return self._tree().handle(parts.BANKROLL)

    def _status(self) -> Status | None:
        try:
            status = self._bankroll().ask(GetStatus(), ASK_TIMEOUT_S)
        except (AskError, Refuse):
            return None  # restarting, or replaying the journal
        return status if isinstance(status, Status) else None

    def _await(self, reached: Callable[[Status], bool], timeout_s: float) -> Status | None:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            status = self._status()
            if status and reached(status):
                return status
            if self._tree().wait(POLL_S) is not None:
                return None
        return None

    def _await_reading(self, reached: Callable[[Status], bool]) -> Status | None:
        patience = time.monotonic() + UNREAD_PATIENCE_S

        def over(now: Status) -> bool:
            return reached(now) or (bool(now.unread) and time.monotonic() > patience)

        return self._await(over, RECONCILE_TIMEOUT_S)

    def _drain(self, reason: str, timeout_s: float) -> Status | None:
        def drained(now: Status) -> bool:
            if not now.drained and now.phase != "STOPPING":
                self._bankroll().tell(Drain(reason))  # anew: a bankroll that crashes forgets that it was told
            return now.drained

        status = self._await(drained, timeout_s)
        if status is None and (now := self._status()) and len(now.open_intents) > now.unknown:
            send_s = float(self.config.venue.send_timeout)
            status = self._await(lambda now: now.drained or len(now.open_intents) == now.unknown, send_s)
        return status or self._status()

    def _summarise(self, status: Status | None) -> Summary:
        return Summary.of(self.config.agent.id, time.monotonic() - self._started_at, self._witness, status)

    def _breaker_changed(self, service: str, is_open: bool, until: int) -> None:
        for path in (parts.BANKROLL, parts.POLLER):
            self._tree().handle(path).tell(ServiceHealth(service, is_open, until))

    def _say_tree(self) -> None:
        self._say("tree", self._tree().render())

    def _say(self, action: str, text: str) -> None:
        notice = Notice(self._wall(), "agent", action, "ok", text)
        self._tree().handle(parts.REPORTER).tell(notice)


def _journalable(name: str, text: object) -> str:
    # What the journal would refuse is refused to its author: for the bankroll it would be a reason to crash.
    if isinstance(text, str) and not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    raise ConfigError(f"{name} must be a text, not {text!r:.60}.")


def _take(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not os.access(data, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "it takes no files")
    except OSError as error:
        raise _unfit(data, error) from None


def _unfit(place: object, error: OSError) -> ConfigError:
    mend = "check its owner and rights, or name another data directory"
    return ConfigError(f"{place} cannot be used ({error.strerror}); {mend}.")


def _start_failure(error: StartError) -> StakekeeperError:
    cause = error.cause
    if isinstance(cause, StakekeeperError):
        return cause
    if isinstance(cause, Fatal):
        return RefusesToTrade(str(cause))  # an old row, looked at behind the opening, is damaged
    if isinstance(cause, JournalBusy | JournalBroken):
        return StakekeeperError(str(cause))  # it may pass
    if isinstance(cause, JournalError):
        return RefusesToTrade(str(cause))
    if isinstance(cause, PermissionError | FileExistsError | NotADirectoryError | IsADirectoryError) and cause.filename:
        return _unfit(cause.filename, cause)
    return StakekeeperError(f"{error.path} did not start: {cause}; the log has the traceback.")
