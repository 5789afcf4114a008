"""The escrow service: contracts paid from the casino's balance. It lists nothing; one must know a contract's id."""

from collections.abc import Iterable
from functools import partial
from urllib.parse import quote

from actors.money.evidence import Answer, EscrowView, Executed
from actors.money.wagers import CheckedAct, CheckedEscrow, Request
from actors.ticket import Ticket
from actors.venue.answers import read_answer
from actors.venue.bodies import body, dollars
from actors.venue.errors import BadAnswer, VenueRefused
from actors.venue.line import ServiceClient
from actors.venue.shapes import ActAnswer, EscrowAnswer

SERVICE = "escrow"

STATUS_AFTER = {"complete": "completed", "release": "released", "dispute": "disputed"}


def create_request(escrow: CheckedEscrow, tag: str) -> Request:
    """Return the request that locks the amount; the tag stands at the end of the (public) description."""
    return Request(
        SERVICE,
        "/escrow/create",
        body(
            {
                "amount_usd": dollars(escrow.amount_micro),
                "counterparty_agent_id": escrow.counterparty,
                "description": f"{escrow.description} [{tag}]",
                "timeout_hours": escrow.timeout_hours,
            }
        ),
    )


def act_request(act: CheckedAct) -> Request:
    """Return the request that completes, releases or disputes a contract."""
    reason = {"reason": act.reason} if act.act == "dispute" and act.reason else {}
    return Request(SERVICE, f"/escrow/{act.act}/{quote(act.escrow_id, safe='')}", body(reason))


class Escrow(ServiceClient):
    """The escrow service for one account. Blocks its caller; usable by several threads."""

    def place(self, ticket: Ticket) -> Answer:
        """Send the ticket of a create or an act, once; see Line.send.

        Raises:
            TicketSpent: it was consumed before.
        """
        return self._line.send(ticket, partial(_created if ticket.kind == "escrow_create" else _acted, ticket))

    def look(self, escrow_ids: Iterable[str]) -> tuple[EscrowView, ...]:
        """Read contracts; one that the venue does not know is left out.

        Raises:
            VenueError: one of them could not be read.
        """
        return tuple(view for escrow_id in escrow_ids if (view := self._one(escrow_id)) is not None)

    def _one(self, escrow_id: str) -> EscrowView | None:
        try:
            answer = read_answer(EscrowAnswer, self._line.get(f"/escrow/{quote(escrow_id, safe='')}"))
        except VenueRefused as error:
            if (error.status, error.code) == (404, "not_found"):
                return None
            raise
        if answer.escrow_id != escrow_id:
            raise BadAnswer("escrow_id", "it is another contract's")
        return answer.view


def _created(ticket: Ticket, content: bytes) -> Executed:
    answer = read_answer(EscrowAnswer, content)
    if ticket.tag not in answer.description:
        raise BadAnswer("description", "our tag is not in it")
    if answer.amount_micro != ticket.stake_micro:
        raise BadAnswer("amount_usd", "it is not our amount")
    if answer.status != "funded":
        raise BadAnswer("status", "a new contract is funded")
    return Executed(escrow=answer.view)


def _acted(ticket: Ticket, content: bytes) -> Executed:
    answer = read_answer(ActAnswer, content)
    act, escrow_id = ticket.request.path.split("/")[-2:]
    if quote(answer.escrow_id, safe="") != escrow_id:
        raise BadAnswer("escrow_id", "it is another contract's")
    if answer.status != STATUS_AFTER[act]:
        raise BadAnswer("status", f"after {act} it is {STATUS_AFTER[act]}")
    return Executed(escrow=EscrowView(answer.escrow_id, answer.status, 0, 0, 0, "", "", "", 0))
