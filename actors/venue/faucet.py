"""The faucet: one dollar of credit a casino account, once. The casino's history says whether it was had."""

from typing import Literal

from msgspec import Struct

from actors.venue.answers import Name, Shape, read_answer
from actors.venue.bodies import body
from actors.venue.errors import NothingSent, RateLimited, VenueRefused
from actors.venue.line import Line, ServiceClient
from actors.venue.shapes import ClaimAnswer, HistoryAnswer

CREDIT = "faucet_claim"
"""How the reason of its row in the casino's history begins."""

TOMORROW = (429, "ip_rate_limited")
HAD = (409, "already_claimed")


class _Account(Shape):
    agent_id: Name


class Claim(Struct, frozen=True):
    """What came of a claim: credited; had (done); later (a limit by address and day); refused for good."""

    outcome: Literal["credited", "had", "later", "refused"]
    amount_micro: int = 0
    code: str = ""


class Faucet(ServiceClient):
    """The faucet for one casino account. Blocks its caller; usable by several threads.

    Args:
        line: to the faucet, which asks for no key.
        casino: to the casino, which knows the account's id and whose history shows the credit.
    """

    def __init__(self, line: Line, casino: Line) -> None:
        super().__init__(line)
        self._casino = casino

    def had(self) -> bool:
        """Tell whether the account was credited, by its complete history.

        Raises:
            VenueError: it could not be read.
        """
        rows = read_answer(HistoryAnswer, self._casino.get("/kelly/history")).bankroll_curve
        return any(row.reason.startswith(CREDIT) for row in rows)

    def claim(self) -> Claim:
        """Claim the credit.

        Raises:
            VenueError: nothing is known: read the history before anything else.
        """
        agent_id = read_answer(_Account, self._casino.get("/auth/balance")).agent_id
        try:
            answer = self._line.act("/faucet/claim", body({"agent_casino_id": agent_id}))
        except (RateLimited, NothingSent):
            return Claim("later")
        except VenueRefused as error:
            said = (error.status, error.code)
            return Claim("later" if said == TOMORROW else "had" if said == HAD else "refused", code=error.code)
        return Claim("credited", read_answer(ClaimAnswer, answer).credited)

    def close(self) -> None:
        """Close the connections kept for reading."""
        super().close()
        self._casino.close()
