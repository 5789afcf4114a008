"""The crew: how each service's actor is made, and which account of the book it reads.

What few agents turn on is loaded when it is: to load a service takes longer than to start it, and a restart is short.
"""

from collections.abc import Callable
from functools import partial

from actors.casino import CasinoActor
from actors.escrow import EscrowActor
from actors.faucet import FaucetActor
from actors.money.wagers import (
    Checked,
    CheckedAct,
    CheckedBet,
    CheckedDomain,
    CheckedEscrow,
    CheckedPay,
    CheckedWithdraw,
    Request,
)
from actors.parts import Parts
from actors.referral import ReferralActor
from actors.service import Links
from actors.venue.casino import bet_request
from actors.venue.escrow import act_request, create_request
from actors.venue.faucet import Faucet
from actors.venue.referral import Referral
from supervision import ChildSpec, Supervisor, Worker

READERS = {"casino": "casino", "trading": "trading", "domains": "domains"}
"""Accounts of the book, and the service whose actor reads each; escrow, faucet and referral live on the casino's."""


def crew(parts: Parts) -> ChildSpec:
    """Return the supervisor of the services that take part."""
    children = [ChildSpec(name, partial(MAKERS[name], parts)) for name in staffed(parts.services)]
    return Supervisor.spec("services", children, max_restarts=10, max_seconds=60)


def staffed(services: frozenset[str]) -> list[str]:
    """Return the services in use that have an actor, in the order in which they start."""
    return [name for name in MAKERS if name in _working(services)]


def accounts(services: frozenset[str]) -> dict[str, str]:
    """Return the accounts that the services in use live on, and who reads each."""
    return {account: reader for account, reader in READERS.items() if reader in _working(services)}


def request_of(wager: Checked, stake_micro: int, tag: str) -> Request:
    """Return the exact request of a wager."""
    match wager:
        case CheckedBet():
            return bet_request(wager, stake_micro, tag)
        case CheckedEscrow():
            return create_request(wager, tag)
        case CheckedAct():
            return act_request(wager)
        case CheckedPay() | CheckedWithdraw():
            from actors.venue.transfers import transfer_request  # noqa: PLC0415  see above

            return transfer_request(wager)
        case CheckedDomain():
            from actors.venue.domains import domain_request  # noqa: PLC0415  see above

            return domain_request(wager)
        case _:
            from actors.venue.trading import trade_request  # noqa: PLC0415  see above

            return trade_request(wager)


def _working(services: frozenset[str]) -> frozenset[str]:
    # Whoever lives on the casino's account needs the one who reads it, though no bet is placed.
    return services | {"casino"} if services & {"escrow", "faucet", "referral"} else services


def _links(parts: Parts, name: str) -> Links:
    return Links(parts.world.port(name), parts.bankroll, parts.reporter, parts.world.wall)


def _casino(parts: Parts) -> CasinoActor:
    world = parts.world
    return CasinoActor("casino", world.casino, _links(parts, "casino"), partial(world.health, "casino"))


def _escrow(parts: Parts) -> EscrowActor:
    return EscrowActor(parts.world.escrow, _links(parts, "escrow"))


def _trading(parts: Parts) -> Worker:
    from actors.trading import TradingActor  # noqa: PLC0415  see above
    from actors.venue.exchange import Exchange  # noqa: PLC0415  see above
    from actors.venue.trading import Trading  # noqa: PLC0415  see above

    line, health = parts.world.line, partial(parts.world.health, "trading")
    return TradingActor(
        "trading", lambda: Trading(line("trading"), Exchange(line("exchange"))), _links(parts, "trading"), health
    )


def _domains(parts: Parts) -> Worker:
    from actors.domains import DomainsActor  # noqa: PLC0415  see above
    from actors.venue.domains import Domains  # noqa: PLC0415  see above

    world, watched = parts.world, parts.config.domains.watch
    lanes = [parts.lane(lane.name) for lane in parts.lanes if lane.account == "domains"]
    return DomainsActor(lambda: Domains(world.line("domains")), _links(parts, "domains"), watched, lanes)


def _wallet(parts: Parts) -> Worker:
    from actors.venue.wallet import Wallet  # noqa: PLC0415  see above
    from actors.wallet import WalletActor  # noqa: PLC0415  see above

    world, section = parts.world, parts.config.wallet
    addresses = {chain: address for chain, address in section if address}
    return WalletActor(lambda: Wallet(world.line("wallet")), _links(parts, "wallet"), addresses)


def _faucet(parts: Parts) -> FaucetActor:
    line = parts.world.line
    claims = _claims(parts, "faucet")
    return FaucetActor(lambda: Faucet(line("faucet"), line("casino")), _links(parts, "faucet"), claims=claims)


def _referral(parts: Parts) -> ReferralActor:
    line = parts.world.line
    claims = _claims(parts, "referral")
    return ReferralActor(lambda: Referral(line("referral")), _links(parts, "referral"), claims=claims)


def _claims(parts: Parts, service: str) -> bool:
    # Play money stays the round sum that it begins with, unless its user asks for the service by name.
    asked = service in parts.config.services.model_fields_set
    return (asked or not parts.builtin) and not parts.config.dry_run


MAKERS: dict[str, Callable[[Parts], Worker]] = {
    "casino": _casino,
    "escrow": _escrow,
    "trading": _trading,
    "domains": _domains,
    "wallet": _wallet,
    "faucet": _faucet,
    "referral": _referral,
}
"""In the order in which they start."""
