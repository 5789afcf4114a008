"""The faucet: one dollar of credit an account, once."""

from dataclasses import dataclass
from typing import Literal

from actors.venue.answers import error_of, read_answer
from actors.venue.bodies import body
from actors.venue.errors import VenueDown
from actors.venue.http import ask_openly
from actors.venue.shapes import ClaimAnswer


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of a claim: credited; already had (done); later (a limit by address and day); refused for good."""

    outcome: Literal["credited", "already", "later", "refused"]
    code: str = ""
    amount_micro: int = 0
    claim_id: str = ""


def claim(base_url: str, agent_id: str, *, timeout_s: float) -> Claim:
    """Claim the credit for a casino account. Read the account's ledger first: after a 5xx it may have it already.

    Raises:
        VenueError: VenueDown or BadAnswer; nothing is known then, and the ledger says more.
    """
    fields = {"agent_casino_id": agent_id}
    answer = ask_openly(base_url, "POST", "/faucet/claim", body=body(fields), timeout_s=timeout_s)
    if answer.status == 200:
        made = read_answer(ClaimAnswer, answer.body)
        return Claim("credited", amount_micro=made.credited, claim_id=made.claim_id)
    code = error_of(answer.body)
    if answer.status >= 500 or not code:
        raise VenueDown(f"cannot claim: the faucet answers {answer.status}")
    if answer.status == 429:
        return Claim("later", code)
    return Claim("already" if answer.status == 409 else "refused", code)
