"""What operators ask and say: how everything stands, and their word on what evidence could not decide."""

from collections.abc import Mapping

from actors.desk import settle
from actors.desk.resolver import Resolver
from actors.desk.till import Till
from actors.desk.trading import held_text
from actors.messages import LaneStatus, Resolve, Status
from actors.money.amounts import usd
from actors.money.audit import bet_postings
from actors.money.book import Bucket, Posting
from actors.money.events import (
    IntentClosed,
    IntentOpened,
    LaneCleared,
    SessionStarted,
    StopLifted,
    StopSet,
    SuspenseResolved,
)
from actors.money.outgoing import by_word
from actors.money.positions import TradeDone
from actors.money.records import intent_id
from actors.money.risk import MISMATCH, PAUSE, Denial, next_stop_micro


class NotInError(ValueError):
    """The intent is not one that waits for an operator."""


def pause(till: Till, resolver: Resolver, reason: str) -> None:
    """Set a pause on every account, beside whatever stop is in force; it is journaled, so it outlives a crash."""
    for account in [till.state.account(name) for name in {**resolver.watches, **till.state.accounts}]:
        if account.pause is None:
            till.record(StopSet(till.now, account.name, PAUSE, "an operator's resume", reason))
            resolver.tell_lanes(account.name)


def resume(till: Till, resolver: Resolver, by: str) -> None:
    """Lift a pause, and a stop by beginning a new session; a mismatch is lifted only by reconciling."""
    till.tried.clear()
    for account in till.state.accounts.values():
        rule = account.stop.rule if account.stop else None
        if account.pause:
            till.record(StopLifted(till.now, account.name, PAUSE, by))
        if rule == MISMATCH:
            if watch := resolver.watches.get(account.name):
                watch.want("an operator")
        elif rule:
            till.record(StopLifted(till.now, account.name, rule, by))
            equity = till.exposure(account.name).equity_micro
            till.record(SessionStarted(till.now, account.name, equity, after_stop=True))
        settle.check_stops(till, account.name)
        resolver.tell_lanes(account.name)


def resolve(till: Till, word: Resolve) -> str:
    """Close what evidence could not decide, as the operator says. Returns a sentence for the operator.

    Args:
        till: the step to add to.
        word: the operator's; the intent's zeros may be left out.

    Raises:
        NotInError: no such intent, or one that evidence still decides, or no reason.
    """
    state, intent = till.state, intent_id(word.intent)
    waiting = {*state.suspended, *(lane.culprit for lane in state.lanes.values() if lane.culprit)}
    if intent not in waiting | {*state.open}:
        raise NotInError(f"No intent {word.intent} is in ERROR; in ERROR: {', '.join(sorted(waiting)) or 'none'}.")
    if not word.because.strip():
        raise NotInError("Say why with --because TEXT; it is journaled.")
    held, opened = state.suspended.get(intent), state.open.get(intent)
    lanes = [lane for lane in state.lanes.values() if lane.culprit == intent]
    if held:
        postings = _suspense_postings(held, word)
        because = word.because
        till.record(
            SuspenseResolved(till.now, intent, held.account, word.verdict, word.payout_micro, because, postings)
        )
    elif opened and lanes:
        _close(till, opened, word)
    elif opened:
        raise NotInError(f"{intent} is not in ERROR: its outcome is being looked up, and evidence decides.")
    for lane in lanes:
        till.record(LaneCleared(till.now, lane.name, word.because, intent))
        till.tell_lane(lane, ready=True)
    text = f"{intent} resolved as {word.verdict} by an operator: {word.because}"
    stake = held.amount_micro if held else opened.stake_micro if opened else None
    if stake is None:
        text = f"{intent} stays as the venue told it; its lane goes on, by an operator: {word.because}"
    elif stake and word.verdict == "void":
        text += f"; if the venue has not given {usd(stake)} USD back, the next reconcile stops the account"
    till.say("bankroll", "resolve", word.verdict, text, amount_micro=word.payout_micro, intent=intent)
    return text


def _suspense_postings(held: Posting, word: Resolve) -> tuple[Posting, ...]:
    if word.verdict == "executed":
        return bet_postings(held.account, Bucket.SUSPENSE, held.amount_micro, word.payout_micro)
    return (Posting(held.account, Bucket.SUSPENSE, Bucket.AVAILABLE, held.amount_micro),)


