"""The line to one service: its address and key, and the rules that hold for everything that goes over it."""

import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from pydantic import SecretStr

from actors.money.evidence import Answer, Executed, NotSent, Refused, Unknown
from actors.ticket import Ticket, TicketExpired
from actors.venue.answers import error_of, reset_of
from actors.venue.breakers import Breakers
from actors.venue.budget import WINDOW_S, Budget
from actors.venue.endpoints import TEMPORARY, Capability, endpoint
from actors.venue.errors import BadAnswer, BreakerOpen, NoAnswer, NothingSent, RateLimited, VenueDown, VenueRefused
from actors.venue.http import HttpAnswer, Reader, send_once
from actors.venue.retries import RETRIES, reading


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
        self._lag_s: int | None = None
        self._reader = Reader(base_url, key=key, agent_id=agent_id, timeout_s=timeout_s)

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
            self._breakers.check(self.service)
            if endpoint(request.path).capability is Capability.K4:
                return NotSent(f"what becomes of {request.path} could never be found out; it is not sent automatically")
            if self._budget:
                self._budget.spend(request.path)
        except (TicketExpired, BreakerOpen) as error:
            return NotSent(str(error))
        except RateLimited as error:
            return Refused("rate_budget", temporary=True, retry_at=error.until)
        left_s = (ticket.send_by - self.wall()) / 1_000_000
        try:
            http = send_once(
                self._base_url,
                request,
                key=self._key,
                agent_id=self._agent_id,
                timeout_s=min(self._timeout_s, left_s),
            )
        except NothingSent as error:
            answer: Answer = NotSent(str(error))
        except NoAnswer as error:
            answer = Unknown(str(error))
        else:
            answer = self._judge(request.path, http, executed)
        self._breakers.record(self.service, ok=isinstance(answer, Executed | Refused))
        return answer

    def get(self, path: str, **params: str) -> bytes:
        """Read and return the body of a 200, repeating as the retry table says.

        Raises:
            VenueError: BreakerOpen, RateLimited, VenueDown or VenueRefused.
        """
        return reading(RETRIES["evidence"], lambda: self._get(path, params), rng=self._rng, wait=self._wait)

    def close(self) -> None:
        """Close the connections kept for reading."""
        self._reader.close()

    def _judge(self, path: str, http: HttpAnswer, executed: Callable[[bytes], Executed]) -> Answer:
        known = endpoint(path)
        if http.status == known.done:
            try:
                return executed(http.body)
            except BadAnswer as error:
                return Unknown(str(error))
        code = error_of(http.body)
        if (http.status, code) not in known.refusals:
            return Unknown(f"the venue answers {http.status} {code}".rstrip())
        if code not in TEMPORARY:
            return Refused(code)
        return Refused(code, temporary=True, retry_at=self._limited(path, http.body))

    def _get(self, path: str, params: dict[str, str]) -> bytes:
        self._breakers.check(self.service, reads=True)
        if self._budget:
            self._budget.spend(path)
        try:
            answer = self._reader.ask("GET", path, params=params)
        except VenueDown:
            self._breakers.record(self.service, ok=False, reads=True)
            raise
        self._breakers.record(self.service, ok=answer.status < 500, reads=True)
        self._lag_s = _lag(answer, self.wall())
        if answer.status >= 500 or answer.status == 400:
            # The venue calls its own troubles 400 too, if their text happens to speak of parsing.
            raise VenueDown(f"cannot read {path}: the venue answers {answer.status}")
        if answer.status == 429:
            raise RateLimited(path, self._limited(path, answer.body))
        if answer.status != 200:
            raise VenueRefused(answer.status, error_of(answer.body))
        return answer.body

    def _limited(self, path: str, body: bytes) -> int:
        now, reset = self.wall(), reset_of(body)
        # No window is longer than a minute, whatever the venue's clock says of its end.
        longest = now + int(WINDOW_S * 1_000_000)
        until = min(max(reset, now), longest) if reset else longest
        if self._budget:
            self._budget.correct(path, until, shared=bool(reset))
        return until


def _lag(answer: HttpAnswer, now: int) -> int:
    try:
        return now // 1_000_000 - int(parsedate_to_datetime(answer.headers["date"]).timestamp())
    except (KeyError, ValueError, OverflowError):
        return 0
