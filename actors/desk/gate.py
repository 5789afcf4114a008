"""What stands in a wager's way before it is even sized: lane, account, stops, services, contracts."""

from dataclasses import dataclass, field

from actors.desk.resolver import Resolver
from actors.desk.services import Services
from actors.desk.till import SECOND, Till
from actors.money.machine import LaneState
from actors.money.orders import CheckedTrade
from actors.money.positions import NOTHING
from actors.money.records import Lane
from actors.money.risk import Denial
from actors.money.trading import unfit
from actors.money.wagers import ALONE, Checked, CheckedAct, CheckedBet

TURN = 6 * SECOND
"""How long an account opens nothing else after a wager was denied because it must be alone there (microseconds): a
little more than a lane's longest wait between two proposals, or others would never let it have its turn."""


@dataclass(slots=True)
class Gate:
    """Knows why a lane may not open anything now, and until when."""

    till: Till
    resolver: Resolver
    services: Services
    turns: dict[str, tuple[str, int]] = field(default_factory=dict)

    def lane(self, name: str) -> Denial | None:
        """Return what keeps the lane from opening anything, or None."""
        lane = self.till.state.lanes[name]
        stop = self.till.state.account(lane.account).halt
        if lane.state is LaneState.ERROR:
            return Denial("lane", "IDLE", f"ERROR: {lane.failed}; `resolve {lane.culprit}`")
        if stop:
            return Denial(stop.rule, stop.limit, stop.value, stop.until)
        if lane.state is not LaneState.IDLE:
            return Denial("lane", "IDLE", self._busy(lane))
        if self.resolver.reconciler.draining:
            return Denial("run", "running", "stopping")
        return self._account(lane.account) or self._turn(lane)

    def rest(self, name: str) -> Denial | None:
        """Return, for people, what keeps the lane from opening anything, a full disk included."""
        return self.lane(name) or self._disk()

    def wager(self, wager: Checked, lane: Lane) -> Denial | None:
        """Return what keeps a lane that may open something from opening this, or None."""
        if wager.account != lane.account:
            return Denial("wager", f"on the account {wager.account}", f"a lane on {lane.account}")
        for rule in (self._run, self._service, self._act, self._trade, self._alone):
            if denial := rule(wager, lane):
                return denial
        return None

    def _busy(self, lane: Lane) -> str:
        track = self.till.tracks.get(lane.intent or "")
        return f"{lane.state}, outcome=unknown" if track and track.phase == "unknown" else str(lane.state)

    def _account(self, name: str) -> Denial | None:
        watch = self.resolver.watches.get(name)
        if watch is None:
            return Denial("account", "served by this agent", f"{name} is not; see [services]")
        if not watch.ready:
            return Denial("account", "reconciled with the venue", watch.trouble or "RECOVERING", self.till.now)
        if self.resolver.barrier(name):
            why = watch.wanted or "an unknown outcome"
            return Denial("account", "nothing to prove", f"reconciling: {why}", self.till.now)
        return None

    def _disk(self) -> Denial | None:
        if self.till.terms.has_room():
            return None
        return Denial("disk", "room for an outcome", "too little; make room, then it goes on", self.till.now)

    def _turn(self, lane: Lane) -> Denial | None:
        now = self.till.now
        first = next((one for one in self.till.state.open.values() if one.account == lane.account), None)
        if first and first.kind in ALONE:  # and so the only one
            return Denial("account", f"nothing beside {first.kind}", f"{first.intent} is open", now)
        name, until = self.turns.get(lane.account, (lane.name, 0))
        if name == lane.name or until <= now:
            return None
        return Denial("account", f"the turn of {name}", f"{lane.name} waits", now)

    def _run(self, wager: Checked, _: Lane) -> Denial | None:
        state, limit = self.till.state, self.till.terms.bets_limit()
        if limit is None or not isinstance(wager, CheckedBet):
            return None
        made = state.tally.bets - state.tally_at_start.bets + sum(o.kind == "bet" for o in state.open.values())
        if made < limit:
            return None
        return Denial("run", f"{limit} bets", f"{made} bets", self.till.now)

    def _service(self, wager: Checked, _: Lane) -> Denial | None:
        return self._disk() or self.services.denial(wager.service)

    def _alone(self, wager: Checked, lane: Lane) -> Denial | None:
        # With `_turn`, the rule of class K3: alone on its account from its opening to its outcome.
        if wager.kind not in ALONE or not self.till.open(lane.account):
            return None
        self.turns[lane.account] = lane.name, self.till.now + TURN
        return Denial("account", f"{wager.kind} alone on it", "another wager is open", self.till.now)

    def _trade(self, wager: Checked, lane: Lane) -> Denial | None:
        if not isinstance(wager, CheckedTrade):
            return None
        return unfit(wager, self.till.state.holdings.get(lane.account, NOTHING), self.till.now)

    def _act(self, wager: Checked, _: Lane) -> Denial | None:
        state = self.till.state
        if not isinstance(wager, CheckedAct):
            return None
        contract = state.contracts.get(wager.escrow_id)
        if any(opened.subject == wager.escrow_id for opened in state.open.values()):
            return Denial("escrow", "one act at a time", f"an act on {wager.escrow_id} is open", self.till.now)
        if wager.act != "release":
            return None
        if contract is None or contract.opened.role != "creator":
            return Denial("escrow", "an open contract of ours", f"{wager.escrow_id} is none")
        if contract.release_spent:
            return Denial("escrow", "a release is never sent again", "sent once; status and ledger will tell")
        return None
