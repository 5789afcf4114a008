"""ReferralActor: looks after income that needs no stake: who was referred, what it earns, the bonus of the day."""

from collections.abc import Callable
from typing import Any

from actors.messages import Poll, ReferralsSeen
from actors.money.amounts import usd
from actors.service import Links
from actors.venue.referral import Referral
from actors.watcher import WatcherActor


class ReferralActor(WatcherActor[Referral]):
    """Referral income and bonus of the casino's account; the money itself is booked by the account's reconcile.

    Args:
        make: makes the client.
        links: what it works with.
        claims: whether to claim the bonus of the day.
    """

    def __init__(self, make: Callable[[], Referral], links: Links, *, claims: bool) -> None:
        super().__init__("referral", make, links)
        self._claims = claims

    def setup(self) -> None:
        """Make the client; no network."""
        super().setup()
        self.note("not looked yet")

    def receive(self, message: Any) -> None:
        """Read the tree, or see to the bonus."""
        match message:
            case Poll(what="income"):
                self.look("income", self.client.tree)
            case Poll(what="bonus") if self._claims:
                self.look("bonus", self.client.bonus)
            case Poll():
                pass
            case _:
                super().receive(message)

    def took(self, what: str, result: Any) -> None:
        """Hand the tree on, or tell of the bonus; what could not be read is read again by the schedule."""
        if isinstance(result, BaseException):
            self.note(f"{what} cannot be read: {result}")
        elif what == "income":
            earned = sum(one.earned_micro for one in result)
            self.note(f"{len(result)} referred, {usd(earned)} USD earned")
            self.bankroll.tell(ReferralsSeen(result))
        elif result:
            self.say(what, "credited", f"bonus of the day: {usd(result)} USD", amount_micro=result)
            self.bankroll.tell(Poll("bankroll", "accounts"))
