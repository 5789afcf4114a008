"""Pushed events: what proves that one comes from the venue, and the little that is believed of it.

The venue's pages describe several envelopes; all have an id, and a kind in `event` or `type`. Nothing else is read: an
event only makes somebody look, so a lie in its other fields has no effect.
"""

import hashlib
import hmac
import json
import re

from msgspec import Struct

BODY_BYTES = 64 << 10
"""The longest body; the documented events have less than one kB."""

WINDOW_S = 300
"""How far a signed timestamp may be from our clock, in seconds."""

SIGNATURE, TIMESTAMP = "X-PurpleFlea-Signature", "X-PurpleFlea-Timestamp"

_ID = re.compile(r"[!-~]{1,128}")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_SECONDS = re.compile(r"[0-9]{1,12}")


class Pushed(Struct, frozen=True):
    """An event that the venue signed."""

    event_id: str
    type: str


class NotGenuine(Exception):  # noqa: N818  named by what is known
    """Nothing proves that the venue sent this, now."""


class NotAnEvent(Exception):  # noqa: N818  as above
    """The venue signed it, but it is no event."""


def signed(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the hexadecimal HMAC-SHA256 of a timestamp, a dot and a body."""
    return hmac.new(secret, timestamp.encode("latin-1", "replace") + b"." + body, hashlib.sha256).hexdigest()


def opened(body: bytes, signature: str, timestamp: str, secret: bytes, now_s: float) -> Pushed:
    """Return the event in a body, after its proof: nothing of a body is parsed that the secret did not sign.

    Args:
        body: as it came, byte by byte.
        signature: the header, with or without "sha256=".
        timestamp: the header: seconds since 1970, signed with the body.
        secret: shared with the venue.
        now_s: seconds since 1970.

    Raises:
        NotGenuine: the signature is wrong, or too old or too new.
        NotAnEvent: there is no id or no type in it.
    """
    given = signature.strip().removeprefix("sha256=").lower().encode("latin-1", "replace")
    if not hmac.compare_digest(given, signed(secret, timestamp, body).encode()):
        raise NotGenuine("the signature does not fit")
    if not _SECONDS.fullmatch(timestamp) or abs(now_s - int(timestamp)) > WINDOW_S:
        raise NotGenuine(f"the timestamp is more than {WINDOW_S} s from our clock")
    return _event(body)


def _event(body: bytes) -> Pushed:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent("the body is no JSON") from None
    if not isinstance(content, dict):
        raise NotAnEvent("the body is no JSON object")
    kinds = (content.get("event"), content.get("type"))
    event_id, kind = content.get("id"), next((one for one in kinds if isinstance(one, str)), "")
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        raise NotAnEvent("it has no id of 1 to 128 visible characters")
    if not _TYPE.fullmatch(kind):
        raise NotAnEvent("it has no event or type of 1 to 64 letters, digits, dots and underscores")
    return Pushed(event_id, kind)
