"""All six services together for ten virtual minutes, with faults: nothing double, every account is the venue's."""

import pytest

from actors.desk.gate import Gate
from actors.money import audit
from actors.money.evidence import Unknown
from actors.simulation import Run, play_all, wire
from actors.simulation.fibers import Killed, pause, talk
from actors.simulation.seeds import hushed
from actors.simulation.wire import SimulatedLine
from actors.venue import webhook
from actors.venue.answers import error_of

SEEDS = range(1, 3)
TWO_TRADERS = 5
FORGETFUL = (2, 3, 8)
UNLUCKY = (13, 9, 3)
NIGHTLY = range(10_000, 10_500)
LEAST_STEPS = 100_000

USED = (
    "intent bet executed", "intent escrow_create executed", "intent order executed", "intent close_order executed",
    "intent limit_order executed", "intent register_domain executed",
    "trading /trade/open", "exchange read", "domains /domains/register", "wallet read", "faucet /faucet/claim",
    "referral /daily/claim", "events taken",
)  # fmt: skip
FAULTS = (
    "request late", "request cut", "request 500", "request unbooked",
    "positions forgotten", "chains and lists that fail", "breakers opened", "events rejected", "events duplicate",
    "prices lost", "prices stale", "actor crashes",
)  # fmt: skip


def play(seed):
    return Run(seed, everything=True).play()


@pytest.fixture(scope="module")
def played():
    with hushed():
        return [play(seed) for seed in SEEDS]


@pytest.mark.timeout(120)
def test_a_lane_at_each_service_comes_to_agree_with_the_venue_whatever_strikes(played):
    assert [f"seed {one.seed}: {one.violation}" for one in played if one.violation] == []
    assert sum(one.steps for one in played) >= LEAST_STEPS
    assert sum(one.counts["processes"] for one in played) > len(SEEDS)


@pytest.mark.nightly
@pytest.mark.timeout(6 * 3600)
def test_they_agree_through_the_night():
    assert [f"seed {one.seed}: {one.violation}" for one in play_all(NIGHTLY, everything=True) if one.violation] == []


@pytest.mark.parametrize("what", [*USED, *FAULTS])
def test_in_these_ten_minutes_there_is(what, played):
    assert sum(one.counts[what] for one in played)


def test_an_order_that_is_sent_again_after_no_answer_is_noticed(monkeypatch):
    once = SimulatedLine._once

    def twice(self, known, request, timeout_s, executed):
        ticket = self._ticket
        answer = once(self, known, request, timeout_s, executed)
        if not isinstance(answer, Unknown):
            return answer
        self._ticket = ticket
        return once(self, known, request, timeout_s, executed)

    monkeypatch.setattr(SimulatedLine, "_once", twice)
    assert "is sent 2 times" in play(1).violation


def test_an_empty_list_of_positions_that_is_believed_is_noticed(monkeypatch):
    monkeypatch.setattr(audit, "drift", lambda *_: "")
    assert any("are believed, there are" in (play(seed).violation or "") for seed in FORGETFUL)


def test_an_order_beside_another_is_noticed(monkeypatch):
    monkeypatch.setattr(Gate, "_alone", lambda *_: None)
    monkeypatch.setattr(Gate, "_turn", lambda *_: None)
    assert "one of them must be alone" in play(TWO_TRADERS).violation


def test_an_event_that_another_signed_and_that_is_taken_is_noticed(monkeypatch):
    monkeypatch.setattr(wire, "opened", lambda body, *_: webhook._event(body))
    assert "was taken and is not the venue's" in play(1).violation


def test_a_trade_failed_that_is_taken_for_a_refusal_is_noticed(monkeypatch):
    def refusal(self, known, http):
        code = error_of(http.body)
        return code if code == "trade_failed" else proven(self, known, http)

    proven = SimulatedLine._refusal
    monkeypatch.setattr(SimulatedLine, "_refusal", refusal)
    told = "is refused (trade_failed) but was executed"
    assert any(told in (play(seed).violation or "") for seed in UNLUCKY)


def test_a_job_goes_on_where_it_paused():
    def job():
        pause(1.0)
        pause(2.0)
        return "done"

    going = talk(job)
    assert [next(going), next(going)] == [1.0, 2.0]
    with pytest.raises(StopIteration, match="done"):
        next(going)


def test_a_job_whose_process_is_gone_ends_where_it_paused():
    ended = []

    def job():
        try:
            pause(1.0)
        except Killed:
            ended.append(True)
            raise

    going = talk(job)
    next(going)
    going.close()
    assert ended == [True]
