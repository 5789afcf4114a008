"""Proving bets: once a server seed is shown, every bet under it is computed again and compared with what was booked.

Source: the venue's contract page, section C. A seed is committed to by the SHA-256 of its text; a bet's result is
HMAC-SHA256, keyed with that text, of "tag:nonce"; the result's first 8 hexadecimal digits make the roll, and the game's
own rule makes the outcome of it. Nothing here trusts the venue's word, and nothing is asked of it.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from msgspec import Struct

from actors.money.amounts import times
from actors.money.events import IntentClosed, IntentOpened
from actors.money.evidence import Seed
from actors.money.games import ROLLS, Param, odds

WHOLE = frozenset({"threshold", "bet_value"})
"""Parameters that are whole numbers; the journal keeps all as text."""


class Unproven(Struct, frozen=True):
    """A booked bet of ours whose seed has not been shown.

    `known_before` and `known_after` are the account's draws that the book knew of when the bet was opened and when it
    was closed: they tell which bets were over before which began, whatever a clock was set to. `highest` is the highest
    nonce of the seed's bets up to this one, in the order in which they were closed.
    """

    intent: str
    lane: str
    account: str
    at: int
    venue_ref: str
    game: str
    params: dict[str, str]
    stake_micro: int
    payout_micro: int
    won: bool
    tag: str
    seed_hash: str
    nonce: int
    result_hash: str
    known_before: int
    known_after: int
    highest: int


def unproven(opened: IntentOpened, closed: IntentClosed, known_after: int, earlier: Iterable[Unproven]) -> Unproven:
    """Return what a bet that was closed just now leaves to be proven; `earlier` ones are given the latest first."""
    before = next((bet.highest for bet in earlier if bet.seed_hash == closed.seed_hash), 0)
    return Unproven(
        intent=opened.intent,
        lane=opened.lane,
        account=opened.account,
        at=closed.at,
        venue_ref=closed.venue_ref or "",
        game=opened.subject,
        params=opened.params,
        stake_micro=opened.stake_micro,
        payout_micro=closed.payout_micro,
        won=bool(closed.won),
        tag=opened.tag,
        seed_hash=closed.seed_hash,
        nonce=closed.nonce,
        result_hash=closed.result_hash,
        known_before=opened.nonces,
        known_after=known_after,
        highest=max(before, closed.nonce),
    )


def result_hash(seed: str, tag: str, nonce: int) -> str:
    """Return the result of a draw, in hexadecimal digits."""
    return hmac.new(seed.encode(), f"{tag}:{nonce}".encode(), hashlib.sha256).hexdigest()


def roll_of(result: str) -> float:
    """Return the roll, 0.00 to 99.99, that a result stands for."""
    return int(result[:8], 16) % ROLLS / 100


def seed_flaw(seed: Seed) -> str:
    """Return what is wrong with a seed that is shown, or ""."""
    digest = hashlib.sha256(seed.text.encode()).hexdigest()
    return "" if digest == seed.seed_hash else f"the seed shown hashes to {digest}, committed to was {seed.seed_hash}"


def bet_flaw(bet: Unproven, seed: Seed) -> str:
    """Return in what a bet is not what its seed makes of it, or ""."""
    expected = result_hash(seed.text, bet.tag, bet.nonce)
    if expected != bet.result_hash:
        return f"result: expected {expected}, reported {bet.result_hash}"
    if bet.nonce >= seed.draws:
        return f"nonce: {seed.draws} draws were made under the seed, reported {bet.nonce}"
    terms = odds(bet.game, _typed(bet.params))
    won = terms.wins(roll_of(expected))
    if won != bet.won:
        return f"outcome of roll {roll_of(expected):.2f}: expected {_word(won)}, reported {_word(bet.won)}"
    payout = times(bet.stake_micro, terms.multiplier) if won else 0
    return "" if payout == bet.payout_micro else f"payout: expected {payout}, reported {bet.payout_micro} micro-USD"


def nonce_flaw(bet: Unproven, earlier: Iterable[Unproven]) -> str:
    """Return why a bet's nonce cannot be, or "".

    A nonce is used once under a seed, and a bet that began when another was over has a higher one. Gaps are the draws
    of others with the same key.

    Args:
        bet: closed just now.
        earlier: those closed before it, the latest first; it is followed no further than it must be.
    """
    for other in earlier:
        if other.seed_hash != bet.seed_hash:
            continue
        if bet.nonce > other.highest:
            return ""  # higher than all
        if other.nonce == bet.nonce:
            return f"nonce: {bet.nonce} was used before, by {other.intent}"
        if other.known_after <= bet.known_before:
            return f"nonce: expected above {other.highest}, reported {bet.nonce}"
    return ""


def _typed(params: Mapping[str, str]) -> dict[str, Param]:
    return {name: int(value) if name in WHOLE else value for name, value in params.items()}


def _word(won: bool) -> str:
    return "won" if won else "lost"
