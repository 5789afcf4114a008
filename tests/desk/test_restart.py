"""A restart never sends, forgets nothing that is on disk, and takes what was open for unknown."""

import pytest
from msgspec.structs import replace

from actors.desk import Boot, Desk
from actors.messages import Drain, Pause, Propose, Resume
from actors.money.book import Bucket
from actors.money.events import AgentStarted, AgentStopped, IntentOpened, OutcomeUnknown, SessionStarted, StopSet
from actors.money.evidence import Executed, Unknown
from actors.money.state import State
from tests.desk.exchange import TradingDesk
from tests.desk.kit import ACCOUNT, QUIET, SECOND, SEND_TIMEOUT, Table, bet


def pending():
    """Return a table with a bet on its way."""
    table = Table().reconciled()
    return table, table.propose()


def test_an_open_intent_is_unknown_after_a_restart_and_is_not_opened_again():
    table, opened = pending()
    sent = dict(table.sent)
    table.crash()
    assert (table.lane(), table.outcome(opened)) == ("PENDING", "open")
    assert [unknown.intent for unknown in table.of(OutcomeUnknown)] == [opened.intent]
    table.run(60 * SECOND)
    assert table.sent == sent
    assert len(table.of(IntentOpened)) == 1


def test_what_happened_while_nobody_lived_is_found():
    """Mission 2.4."""
    table, opened = pending()
    table.execute(opened, won=True)
    table.crash()
    table.run(SECOND)
    assert table.outcome(opened) == "executed"
    assert table.bucket(Bucket.AVAILABLE) == "100.49"
    assert table.sound()


def test_an_answer_that_is_not_on_disk_was_not_heard():
    table, opened = pending()
    table.prompt = False
    table.answer(opened, Executed(bet=table.execute(opened)))
    table.prompt = True
    table.crash()
    assert table.outcome(opened) == "open"
    table.run(SECOND)
    assert table.outcome(opened) == "executed"


def test_an_intent_that_is_on_disk_but_was_never_sent_is_void_in_the_end():
    table = Table().reconciled()
    table.prompt = False
    table.tell(Propose("a", bet()))
    (step,) = table.undurable
    table.journal.write(step.events)
    table.prompt = True
    table.crash()
    table.run(60 * SECOND)
    assert not table.sent
    assert table.state.tally.void == 1
    assert table.sound()


def test_a_restart_says_only_once_that_the_outcome_is_unknown():
    table, opened = pending()
    table.answer(opened, Unknown("reset"))
    table.crash().crash()
    assert len(table.of(OutcomeUnknown)) == 1


def test_crashes_do_not_shorten_the_proof_of_absence():
    table, opened = pending()
    for _ in range(20):  # each life too short for two readings
        table.crash()
        table.run(SECOND)
    assert table.outcome(opened) == "open"
    table.run(SEND_TIMEOUT + QUIET + 3 * SECOND)
    assert table.outcome(opened) == "void"


def test_a_restart_of_the_bankroll_alone_is_no_start_of_the_agent():
    table, opened = pending()
    table.restart_bankroll()
    assert len(table.of(AgentStarted)) == 1
    assert table.outcome(opened) == "open"


def test_the_configuration_in_force_is_recorded_at_each_start():
    """Mission 2.6."""
    table = Table(config={"risk.stop_loss": "0.30"}).reconciled()
    table.terms = replace(table.terms, config={"risk.stop_loss": "0.20"})
    table.crash()
    assert [started.config["risk.stop_loss"] for started in table.of(AgentStarted)] == ["0.30", "0.20"]


def test_a_session_goes_on_over_a_crash():
    table = Table().reconciled()
    table.play()
    table.crash().reconciled()
    assert not table.of(SessionStarted)
    assert table.state.account(ACCOUNT).session_start_micro == 100_000_000


def test_a_new_session_starts_after_an_orderly_end():
    table = Table().reconciled()
    table.play()
    table.tell(Drain("done"))
    table.run(SECOND)
    table.crash()
    (session,) = table.of(SessionStarted)
    assert (session.equity_micro, session.after_stop) == (99_550_000, False)
    assert table.state.account(ACCOUNT).session_start_micro == 99_550_000
    assert table.state.account(ACCOUNT).peak_micro == 100_000_000


def test_a_drain_takes_no_new_work_and_ends_at_once_when_nothing_is_open():
    table = Table().reconciled()
    table.tell(Drain("ctrl-c"))
    assert table.propose() is None
    table.run(SECOND)
    assert [stopped.reason for stopped in table.of(AgentStopped)] == ["ctrl-c"]
    assert table.desk.status(table.now).drained


