"""Negative controls: take one rule away, and the scenario that stands for it must fail."""

import pytest

from actors.desk import Desk, Step, answers, resolver, settle
from actors.desk.reconciler import Reconciler
from actors.desk.resolver import Resolver
from actors.money import audit, state
from actors.money.book import BookError
from actors.money.events import AgentStopped
from actors.money.machine import IllegalTransition
from actors.money.resolve import Verdict
from tests.desk import test_bet, test_escrow, test_reconcile, test_restart, test_stops, test_unknown


def waiting_for_nothing(patch):
    counting_early_readings(patch)
    return test_unknown.test_a_bet_that_arrives_in_the_last_moment_of_the_quiet_period_is_found


def counting_early_readings(patch):
    count = Resolver._count_look

    def early(self, opened, *seen):
        self.till.tracks[opened.intent].quiet_until = 0
        count(self, opened, *seen)

    patch.setattr(Resolver, "_count_look", early)
    return test_unknown.test_a_reading_that_started_a_microsecond_early_does_not_count


def believing_one_reading(patch):
    patch.setattr(resolver, "NEGATIVES", 1)
    return test_unknown.test_one_negative_reading_proves_nothing


def missing_a_late_row(patch):
    patch.setattr(resolver, "NEGATIVES", 1)
    return test_unknown.test_a_row_that_shows_up_late_is_found_by_the_second_reading


def having_no_barrier(patch):
    patch.setattr(Resolver, "barrier", lambda self, account: False)
    return test_unknown.test_a_bet_of_another_lane_is_no_stray_while_absence_is_proven


def judging_without_the_ledger(patch):
    patch.setattr(resolver, "judge", lambda absent, found: Verdict(void=tuple(opened.intent for opened in absent)))
    return test_unknown.test_one_debit_without_a_bet_is_one_of_two_equal_unknowns


def forgetting_what_was_not_executed(patch):
    patch.setattr(state, "WATCHED_VOIDS", 0)
    return lambda: test_unknown.test_a_bet_that_turns_up_after_all_is_booked_at_once_with_an_incident("void")


def booking_a_credit_again(patch):
    patch.setattr(audit, "cursor", lambda history: ("", ()))
    patch.setattr(state.State, "_remember", lambda self, *row: None)
    return test_reconcile.test_a_credit_is_booked_once_however_often_it_is_seen


def stopping_at_the_first_difference(patch):
    patch.setattr("actors.desk.reconciler.MISMATCHES", 1)
    return test_reconcile.test_a_difference_must_be_read_twice


def booking_in_the_venues_order(patch):
    patch.setattr(audit, "_made_available", lambda event: 0)
    return test_reconcile.test_what_adds_money_is_booked_before_what_takes_it


def dropping_open_intents_at_a_restart(patch):
    def begin(self, now):
        self.state.open.clear()
        return original(self, now)

    original = Desk.begin
    patch.setattr(Desk, "begin", begin)
    return test_restart.test_what_happened_while_nobody_lived_is_found


def ending_before_everything_is_closed(patch):
    patch.setattr(Desk, "drain", lambda self, message, now: Step((AgentStopped(now, message.reason),)))
    return lambda: test_restart.test_a_drain_waits_for_what_is_open(found=False)


def forgetting_stops(patch):
    patch.setattr(settle, "check_stops", lambda till, account: None)
    return lambda: test_stops.test_a_stop_outlives_a_crash("stop_loss")


def hearing_an_answer_twice(patch):
    closed = state.State._close

    def keep(self, event):
        opened = self.open[event.intent]
        closed(self, event)
        self.open[event.intent] = opened

    patch.setattr(state.State, "_close", keep)
    return lambda: test_bet.test_repeated_and_late_answers_change_nothing("same")


def taking_silence_for_an_answer(patch):
    patch.setattr(answers, "ANSWER_GRACE", 10**12)
    return test_bet.test_silence_past_send_by_is_an_unknown_answer


def releasing_again(patch):
    patch.setattr("actors.desk.gate.Gate._act", lambda self, wager, lane: None)
    return test_escrow.test_a_release_that_was_sent_without_an_answer_is_never_sent_again


def accepting_what_is_held(patch):
    accept = Reconciler._accept

    def greedy(self, name, because, amount_micro):
        held, self.till.state.suspended = self.till.state.suspended, {}
        accept(self, name, because, amount_micro)
        self.till.state.suspended = held

    patch.setattr(Reconciler, "_accept", greedy)
    return test_reconcile.test_money_that_an_incomplete_bet_holds_in_suspense_is_not_accepted_away


def accepting_whatever_differs(patch):
    patch.setattr(Reconciler, "_accepts", lambda self, name, watch, found: watch.accept is not None)
    return test_reconcile.test_an_acceptance_is_for_the_difference_that_was_told


MUTANTS = (
    waiting_for_nothing,
    counting_early_readings,
    believing_one_reading,
    missing_a_late_row,
    having_no_barrier,
    judging_without_the_ledger,
    forgetting_what_was_not_executed,
    booking_a_credit_again,
    stopping_at_the_first_difference,
    booking_in_the_venues_order,
    dropping_open_intents_at_a_restart,
    ending_before_everything_is_closed,
    forgetting_stops,
    hearing_an_answer_twice,
    taking_silence_for_an_answer,
    releasing_again,
    accepting_what_is_held,
    accepting_whatever_differs,
)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_scenario_fails_for_a_desk(mutant, monkeypatch):
    scenario = mutant(monkeypatch)
    with pytest.raises((AssertionError, BookError, IllegalTransition)):
        scenario()
