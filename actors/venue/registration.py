"""A new account at a service: casino (escrow and faucet know it too), trading, wallet, domains."""

from actors.venue.answers import error_of, read_answer
from actors.venue.errors import VenueDown, VenueRefused
from actors.venue.http import ask_openly
from actors.venue.shapes import Credentials

__all__ = ["Credentials", "register"]


def register(base_url: str, *, timeout_s: float) -> Credentials:
    """Make an account. Asked once: if no answer comes, an account may exist that nobody has the key of.

    Args:
        base_url: the service's, with its path prefix.
        timeout_s: for the whole exchange.

    Raises:
        VenueError: VenueDown, VenueRefused or BadAnswer.
    """
    answer = ask_openly(base_url, "POST", "/auth/register", body="{}", timeout_s=timeout_s)
    if answer.status >= 500:
        raise VenueDown(f"cannot register: the venue answers {answer.status}")
    if answer.status != 201:
        raise VenueRefused(answer.status, error_of(answer.body))
    return read_answer(Credentials, answer.body)
