"""The casino's referral income and its bonus of the day. Both are paid into the casino's balance by themselves."""

from typing import Annotated

from pydantic import Field

from actors.money.evidence import Referred
from actors.venue.answers import Micro, Name, Shape, Whole, read_answer
from actors.venue.errors import VenueRefused
from actors.venue.line import ServiceClient


class _Referral(Shape):
    referred_agent: Name
    level: Annotated[int, Field(ge=1, le=9)]
    earned_usd: Micro


class StatsAnswer(Shape):
    """200 to /auth/referral/stats. It knows the first level only; what the others earn stands in the ledger."""

    total_referrals: Whole
    referrals: list[_Referral]


class DailyAnswer(Shape):
    """200 to /daily."""

    can_claim: bool


class BonusAnswer(Shape):
    """200 to /daily/claim."""

    bonus_usd: Micro


class Referral(ServiceClient):
    """Referral income and bonus of one casino account. Blocks its caller; usable by several threads."""

    def tree(self) -> tuple[Referred, ...]:
        """Read who was brought, and what each has earned us.

        Raises:
            VenueError: it could not be read.
        """
        rows = read_answer(StatsAnswer, self._line.get("/auth/referral/stats")).referrals
        return tuple(Referred(row.referred_agent, row.level, row.earned_usd) for row in rows)

    def bonus(self) -> int:
        """Claim the bonus of the day if it is due, and return it in micro-USD (0: not yet). To repeat it is harmless.

        Raises:
            VenueError: whether it was claimed is not known, or it could not be asked for.
        """
        if not read_answer(DailyAnswer, self._line.get("/daily")).can_claim:
            return 0
        try:
            return read_answer(BonusAnswer, self._line.act("/daily/claim", "{}")).bonus_usd
        except VenueRefused as error:
            if error.code == "already_claimed":
                return 0
            raise
