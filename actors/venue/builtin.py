"""Whether a venue announces itself as the built-in one, which plays for nothing and has a game of its own."""

from urllib.parse import urlsplit

from actors.venue.answers import read_answer
from actors.venue.errors import VenueError
from actors.venue.http import ask_openly
from actors.venue.shapes import AnnouncementAnswer


def announced(base_url: str, *, timeout_s: float) -> AnnouncementAnswer | None:
    """Ask the host of a base URL. Without a clear yes it is a real venue, also when it cannot be reached."""
    url = urlsplit(base_url)
    try:
        answer = ask_openly(f"{url.scheme}://{url.netloc}", "GET", "/sandbox", timeout_s=timeout_s)
        said = read_answer(AnnouncementAnswer, answer.body)
    except VenueError:
        return None
    return said if answer.status == 200 and said.sandbox else None
