"""The schedule of polls: periods, jitter, sleep, hints, breakers. On a clock that the test moves."""

import itertools
from dataclasses import dataclass
from math import inf
from random import Random

import pytest

from actors import schedule as room
from actors.messages import Hinted, Poll, ServiceHealth
from actors.poller import PollerActor
from actors.schedule import DAY_S, HINTS, HOUR_S, Row, Schedule, rows
from supervision import ChildSpec, Supervisor, System, Worker
from supervision.simulation import Simulation

ALL = ("wallet", "escrow", "trading", "domains", "casino", "referral", "faucet")
SECOND = 1_000_000


def polls(schedule, start, end, step=1.0):
    """Return (time, service, what) of every poll between two times."""
    made, now = [], start
    while now <= end:
        made += [(now, row.service, row.what) for row in schedule.take_due(now)]
        now += step
    return made


def times(schedule, service, end, step=1.0):
    return [at for at, who, _ in polls(schedule, 0, end, step) if who == service]


@pytest.mark.parametrize(
    ("service", "period"), [("wallet", 60), ("domains", HOUR_S), ("faucet", DAY_S), ("trading", 30)]
)
def test_each_is_polled_at_the_start_and_then_by_the_period_of_the_mission(service, period):
    """Mission 1.3, 1.6."""
    at = times(Schedule(rows(ALL, live=True), Random(1), 0), service, 3.5 * period, period / 60)
    assert at[0] <= period / 60 + room.START_SPREAD_S
    assert len(at) in (4, 5)
    assert all(0.85 * period <= b - a <= 1.15 * period for a, b in itertools.pairwise(at))


def test_referrals_are_polled_daily_and_the_bonus_before_its_streak_is_lost():
    """Mission 1.4."""
    made = polls(Schedule(rows(["referral"], live=True), Random(1), 0), 0, 3.5 * DAY_S, HOUR_S / 2)
    assert {made.count(one) for one in made} == {1}
    assert [len([one for one in made if one[2] == what]) for what in ("income", "bonus")] == [4, 14]


def test_escrows_are_looked_at_fast_and_what_only_events_ask_for_is_not_polled():
    """Mission 1.5."""
    made = polls(Schedule(rows(ALL, live=False), Random(1), 0), 0, 60, 0.1)
    assert len([one for one in made if one[1] == "escrow"]) >= 25
    assert not [one for one in made if one[1] == "bankroll"]


def test_agents_do_not_ask_in_step():
    first, second = (times(Schedule(rows(ALL, live=True), Random(seed), 0), "wallet", 600) for seed in (1, 2))
    assert first != second


def test_periods_that_were_slept_through_are_polled_once():
    schedule = Schedule(rows(["wallet"], live=True), Random(1), 0)
    polls(schedule, 0, 10)
    assert [row.service for row in schedule.take_due(8 * HOUR_S)] == ["wallet"]
    assert not polls(schedule, 8 * HOUR_S, 8 * HOUR_S + 50)


def test_a_service_that_does_not_take_part_is_not_polled():
    assert {row.service for row in rows(["casino", "wallet"], live=True)} == {"bankroll", "wallet"}


def test_an_event_brings_forward_what_it_is_about():
    """Mission 1.7."""
    schedule = Schedule(rows(ALL, live=True), Random(1), 0)
    polls(schedule, 0, 20)
    schedule.hint("escrow_released", 20.5)
    assert [row.what for row in schedule.take_due(20.5)] == ["contracts", "outcomes"]


@pytest.mark.parametrize("kind", ["referral.earned", "payment.confirmed", "never.heard.of", "TRADE_FILLED", "x"])
def test_a_flood_of_events_costs_no_more_polls_than_the_gaps_allow(kind):
    schedule = Schedule(rows(ALL, live=True), Random(1), 0)
    made = []
    for tenth in range(600):
        schedule.hint(kind, tenth / 10)
        made += [row for row in schedule.take_due(tenth / 10) if row.service == "bankroll"]
    assert [row.what for row in made] == ["accounts", "accounts"]


@pytest.mark.parametrize("kind", ["bet.won", "casino_result", "casino.bet_settled", "escrow_funded", "position.closed",
    "trade_filled", "trading.position.closed", "swap.completed", "wallet_transfer", "domain.registered",
    "referral.earned", "faucet.claimed", "livemode", ""])  # fmt: skip
def test_every_documented_type_makes_somebody_look(kind):
    schedule = Schedule(rows(ALL, live=True), Random(1), 0)
    polls(schedule, 0, 10)
    schedule.hint(kind, 20)
    assert schedule.take_due(20)


def test_every_hint_names_a_poll_that_is_in_the_table():
    known = {(row.service, row.what) for row in rows(ALL, live=True)}
    assert {name for _, names in HINTS for name in names} <= known


