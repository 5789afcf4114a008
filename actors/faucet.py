"""FaucetActor: claims the casino account's one credit, after the account's own history has said that it was not had."""

from collections.abc import Callable
from functools import partial
from typing import Any

from actors.messages import Poll
from actors.money.amounts import usd
from actors.service import Links
from actors.venue.faucet import Claim, Faucet
from actors.watcher import WatcherActor

LOOK_AGAIN_S = 60.0
"""How soon after trouble the history is read again, in seconds."""


def look_first(faucet: Faucet) -> Claim:
    """Claim, unless the history shows the credit: after a claim that failed it may be there all the same.

    Raises:
        VenueError: nothing is known.
    """
    return Claim("had") if faucet.had() else faucet.claim()


class FaucetActor(WatcherActor[Faucet]):
    """The casino account's one credit; what it brings is booked by the account's reconcile.

    Args:
        make: makes the client.
        links: what it works with.
        claims: whether to claim; else it only looks.
    """

    def __init__(self, make: Callable[[], Faucet], links: Links, *, claims: bool) -> None:
        super().__init__("faucet", make, links)
        self._claims = claims
        self._over = False

    def setup(self) -> None:
        """Make the client; no network."""
        super().setup()
        self.note("not looked yet")

    def receive(self, message: Any) -> None:
        """Look, and claim, as long as there may be something to have."""
        match message:
            case Poll():
                if not self._over:
                    self.look("claim", partial(look_first if self._claims else _look_only, self.client))
            case _:
                super().receive(message)

    def took(self, what: str, result: Claim | BaseException) -> None:
        """Say what came of it; all but trouble and "later" is for good."""
        if isinstance(result, BaseException):
            self.note(f"unknown: {result}; the history is read before another claim")
            self.after(LOOK_AGAIN_S, Poll("faucet", what))
            self.bankroll.tell(Poll("bankroll", "accounts"))  # it may have been credited
            return
        self._over = result.outcome != "later"
        texts = {
            "credited": f"credited {usd(result.amount_micro)} USD",
            "had": "had its credit",
            "later": "none just now, tomorrow again",
            "refused": f"refused: {result.code}",
        }
        self.note(texts[result.outcome])
        if result.outcome == "credited":
            self.say(what, "credited", f"faucet: {texts['credited']}", amount_micro=result.amount_micro)
            self.bankroll.tell(Poll("bankroll", "accounts"))


def _look_only(faucet: Faucet) -> Claim:
    return Claim("had") if faucet.had() else Claim("refused", code="nothing is claimed of play money")
