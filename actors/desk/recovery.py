"""Starting and recovering, which are one path: whatever was open may have been sent, so its outcome is unknown."""

from actors.desk.reconciler import Reconciler
from actors.desk.till import Till, Track
from actors.money.events import AgentStarted, AgentStopped, OutcomeUnknown, SessionStarted


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
        # What an earlier run sent, it sent before this one began; the clock of its `quiet_until` went with it.
        latest = state.run_at + till.terms.send_timeout + till.terms.quiet_period
        quiet_until = opened.quiet_until if opened.epoch >= state.run_epoch else latest
        till.tracks[opened.intent] = Track("unknown", quiet_until, next_look=till.now)
        if opened.intent not in state.unknown:
            till.record(OutcomeUnknown(till.now, opened.intent, "the agent restarted before its outcome was on disk"))
    if state.open:
        till.say("bankroll", "recover", "resolving", f"resolving {len(state.open)} open intents", level="WARNING")
