"""Money that leaves the casino's account by our own wish: payments to other agents, withdrawals to the chain."""

from actors.money.wagers import CheckedPay, CheckedWithdraw, Request
from actors.venue.bodies import body, dollars

SERVICE = "casino"


def pay_request(pay: CheckedPay) -> Request:
    """Return the request of a payment."""
    memo = {"memo": pay.memo} if pay.memo else {}
    return Request(
        SERVICE, "/stats/pay", body({"to_agent_id": pay.to_agent, "amount": dollars(pay.amount_micro), **memo})
    )


def withdraw_request(withdraw: CheckedWithdraw) -> Request:
    """Return the request of a withdrawal; the venue takes its fee on top of the amount."""
    return Request(
        SERVICE, "/auth/withdraw", body({"amount": dollars(withdraw.amount_micro), "address": withdraw.address})
    )
