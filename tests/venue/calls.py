"""Every call of every client, with the true answers to it: what the fuzz makes false."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actors.money.evidence import Executed, Query
from actors.money.wagers import CheckedAct, CheckedPay, CheckedWithdraw, EscrowCreate, checked_escrow
from actors.venue.builtin import announced
from actors.venue.casino import Casino
from actors.venue.escrow import Escrow, act_request, create_request
from actors.venue.faucet import claim
from actors.venue.registration import register
from actors.venue.transfers import pay_request, withdraw_request
from tests.venue.conftest import TAG, bet_ticket, make_casino, make_line, ticket
from tests.venue.scripted import balance, export, history, ledger, seeds
from tests.venue.test_placing import CONTRACT, OURS

ADDRESS = "0x00000000000000000000000000000000000000aa"


@dataclass(frozen=True)
class Call:
    """One call of a client.

    Attributes:
        make: does it at a base URL.
        answers: the true answer to each path, by its last part; text is sent as it is.
        ours: of a send, whether an answer that it takes for its success is that of what was sent.
        status: of the success.
    """

    make: Callable[[str], Any]
    answers: Mapping[str, Any]
    ours: Callable[[Executed], bool] | None = None
    status: int = 200

    def texts(self) -> dict[str, str]:
        return {name: said if isinstance(said, str) else json.dumps(said) for name, said in self.answers.items()}


def casino(url: str) -> Casino:
    return make_casino(url)


def escrow(url: str) -> Escrow:
    return Escrow(make_line(url, "escrow"))


def placed(client, kind, request, stake_micro):
    return lambda url: client(url).place(ticket(kind, request, stake_micro, TAG))


ESCROW_CREATE = create_request(checked_escrow(EscrowCreate("2.00", "ag_2", "work")), TAG)
READING = {
    "export": export(f"bet_1 {TAG} 52"),
    "seeds": seeds(3, 4),
    "ledger": ledger(),
    "history": history("reservation", "escrow_lock: esc_1"),
    "esc_1": CONTRACT,
    "balance": balance(100.0),
    "withdrawals": {
        "withdrawals": [{"id": "w", "status": "completed", "amount": 1, "fee": 0.5, "address": ADDRESS, "createdAt": 5}]
    },
}
EVERYTHING = Query("casino", 0, 100_000_000, 7, full=True)

CALLS = {
    "bet": Call(
        lambda url: casino(url).place(bet_ticket()),
        {"coin-flip": OURS},
        lambda done: (done.bet.tag, done.bet.stake_micro) == (TAG, 450_000),
    ),
    "pay": Call(
        placed(casino, "pay", pay_request(CheckedPay("ag_000000000002", 1_000_000, "")), 1_000_000),
        {"pay": {"tx_id": "pay_1", "to": "ag_000000000002", "amount": 1}},
        lambda done: done.outgoing.spent_micro == 1_000_000,
    ),
    "withdraw": Call(
        placed(casino, "withdraw", withdraw_request(CheckedWithdraw(1_000_000, ADDRESS)), 1_500_000),
        {"withdraw": READING["withdrawals"]["withdrawals"][0] | {"withdrawal_id": "w"}},
        lambda done: done.outgoing.spent_micro == 1_500_000,
    ),
    "escrow create": Call(
        placed(escrow, "escrow_create", ESCROW_CREATE, 2_000_000),
        {"create": CONTRACT},
        lambda done: done.escrow.amount_micro == 2_000_000 and TAG in done.escrow.description,
        status=201,
    ),
    "escrow act": Call(
        placed(escrow, "escrow_act", act_request(CheckedAct("esc_1", "release", "")), 0),
        {"esc_1": {"escrow_id": "esc_1", "status": "released"}},
        lambda done: (done.escrow.escrow_id, done.escrow.status) == ("esc_1", "released"),
    ),
    "casino balance": Call(lambda url: casino(url).balance(), {"balance": balance(100.0)}),
    "casino evidence": Call(lambda url: casino(url).evidence(EVERYTHING), READING),
    "escrow look": Call(lambda url: escrow(url).look(["esc_1"]), {"esc_1": CONTRACT}),
    "faucet claim": Call(lambda url: claim(url, "ag_1", timeout_s=5), {"claim": {"credited": 1, "claim_id": "c"}}),
    "register": Call(
        lambda url: register(url, timeout_s=5), {"register": {"agent_id": "ag_1", "api_key": "sk_live_1"}}, status=201
    ),
    "announcement": Call(lambda url: announced(url, timeout_s=5), {"sandbox": {"sandbox": True, "seed": 1}}),
}
