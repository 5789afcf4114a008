"""How messages wait: bounds, policies, latest per key, keeping over a restart, dead letters."""

import logging
import threading

import pytest

import supervision as s
from supervision.mailbox import WAKE, make_mailbox
from tests.supervision.kit import Block, Puppet, Raise, child, declining, gate


def box(**options):
    made = make_mailbox(s.MailboxSpec(**options))
    made.dropped = []
    made.refuse = lambda *items: made.dropped.extend(items)
    return made


def drained(mailbox):
    items = []
    while not mailbox.empty():
        item = mailbox.take()
        if item is not WAKE:
            items.append(item)
    return items


@pytest.mark.parametrize(
    ("overflow", "answer", "kept", "dropped"),
    [
        (s.Overflow.REJECT, False, [1, 2], [3]),
        (s.Overflow.DROP_NEWEST, True, [1, 2], [3]),
        (s.Overflow.DROP_OLDEST, True, [2, 3], [1]),
    ],
)
def test_a_full_mailbox_does_what_its_policy_says(overflow, answer, kept, dropped):
    mailbox = box(capacity=2, overflow=overflow)
    assert [mailbox.put(number) for number in (1, 2, 3)] == [True, True, answer]
    assert mailbox.dropped == dropped
    assert drained(mailbox) == kept


def test_only_the_latest_of_each_key_waits_in_the_place_of_the_first():
    mailbox = box(latest_by=lambda price: price[0])
    for price in (("BTC", 1), ("ETH", 1), ("BTC", 2), ("BTC", 3)):
        assert mailbox.put(price)
    assert mailbox.depth() == 2
    assert mailbox.dropped == [("BTC", 1), ("BTC", 2)]
    assert drained(mailbox) == [("BTC", 3), ("ETH", 1)]


def test_the_same_object_may_be_the_latest_again():
    mailbox, price = box(latest_by=lambda price: price[0]), ("BTC", 1)
    assert [mailbox.put(price), mailbox.put(price)] == [True, True]
    assert (mailbox.dropped, drained(mailbox)) == ([price], [price])


def test_messages_without_a_key_are_ordinary():
    mailbox = box(latest_by=lambda message: message if message == "price" else None)
    for message in ("order", "price", "order", "price"):
        mailbox.put(message)
    assert drained(mailbox) == ["order", "price", "order"]


def test_memory_of_latest_per_key_is_bounded_by_the_keys():
    mailbox = box(latest_by=lambda number: number % 10)
    for number in range(10_000):
        mailbox.put(number)
    assert mailbox.depth() == mailbox._queue.qsize() == 10


@pytest.mark.parametrize(
    ("field", "value"), [("capacity", 0), ("capacity", 1.5), ("overflow", "reject"), ("latest_by", 3), ("keep", "yes")]
)
def test_a_wrong_mailbox_names_the_field(field, value):
    with pytest.raises(ValueError, match=rf"mailbox.{field}={value!r}: must be"):
        s.MailboxSpec(**{field: value})


@pytest.mark.parametrize("capacity", [None, 10])
def test_falsy_messages_are_messages(rig, capacity):
    log = []
    made = rig(child("a", lambda: Puppet(log), mailbox=s.MailboxSpec(capacity=capacity)))
    for message in (0, None, "", False):
        made.system.handle("a").tell(message)
    made.settle()
    assert log == [0, None, "", False]


def test_falsy_messages_are_refused_as_any():
    mailbox = box()
    for message in (None, 0, None):
        mailbox.put(message)
    mailbox.close()
    assert mailbox.dropped == [None, 0, None]


def test_memory_of_a_full_mailbox_is_bounded():
    mailbox = box(capacity=10, overflow=s.Overflow.DROP_OLDEST)
    for number in range(10_000):
        mailbox.put(number)
    assert mailbox.depth() == mailbox._queue.qsize() == 10


@pytest.mark.parametrize("key", [lambda message: message.symbol, lambda _message: []])
def test_a_message_that_the_key_function_cannot_take_is_ordinary(key):
    mailbox = box(latest_by=key)
    assert [mailbox.put(number) for number in (1, 2)] == [True, True]
    assert drained(mailbox) == [1, 2]


