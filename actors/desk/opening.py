"""Opening an intent: the exact request, its tag, its baselines, in one event (J1)."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from actors.desk.till import SECOND, Terms, Till, Track
from actors.money.amounts import usd
from actors.money.book import Bucket, Posting
from actors.money.events import IntentOpened
from actors.money.games import Odds
from actors.money.kelly import edge, full_kelly
from actors.money.orders import CheckedCancel, CheckedClose, CheckedExit, CheckedLimit, CheckedOrder, CheckedTrade
from actors.money.positions import NOTHING
from actors.money.sizing import Sized
from actors.money.trading import terms_of
from actors.money.wagers import (
    Checked,
    CheckedAct,
    CheckedBet,
    CheckedDomain,
    CheckedEscrow,
    CheckedPay,
    CheckedWithdraw,
)

INTENT_DIGITS = 12
"""Hexadecimal digits of an intent's id; they are the first of its tag's 32."""

SLOW_QUIET = 600 * SECOND
"""The least quiet period of `SLOW` (microseconds): the venue waits for a chain or an exchange, maybe for minutes."""

SLOW = frozenset({"withdraw", "order", "close_order"})


def open_intent(till: Till, lane: str, account: str, wager: Checked, sized: Sized) -> None:
    """Reserve the stake and record everything that is needed to send the wager once and to find out about it."""
    terms = till.terms
    random = terms.entropy()
    tag = f"sk1-{terms.agent}-{till.epoch}-{random}"
    request = terms.requests(wager, sized.stake_micro, tag)
    subject, params = _subject(till, wager)
    told = _told(wager.odds) if isinstance(wager, CheckedBet) else None
    send_by = till.now + terms.send_timeout
    quiet_until = send_by + (max(terms.quiet_period, SLOW_QUIET) if wager.kind in SLOW else terms.quiet_period)
    reserve = Posting(account, Bucket.AVAILABLE, Bucket.RESERVED, sized.stake_micro)
    opened = IntentOpened(
        at=till.now,
        intent=random[:INTENT_DIGITS],
        lane=lane,
        account=account,
        kind=wager.kind,
        subject=subject,
        params=params,
        stake_micro=sized.stake_micro,
        tag=tag,
        service=request.service,
        path=request.path,
        body=request.body,
        epoch=till.epoch,
        send_by=send_by,
        quiet_until=quiet_until,
        nonces=till.state.account(account).nonces,
        balance_micro=till.state.book.at_venue(account),
        probability=told.probability if told else "",
        multiplier=told.multiplier if told else "",
        kelly=told.kelly if told else "",
        fun=sized.fun,
        boot=terms.boot.boot,
        quiet_boot=quiet_until - terms.boot.began,
        postings=(reserve,) if sized.stake_micro else (),
    )
    till.tracks[opened.intent] = Track("sizing", quiet_until)
    till.record(opened)
    text = f"{opened.intent[:4]}  {describe(wager, sized, terms)}"
    stake = sized.stake_micro
    till.say(request.service, wager.kind, "opened", text, amount_micro=stake, intent=opened.intent, lane=lane)


def describe(wager: Checked, sized: Sized, terms: Terms) -> str:
    """Return a wager and how its stake came about, for people."""
    match wager:
        case CheckedBet():
            what = " ".join([wager.game, *(str(value) for _, value in wager.params)])
            told = _told(wager.odds)
            if sized.fun:
                return f"{what}  {told.how}  entertainment  ->  stake {usd(sized.stake_micro)}"
            kelly = f"Kelly {told.share} x {float(terms.limits.kelly_fraction):.2f}"
            return f"{what}  {told.how}  {kelly}  ->  stake {usd(sized.stake_micro)}"
        case CheckedEscrow():
            return f"escrow of {usd(wager.amount_micro)} for {wager.counterparty}, {wager.timeout_hours} h"
        case CheckedAct():
            return f"{wager.act} {wager.escrow_id}"
        case CheckedPay() | CheckedWithdraw() | CheckedDomain():
            return _spending(wager)
        case _:
            return _trading(wager, sized)


class _Told(NamedTuple):
    # Of odds, on which lanes bet again and again: for the journal, and in one clause for people.
    probability: str
    multiplier: str
    kelly: str
    share: str
    how: str


@lru_cache(maxsize=256)
def _told(odds: Odds) -> _Told:
    p, m, full = odds.probability, odds.multiplier, full_kelly(odds)
    how = f"p {float(p):.3f} pays {float(m):.2f}  edge {float(edge(p, m)):+.1%}"
    return _Told(_decimal(p), _decimal(m), _decimal(full), f"{float(full):.1%}", how)


def _spending(wager: CheckedPay | CheckedWithdraw | CheckedDomain) -> str:
    match wager:
        case CheckedPay():
            return f"payment of {usd(wager.amount_micro)} to {wager.to_agent}"
        case CheckedWithdraw():
            return f"withdrawal of {usd(wager.amount_micro)} and the fee to {wager.address}"
        case CheckedDomain():
            return f"registration of {wager.domain} for at most {usd(wager.max_micro)}"


def _trading(wager: CheckedTrade, sized: Sized) -> str:
    match wager:
        case CheckedOrder() | CheckedLimit():
            at = f" at {wager.limit_price:f}" if isinstance(wager, CheckedLimit) else ""
            terms = f"{usd(wager.size_micro)} USD x{wager.leverage}"
            return f"{wager.side} {wager.coin}{at}  {terms}  ->  margin {usd(sized.stake_micro)}"
        case CheckedExit():
            return f"{wager.exit} of {wager.position_id} at {wager.trigger_price:f}"
        case CheckedClose():
            return f"close {wager.position_id}"
        case CheckedCancel():
            return f"cancel {wager.order_id}"


def _subject(till: Till, wager: Checked) -> tuple[str, dict[str, str]]:
    match wager:
        case CheckedBet():
            return wager.game, {name: str(value) for name, value in wager.params}
        case CheckedEscrow():
            params = {"counterparty": wager.counterparty, "description": wager.description}
            return wager.counterparty, params | {"timeout_hours": str(wager.timeout_hours)}
        case CheckedAct():
            return wager.escrow_id, {"act": wager.act, "reason": wager.reason}
        case CheckedPay() | CheckedWithdraw() | CheckedDomain():
            return _spent(wager)
        case _:
            return terms_of(wager, till.state.holdings.get(wager.account, NOTHING))


def _spent(wager: CheckedPay | CheckedWithdraw | CheckedDomain) -> tuple[str, dict[str, str]]:
    match wager:
        case CheckedPay():
            return wager.to_agent, {"memo": wager.memo}
        case CheckedWithdraw():
            return wager.address, {"amount_micro": str(wager.amount_micro)}
        case CheckedDomain():
            return wager.domain, {}


def _decimal(number: Fraction) -> str:
    return f"{Decimal(number.numerator) / Decimal(number.denominator):.10g}"
