"""Opening an intent: the exact request, its tag, its baselines, in one event (J1)."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from actors.desk.till import SECOND, Terms, Till, Track
from actors.money.amounts import usd
from actors.money.book import Bucket, moved
from actors.money.events import IntentOpened
from actors.money.games import Odds
from actors.money.kelly import edge, full_kelly
from actors.money.orders import CheckedLimit, CheckedOrder
from actors.money.positions import NOTHING
from actors.money.records import intent_id
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

SLOW_QUIET = 600 * SECOND
"""The least quiet period of `SLOW` (microseconds): the venue waits for a chain or an exchange, maybe for minutes."""

SLOW = frozenset({"withdraw", "order", "close_order"})


def open_intent(till: Till, lane: str, account: str, wager: Checked, sized: Sized) -> None:
    """Reserve the stake and record everything that is needed to send the wager once and to find out about it."""
    terms = till.terms
    tag = f"sk1-{terms.agent}-{till.epoch}-{terms.entropy()}"
    request = terms.requests(wager, sized.stake_micro, tag)
    subject, params = _subject(till, wager)
    told = _told(wager.odds) if isinstance(wager, CheckedBet) else _Told()
    send_by = till.now + terms.send_timeout
    quiet_until = send_by + (max(terms.quiet_period, SLOW_QUIET) if wager.kind in SLOW else terms.quiet_period)
    opened = IntentOpened(
        at=till.now, intent=intent_id(till.state.tally.intents + 1), lane=lane, account=account,
        kind=wager.kind, subject=subject, params=params, stake_micro=sized.stake_micro,
        tag=tag, service=request.service, path=request.path, body=request.body,
        epoch=till.epoch, send_by=send_by, quiet_until=quiet_until,
        boot=terms.boot.boot, quiet_boot=quiet_until - terms.boot.began,
        nonces=till.state.account(account).nonces, balance_micro=till.state.book.at_venue(account),
        probability=told.probability, multiplier=told.multiplier, kelly=told.kelly, fun=sized.fun,
        postings=moved(account, Bucket.AVAILABLE, Bucket.RESERVED, sized.stake_micro),
    )  # fmt: skip
    till.tracks[opened.intent] = Track("sizing", quiet_until)
    till.record(opened)
    text = f"{opened.intent}  {_describe(wager, sized, terms)}"
    stake = sized.stake_micro
    till.say(request.service, wager.kind, "opened", text, amount_micro=stake, intent=opened.intent, lane=lane)


def _describe(wager: Checked, sized: Sized, terms: Terms) -> str:
    stake = usd(sized.stake_micro)
    match wager:
        case CheckedBet(odds=odds):
            told = _told(odds)
            kelly = f"Kelly {told.share} x {float(terms.limits.kelly_fraction):.2f}"
            return f"{wager}  {told.how}  {'entertainment' if sized.fun else kelly}  ->  stake {stake}"
        case CheckedOrder() | CheckedLimit():
            return f"{wager}  ->  margin {stake}"
        case _:
            return str(wager)


class _Told(NamedTuple):
    # Of odds, on which lanes bet again and again: for the journal, and in one clause for people.
    probability: str = ""
    multiplier: str = ""
    kelly: str = ""
    share: str = ""
    how: str = ""


@lru_cache(maxsize=256)
def _told(odds: Odds) -> _Told:
    p, m, full = odds.probability, odds.multiplier, full_kelly(odds)
    how = f"p {float(p):.3f} pays {float(m):.2f}  edge {float(edge(p, m)):+.1%}"
    return _Told(_decimal(p), _decimal(m), _decimal(full), f"{float(full):.1%}", how)


def _subject(till: Till, wager: Checked) -> tuple[str, dict[str, str]]:
    match wager:
        case CheckedBet():
            named = wager.game, {name: str(value) for name, value in wager.params}
        case CheckedEscrow(counterparty=other, description=description, timeout_hours=hours):
            named = other, {"counterparty": other, "description": description, "timeout_hours": str(hours)}
        case CheckedAct():
            named = wager.escrow_id, {"act": wager.act, "reason": wager.reason}
        case CheckedPay():
            named = wager.to_agent, {"memo": wager.memo}
        case CheckedWithdraw():
            named = wager.address, {"amount_micro": str(wager.amount_micro)}
        case CheckedDomain():
            named = wager.domain, {}
        case _:
            named = terms_of(wager, till.state.holdings.get(wager.account, NOTHING))
    return named


def _decimal(number: Fraction) -> str:
    return f"{Decimal(number.numerator) / Decimal(number.denominator):.10g}"
