"""The trades that the house makes by itself.

The house opens nothing that adds risk. When the run ends it takes back our orders that wait at the venue; when a stop
rule was broken it takes back all and closes the positions, or the stop would stop nothing. What the venue refused for
good is not tried again; what never came about is.
"""

from collections.abc import Callable

from actors.desk.opening import open_intent
from actors.desk.till import HOUSE_WAIT, Till
from actors.money.amounts import usd
from actors.money.machine import LaneState
from actors.money.orders import CheckedTrade
from actors.money.positions import Holdings
from actors.money.records import HOUSE, Lane
from actors.money.risk import MISMATCH, Denial
from actors.money.sizing import Sized
from actors.money.trading import to_reduce
from actors.money.wagers import Checked

NEVER = 2**63
"""Later than any time."""


def reductions(till: Till, account: str, *, ending: bool) -> list[CheckedTrade]:
    """Return what the house has still to try on an account, the next one first."""
    held, stop = till.state.holdings.get(account), till.state.account(account).stop
    stopped = stop is not None and stop.rule != MISMATCH
    if held is None or till.terms.dry_run or not (ending or stopped):
        return []
    trades = [trade for trade in to_reduce(held, close=stopped) if till.tried.get(_subject(trade), 0) <= till.now]
    # What others placed on the account is theirs, unless a stop was broken.
    return [trade for trade in trades if stopped or till.state.traded.get(_subject(trade))]


def reduce(till: Till, account: str, *, ending: bool, allowed: Callable[[Checked, Lane], Denial | None]) -> None:
    """Open the next of the house's trades, if there is one and nothing else is open on the account."""
    wanted = reductions(till, account, ending=ending)
    lane = till.state.lane(HOUSE, account) if wanted else None
    if lane is None or lane.state is LaneState.SETTLING or till.open(account):
        return
    subject = _subject(wanted[0])
    told, till.tried[subject] = subject in till.tried, NEVER
    failed = Denial("lane", "IDLE", f"ERROR: {lane.failed}") if lane.failed else None
    if denial := failed or allowed(wanted[0], lane):
        if denial.until:  # it passes by itself
            till.tried[subject] = max(denial.until, till.now + HOUSE_WAIT)
        if not told:
            till.incident("left open", f"{subject} stays at the venue: {denial}")
        return
    open_intent(till, HOUSE, account, wanted[0], Sized(0))


def held_text(account: str, held: Holdings) -> str:
    """Return what an account holds, for people."""
    positions = [f"{p.side} {abs(p.size):f} {p.coin} at {p.entry_price:f}" for p in held.positions]
    orders = [f"{o.side} {o.coin} waiting for {o.limit_price:f}" for o in held.orders]
    return f"{account} holds {', '.join([*positions, *orders]) or 'nothing'}, margin {usd(held.margin_micro)} USD"


def _subject(trade: CheckedTrade) -> str:
    return str(getattr(trade, "order_id", "") or getattr(trade, "position_id", ""))
