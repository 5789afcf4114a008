"""The registrar behind the domains server: which names are free, what they cost, and that both change by themselves."""

import asyncio
import hashlib
import math
import re
from dataclasses import dataclass

from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_field

UPSTREAM = "/domains/registrar"  # its name in an ordered fault
ANSWERS_AFTER_S = 0.02  # meanwhile the server serves others, as on the venue
BASE_EUR = {"com": 15, "net": 15, "org": 15, "io": 45, "ai": 85, "co": 30, "app": 20, "dev": 15, "xyz": 3, "bot": 8}
OTHER_BASE_EUR = 15
SEARCHED_ENDINGS = ("com", "net", "org", "io")  # for a query without a dot
MARKUP = 0.2
HELD_S = 6 * 3600  # others may take or free a name this often
SPELLING = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
TAKEN_SHARE = 0.25  # of the names nobody has decided about


class RegistrarError(RuntimeError):
    """The registrar does not answer, or does not want to."""


@dataclass(frozen=True, slots=True)
class Name:
    """What the registrar says of a name.

    Attributes:
        base_eur: a year's price before the markup; None when it has none.
    """

    domain: str
    free: bool
    base_eur: float | None

    @property
    def price_eur(self) -> float | None:
        """With the markup, to the cent."""
        return None if self.base_eur is None else cents(self.base_eur * (1 + MARKUP))


async def find(venue: Venue, query: str) -> list[Name]:
    """The names a query means: itself, or without a dot itself under four endings.

    Raises:
        RegistrarError: it does not answer.
    """
    await _reach(venue)
    names = [query] if "." in query else [f"{query}.{ending}" for ending in SEARCHED_ENDINGS]
    return [_name(venue, name.lower()) for name in names]


async def take(venue: Venue, domain: str) -> None:
    """Register a name for good; from now on it is taken.

    Raises:
        RegistrarError: it does not answer, or somebody was faster.
    """
    await _reach(venue)
    name = _name(venue, domain)
    if not name.free:
        raise RegistrarError("somebody else was faster")
    _decide(venue, domain, free=False, base_eur=name.base_eur)


async def _reach(venue: Venue) -> None:
    await asyncio.sleep(ANSWERS_AFTER_S)
    if venue.faults.strikes("upstream", UPSTREAM):
        raise RegistrarError("the registrar does not answer")


def _name(venue: Venue, domain: str) -> Name:
    decided = venue.books.one("SELECT * FROM names WHERE domain = ?", domain)
    if decided:
        return Name(domain, bool(decided["free"]), decided["base_eur"])
    # Every name has its own hour of change; in each period chance from the seed says whether somebody holds it.
    if not SPELLING.fullmatch(domain):
        return Name(domain, free=False, base_eur=None)
    shift = _chance(f"{venue.seed}/{domain}")
    period = math.floor(venue.books.now() / HELD_S + shift)
    free = _chance(f"{venue.seed}/{domain}/{period}") >= TAKEN_SHARE
    return Name(domain, free, _list_price(domain))


def _chance(text: str) -> float:
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def _list_price(domain: str) -> float:
    return BASE_EUR.get(domain.rpartition(".")[2], OTHER_BASE_EUR)


def _decide(venue: Venue, domain: str, *, free: bool, base_eur: float | None) -> None:
    venue.books.run("INSERT OR REPLACE INTO names VALUES (?, ?, ?)", domain, free, base_eur)


def _order(venue: Venue, call: Call) -> Body:
    domain, free = call.body.get("domain"), call.body.get("free")
    if not isinstance(domain, str) or "." not in domain or not isinstance(free, bool):
        raise refuse(400, "invalid_request", "Send domain, free (true or false) and, if you like, base_price_eur.")
    price = number_field(call.body, "base_price_eur")
    unpriced = "base_price_eur" in call.body and call.body["base_price_eur"] is None
    base_eur = None if unpriced else _list_price(domain) if math.isnan(price) else price
    _decide(venue, domain.lower(), free=free, base_eur=base_eur)
    return {"domain": domain.lower(), "free": free, "base_price_eur": base_eur}


DOORS = [Door("POST", "/sandbox/domains", _order, reads="strict")]
