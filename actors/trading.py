"""TradingActor: sends orders once, and reads what the account at the exchange has and did."""

from typing import Any

from actors.account import AccountActor, AccountClient
from actors.messages import Poll


class TradingActor(AccountActor[AccountClient]):
    """The trading account. See `AccountActor`."""

    def receive(self, message: Any) -> None:
        """Hand a poll on: the bankroll decides on it, which has the whole account read. The rest is any account's."""
        match message:
            case Poll():
                self.bankroll.tell(message)
            case _:
                super().receive(message)
