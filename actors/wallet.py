"""WalletActor: watches what addresses have on their chains. A chain that cannot be read is unknown, never empty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from actors.messages import Poll
from actors.service import Links
from actors.venue.wallet import USDC_CHAINS, Wallet
from actors.watcher import WatcherActor

COINS = {"ethereum": "ETH", "base": "ETH", "solana": "SOL", "bitcoin": "BTC", "tron": "TRX", "monero": "XMR"}
USDC = "USDC"


@dataclass(slots=True)
class _Known:
    amount: Decimal | None = None
    at: int = 0
    trouble: str = ""


class WalletActor(WatcherActor[Wallet]):
    """Balances of configured addresses, by polling. It holds no key and cannot send.

    Args:
        make: makes the client.
        links: what it works with.
        addresses: by chain.
    """

    def __init__(self, make: Callable[[], Wallet], links: Links, addresses: Mapping[str, str]) -> None:
        super().__init__("wallet", make, links)
        self._addresses = dict(addresses)
        self._known = {(chain, COINS[chain]): _Known() for chain in addresses}
        self._known |= {(chain, USDC): _Known() for chain in addresses if chain in USDC_CHAINS}

    def setup(self) -> None:
        """Make the client; no network."""
        super().setup()
        self._renew()

    def receive(self, message: Any) -> None:
        """Read all balances, each chain by itself: a slow or broken one holds up no other."""
        match message:
            case Poll():
                wallet = self.client
                for chain, address in self._addresses.items():
                    self.look(chain, partial(wallet.native, chain, address))
                if usdc := {chain: self._addresses[chain] for chain in USDC_CHAINS if chain in self._addresses}:
                    self.look(USDC, lambda: wallet.usdc(usdc))
                self._renew()
            case _:
                super().receive(message)

    def took(self, what: str, result: Any) -> None:
        """Keep what was read, and what is known of what was not."""
        if what != USDC:
            self._learn(what, COINS[what], result)
        else:
            failed = isinstance(result, BaseException)
            for chain, coin in self._known:
                if coin == USDC:
                    amount = result if failed else result[chain]
                    self._learn(chain, USDC, "the chain does not answer" if amount is None else amount)
        self._renew()

    def _learn(self, chain: str, coin: str, read: Decimal | BaseException | str) -> None:
        known = self._known[chain, coin]
        if not isinstance(read, Decimal):
            if not known.trouble:
                self.say("balance", "unknown", f"{chain}: {coin} cannot be read ({read}){self._last(known)}",
                         level="WARNING")  # fmt: skip
            known.trouble = str(read)
            return
        if known.trouble or known.amount != read:
            before = "" if known.amount in (None, read) else f", before {known.amount:f}"
            self.say("balance", "ok", f"{chain}: {read:f} {coin}{before}")
        known.amount, known.at, known.trouble = read, self.wall(), ""

    def _last(self, known: _Known) -> str:
        if known.amount is None:
            return ", never read"
        return f"; last {known.amount:f}, {(self.wall() - known.at) // 1_000_000} s ago"

    def _renew(self) -> None:
        told = [
            f"{chain} {coin} unknown{self._last(known)}" if known.trouble or known.amount is None else
            f"{chain} {known.amount:f} {coin}"
            for (chain, coin), known in self._known.items()
        ]  # fmt: skip
        self.note("; ".join(told) or "no address in [wallet]")
