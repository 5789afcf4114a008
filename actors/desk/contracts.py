"""Escrow contracts that are watched: which they are, and what becomes of them at the venue."""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.desk.resolver import Resolver
from actors.desk.services import Services
from actors.messages import WatchEscrows
from actors.money.escrows import met_escrow, turned
from actors.money.evidence import EscrowView


@dataclass(slots=True)
class Contracts:
    """Has the escrow service watch what is open, and books how it ends."""

    resolver: Resolver
    services: Services

    def watch(self) -> None:
        """Tell the escrow service, once it is up, which contracts to watch."""
        till = self.resolver.till
        if "escrow" in self.services.up:
            till.send("escrow", WatchEscrows(tuple(till.state.contracts)))

    def seen(self, views: Sequence[EscrowView]) -> None:
        """Book contracts as the venue shows them; one with an act of ours under way is left to that act."""
        till = self.resolver.till
        busy = {opened.subject for opened in till.state.open.values() if opened.kind == "escrow_act"}
        for view in views:
            contract = till.state.contracts.get(view.escrow_id)
            if contract is None or view.escrow_id in busy:
                continue
            if contract.opened.role == "counterparty" and contract.opened.amount_micro < view.net_micro:
                till.record(met_escrow(contract.opened, view, till.now))
            elif contract.status == view.status:
                continue
            till.record(turned(contract.opened, view, till.now))
            self.resolver.want("an escrow changed")
            text = f"{view.escrow_id} is {view.status}"
            till.say("escrow", "status", view.status, text, amount_micro=view.amount_micro)
            self.resolver.tell_lanes(contract.opened.account)
        self.watch()
