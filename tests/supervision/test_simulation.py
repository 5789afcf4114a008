"""The deterministic runtime: one number replays a run; many numbers explore orders, delays and crashes."""

import subprocess
import sys
import threading

import pytest

import supervision as s
from supervision import simulation
from supervision.simulation import Simulation
from tests.supervision.kit import Events, Puppet, child

SEEDS = range(40)


class Ledger(s.Worker):
    """Keeps its entries in a list that outlives it, as a journal would."""

    def __init__(self, book):
        super().__init__()
        self.book = book

    def receive(self, message):
        self.book.append(message)
        return len(self.book)


class Payer(s.Worker):
    """Tells the ledger a payment a second; each once."""

    def __init__(self, ledger, paid):
        super().__init__()
        self.ledger = ledger
        self.paid = paid

    def setup(self):
        self.every(1.0, "pay")

    def receive(self, _message):
        self.paid.append(len(self.paid))
        self.ledger.tell(self.paid[-1])


def run(seed, seconds=30.0, crash_rate=0.2):
    """Run a payer and a ledger for some virtual time; return the simulation and what happened."""
    sim, events, book, paid = Simulation(seed, crash_rate=crash_rate), Events(), [], []
    system = s.System(
        s.Supervisor.spec(
            "top",
            [
                child("ledger", lambda: Ledger(book), backoff=s.Backoff(first=0.01)),
                child("payer", lambda: Payer(system.handle("ledger"), paid)),
            ],
            strategy=s.Strategy.REST_FOR_ONE,
            max_restarts=1000,
        ),
        runtime=sim,
        on_event=events,
    )
    with system:
        sim.run(seconds)
    return sim, events, book, paid


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_gives_the_same_trace(seed):
    first, second = run(seed), run(seed)
    assert first[0].trace_hash == second[0].trace_hash
    assert [str(event) for event in first[1].all] == [str(event) for event in second[1].all]


def test_other_seeds_give_other_traces():
    assert len({run(seed)[0].trace_hash for seed in SEEDS}) == len(SEEDS)


def test_the_trace_does_not_hang_on_the_hash_seed_of_the_process():
    code = "from tests.supervision.test_simulation import run; print(run(7)[0].trace_hash)"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": number}, capture_output=True, text=True, check=True
        ).stdout
        for number in "12"
    }
    assert hashes == {run(7)[0].trace_hash + "\n"}


@pytest.mark.parametrize("seed", SEEDS)
def test_crashes_are_injected_and_the_tree_holds(seed):
    sim, events, book, paid = run(seed)
    crashes = [event for event in events.of(s.ChildFailed) if event.reason.startswith("InjectedCrash")]
    assert crashes, f"seed {seed}"
    assert set(book) <= set(paid), f"seed {seed}: booked what was never paid"
    assert len(book) == len(set(book)), f"seed {seed}: booked twice"
    assert len(paid) > 10, f"seed {seed}: the payer did not come back"
    assert sim.now >= 30.0


def test_control_without_crashes_nothing_is_lost():
    _sim, events, book, paid = run(3, crash_rate=0.0)
    assert book == paid[: len(book)]
    assert len(paid) - len(book) <= 1  # the stop may overtake the last one
    assert events.of(s.ChildFailed) == []


def arrivals(seed):
    log, sim = [], Simulation(seed)
    specs = [child("log", lambda: Puppet(log)), child("a"), child("b")]
    with s.System(s.Supervisor.spec("top", specs), runtime=sim) as system:
        for name in "ab":
            system.handle(name).tell(lambda me: [system.handle("log").tell((me.path, turn)) for turn in range(2)])
        sim.run(1.0)
    return tuple(log)


def test_seeds_explore_the_orders_of_senders_but_keep_the_order_of_each():
    seen = {arrivals(seed) for seed in SEEDS}
    assert len(seen) > 1
    for log in seen:
        assert [turn for path, turn in log if path == "a"] == [0, 1]
        assert [turn for path, turn in log if path == "b"] == [0, 1]