@pytest.mark.parametrize("found", [True, False])
def test_a_drain_waits_for_what_is_open(found):
    table, opened = pending()
    table.tell(Drain("ctrl-c"))
    table.run(SECOND)
    assert not table.of(AgentStopped)
    if found:
        table.execute(opened)
    table.run(60 * SECOND)
    assert table.outcome(opened) == ("executed" if found else "void")
    assert len(table.of(AgentStopped)) == 1
    assert table.journal.events[-1] == table.of(AgentStopped)[0]


def test_memory_is_what_is_on_disk():
    table = Table(lanes=("a", "b")).reconciled()
    for _ in range(5):
        table.play(lane="a", won=True)
        table.play(lane="b")
    assert table.journal.replayed() == table.state


def proof_begins(table, opened):
    return table.desk._till.tracks[opened.intent].quiet_until


def restarted(table, boot):
    """Start another run, ten seconds later, on this boot of the machine."""
    table.now += 10 * SECOND
    table.terms = replace(table.terms, boot=boot)
    return table.crash()


def test_within_one_boot_a_restart_does_not_lengthen_the_quiet_period():
    table = Table(boot=Boot("b1", 5 * SECOND)).reconciled()
    opened = table.propose()
    restarted(table, Boot("b1", 5 * SECOND + 7))  # the clock was set by 7 microseconds in between
    assert proof_begins(table, opened) == opened.quiet_until + 7


def test_after_another_boot_the_quiet_period_begins_anew():
    table = Table(boot=Boot("b1", 5 * SECOND)).reconciled()
    opened = table.propose()
    restarted(table, Boot("b2", 0))
    assert proof_begins(table, opened) == table.now + SEND_TIMEOUT + QUIET


def test_recovery_asks_as_soon_as_the_service_is_up():
    table = Table().reconciled()
    table.propose()
    table.crash()  # its services report up; no beat has passed since
    assert table.asked


def test_what_follows_from_a_reading_is_asked_for_with_it():
    table = Table().reconciled()
    opened = table.propose()
    table.execute(opened)
    table.crash()
    table.look()
    assert table.outcome(opened) == "executed"
    assert table.asked  # the account as a whole is next


def test_an_account_whose_service_was_switched_off_stands_in_nobodys_way():
    table = Table().reconciled()
    table.state.apply(StopSet(table.now, ACCOUNT, "daily loss", "10 %", "12 %", table.now + SECOND))
    desk = Desk(table.state, table.terms, 2, {"trading": "trading"})
    desk.begin(table.now)
    desk.pause(Pause("lunch"), table.now)
    desk.tick(table.now + 2 * SECOND)
    desk.resume(Resume("ada"), table.now)
    (lane,) = desk.status(table.now).lanes
    assert "casino is not; see [services]" in lane.why


def test_a_start_says_what_still_keeps_it_from_trading():
    table = Table().reconciled()
    table.desk.pause(Pause("lunch"), table.now)
    step = Desk(table.state, table.terms, 2, {ACCOUNT: "casino"}).begin(table.now)
    said = [mail.message.text for mail in step.mail if mail.to == "reporter"]
    assert "casino is still stopped (pause: lunch); `resume` goes on" in said


def test_an_end_does_not_wait_for_what_nobody_can_find_out():
    table, opened = pending()
    desk = Desk(table.journal.replayed(), table.terms, 2, {})
    desk.begin(table.now)
    desk.drain(Drain("the end"), table.now)
    assert (desk.status(table.now).drained, list(desk.state.open)) == (True, [opened.intent])


def test_an_agent_without_an_account_stands_and_ends():
    table = Table()
    desk = Desk(State(), table.terms, 1, {})
    desk.begin(table.now)
    assert desk.status(table.now).phase == "RUNNING"
    desk.drain(Drain("the end"), table.now)
    assert desk.status(table.now).drained


def test_a_lane_that_was_moved_to_another_account_opens_there():
    table = Table().reconciled()
    table.play()
    moved = TradingDesk()
    moved.journal, moved.now = table.journal, table.now
    moved.crash().reconciled()
    opened = moved.order()
    assert opened.account == "trading"
    assert moved.crash().state.lanes["a"].account == "trading"


def test_a_lane_with_something_open_stays_on_its_account():
    table = Table().reconciled()
    opened = table.propose()
    moved = TradingDesk()
    moved.journal, moved.now = table.journal, table.now
    moved.crash().reconciled()
    assert moved.order() is None
    assert moved.state.lanes["a"].account == opened.account


def test_a_disk_without_room_is_the_reason_that_people_are_told():
    table = Table(has_room=lambda: False).reconciled()
    assert table.propose() is None
    assert table.denial() == "disk"
    (lane,) = table.desk.status(table.now).lanes
    assert "room for an outcome" in lane.why