def test_an_ask_is_never_replaced_by_a_newer_message(rig):
    made = rig(child("a", mailbox=s.MailboxSpec(latest_by=lambda _message: "all the same")))
    made.sim.call_after(0.0, lambda: made.system.handle("a").tell("newer"))
    assert made.system.handle("a").ask("question") == "question"


@pytest.mark.parametrize("overflow", s.Overflow)
def test_a_full_mailbox_drops_no_timer(rig, overflow):
    log, spec = [], s.MailboxSpec(capacity=1, overflow=overflow)
    made = rig(child("a", lambda: Puppet(log, on_setup=lambda me: me.every(1.0, "beat")), mailbox=spec))

    def flood(me):
        for number in range(5):
            me.sleep(0.5)
            me.handle.tell(number)

    made.system.handle("a").ask(flood)
    made.settle(3.0)
    assert log.count("beat") >= 3


def test_a_closed_bounded_mailbox_refuses_all():
    mailbox = box(capacity=5)
    mailbox.put("early")
    mailbox.close()
    assert not mailbox.put("late")
    assert mailbox.dropped == ["early", "late"]


def test_control_overtakes_a_full_bounded_mailbox(rig):
    log = []
    made = rig(child("a", lambda: Puppet(log), mailbox=s.MailboxSpec(capacity=2)))
    assert [made.system.handle("a").tell(number) for number in range(3)] == [True, True, False]
    made.system.handle("a").kill(ValueError("first"))
    made.settle()
    assert log == []
    assert made.up("a") == (2,)


def test_an_ask_to_a_full_mailbox_fails_at_once(rig):
    made = rig(child("a", mailbox=s.MailboxSpec(capacity=1)))
    made.system.handle("a").tell("first")
    with pytest.raises(s.ActorDown):
        made.system.handle("a").ask("second")


# Keeping


def kept(rig, keep, *waiting):
    """Let an actor fail with messages waiting; return what the next incarnation handled."""
    log = []
    made = rig(child("a", lambda: Puppet(log), mailbox=s.MailboxSpec(keep=keep), backoff=s.Backoff(first=1.0)))
    a = made.system.handle("a")
    a.tell(Raise(ValueError("poison")))
    for message in waiting:
        a.tell(message)
    made.settle(0.5)
    held = a.tell("sent while down")
    made.settle(2.0)
    return made, held, log


def test_a_kept_mailbox_survives_a_restart_without_the_message_that_failed(rig):
    made, held, log = kept(rig, True, 1, 2)
    assert held
    assert log == [1, 2, "sent while down"]
    assert made.up("a") == (2,)


def test_control_an_ordinary_mailbox_is_lost_at_a_restart(rig):
    made, held, log = kept(rig, False, 1, 2)
    assert not held
    assert log == []
    assert made.system.stop().dead_letters == 3


def test_a_kept_mailbox_is_refused_when_there_is_no_next_incarnation(rig):
    made = rig(child("a", mailbox=s.MailboxSpec(keep=True)), max_restarts=0)
    made.system.handle("a").tell(Raise(ValueError("x")))
    made.system.handle("a").tell("waiting")
    made.settle()
    assert made.system.stop().dead_letters == 1
    assert not made.system.handle("a").tell("too late")


def test_a_kept_mailbox_is_refused_when_a_restart_by_hand_fails(rig):
    setup, closed = gate(shut=False)
    made = rig(child("a", lambda: Puppet(on_setup=setup), mailbox=s.MailboxSpec(keep=True)))
    made.children().terminate_child("a")
    closed.append("shut")
    with pytest.raises(s.StartError):
        made.children().restart_child("a")
    assert not made.system.handle("a").tell("nobody will come")


def test_a_kept_mailbox_is_refused_when_the_group_restart_is_called_off(rig):
    setup, closed = gate(shut=False)
    mates = [child("a", lambda: Puppet(on_setup=setup)), child("b", mailbox=s.MailboxSpec(keep=True))]
    made = rig(*mates, strategy=s.Strategy.REST_FOR_ONE, max_restarts=10**6)
    closed.append("shut")
    made.fail("a")
    assert made.system.handle("b").tell("held for the restart")
    made.children().terminate_child("a")
    assert not made.system.handle("b").tell("nobody will come")