def lost_update(seed):
    """Two tellers read a balance in one message and write it back in the next: wrong in some orders."""
    sim, balance = Simulation(seed), [0]

    def deposit(me):
        read = balance[0]
        me.handle.tell(lambda _me: balance.__setitem__(0, read + 1))

    with s.System(s.Supervisor.spec("top", [child("a"), child("b")]), runtime=sim) as system:
        for name in "ab":
            system.handle(name).tell(deposit)
        sim.run(1.0)
    return balance[0]


def test_a_planted_bug_is_found_by_some_seed_and_replayed_by_it():
    found = [seed for seed in SEEDS if lost_update(seed) != 2]
    assert 0 < len(found) < len(SEEDS)
    assert all(lost_update(seed) != 2 for seed in found)


def test_a_day_of_heartbeats_takes_no_time():
    log, sim = [], Simulation(0)
    spec = child("a", lambda: Puppet(log, on_setup=lambda me: me.every(60.0, "beat")))
    with s.System(s.Supervisor.spec("top", [spec]), runtime=sim):
        sim.run(86_400.0)
    assert len(log) in (1439, 1440)


def test_an_ask_times_out_in_virtual_time_but_not_before_what_blocks_on_top_of_it(rig):
    made = rig(child("a"), child("b"))

    def ask_a(_me):
        with pytest.raises(s.AskTimeout):
            made.system.handle("a").ask("hello", timeout=5.0)
        return made.sim.now

    made.system.handle("a").tell(lambda me: me.sleep(60.0))
    assert made.system.handle("b").ask(ask_a, timeout=100.0) == pytest.approx(60.0, abs=0.1)


def test_actors_below_a_nested_ask_go_on_meanwhile(rig):
    log = []
    made = rig(child("a"), child("b"), child("c", lambda: Puppet(log)))
    made.system.handle("a").ask(lambda _me: made.system.handle("b").ask(lambda me: me.sleep(1.0)))
    made.system.handle("c").tell("meanwhile")
    made.settle()
    assert log == ["meanwhile"]


def test_a_run_that_never_settles_names_its_seed(monkeypatch):
    def busy(me):
        me.handle.tell(busy)

    system = s.System(s.Supervisor.spec("top", [child("a")]), runtime=Simulation(11))
    with system, monkeypatch.context() as patched:
        patched.setattr(simulation, "MAX_STEPS", 500)
        system.handle("a").tell(busy)
        with pytest.raises(RuntimeError, match="seed 11: not settled after 500 steps"):
            system.wait()


def test_systems_in_one_simulation_do_not_disturb_each_other():
    log, fired, sim = [], [], Simulation(0)
    beating = child("a", lambda: Puppet(log, on_setup=lambda me: me.every(1.0, "beat")))
    sim.call_after(8.0, lambda: fired.append(sim.now))
    with s.System(s.Supervisor.spec("lives", [beating]), runtime=sim):
        for _ in range(3):
            with s.System(s.Supervisor.spec("comes and goes", [child("b", shutdown=0)]), runtime=sim):
                sim.run(2.0)
        sim.run(3.5)
    assert len(log) == 9
    assert fired == [pytest.approx(8.0, abs=0.01)]


def test_everything_runs_on_the_calling_thread():
    before, idents = threading.active_count(), set()
    with s.System(s.Supervisor.spec("top", [child("a"), child("b")]), runtime=Simulation(0)) as system:
        for name in "ab":
            system.handle(name).ask(lambda _me: idents.add(threading.get_ident()))
        assert threading.active_count() == before
    assert idents == {threading.get_ident()}


@pytest.mark.parametrize("runtime", [None, Simulation(5)], ids=["threads", "simulation"])
def test_the_same_program_runs_on_both_runtimes(runtime, events):
    log = []
    specs = [child("ledger", lambda: Puppet(log)), s.Supervisor.spec("sub", [child("a")])]
    system = s.System(s.Supervisor.spec("top", specs), runtime=runtime, on_event=events)
    with system:
        assert system.handle("sub/a").ask(lambda _me: system.handle("ledger").ask("from a")) == "from a"
        with pytest.raises(ZeroDivisionError):
            system.handle("sub/a").ask(lambda _me: 1 / 0)
        if runtime is not None:
            runtime.run(1.0)
        events.wait(s.ChildRestarted, "sub/a")
        assert system.handle("sub/a").ask(lambda me: me.incarnation) == 2
    assert log == ["from a"]
