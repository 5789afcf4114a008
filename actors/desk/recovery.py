"""Starting and recovering, which are one path: whatever was open may have been sent, so its outcome is unknown."""

from actors.desk.reconciler import Reconciler
from actors.desk.till import Till, Track
from actors.money.events import AgentStarted, AgentStopped, IntentOpened, OutcomeUnknown, SessionStarted


def begin(till: Till, reconciler: Reconciler) -> None:
    """Take over what the journal holds; a session goes on over a crash and begins anew after an orderly end."""
    state = till.state
    ended = state.ended_in_order and state.run == till.terms.run
    if state.epoch != till.epoch:
        fresh = state.ended_in_order and not ended
        till.record(AgentStarted(till.now, till.epoch, till.terms.run, till.terms.version, dict(till.terms.config)))
        for account in [a for a in state.accounts.values() if fresh and a.reconciled_at]:
            till.record(SessionStarted(till.now, account.name, state.book.equity(account.name), after_stop=False))
    if ended:  # a crash behind the end of a run opens nothing more in it
        reconciler.draining, reconciler.drained = "the run had ended", True
        if not state.ended_in_order:
            till.record(AgentStopped(till.now, "the run had ended"))
    for opened in list(state.open.values()):
        till.tracks[opened.intent] = Track("unknown", _quiet_until(till, opened), next_look=till.now)
        if opened.intent not in state.unknown:
            till.record(OutcomeUnknown(till.now, opened.intent, "the agent restarted before its outcome was on disk"))
        lane = state.lanes[opened.lane]
        if lane.culprit == opened.intent:
            text = f"{opened.intent} still waits for `resolve {opened.intent}`: {lane.failed}"
            till.say("bankroll", "recover", "undecided", text, intent=opened.intent, lane=lane.name, level="WARNING")
    for account in state.accounts.values():
        if halt := account.halt:
            text = f"{account.name} is still stopped ({halt.rule}: {halt.value}); `resume` goes on"
            till.say("bankroll", "stop", halt.rule, text, level="WARNING")
    if state.open:
        till.say("bankroll", "recover", "resolving", f"resolving open intents: {len(state.open)}", level="WARNING")


def _quiet_until(till: Till, opened: IntentOpened) -> int:
    state, terms = till.state, till.terms
    if opened.epoch >= state.run_epoch:
        return opened.quiet_until
    if opened.boot and opened.boot == terms.boot.boot:
        return opened.quiet_boot + terms.boot.began
    # The clock that the deadline was written by is gone. What an earlier run sent, it sent before this one began.
    return state.run_at + terms.send_timeout + max(terms.quiet_period, opened.quiet_until - opened.send_by)
