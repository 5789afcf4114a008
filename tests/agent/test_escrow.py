"""An escrow's whole life, as its creator and as its counterparty: the amount is held, watched, and ends in the book."""

import pytest

from actors import Strategy, schedule
from actors.money.book import Bucket
from actors.money.events import CreditBooked, EscrowClosed, EscrowOpened, IntentClosed, IntentOpened, StrayBooked
from actors.money.wagers import EscrowAct, EscrowCreate, Idle
from tests.agent.kit import Endless, Script, Stage, stop_venue
from tests.sandbox.house import House

HOUR_S = 3600
FAULTS = "500-after@/escrow/create=1,reset-after@/escrow/release=1,500-before@/escrow/dispute=1"


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch):
    monkeypatch.setattr(schedule, "ESCROW_PAPER_S", 0.05)


def house(tmp_path_factory, faults=""):
    made = House(tmp_path_factory.mktemp("escrow"), faults=faults)
    yield made
    stop_venue(made)


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    yield from house(tmp_path_factory)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    yield from house(tmp_path_factory, FAULTS)


@pytest.fixture
def desk(calm, tmp_path):
    made = Stage(calm, tmp_path / "agent")
    made.other = calm.register()
    yield made
    made.end()


@pytest.fixture
def shaken(faulty, tmp_path):
    made = Stage(faulty, tmp_path / "agent")
    made.other = faulty.register()
    yield made
    made.end()


def offer(stage, amount="10.00", hours=2, description="a logo, three drafts"):
    return EscrowCreate(amount, stage.other.agent_id, description, hours)


def fund(stage, **terms):
    """Create an escrow through the agent; return its strategy and the contract's id."""
    script = Script(offer(stage, **terms))
    stage.play(script)
    stage.seen.until(action="escrow_create", outcome="funded")
    return script, held(stage)[0]


def held(stage):
    return list(stage.books().state.contracts)


def as_other(stage, act, escrow_id):
    answer = stage.house.post(f"/escrow/{act}/{escrow_id}", {"reason": "not what we agreed"}, stage.other.key)
    assert answer.status == 200, answer.body


def agreed(stage):
    """Stop the agent; book and venue must agree."""
    stage.end()
    return stage.books().check()


def test_a_funded_escrow_is_held_and_watched(desk):
    _, escrow_id = fund(desk)
    desk.until(book_micro=90_000_000, equity_micro=100_000_000)
    books = agreed(desk)
    assert books.balance(Bucket.ESCROW_HELD) == 10_000_000
    watched = books.of(EscrowOpened)[0]
    assert (watched.escrow_id, watched.role, watched.commission_micro) == (escrow_id, "creator", 100_000)


class Releaser(Strategy):
    """Releases every contract of its own whose work is done, whoever made it."""

    every = 0.0

    def decide(self, view):
        done = [one for one in view.contracts if (one.role, one.status) == ("creator", "completed")]
        return EscrowAct(done[0].escrow_id, "release") if done else Idle("no work is done")


def test_a_strategy_that_comes_later_sees_the_contracts_and_releases_in_time(desk):
    _, escrow_id = fund(desk)
    desk.play(Releaser())
    as_other(desk, "complete", escrow_id)
    desk.seen.until(action="escrow_act", outcome="released")
    assert agreed(desk).balance(Bucket.ESCROW_HELD) == 0


def test_released_it_goes_to_the_counterparty_and_a_fee_to_the_venue(desk):
    """Mission 5.6."""
    script, escrow_id = fund(desk)
    as_other(desk, "complete", escrow_id)
    desk.seen.until(action="status", outcome="completed")
    script.add(EscrowAct(escrow_id, "release"))
    desk.seen.until(action="escrow_act", outcome="released")
    books = agreed(desk)
    assert (books.balance(Bucket.ESCROW_HELD), books.balance(Bucket.FEES)) == (0, 100_000)
    assert desk.house.balance(desk.other) == pytest.approx(109.9)
    assert books.venue_micro == 90_000_000


