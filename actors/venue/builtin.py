"""Whether a venue announces itself as the built-in one, which plays for nothing and has a game of its own."""

from urllib.parse import urlsplit

from actors.venue.answers import read_json
from actors.venue.errors import VenueError
from actors.venue.http import ask_openly


def announced(base_url: str, *, timeout_s: float) -> bool:
    """Ask the host of a base URL. Without a clear yes it is a real venue, also when it cannot be reached."""
    url = urlsplit(base_url)
    try:
        answer = ask_openly(f"{url.scheme}://{url.netloc}", "GET", "/sandbox", timeout_s=timeout_s)
        said = read_json(answer.body)
    except VenueError:
        return False
    return answer.status == 200 and isinstance(said, dict) and said.get("sandbox") is True