def _close(till: Till, opened: IntentOpened, word: Resolve) -> None:
    if word.verdict == "void" or not opened.postings:
        settle.close_unexecuted(till, opened, "void", word.because, "operator")
        return
    if opened.kind in ("pay", "withdraw", "register_domain"):
        settle.close_outgoing(till, opened, by_word(opened), "operator")
        return
    if opened.kind == "escrow_create":  # what it holds, and until when, only the venue can tell
        raise NotInError(
            f"A contract is not made by word: resolve {opened.intent} as void; it is booked when it shows."
        )
    if opened.service == "trading":  # its margin is taken from the exchange with the next reading
        settle.close_trade(till, opened, TradeDone("open"), "operator")
        return
    postings = bet_postings(opened.account, Bucket.RESERVED, opened.stake_micro, word.payout_micro)
    won = word.payout_micro > opened.stake_micro
    closed = IntentClosed(
        till.now, opened.intent, opened.lane, opened.account, "executed", "won" if won else "lost",
        won=won, payout_micro=word.payout_micro, nonces=1, by="operator", postings=postings,
    )  # fmt: skip
    settle.close(till, closed, opened)


def status(till: Till, resolver: Resolver, why: Mapping[str, str], closed: tuple[str, ...]) -> Status:
    """Return how everything stands, all accounts together; `closed` are services whose breaker is open."""
    state = till.state
    stop = next((account.halt for account in state.accounts.values() if account.halt), None)
    watches = resolver.watches
    differs = [w.differs_micro for w in watches.values() if w.differs_micro is not None and not w.ready]
    known = [w.venue_micro for w in watches.values() if w.venue_micro is not None]
    met = len(known) == len(watches)  # a sum that lacks an account says nothing
    book = sum(state.book.at_venue(name) for name in watches)
    settled = (watch.checked_at >= till.moved_at.get(name, 0) for name, watch in watches.items())
    compared = met and all(settled) and not state.open
    lanes = tuple(
        LaneStatus(lane.name, lane.account, lane.state, why.get(lane.name, ""), lane.intent or lane.culprit)
        for lane in state.lanes.values()
    )
    tally, start = state.tally, state.tally_at_start
    return Status(
        phase=_phase(till, resolver, stop.rule if stop else None),
        drained=resolver.reconciler.drained,
        book_micro=book,
        venue_micro=sum(known) if met else None,
        equity_micro=sum(state.book.equity(name) for name in watches),
        peak_micro=sum(state.account(name).peak_micro for name in watches),
        suspense_micro=sum(state.book.balance(name, Bucket.SUSPENSE) for name in watches),
        next_stop=_next_stop(till, resolver),
        stop_rule=stop.rule if stop else None,
        stop_reason=str(Denial(stop.rule, stop.limit, stop.value)) if stop else None,
        lanes=lanes,
        open_intents=tuple(state.open),
        bets=tally.bets - start.bets,
        won=tally.won - start.won,
        lost=tally.lost - start.lost,
        void=tally.void - start.void,
        unknown=len(state.unknown),
        sent=tally.sent - start.sent,
        strays=tally.strays - start.strays,
        difference_micro=sum(known) - book if compared else None,
        mismatch_micro=differs[0] if differs else None,
        checked_at=min((watch.checked_at for watch in watches.values()), default=0),
        closed=closed,
        referred=len(state.referred),
        commissions_micro=dict(state.commissions),
        holdings=tuple(held_text(name, held) for name, held in state.holdings.items() if held.positions or held.orders),
        fees_micro=sum(state.book.balance(name, Bucket.FEES) for name in watches),
        unread={name: watch.trouble for name, watch in watches.items() if watch.trouble},
    )


def _phase(till: Till, resolver: Resolver, stop: str | None) -> str:
    if resolver.reconciler.draining:
        return "STOPPING"
    if stop:
        return "PAUSED" if stop == PAUSE else "STOPPED"
    if not all(watch.ready for watch in resolver.watches.values()):
        return "RECOVERING"
    return "UNKNOWN OUTCOME" if till.state.unknown else "RUNNING"


def brief(status: Status) -> str:
    """Return the line that the tree shows beside the bankroll."""
    ahead = status.stop_reason or status.next_stop
    without = f" without {', '.join(status.closed)}" if status.closed else ""
    return f"{usd(status.equity_micro)} USD, peak {usd(status.peak_micro)}, {ahead} | {status.phase}{without}"


def _next_stop(till: Till, resolver: Resolver) -> str:
    met = [name for name in resolver.watches if till.state.account(name).reconciled_at]
    stops = []
    for name in met:
        at = till.state.exposure(name, till.now)
        rule, level = next_stop_micro(till.terms.limits, at)
        stops.append((at.equity_micro - level, name, rule, level))
    if not stops:
        return "no account yet"
    _, name, rule, level = min(stops)
    return f"next stop at {usd(level)} ({f'{name}, ' if len(met) > 1 else ''}{rule})"