def test_at_its_deadline_it_comes_back_less_the_fee(desk):
    _, escrow_id = fund(desk, hours=1)
    desk.house.advance(HOUR_S + 1)
    desk.seen.until(action="status", outcome="refunded")
    books = agreed(desk)
    assert [closed.status for closed in books.of(EscrowClosed)] == ["refunded"]
    assert (books.venue_micro, books.balance(Bucket.FEES)) == (99_900_000, 100_000)
    assert escrow_id not in books.state.contracts


def test_a_refund_while_the_agent_was_away_is_booked_when_it_comes_back(desk):
    """Mission 2.4."""
    fund(desk, hours=1)
    desk.end()
    desk.house.advance(HOUR_S + 1)
    desk.play()
    desk.until(phase="RUNNING", book_micro=99_900_000)
    assert agreed(desk).balance(Bucket.FEES) == 100_000


def test_its_creator_is_warned_before_the_deadline(stage):
    stage.other = stage.house.register()
    _, escrow_id = fund(stage, hours=1)
    warning = stage.seen.until(escrow_id, action="deadline", outcome="near")
    assert warning.level == "WARNING"
    assert "unless it is released" in warning.text


def test_disputed_it_stays_held(desk):
    script, escrow_id = fund(desk)
    script.add(EscrowAct(escrow_id, "dispute", "no draft came"))
    desk.seen.until(action="escrow_act", outcome="disputed")
    books = agreed(desk)
    assert books.state.contracts[escrow_id].status == "disputed"
    assert books.balance(Bucket.ESCROW_HELD) == 10_000_000


def test_disputed_by_the_other_side_it_is_noticed(desk):
    _, escrow_id = fund(desk)
    as_other(desk, "dispute", escrow_id)
    desk.seen.until(escrow_id, action="status", outcome="disputed")
    assert agreed(desk).balance(Bucket.ESCROW_HELD) == 10_000_000


def test_as_counterparty_it_completes_and_the_payment_is_a_credit(desk):
    script = Script()
    desk.play(script)
    desk.until(phase="RUNNING")
    terms = {"amount_usd": 20, "counterparty_agent_id": desk.player.agent_id, "description": "a poem"}
    escrow_id = desk.house.post("/escrow/create", terms, desk.other.key).body["escrow_id"]
    script.add(EscrowAct(escrow_id, "complete"))
    desk.seen.until(action="escrow_act", outcome="completed")
    as_other(desk, "release", escrow_id)
    desk.until(book_micro=119_800_000)
    books = agreed(desk)
    assert [credit.amount_micro for credit in books.of(CreditBooked)] == [19_800_000]
    assert books.of(CreditBooked)[0].reason == f"escrow_release: {escrow_id}"
    assert held(desk) == []


def test_as_counterparty_it_loses_nothing_when_the_deadline_passes(desk):
    script = Script()
    desk.play(script)
    desk.until(phase="RUNNING")
    terms = {
        "amount_usd": 20,
        "counterparty_agent_id": desk.player.agent_id,
        "description": "a poem",
        "timeout_hours": 1,
    }
    escrow_id = desk.house.post("/escrow/create", terms, desk.other.key).body["escrow_id"]
    script.add(EscrowAct(escrow_id, "complete"))
    desk.seen.until(action="escrow_act", outcome="completed")
    desk.house.advance(HOUR_S + 1)
    desk.seen.until(escrow_id, action="status", outcome="refunded")
    books = agreed(desk)
    assert (books.venue_micro, books.state.contracts) == (100_000_000, {})


def test_what_is_paid_for_work_is_no_loss(desk):
    desk.terms["risk.daily_loss"] = "0.05"
    script, escrow_id = fund(desk)
    script.add(EscrowAct(escrow_id, "release"))
    desk.seen.until(action="escrow_act", outcome="released")
    desk.until(phase="RUNNING", stop_reason=None, book_micro=90_000_000)


def test_an_escrow_above_the_limit_of_what_may_be_open_is_denied(desk):
    desk.play(Endless(offer(desk, amount="20.01")))
    desk.seen.until("open exposure: limit 20.00 USD", action="propose", outcome="denied")
    assert desk.status()["sent"] == 0