def test_an_open_breaker_holds_the_polls_of_its_service_and_no_others():
    schedule = Schedule(rows(["wallet", "escrow"], live=True), Random(1), 0)
    schedule.hold("wallet", 300)
    made = polls(schedule, 0, 299)
    assert {service for _, service, _ in made} == {"escrow"}
    assert "held by a breaker: wallet" in schedule.brief(299)


def test_when_the_trial_is_due_there_is_a_poll_to_make_it():
    schedule = Schedule(rows(["domains"], live=True), Random(1), 0)
    polls(schedule, 0, 10)
    schedule.hold("domains", 200)
    assert polls(schedule, 11, 205) == [(200, "domains", "availability")]


def test_a_breaker_that_closes_has_its_service_polled_at_once():
    schedule = Schedule(rows(["wallet"], live=True), Random(1), 0)
    polls(schedule, 0, 10)
    schedule.hold("wallet", 3600)
    schedule.release("wallet", 30)
    assert [row.service for row in schedule.take_due(30)] == ["wallet"]


def test_a_closing_breaker_does_not_repeat_what_was_just_polled():
    schedule = Schedule([Row("referral", "bonus", DAY_S, HOUR_S)], Random(1), 0)
    polls(schedule, 0, 10)
    schedule.hold("referral", 40)
    schedule.release("referral", 41)
    assert not polls(schedule, 41, HOUR_S - 10, 60)


def test_negative_control_without_the_gap_a_flood_is_a_flood_of_polls():
    schedule = Schedule([Row("bankroll", "accounts", inf, 0)], Random(1), 0)
    for second in range(60):
        schedule.hint("x", second)
        assert schedule.take_due(second)


# the actor


@dataclass
class Machine:
    """A machine that may be put to sleep: its uptime goes on, the timers' clock does not."""

    sim: Simulation
    slept: float = 0.0

    def awake(self):
        return int((self.sim.now + self.slept) * SECOND)


class Ear(Worker):
    def __init__(self, heard):
        super().__init__()
        self._heard = heard

    def receive(self, message):
        self._heard.append(message)


class Rig:
    def __init__(self, seed=3):
        self.sim, self.heard = Simulation(seed), []
        self.machine = Machine(self.sim)
        self.system = System(
            Supervisor.spec("top", [ChildSpec("ear", lambda: Ear(self.heard)), ChildSpec("poller", self._poller)]),
            runtime=self.sim,
        )
        self.system.start()

    def _poller(self):
        table = rows(["wallet", "escrow"], live=False)
        awake = self.machine.awake
        return PollerActor(table, lambda _: self.system.handle("ear"), Random(1), awake, awake)

    def tell(self, message):
        self.system.handle("poller").tell(message)

    def run(self, seconds):
        """Return how often each service was polled meanwhile."""
        self.heard.clear()
        self.sim.run(seconds)
        return [message.service for message in self.heard]


def test_the_actor_tells_each_service_what_to_poll():
    rig = Rig()
    rig.run(5)
    assert Poll("wallet", "balances") in rig.heard
    assert Poll("escrow", "contracts") in rig.heard
    assert rig.run(600).count("wallet") in (9, 10, 11)


def test_after_a_sleep_of_the_machine_what_was_missed_is_polled_within_a_beat_and_once():
    rig = Rig()
    rig.run(10)
    rig.machine.slept = 8 * HOUR_S
    assert rig.run(1.5).count("wallet") == 1
    assert rig.run(40).count("wallet") == 0


def test_a_hint_is_polled_at_once_not_with_the_next_beat():
    rig = Rig()
    rig.run(20.5)
    rig.tell(Hinted("swap.completed"))
    assert "wallet" in rig.run(0.1)


def test_the_actor_holds_polls_while_the_breaker_for_reads_is_open_and_goes_on_when_it_closes():
    rig = Rig()
    rig.run(5)
    rig.tell(ServiceHealth("wallet reads", open=True, until=rig.machine.awake() + 500 * SECOND))
    assert rig.run(400).count("wallet") == 0
    rig.tell(ServiceHealth("wallet reads", open=False))
    assert rig.run(0.1).count("wallet") == 1


def test_a_breaker_for_sends_holds_up_no_poll():
    rig = Rig()
    rig.tell(ServiceHealth("wallet", open=True, until=rig.machine.awake() + 500 * SECOND))
    assert rig.run(120).count("wallet") >= 2


def test_a_poller_that_crashes_polls_again_from_the_start():
    rig = Rig()
    rig.run(30)
    rig.system.handle("poller").kill(RuntimeError("told to fail"))
    assert rig.run(5).count("wallet") == 1