def test_a_kept_mailbox_survives_a_group_restart(rig):
    log = []
    spec = s.MailboxSpec(keep=True)
    made = rig(child("a"), child("b", lambda: Puppet(log), mailbox=spec), strategy=s.Strategy.REST_FOR_ONE)
    made.system.handle("a").kill(ValueError("x"))
    made.sim.now += 0.0
    made.system.handle("b").tell("for whichever incarnation")
    made.settle()
    assert log == ["for whichever incarnation"]
    assert made.up("b") == (2,)


def test_a_kept_mailbox_is_refused_when_its_child_declines(rig):
    made = rig(child("a", lambda: Puppet(on_setup=lambda _: declining()), mailbox=s.MailboxSpec(keep=True)))
    assert not made.system.handle("a").tell("nobody will come")


def test_a_kill_while_the_actor_is_down_does_not_hit_the_next_incarnation(rig):
    made = rig(child("a", mailbox=s.MailboxSpec(keep=True), backoff=s.Backoff(first=1.0)))
    made.fail("a")
    made.fail("a")
    made.settle(5.0)
    assert made.up("a") == (2,)


@pytest.mark.parametrize("options", [{}, {"capacity": 2}, {"latest_by": lambda message: message}])
def test_one_that_finishes_handles_what_waits_before_it_ends(rig, options):
    log = []
    made = rig(child("a", lambda: Puppet(log), mailbox=s.MailboxSpec(finish=True, **options)))
    for number in (1, 2):
        made.system.handle("a").tell(number)
    assert made.system.stop().dead_letters == 0
    assert log == [1, 2]


def test_control_an_ordinary_one_ends_before_what_waits(rig):
    log = []
    made = rig(child("a", lambda: Puppet(log)))
    made.system.handle("a").tell(1)
    assert made.system.stop().dead_letters == 1
    assert log == []


def test_one_that_finishes_and_takes_too_long_is_abandoned_with_what_waits(events):
    log, release = [], threading.Event()
    spec = child("a", lambda: Puppet(log), mailbox=s.MailboxSpec(finish=True), shutdown=0.05)
    system = s.System(s.Supervisor.spec("top", [spec]), on_event=events)
    system.start()
    system.handle("a").tell(Block(threading.Event(), release))
    system.handle("a").tell(1)
    assert system.stop().abandoned == ("a",)
    release.set()
    assert log == []


# Dead letters


def test_dead_letters_are_counted_all_and_reported_at_a_bounded_rate(rig):
    made = rig(child("a", restart=s.Restart.TEMPORARY))
    made.end("a")
    for _ in range(50):
        made.system.handle("a").tell("x")
    made.settle(6.0)
    made.system.handle("a").tell(7)
    reports = [(event.count, event.total, event.message) for event in made.events.of(s.DeadLetters)]
    assert reports == [(1, 1, "str"), (50, 51, "int")]


def test_the_last_dead_letters_are_reported_at_the_end(rig):
    made = rig(child("a"))
    for _ in range(3):
        made.system.handle("nobody").tell("x")
    made.system.stop()
    assert [event.count for event in made.events.of(s.DeadLetters)] == [1, 2]


def test_letters_that_come_when_the_system_is_being_stopped_are_late_and_no_trouble(rig):
    made = rig(child("a"))
    made.system.handle("nobody").tell("x")
    made.system.handle("a").tell("y")
    made.system.stop()
    told = [(event.name, event.level, event.path) for event in made.events.of(s.DeadLetters)]
    assert told == [("dead_letters", logging.WARNING, "nobody"), ("late_letters", logging.INFO, "a")]


def test_a_refusal_to_a_tell_hurts_nobody(rig):
    made = rig(child("a"))
    made.system.handle("a").tell(Raise(s.Refuse("nobody hears it")))
    made.settle()
    assert made.up("a") == (1,)


def test_an_unknown_message_is_refused():
    class Plain(s.Worker):
        pass

    with s.System(s.Supervisor.spec("top", [child("a", Plain)])) as system, pytest.raises(s.Refuse, match="str"):
        system.handle("a").ask("what")
