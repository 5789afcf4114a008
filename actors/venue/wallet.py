"""The wallet service, read only: balances of addresses on six chains. Nothing here can take a key, or send."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated
from urllib.parse import quote

from pydantic import StringConstraints

from actors.venue.answers import Exact, Name, Shape, read_answer
from actors.venue.errors import BadAnswer
from actors.venue.line import ServiceClient

USDC_CHAINS = ("ethereum", "base", "solana")


class _Native(Shape):
    symbol: Name
    amount: Annotated[str, StringConstraints(pattern=r"^\d{1,30}(\.\d{1,30})?(e-\d{1,2})?$")]


class _Balance(Shape):
    native: _Native


class BalanceAnswer(Shape):
    """200 to /wallet/balance/ADDRESS."""

    address: Name
    chain: Name
    balance: _Balance


class _Usdc(Shape):
    chain: Name
    usdc_balance: Exact
    error: str | None = None


class UsdcAnswer(Shape):
    """200 to /wallet/usdc-balance. A chain that could not be read has an error, and a zero that is none."""

    balances: list[_Usdc]


class Wallet(ServiceClient):
    """The wallet service for one account. Blocks its caller; usable by several threads."""

    def native(self, chain: str, address: str) -> Decimal:
        """Read what an address has in its chain's own coin.

        Raises:
            VenueError: it could not be read, which says nothing about the balance.
        """
        answer = read_answer(BalanceAnswer, self._line.get(f"/wallet/balance/{quote(address, safe='')}", chain=chain))
        if (answer.chain, answer.address) != (chain, address):
            raise BadAnswer("address", "it is another one's")
        return Decimal(answer.balance.native.amount)

    def usdc(self, addresses: Mapping[str, str]) -> dict[str, Decimal | None]:
        """Read the USDC of addresses by chain; None for a chain that the service could not read.

        Raises:
            VenueError: nothing could be read.
        """
        answer = read_answer(UsdcAnswer, self._line.get("/wallet/usdc-balance", **addresses))
        told = {row.chain: None if row.error else row.usdc_balance for row in answer.balances}
        return {chain: told.get(chain) for chain in addresses}
