"""What operators ask and say: how everything stands, and their word on what evidence could not decide."""

from collections.abc import Mapping

from actors.desk import settle
from actors.desk.resolver import Resolver
from actors.desk.till import Till
from actors.messages import LaneStatus, Resolve, Status
from actors.money.amounts import usd
from actors.money.audit import bet_postings
from actors.money.book import Bucket, Posting
from actors.money.events import IntentClosed, IntentOpened, LaneCleared, SuspenseResolved
from actors.money.machine import LaneState


def resolve(till: Till, word: Resolve) -> str:
    """Close what evidence could not decide, as the operator says. Returns a sentence for the operator."""
    state = till.state
    held, opened = state.suspended.get(word.intent), state.open.get(word.intent)
    lane = next((lane for lane in state.lanes.values() if lane.intent == word.intent), None)
    if held:
        postings = _suspense_postings(held, word)
        till.record(
            SuspenseResolved(
                till.now, word.intent, held.account, word.verdict, word.payout_micro, word.because, postings
            )
        )
    elif opened and state.lanes[opened.lane].state is LaneState.ERROR:
        _close(till, opened, word)
    elif opened:
        return f"{word.intent} is not in ERROR: evidence is still being looked up, and decides"
    failed = [lane] if lane else [lane for lane in state.lanes.values() if lane.failed]
    if not (held or opened or failed):
        return f"{word.intent} is no intent in ERROR"
    for lane in failed:
        if lane.failed and lane.state is LaneState.ERROR:
            till.record(LaneCleared(till.now, lane.name, word.because))
    text = f"{word.intent} resolved as {word.verdict} by an operator: {word.because}"
    till.say("bankroll", "resolve", word.verdict, text, amount_micro=word.payout_micro, intent=word.intent)
    return text


def _suspense_postings(held: Posting, word: Resolve) -> tuple[Posting, ...]:
    if word.verdict == "executed":
        return bet_postings(held.account, Bucket.SUSPENSE, held.amount_micro, word.payout_micro)
    return (Posting(held.account, Bucket.SUSPENSE, Bucket.AVAILABLE, held.amount_micro),)


def _close(till: Till, opened: IntentOpened, word: Resolve) -> None:
    if word.verdict == "void" or not opened.postings:
        settle.close_unexecuted(till, opened, "void", word.because, "operator")
        return
    postings = bet_postings(opened.account, Bucket.RESERVED, opened.stake_micro, word.payout_micro)
    won = word.payout_micro > opened.stake_micro
    closed = IntentClosed(
        till.now, opened.intent, opened.lane, opened.account, "executed", "won" if won else "lost",
        won=won, payout_micro=word.payout_micro, nonces=1, by="operator", postings=postings,
    )  # fmt: skip
    settle.close(till, closed, opened)


def status(till: Till, resolver: Resolver, paused: str | None, why: Mapping[str, str]) -> Status:
    """Return how everything stands, all accounts together."""
    state = till.state
    stop = next((account.stop for account in state.accounts.values() if account.stop), None)
    watches = resolver.watches
    differs = [w.differs_micro for w in watches.values() if w.differs_micro is not None and not w.ready]
    known = [w.venue_micro for w in watches.values() if w.venue_micro is not None]
    book = sum(state.book.at_venue(name) for name in watches)
    compared = bool(known) and all(w.checked_at >= till.moved_at for w in watches.values()) and not state.open
    lanes = tuple(
        LaneStatus(lane.name, lane.account, lane.state, why.get(lane.name, ""), lane.intent)
        for lane in state.lanes.values()
    )
    tally, start = state.tally, state.tally_at_start
    return Status(
        phase=_phase(till, resolver, paused, stopped=stop is not None),
        drained=resolver.reconciler.drained,
        book_micro=book,
        venue_micro=sum(known) if known else None,
        equity_micro=sum(state.book.equity(name) for name in watches),
        peak_micro=sum(state.account(name).peak_micro for name in watches),
        suspense_micro=sum(state.book.balance(name, Bucket.SUSPENSE) for name in watches),
        stop_reason=f"{stop.rule}: limit {stop.limit}, at {stop.value}" if stop else None,
        lanes=lanes,
        open_intents=tuple(state.open),
        bets=tally.bets - start.bets,
        won=tally.won - start.won,
        lost=tally.lost - start.lost,
        void=tally.void - start.void,
        unknown=len(state.unknown),
        sent=tally.sent - start.sent,
        difference_micro=sum(known) - book if compared else None,
        mismatch_micro=differs[0] if differs else None,
        checked_at=min(watch.checked_at for watch in watches.values()),
    )


def _phase(till: Till, resolver: Resolver, paused: str | None, *, stopped: bool) -> str:
    if resolver.reconciler.draining:
        return "STOPPING"
    if stopped:
        return "STOPPED"
    if paused:
        return "PAUSED"
    if not all(watch.ready for watch in resolver.watches.values()):
        return "RECOVERING"
    return "UNKNOWN OUTCOME" if till.state.unknown else "RUNNING"


def brief(status: Status) -> str:
    """Return the line that the tree shows beside the bankroll."""
    text = f"{usd(status.equity_micro)} USD, peak {usd(status.peak_micro)}, {status.phase}"
    return f"{text} ({status.stop_reason})" if status.stop_reason else text
