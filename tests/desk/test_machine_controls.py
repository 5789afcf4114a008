"""Negative controls of the protocol machine: a desk without one of its rules is caught."""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from actors.desk import Desk, Step
from actors.messages import Answered
from actors.money import history
from actors.money.evidence import NotSent, Refused, Unknown
from tests.desk import test_protocol_machine as machine

HUNT = settings(machine.TestProtocol.settings, derandomize=True, database=None, phases=[Phase.generate])


class TakesUnknownForNo(Desk):
    """A 400 after the debit reads like a refusal."""

    def answered(self, message, now):
        if isinstance(message.answer, Unknown):
            message = Answered(message.intent, Refused("invalid_json"))
        return super().answered(message, now)


class ForgetsAtRestart(Desk):
    """What was open is taken for never sent."""

    def begin(self, now):
        step, events = super().begin(now), []
        for opened in list(self.state.open.values()):
            events += self.answered(Answered(opened.intent, NotSent("restarted")), now).events
        return Step((*step.events, *events), step.mail)


def waits_for_nothing(patch):
    return {"changes": {"quiet_period": 0}}


def takes_unknown_for_no(patch):
    return {"desk": TakesUnknownForNo}


def forgets_at_restart(patch):
    return {"desk": ForgetsAtRestart}


def books_credits_again(patch):
    count, rows = iter(range(10**6)), history.external_rows
    patch.setattr(
        history, "external_rows", lambda history: [(f"{ref}{next(count)}", row) for ref, row in rows(history)]
    )
    return {}


MUTANTS = (
    waits_for_nothing,
    takes_unknown_for_no,
    forgets_at_restart,
    books_credits_again,
)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_machine_catches_a_desk_that(mutant, monkeypatch):
    broken = type("Broken", (machine.Protocol,), mutant(monkeypatch))
    with pytest.raises(AssertionError):
        run_state_machine_as_test(broken, settings=HUNT)
