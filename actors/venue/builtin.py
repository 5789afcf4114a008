"""Whether a venue announces itself as the built-in one, which plays for nothing and has a game of its own."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from actors.venue.answers import read_json
from actors.venue.errors import VenueError
from actors.venue.http import ask_openly


@dataclass(frozen=True, slots=True)
class Builtin:
    """What the built-in venue says of itself: its seed, and whether its limiters are on ("contract") or "off"."""

    seed: int
    limits: str


def announced(base_url: str, *, timeout_s: float) -> Builtin | None:
    """Ask the host of a base URL. Without a clear yes it is a real venue, also when it cannot be reached."""
    url = urlsplit(base_url)
    try:
        answer = ask_openly(f"{url.scheme}://{url.netloc}", "GET", "/sandbox", timeout_s=timeout_s)
        said = read_json(answer.body)
    except VenueError:
        return None
    if answer.status != 200 or not isinstance(said, dict) or said.get("sandbox") is not True:
        return None
    return Builtin(int(said.get("seed", 0)), str(said.get("limits", "contract")))
