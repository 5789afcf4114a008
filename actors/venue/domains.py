"""The domains service (v1): what a name costs, registering it, and the account's listing and balance."""

from fractions import Fraction
from functools import partial

from actors.money.amounts import MICRO_PER_CENT
from actors.money.evidence import Answer, Evidence, Executed, HistoryRow, NotSent, Query, Refused
from actors.money.outgoing import DOMAIN, registered
from actors.money.wagers import CheckedDomain, Request
from actors.ticket import Ticket
from actors.venue.answers import Exact, Micro, Name, Seconds, Shape, read_answer, read_json
from actors.venue.bodies import body
from actors.venue.errors import BadAnswer, VenueDown, VenueError
from actors.venue.line import READINGS, ServiceClient
from actors.venue.times import iso

SERVICE = "domains"

USD_PER_EUR = Fraction(108, 100)
"""The server's fixed rate: it finds prices in EUR and charges USD, in whole cents."""

HALF_CENT = 5_000
"""The balance is shown in cents, while a deposit may have brought any fraction."""


class _Result(Shape):
    domain: Name
    available: bool
    price_eur: Exact | None = None


class SearchAnswer(Shape):
    """200 to /domains/search."""

    results: list[_Result]


class AccountAnswer(Shape):
    """200 to /auth/account."""

    balance_usd: Micro


class _Owned(Shape):
    domain: Name
    registered_at: Seconds
    price_paid: Micro


class ListAnswer(Shape):
    """200 to /domains."""

    domains: list[_Owned]


class _Deposit(Shape):
    id: Name
    chain: str = ""
    amount_usd: Micro
    credited_at: Seconds | None = None


class DepositsAnswer(Shape):
    """200 to /auth/deposits."""

    deposits: list[_Deposit]


class _Cost(Shape):
    total_charged_usd: Micro


class RegisteredAnswer(Shape):
    """201 to /domains/register."""

    domain: Name
    cost: _Cost


def domain_request(wager: CheckedDomain) -> Request:
    """Return the request that registers a domain."""
    return Request(SERVICE, "/domains/register", body({"domain": wager.domain}))


class Domains(ServiceClient):
    """The domains service for one account. Blocks its caller; usable by several threads."""

    def price(self, domain: str) -> int | None:
        """Return what a name costs now, in micro-USD, or None if it is taken.

        Raises:
            VenueError: it could not be read.
        """
        results = read_answer(SearchAnswer, self._line.get("/domains/search", q=domain)).results
        found = next((row for row in results if row.domain == domain), None)
        if found is None:
            raise BadAnswer("results", f"{domain} is not among them")
        if not found.available:
            return None
        if not found.price_eur:
            raise BadAnswer("price_eur", f"{domain} has none")
        cents = Fraction(found.price_eur) * USD_PER_EUR * 100
        return int(cents + Fraction(1, 2)) * MICRO_PER_CENT

    def place(self, ticket: Ticket) -> Answer:
        """Register a name once, if it is free and costs no more than what is reserved; see Line.send.

        Raises:
            TicketSpent: the ticket was consumed before.
        """
        domain = read_json(ticket.request.body.encode())["domain"]
        try:
            price = self.price(domain)
        except VenueError as error:
            return NotSent(f"its price is not known: {error}")
        if price is None:
            return Refused("domain_unavailable")
        if price > ticket.stake_micro:
            return Refused("above_max_price")
        return self._line.send(ticket, partial(_registered, domain, ticket.stake_micro))

    def evidence(self, query: Query) -> Evidence:
        """Read the account until two readings agree: its registrations and deposits are its history.

        Raises:
            VenueError: a part could not be read, or the account did not come to rest.
        """
        before = None
        for _ in range(READINGS):
            started = self._line.wall()
            now = (self._history(), read_answer(AccountAnswer, self._line.get("/auth/account")).balance_usd)
            if now == before:
                history, balance = now
                venue_at = started - (self._line.lag_s or 0) * 1_000_000
                return Evidence(
                    query.account, started, (), rows_complete=True, nonces=0, balance_micro=balance, detailed=True,
                    history=history, venue_at=venue_at, grain_micro=HALF_CENT,
                )  # fmt: skip
            before = now
        raise VenueDown(f"the account {query.account} moved during each of {READINGS} readings")

    def _history(self) -> tuple[HistoryRow, ...]:
        owned = read_answer(ListAnswer, self._line.get("/domains")).domains
        deposits = read_answer(DepositsAnswer, self._line.get("/auth/deposits")).deposits
        rows = [HistoryRow(-row.price_paid, f"{DOMAIN}{row.domain}", iso(row.registered_at)) for row in owned]
        rows += [
            HistoryRow(row.amount_usd, f"deposit:{row.chain}: {row.id}", iso(row.credited_at))
            for row in deposits
            if row.credited_at
        ]
        return tuple(sorted(rows, key=lambda row: row.at))


def _registered(domain: str, most_micro: int, content: bytes) -> Executed:
    answer = read_answer(RegisteredAnswer, content)
    if answer.domain != domain:
        raise BadAnswer("domain", "it is another one")
    charged = answer.cost.total_charged_usd
    if not 0 < charged <= most_micro:
        raise BadAnswer("total_charged_usd", "it is no price that was agreed to; the listing will tell")
    return Executed(outgoing=registered(domain, charged))
