"""Real threads that fail, end, are killed, stopped and started from four sides at once, under eager switching."""

import sys
import threading
from collections import Counter
from random import Random

import pytest

import supervision as s
from tests.supervision.kit import Events

ATTACKERS, ATTACKS = 4, 100
SWITCH = 1e-5  # seconds between thread switches


class Census:
    def __init__(self):
        self.lock = threading.Lock()
        self.there, self.setups, self.wrong = Counter(), Counter(), []

    def count(self, worker, number):
        with self.lock:
            self.there[worker.path] += number
            self.setups[worker.path] += number > 0
            if self.there[worker.path] not in (0, 1):
                self.wrong.append(f"{worker.path} runs {self.there[worker.path]} times")


def tree(rng, census):
    class Member(s.Worker):
        def setup(self):
            census.count(self, 1)
            if rng.random() < 0.05:
                raise OSError("this time it does not start")

        def receive(self, message):
            if isinstance(message, BaseException):
                raise message
            return self.stop() if message == "end" else message

        def teardown(self, exit_):
            census.count(self, -1)

    def members():
        for index in range(3):
            mailbox = s.MailboxSpec(keep=rng.random() < 0.3)
            restart, thread = rng.choice(list(s.Restart)), rng.choice([None, "x", "y"])
            yield s.ChildSpec(f"w{index}", Member, restart=restart, mailbox=mailbox, thread=thread)

    def sub(name, children):
        return s.Supervisor.spec(name, children, strategy=rng.choice(list(s.Strategy)), max_restarts=10**6)

    return sub("top", [sub(f"s{index}", members()) for index in range(3)])


def attack_once(system, rng):
    place, name = f"s{rng.randrange(3)}", f"w{rng.randrange(3)}"
    handle, door = system.handle(f"{place}/{name}"), system.children(place)
    match rng.randrange(6):
        case 0:
            handle.tell(ValueError("told to"))
        case 1:
            handle.kill(RuntimeError("killed"))
        case 2:
            handle.tell("end")
        case 3:
            handle.ask(rng.choice(["hello", ValueError("asked to"), SystemExit()]))
        case 4:
            door.terminate_child(name)
        case 5:
            door.restart_child(name)


def attack(system, rng, unanswered):
    for _ in range(ATTACKS):
        try:
            attack_once(system, rng)
        except s.AskTimeout as timeout:
            unanswered.append(str(timeout))
        except (s.Refuse, s.AskError, s.StartError, ValueError, RuntimeError):
            pass


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_lost_or_doubled_on_real_threads(seed):
    census, events, unanswered, before = Census(), Events(), [], sys.getswitchinterval()
    system = s.System(tree(Random(seed), census), on_event=events)
    sys.setswitchinterval(SWITCH)
    try:
        system.start()
        threads = [
            threading.Thread(target=attack, args=(system, Random(f"{seed}-{number}"), unanswered))
            for number in range(ATTACKERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except s.StartError:
        pass  # then nothing may be left either
    finally:
        report = system.stop()
        sys.setswitchinterval(before)
    assert unanswered == [], f"seed {seed}"
    assert census.wrong == [], f"seed {seed}"
    assert not +census.there, f"seed {seed}: {+census.there} outlived the stop"
    assert report.abandoned == ()
    ended = Counter(event.path for event in events.all if isinstance(event, (s.ChildEnded, s.ChildFailed)))
    assert {path: ended[path] for path in census.setups} == dict(census.setups), f"seed {seed}"
