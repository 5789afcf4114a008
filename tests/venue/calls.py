"""Every call of every client, with the true answers to it: what the fuzz makes false."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from actors.money.evidence import Executed, Query
from actors.money.orders import CheckedCancel, CheckedClose, CheckedExit, CheckedLimit, CheckedOrder
from actors.money.wagers import CheckedAct, CheckedDomain, CheckedPay, CheckedWithdraw, EscrowCreate, checked_escrow
from actors.venue.builtin import announced
from actors.venue.casino import Casino
from actors.venue.domains import Domains, domain_request
from actors.venue.escrow import Escrow, act_request, create_request
from actors.venue.exchange import Exchange
from actors.venue.faucet import Faucet
from actors.venue.referral import Referral
from actors.venue.registration import register
from actors.venue.trading import Trading, trade_request
from actors.venue.transfers import transfer_request
from actors.venue.wallet import Wallet
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


def faucet(url: str) -> Faucet:
    return Faucet(make_line(url, "faucet"), make_line(url))


def trading(url: str) -> Trading:
    return Trading(make_line(url, "trading"), Exchange(make_line(url, "exchange")))


def traded(trade, stake_micro):
    return placed(trading, trade.kind, trade_request(trade), stake_micro)


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

MOMENT = "2026-11-22T06:44:50.000Z"
CREDITED = {"credited": 1, "claim_id": "c"}
TREE = {"total_referrals": 1, "referrals": [{"referred_agent": "ag_12345...", "level": 1, "earned_usd": 0.1}]}
OFFER = {"results": [{"domain": "a.com", "available": True, "price_eur": 18}]}
META = {"universe": [{"name": "BTC"}, {"name": "ETH"}]}
OPENED = {
    "position_id": "pos_1",
    "coin": "BTC",
    "side": "long",
    "margin_used": 6,
    "execution": "real",
    "status": "open",
}
HELD = {"coin": "BTC", "szi": "0.0001", "leverage": {"value": 2}, "entryPx": "96000.0", "unrealizedPnl": "0.5"}
FILL = {
    "coin": "BTC", "px": "96000.0", "sz": "0.0001", "side": "B", "time": 1_795_330_000_000, "dir": "Open Long",
    "closedPnl": "0.0", "fee": "0.005", "oid": 7, "tid": 9,
}  # fmt: skip
UPDATE = {"time": 1_795_330_000_000, "hash": "0x1"}
LIMIT = {
    "order_id": "ord_1", "coin": "BTC", "side": "long", "size_usd": 12, "leverage": 2, "limit_price": 1.5,
    "created_at": 5,
}  # fmt: skip
HOLDING = {
    "account": {"max_leverage": 10, "max_position_usd": 10_000, "hl_wallet": {"address": ADDRESS}},
    "meta": META,
    "clearinghouseState": {"marginSummary": {"accountValue": "100.5"}, "assetPositions": [{"position": HELD}]},
    "userFillsByTime": [FILL],
    "userFunding": [UPDATE | {"delta": {"type": "funding", "usdc": "-0.01", "coin": "BTC"}}],
    "userNonFundingLedgerUpdates": [UPDATE | {"delta": {"type": "deposit", "usdc": "100.0"}}],
    "limit-orders": {"pending": [LIMIT], "filled": [], "cancelled": [LIMIT]},
    "positions": {
        "source": "hyperliquid",
        "positions": [{"id": "pos_1", "coin": "BTC", "side": "long", "status": "open", "hlOrderId": 7}],
    },
}

CLIENTS = (Casino, Domains, Escrow, Exchange, Faucet, Referral, Trading, Wallet)
CALLS = {
    "bet": Call(
        lambda url: casino(url).place(bet_ticket()),
        {"coin-flip": OURS},
        lambda done: (done.bet.tag, done.bet.stake_micro) == (TAG, 450_000),
    ),
    "pay": Call(
        placed(casino, "pay", transfer_request(CheckedPay("ag_000000000002", 1_000_000, "")), 1_000_000),
        {"pay": {"tx_id": "pay_1", "to": "ag_000000000002", "amount": 1}},
        lambda done: done.outgoing.spent_micro == 1_000_000,
    ),
    "withdraw": Call(
        placed(casino, "withdraw", transfer_request(CheckedWithdraw(1_000_000, ADDRESS)), 1_500_000),
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
    "rotate": Call(lambda url: casino(url).rotate(), {"rotate": {"message": "rotated"}}),
    "casino evidence": Call(lambda url: casino(url).evidence(EVERYTHING), READING),
    "escrow look": Call(lambda url: escrow(url).look(["esc_1"]), {"esc_1": CONTRACT}),
    "faucet claim": Call(lambda url: faucet(url).claim(), {"balance": {"agent_id": "ag_1"}, "claim": CREDITED}),
    "faucet had": Call(lambda url: faucet(url).had(), {"history": history("faucet_claim: $1 free credits")}),
    "referral tree": Call(lambda url: Referral(make_line(url, "referral")).tree(), {"stats": TREE}),
    "daily bonus": Call(
        lambda url: Referral(make_line(url, "referral")).bonus(),
        {"daily": {"can_claim": True}, "claim": {"bonus_usd": 0.5}},
    ),
    "wallet native": Call(
        lambda url: Wallet(make_line(url, "wallet")).native("base", ADDRESS),
        {ADDRESS: {"address": ADDRESS, "chain": "base", "balance": {"native": {"symbol": "ETH", "amount": "0.5"}}}},
    ),
    "wallet usdc": Call(
        lambda url: Wallet(make_line(url, "wallet")).usdc({"base": ADDRESS}),
        {"usdc-balance": {"balances": [{"chain": "base", "usdc_balance": 1.25}]}},
    ),
    "order": Call(
        traded(CheckedOrder("BTC", "long", 12_000_000, 2), 6_000_000),
        {"meta": META, "open": OPENED},
        lambda done: done.trade.status == "open",
    ),
    "close": Call(
        traded(CheckedClose("pos_1"), 0),
        {"close": OPENED | {"status": "closed"}},
        lambda done: done.trade.status == "closed",
    ),
    "limit": Call(
        traded(CheckedLimit("BTC", "long", 12_000_000, Decimal(50_000), 2), 6_000_000),
        {"meta": META, "limit": {"order_id": "ord_1", "status": "pending"}},
        lambda done: done.trade.status == "pending",
        status=201,
    ),
    "cancel": Call(
        traded(CheckedCancel("ord_1"), 0),
        {"ord_1": {"order_id": "ord_1", "status": "cancelled"}},
        lambda done: done.trade.status == "cancelled",
    ),
    "exit": Call(
        traded(CheckedExit("pos_1", "stop_loss", Decimal(1)), 0),
        {"stop-loss": {"order_id": "ord_1", "position_id": "pos_1", "trigger_price": 1}},
        lambda done: done.trade.status == "set",
    ),
    "trading evidence": Call(lambda url: trading(url).evidence(Query("trading", 1, 0, 0, full=True)), HOLDING),
    "domain price": Call(lambda url: Domains(make_line(url, "domains")).price("a.com"), {"search": OFFER}),
    "domain registration": Call(
        placed(
            lambda url: Domains(make_line(url, "domains")),
            "register_domain",
            domain_request(CheckedDomain("a.com", 20_000_000)),
            20_000_000,
        ),
        {"search": OFFER, "register": {"domain": "a.com", "cost": {"total_charged_usd": 19.44}}},
        lambda done: 0 < done.outgoing.spent_micro <= 20_000_000,
        status=201,
    ),
    "domains evidence": Call(
        lambda url: Domains(make_line(url, "domains")).evidence(Query("domains", 0, 0, 0)),
        {
            "domains": {"domains": [{"domain": "a.com", "registered_at": MOMENT, "price_paid": 19.44}]},
            "deposits": {"deposits": [{"id": "d", "chain": "base", "amount_usd": 50, "credited_at": MOMENT}]},
            "account": balance(30.56),
        },
    ),
    "register": Call(
        lambda url: register(url, timeout_s=5), {"register": {"agent_id": "ag_1", "api_key": "sk_live_1"}}, status=201
    ),
    "announcement": Call(lambda url: announced(url, timeout_s=5), {"sandbox": {"sandbox": True, "seed": 1}}),
}
