"""What all peers share: the one bet they make, how they ask the venue for it, and the scale of all times.

Every time of a real deployment is divided by about 65, ours and theirs alike, so that a life of a quarter of a second
sees as many time-outs and retries as one of a quarter of a minute.
"""

import json
from dataclasses import dataclass
from decimal import Decimal

import requests

TIMEOUT_S = 0.15
"""How long an answer may take (10 s)."""

START_MICRO = 100_000_000
STAKE_MICRO = 100_000
PAYS_MICRO = 210_000
"""What 0.10 USD wins: whole cents, so that the venue's rounding harms nobody's book."""


class NoBetError(Exception):
    """The venue answered with something else than a bet."""


@dataclass(frozen=True)
class Bet:
    """What the venue says it executed."""

    bet_id: str
    payout_micro: int


@dataclass(frozen=True)
class Account:
    """An account at the venue, and the address of the latter."""

    root: str
    agent_id: str
    key: str


class Coin:
    """A client in the usual way: a session of requests, a time-out, no retries of its own."""

    def __init__(self, account: Account) -> None:
        self._url = f"{account.root}/api/v1/games/boosted-coin"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {account.key}"

    def toss(self, operation: str) -> Bet:
        """Bet on heads, naming the operation in the one field that the venue keeps.

        Raises:
            requests.RequestException: no whole answer.
            NoBetError: an answer that is no bet.
        """
        wish = {"side": "heads", "amount": STAKE_MICRO / 1_000_000, "client_seed": operation}
        answer = self._session.post(self._url, json=wish, timeout=TIMEOUT_S)
        if answer.status_code != 200:
            raise NoBetError(f"{answer.status_code} {answer.text[:80]}")
        told = json.loads(answer.text, parse_float=Decimal)
        return Bet(told["bet_id"], int(Decimal(told["amount_won"]) * 1_000_000))
