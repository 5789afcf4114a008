"""The line to one service: its address and key, and the rules that hold for everything that goes over it."""

import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from pydantic import SecretStr

from actors.money.evidence import Answer, Executed, NotSent, Refused, Unknown
from actors.money.wagers import Request
from actors.ticket import Ticket, TicketExpired
from actors.venue.answers import error_of, message_of, reset_of
from actors.venue.breakers import Breakers
from actors.venue.budget import WINDOW_S, Budget
from actors.venue.endpoints import ENDPOINTS, TEMPORARY, Capability, Endpoint, endpoint
from actors.venue.errors import BadAnswer, BreakerOpen, NoAnswer, NothingSent, RateLimited, VenueDown, VenueRefused
from actors.venue.http import LONG_BODY_BYTES, READ_BODY_BYTES, HttpAnswer, Reader, send_once
from actors.venue.retries import READS, RETRIES, reading

LONG_READS = frozenset({"/bets/export.csv", "/kelly/history"})
"""Answers that grow with the account."""

READINGS = 5
"""How often an account in motion is read before the look-up is given up."""

DRY = "a dry run sends nothing"

_PASSING = {(400, ""), (400, "invalid_json")}
"""The venue calls its own troubles 400 too, if their text happens to speak of parsing."""

OUTSIDE = frozenset({(502, "api_error"), (502, "rpc_error"), (502, "xmr_balance_error")})
"""A chain behind the wallet service does not answer; the service does, and the other chains may."""


