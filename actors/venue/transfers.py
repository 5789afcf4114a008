"""Money that leaves the casino's account by our own wish: payments to other agents, withdrawals to the chain."""

from collections.abc import Callable, Mapping

from actors.money.evidence import Executed, Withdrawal
from actors.money.outgoing import paid, withdrawn
from actors.money.wagers import CheckedPay, CheckedWithdraw, Request
from actors.ticket import Ticket
from actors.venue.answers import Micro, Name, Shape, Whole, read_answer, read_json
from actors.venue.bodies import body, dollars
from actors.venue.errors import BadAnswer
from actors.venue.line import Line

SERVICE = "casino"

STATUSES = {"pending_review": "reviewing"}
"""How an answer calls a status that the list calls otherwise."""


class PayAnswer(Shape):
    """200 to /stats/pay."""

    tx_id: Name
    to: Name
    amount: Micro


class WithdrawAnswer(Shape):
    """200 to /auth/withdraw: done, or waiting for a person."""

    status: Name
    withdrawal_id: Name
    amount: Micro
    fee: Micro
    address: Name


class _Row(Shape):
    id: Name
    status: Name
    amount: Micro
    fee: Micro
    address: Name
    createdAt: Whole  # noqa: N815  the venue's name


class WithdrawalsAnswer(Shape):
    """200 to /auth/withdrawals: the newest 50."""

    withdrawals: list[_Row]


def transfer_request(wager: CheckedPay | CheckedWithdraw) -> Request:
    """Return the request of a payment or of a withdrawal, whose fee the venue takes on top of the amount."""
    amount = dollars(wager.amount_micro)
    if isinstance(wager, CheckedWithdraw):
        return Request(SERVICE, "/auth/withdraw", body({"amount": amount, "address": wager.address}))
    memo = {"memo": wager.memo} if wager.memo else {}
    return Request(SERVICE, "/stats/pay", body({"to_agent_id": wager.to_agent, "amount": amount, **memo}))


def pays(ticket: Ticket, agent_id: str) -> bool:
    """Tell whether a ticket would pay this agent."""
    return ticket.kind == "pay" and bool(read_json(ticket.request.body.encode())["to_agent_id"] == agent_id)


def withdrawals(line: Line) -> tuple[Withdrawal, ...]:
    """Read the list of withdrawals.

    Raises:
        VenueError: it could not be read.
    """
    rows = read_answer(WithdrawalsAnswer, line.get("/auth/withdrawals")).withdrawals
    return tuple(Withdrawal(row.id, row.status, row.amount, row.fee, row.address, row.createdAt) for row in rows)


def _paid(ticket: Ticket, content: bytes) -> Executed:
    answer, sent = read_answer(PayAnswer, content), read_json(ticket.request.body.encode())
    if answer.to != sent["to_agent_id"]:
        raise BadAnswer("to", "it is another agent")
    if answer.amount != ticket.stake_micro:
        raise BadAnswer("amount", "it is not our amount")
    return Executed(outgoing=paid(answer.amount, answer.tx_id))


def _withdrawn(ticket: Ticket, content: bytes) -> Executed:
    answer, sent = read_answer(WithdrawAnswer, content), read_json(ticket.request.body.encode())
    if answer.address.lower() != sent["address"]:
        raise BadAnswer("address", "it is not ours")
    if answer.amount + answer.fee != ticket.stake_micro:
        raise BadAnswer("amount", "with the fee it is not what we reserved")
    status = STATUSES.get(answer.status, answer.status)
    if status not in ("completed", "reviewing"):
        raise BadAnswer("status", f"{status} is no success")
    seen = Withdrawal(answer.withdrawal_id, status, answer.amount, answer.fee, answer.address, 0)
    return Executed(outgoing=withdrawn(seen))


PROOFS: Mapping[str, Callable[[Ticket, bytes], Executed]] = {"pay": _paid, "withdraw": _withdrawn}
"""How the success of each kind is read."""
