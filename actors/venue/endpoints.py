"""What each endpoint that spends offers, as data: how an unknown outcome is found out, and which noes are proof.

A refusal is on the list only if the server's own code gives it before any effect. Never on it: `invalid_json` (the
casino turns any late exception with "JSON" in its text into that 400) and every 5xx.
"""

from dataclasses import dataclass
from enum import StrEnum


class Capability(StrEnum):
    """What the venue gives to find out what became of a request."""

    K1 = "a key it honours: the same bytes may be sent again"
    K2 = "a tag it lists: send once, then look up"
    K3 = "only baselines: send once, alone on the account"
    K4 = "nothing: never sent automatically"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, or several below one prefix.

    Attributes:
        prefix: of the path.
        capability: decides whether and how it is sent.
        refusals: (status, code) pairs that prove that nothing happened.
        done: status of a success.
    """

    prefix: str
    capability: Capability
    refusals: frozenset[tuple[int, str]]
    done: int = 200


TEMPORARY = frozenset({"rate_limited", "rate_limit_exceeded"})
"""Refusals that pass by themselves within a minute."""

_ALWAYS = {(401, "unauthorized"), (429, "rate_limited")}

_GAME = {
    "invalid_amount",
    "minimum_bet",
    "insufficient_balance",
    "kelly_limit_exceeded",
    "invalid_side",
    "invalid_direction",
    "invalid_threshold",
    "invalid_multiplier",
    "invalid_cashout",
    "invalid_number",
    "invalid_bet_type",
    "invalid_probability",
}

_ACT = frozenset(_ALWAYS | {(403, "forbidden"), (404, "not_found"), (409, "invalid_status")})

ENDPOINTS = (
    Endpoint(
        "/games/",
        Capability.K2,
        frozenset(
            _ALWAYS | {(429, "rate_limit_exceeded"), (404, "not_found")} | {(400, code) for code in sorted(_GAME)}
        ),
    ),
    Endpoint(
        "/escrow/create",
        Capability.K2,
        frozenset(
            _ALWAYS
            | {(400, "invalid_amount"), (400, "invalid_description"), (400, "invalid_counterparty")}
            | {(400, "self_escrow"), (402, "insufficient_balance")}
            | {(404, "counterparty_not_found"), (404, "creator_not_found")}
        ),
        done=201,
    ),
    Endpoint("/escrow/complete/", Capability.K2, _ACT),
    Endpoint("/escrow/release/", Capability.K2, _ACT),
    Endpoint("/escrow/dispute/", Capability.K2, _ACT),
)


def endpoint(path: str) -> Endpoint:
    """Return what is known of a path; of an unknown one nothing is (K4)."""
    known = (e for e in ENDPOINTS if path.startswith(e.prefix))
    return next(known, Endpoint(path, Capability.K4, frozenset()))