class Line:
    """Sends tickets to a service and reads from it. Usable by several threads.

    Args:
        service: its name, for breakers and errors.
        base_url: with the path prefix (the casino's is /api/v1).
        key: bearer key.
        agent_id: the account's id at the venue (ag_...).
        timeout_s: for one exchange.
        wall: UTC microseconds.
        rng: jitter of repeated reads.
        breakers: of all services.
        budget: shared by all lines; None where the venue counts nothing.
        wait: how to wait before a read is repeated, in seconds.
        dry_run: read only: nothing that changes anything is ever sent.
    """

    def __init__(
        self,
        service: str,
        base_url: str,
        *,
        key: SecretStr,
        agent_id: str,
        timeout_s: float,
        wall: Callable[[], int],
        rng: random.Random,
        breakers: Breakers,
        budget: Budget | None = None,
        wait: Callable[[float], object] = time.sleep,
        dry_run: bool = False,
    ) -> None:
        self.service = service
        self.wall = wall
        self._base_url = base_url
        self._key = key
        self._agent_id = agent_id
        self._timeout_s = timeout_s
        self._rng = rng
        self._breakers = breakers
        self._budget = budget
        self._wait = wait
        self._dry_run = dry_run
        self._lag_s: int | None = None
        self._reader = Reader(base_url, key=key, agent_id=agent_id, timeout_s=timeout_s)

    @property
    def agent_id(self) -> str:
        """The account's id at the venue; "" while it is not known."""
        return self._agent_id

    @property
    def lag_s(self) -> int | None:
        """By how many seconds the venue's clock is behind ours (below zero: ahead); None before its first answer."""
        return self._lag_s

    def send(self, ticket: Ticket, executed: Callable[[bytes], Executed]) -> Answer:
        """Spend a ticket: send its request, at most once, and say what the answer proves.

        Blocks for at most the line's timeout. No trouble of the network is raised.

        Args:
            ticket: consumed here, whatever follows.
            executed: reads the body of a success, and raises BadAnswer if it does not prove that it is ours.

        Raises:
            TicketSpent: it was consumed before: a bug of the caller.
        """
        try:
            request = ticket.consume(self.wall())
        except TicketExpired as error:
            return NotSent(str(error))
        known = endpoint(self.service, request.path)
        if known.capability is Capability.K4:
            return NotSent(f"{self.service} {request.path} {_not_plainly(known)}")
        if self._dry_run:
            return NotSent(DRY)
        left_s = (ticket.send_by - self.wall()) / 1_000_000
        try:
            with self._breakers.call(self.service) as call:
                self._spend(request.path)
                answer = self._once(known, request, min(self._timeout_s, left_s), executed)
                call.ok = isinstance(answer, Executed | Refused)
        except (BreakerOpen, RateLimited) as error:
            return NotSent(str(error), error.until)
        return answer

    def act(self, path: str, body: str) -> bytes:
        """Ask for a change that a repetition would not double (class K1), once, and return the body of its success.

        Raises:
            VenueError: BreakerOpen, RateLimited or NothingSent: not asked; VenueRefused: nothing was changed;
                VenueDown: nothing is known.
        """
        known = endpoint(self.service, path)
        if known.capability is not Capability.K1:
            raise ValueError(f"{self.service} {path} {_not_plainly(known)}")
        if self._dry_run:
            raise NothingSent(DRY)
        with self._breakers.call(self.service) as call:
            self._spend(path)
            call.ok = False
            try:
                http = self._send(known, Request(self.service, path, body), self._timeout_s)
            except NoAnswer as error:
                raise VenueDown(str(error)) from None
            code = self._refusal(known, http)
            call.ok = http.status == known.done or code is not None
        if http.status == known.done:
            return http.body
        if code is None:
            raise VenueDown(f"whether {path} was done is not known: the venue answers {http.status}")
        if code in TEMPORARY:
            raise RateLimited(path, self._limited(path, http.body))
        raise VenueRefused(http.status, code)

    def get(self, path: str, **params: str) -> bytes:
        """Read and return the body of a 200, repeating as the retry table says.

        Raises:
            VenueError: BreakerOpen, RateLimited, VenueDown or VenueRefused.
        """
        return self._read("GET", path, params=params)

    def query(self, path: str, body: str, *, weight: int = 1) -> bytes:
        """Read as `get`, by POST: the exchange takes its questions so. `weight` is what its limiter counts."""
        return self._read("POST", path, body=body, weight=weight)

    def close(self) -> None:
        """Close the connections kept for reading."""
        self._reader.close()

    def _once(
        self, known: Endpoint, request: Request, timeout_s: float, executed: Callable[[bytes], Executed]
    ) -> Answer:
        try:
            http = self._send(known, request, timeout_s)
        except NothingSent as error:
            return NotSent(str(error))
        except NoAnswer as error:
            return Unknown(str(error))
        return self._judge(known, request.path, http, executed)

    def _spend(self, path: str, weight: int = 1) -> None:
        if self._budget:
            self._budget.spend(self.service, path, weight)

    def _send(self, known: Endpoint, request: Request, timeout_s: float) -> HttpAnswer:
        return send_once(
            self._base_url,
            request,
            method=known.method,
            key=self._key,
            agent_id=self._agent_id,
            timeout_s=timeout_s,
        )

    def _judge(self, known: Endpoint, path: str, http: HttpAnswer, executed: Callable[[bytes], Executed]) -> Answer:
        if http.status == known.done:
            try:
                return executed(http.body)
            except BadAnswer as error:
                return Unknown(str(error))
        code = self._refusal(known, http)
        if code is None:
            return Unknown(f"the venue answers {http.status} {error_of(http.body)}".rstrip())
        if code not in TEMPORARY:
            return Refused(code)
        return Refused(code, temporary=True, retry_at=self._limited(path, http.body))

    def _refusal(self, known: Endpoint, http: HttpAnswer) -> str | None:
        code = error_of(http.body)
        if (http.status, code) in known.refusals:
            return code
        if known.early and (http.status, code) == (400, "trade_failed"):
            said = message_of(http.body)
            return next((f"{code}: {words}" for words in known.early if said.startswith(words)), None)
        return None

    def _read(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: str = "", weight: int = 1
    ) -> bytes:
        if (known := endpoint(self.service, path)) in ENDPOINTS:
            raise ValueError(f"{self.service} {path} is not for reading: {known.why or known.capability}")
        row = RETRIES[READS.get(self.service, "evidence")]
        return reading(row, lambda: self._read_once(method, path, params, body, weight), rng=self._rng, wait=self._wait)

    def _read_once(self, method: str, path: str, params: Mapping[str, str] | None, body: str, weight: int) -> bytes:
        with self._breakers.call(self.service, reads=True) as call:
            self._spend(path, weight)
            call.ok = False
            longest = LONG_BODY_BYTES if path in LONG_READS else READ_BODY_BYTES
            answer = self._reader.ask(method, path, params=params, body=body, longest=longest)
            call.ok = answer.status < 500 or (answer.status, error_of(answer.body)) in OUTSIDE
        self._lag_s = _lag(answer, self.wall())
        if answer.status == 200:
            return answer.body
        if answer.status == 429:
            raise RateLimited(path, self._limited(path, answer.body))
        code = error_of(answer.body)
        if answer.status >= 500 or (answer.status, code) in _PASSING:
            raise VenueDown(f"cannot read {path}: the venue answers {answer.status}")
        raise VenueRefused(answer.status, code)

    def _limited(self, path: str, body: bytes) -> int:
        now, reset = self.wall(), reset_of(body)
        # No window is longer than a minute, whatever the venue's clock says of its end.
        longest = now + int(WINDOW_S * 1_000_000)
        until = min(max(reset, now), longest) if reset else longest
        if self._budget:
            self._budget.correct(self.service, path, until, shared=bool(reset))
        return until


class ServiceClient:
    """A service for one account. Blocks its caller; usable by several threads.

    Args:
        line: to the service.
    """

    def __init__(self, line: Line) -> None:
        self._line = line

    def close(self) -> None:
        """Close the connections kept for reading."""
        self._line.close()


def _not_plainly(known: Endpoint) -> str:
    return f"is never called: {known.why}" if known.capability is Capability.K4 else "needs a ticket"


def _lag(answer: HttpAnswer, now: int) -> int:
    try:
        return now // 1_000_000 - int(parsedate_to_datetime(answer.headers["date"]).timestamp())
    except (KeyError, ValueError, OverflowError):
        return 0
