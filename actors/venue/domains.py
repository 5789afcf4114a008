"""The domains service: registrations, the account's balance and its listing."""

from actors.money.wagers import CheckedDomain, Request
from actors.venue.bodies import body

SERVICE = "domains"


def domain_request(wager: CheckedDomain) -> Request:
    """Return the request that registers a domain."""
    return Request(SERVICE, "/domains/register", body({"domain": wager.domain}))