def test_a_contract_is_watched_on_when_its_actor_dies(desk):
    _, escrow_id = fund(desk)
    desk.agent.crash("escrow")
    desk.seen.until("CRASH escrow", action="crash", outcome="restarted")
    as_other(desk, "complete", escrow_id)
    desk.seen.until(escrow_id, action="status", outcome="completed")


def test_an_unknown_counterparty_is_the_venues_no_and_the_amount_comes_back(desk):
    desk.play(Script(EscrowCreate("10", "ag_000000000000", "a logo")))
    desk.seen.until("counterparty_not_found", action="escrow_create", outcome="refused")
    assert agreed(desk).venue_micro == 100_000_000


def test_only_a_contract_of_ours_can_be_released(desk):
    desk.play(Endless(EscrowAct("esc_0000000000000000", "release")))
    desk.seen.until("esc_0000000000000000 is none", action="propose", outcome="denied")
    assert desk.status()["sent"] == 0


def test_a_create_whose_answer_was_lost_is_found_by_its_lock_and_its_description(shaken):
    _, escrow_id = fund(shaken)
    books = agreed(shaken)
    closed = books.of(IntentClosed)[0]
    assert (closed.by, closed.venue_ref, len(books.of(IntentOpened))) == ("look-up", escrow_id, 1)
    assert books.balance(Bucket.ESCROW_HELD) == 10_000_000


def test_a_release_whose_answer_was_lost_is_known_by_its_status(shaken):
    script, escrow_id = fund(shaken)
    script.add(EscrowAct(escrow_id, "release"))
    shaken.seen.until(action="escrow_act", outcome="released")
    books = agreed(shaken)
    assert [closed.by for closed in books.of(IntentClosed)] == ["look-up", "look-up"]
    assert shaken.house.balance(shaken.other) == pytest.approx(109.9)


def test_an_act_that_never_ran_is_void_after_the_quiet_period(shaken):
    script, escrow_id = fund(shaken)
    script.add(EscrowAct(escrow_id, "dispute"))
    shaken.seen.until(action="escrow_act", outcome="void")
    assert agreed(shaken).state.contracts[escrow_id].status == "funded"


def test_a_release_that_was_sent_once_is_never_sent_again(tmp_path_factory, tmp_path):
    venue = next(made := house(tmp_path_factory, "500-before@/escrow/release=1"))
    stage = Stage(venue, tmp_path / "agent")
    stage.other = venue.register()
    script, escrow_id = fund(stage)
    release = EscrowAct(escrow_id, "release")
    script.add(release, release)
    stage.seen.until(action="escrow_act", outcome="void")
    stage.seen.until("never sent again", action="propose", outcome="denied")
    stage.play(Endless(release))
    stage.seen.until("never sent again", action="propose", outcome="denied")
    acts = [opened for opened in agreed(stage).of(IntentOpened) if opened.kind == "escrow_act"]
    assert len(acts) == 1
    list(made)


@pytest.mark.parametrize(
    ("fault", "outcome", "kind"),
    [("duplicate@/escrow/create=1", "funded", "duplicate"), ("late@/escrow/create=1:1.5", "void", "resurrected")],
)
def test_a_contract_that_the_venue_made_by_itself_is_held_watched_and_reported(
    tmp_path_factory, tmp_path, fault, outcome, kind
):
    venue = next(made := house(tmp_path_factory, fault))
    stage = Stage(venue, tmp_path / "agent", **{"venue.send_timeout": "0.2", "venue.quiet_period": "0.1"})
    stage.other = venue.register()
    agent = stage.play(Script(offer(stage)))
    stage.seen.until(action="escrow_create", outcome=outcome)
    stage.seen.reach(lambda: stage.venue_micro() < stage.status()["book_micro"], "money that left")
    assert agent.reconcile()["ok"]
    stage.seen.until(action="incident", outcome=kind)
    books = agreed(stage)
    locked = sum(contract.opened.amount_micro for contract in books.state.contracts.values())
    assert locked == books.balance(Bucket.ESCROW_HELD) == 100_000_000 - books.venue_micro
    assert [stray.kind for stray in books.of(StrayBooked)] == [kind]
    list(made)
