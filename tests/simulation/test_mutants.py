"""The simulation's worth: take one rule of the protocol away, and some seed soon finds out."""

import pytest
from msgspec.structs import replace

from actors import blueprint
from actors.bankroll import BankrollActor
from actors.cli import simulating
from actors.desk import Desk, prover, settle
from actors.desk.prover import Prover
from actors.desk.resolver import Resolver
from actors.money import fairness
from actors.money.events import IntentOpened
from actors.money.evidence import Refused, Unknown
from actors.money.state import State
from actors.simulation import Run
from actors.simulation.disk import SimulatedJournal
from actors.simulation.network import Client

SEEDS = range(300)
"""A mutant that lives through so many seeds is not caught."""


def no_quiet_period(patch):
    real = blueprint.terms_of
    patch.setattr(blueprint, "terms_of", lambda parts: replace(real(parts), quiet_period=0))


def retry_on_timeout(patch):
    real = Client.exchange

    def exchange(self, ticket):
        answer = yield from real(self, ticket)
        return (yield from real(self, ticket)) if isinstance(answer, Unknown) else answer

    patch.setattr(Client, "exchange", exchange)


def send_on_recovery(patch):
    real = BankrollActor._begin

    def begin(self, message):
        real(self, message)
        for opened in list(self._desk.state.open.values()):
            self._place(self._desk, opened)

    patch.setattr(BankrollActor, "_begin", begin)


def send_before_the_journal(patch):
    real = BankrollActor._carry_out

    def carry_out(self, step):
        for event in step.events:
            if isinstance(event, IntentOpened):
                self._place(self._desk, event)
        real(self, step)

    patch.setattr(BankrollActor, "_carry_out", carry_out)


def bad_request_is_a_refusal(patch):
    real = Client.read_status

    def read_status(self, fate, flight):
        return Refused("invalid_json") if fate == "400" else real(self, fate, flight)

    patch.setattr(Client, "read_status", read_status)


def free_on_a_timer(patch):
    real = Desk.tick

    def tick(self, now):
        till = self._at(now)
        for opened in list(till.state.open.values()):
            if till.tracks[opened.intent].phase == "unknown" and now > opened.send_by:
                settle.close_unexecuted(till, opened, "void", "no answer for too long", "timer")
        return real(self, now)

    patch.setattr(Desk, "tick", tick)


def no_barrier(patch):
    real = Resolver._ask

    def ask(self, name, watch, purpose):
        real(self, name, watch, purpose)
        watch.asked.barrier = True

    patch.setattr(Resolver, "_ask", ask)
    patch.setattr(Resolver, "barrier", lambda self, account: bool(self.watches[account].wanted))


def acknowledge_without_sync(patch):
    patch.setattr(SimulatedJournal, "sync", lambda self: None)


def half_an_export_counts(patch):
    real = Client._reading

    def reading(self, query, *, detailed):
        return replace((yield from real(self, query, detailed=detailed)), rows_complete=True)

    patch.setattr(Client, "_reading", reading)


def windows_by_our_own_clock(patch):
    real = Client._reading

    def reading(self, query, *, detailed):
        return replace((yield from real(self, query, detailed=detailed)), venue_at=0)

    patch.setattr(Client, "_reading", reading)


def quiet_by_the_clock_of_an_earlier_process(patch):
    real = Desk.begin

    def begin(self, now):
        step = real(self, now)
        for opened in self.state.open.values():
            self._till.tracks[opened.intent].quiet_until = opened.quiet_until
        return step

    patch.setattr(Desk, "begin", begin)


def no_sweep(patch):
    patch.setattr(State, "watching", lambda self, account, now: False)


def no_proof(patch):
    patch.setattr(Prover, "check", lambda self, evidence, watch: None)


def a_proof_looks_at_the_result_alone(patch):
    def flaw(bet, seed):
        expected = fairness.result_hash(seed.text, bet.tag, bet.nonce)
        return "" if expected == bet.result_hash else "result"

    patch.setattr(prover, "bet_flaw", flaw)


MUTANTS = (
    no_sweep, no_proof, a_proof_looks_at_the_result_alone,
    no_quiet_period, retry_on_timeout, send_on_recovery, send_before_the_journal, bad_request_is_a_refusal,
    free_on_a_timer, no_barrier, acknowledge_without_sync, half_an_export_counts,
    windows_by_our_own_clock, quiet_by_the_clock_of_an_earlier_process,
)  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_rule_that_is_missing_is_missed(mutant, monkeypatch):
    mutant(monkeypatch)
    caught = next((seed for seed in SEEDS if Run(seed).play().violation), None)
    assert caught is not None


def test_a_broken_seed_says_how_to_play_it_again(monkeypatch, capsys):
    retry_on_timeout(monkeypatch)
    caught = next(seed for seed in SEEDS if Run(seed).play().violation)
    assert simulating.simulate(1, caught) == 70
    said = capsys.readouterr().out
    assert f"python run.py simulate --start {caught} --seeds 1 --trace" in said
    assert "is sent 2 times" in said
