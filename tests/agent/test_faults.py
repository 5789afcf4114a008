"""Each kind of fault alone, on every bet of one game: the outcome that the protocol demands, and the books agree."""

import pytest

from actors.cli.running import goodbye
from actors.errors import ConfigError
from actors.money.book import Bucket
from actors.money.events import IncidentNoted, IntentClosed, IntentOpened, LaneCleared, OutcomeUnknown, StrayBooked
from actors.money.wagers import Bet
from tests.agent.kit import COIN, Script, Stage, stop_venue
from tests.sandbox.house import House

BETS = {
    "coin-flip": COIN,
    "dice": Bet("dice", {"direction": "over", "threshold": 50}, probability="0.5", odds="1.99", stake="0.50"),
    "custom": Bet("custom", {"win_probability": 25}, probability="0.25", odds="3.98", stake="0.50"),
    "crash": Bet("crash", {"cash_out_at": 2}, probability="0.4987", odds="2", stake="0.50"),
    "roulette": Bet("roulette", {"bet_type": "red"}, probability="0.4865", odds="1.99", stake="0.50"),
    "multiplier": Bet("multiplier", {"target_multiplier": 2}, probability="0.4987", odds="2", stake="0.50"),
    "boosted-coin": Bet("boosted_coin", {"side": "heads"}, probability="0.5", odds="2.10"),
}
# A game has one kind of fault, so three venues have them all, and no kind meets another.
VENUES = (
    {
        "latency": ("coin-flip", "1:0.1"),
        "silence": ("dice", "1:1"),
        "reset-before": ("custom", "1"),
        "reset-after": ("crash", "1"),
        "429": ("roulette", "1"),
        "500-before": ("multiplier", "1"),
        "500-after": ("boosted-coin", "1"),
    },
    {
        "500-debit": ("coin-flip", "1"),
        "400-after": ("dice", "1"),
        "cut": ("custom", "1"),
        "malformed": ("crash", "1"),
        "duplicate": ("roulette", "1"),
        "late": ("multiplier", "1:0.5"),
        "half-close": ("boosted-coin", "1"),
    },
    {
        "blackhole": ("boosted-coin", "1:1"),
    },
)
CUT_AT = {"dice": 1, "custom": 12, "crash": 88, "roulette": 140, "multiplier": 400, "coin-flip": -1}
"""After which byte an answer ends: in its status line, in its length, in its head, in its body, before the last one."""

GAME_OF = {kind: game for venue in VENUES for kind, (game, _) in venue.items()}


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    made = [
        House(
            tmp_path_factory.mktemp("faulty"),
            faults=",".join(f"{kind}@/api/v1/games/{game}={rate}" for kind, (game, rate) in venue.items()),
        )
        for venue in VENUES
    ]
    yield made
    for house in made:
        stop_venue(house)


@pytest.fixture
def struck(houses, tmp_path, request):
    """An agent whose bets all meet one kind of fault."""
    house = houses[next(number for number, venue in enumerate(VENUES) if request.param in venue)]
    stage = Stage(house, tmp_path / "agent")
    stage.bet = BETS[GAME_OF[request.param]]
    yield stage
    stage.end()


@pytest.fixture
def cut(tmp_path):
    """An agent at a venue whose answers are cut, for each game elsewhere."""
    at = (f"cut@/api/v1/games/{game}=1:{length}" for game, length in CUT_AT.items())
    stage = Stage(House(tmp_path / "venue", faults=",".join(at)), tmp_path / "agent")
    yield stage
    stage.end()
    stop_venue(stage.house)


def only(kind):
    return pytest.mark.parametrize("struck", [kind], indirect=True)


@pytest.mark.parametrize("struck", ["latency"], indirect=True)
def test_a_slow_answer_is_an_answer(struck):
    struck.play(Script(struck.bet, struck.bet)).wait(bets=2)
    struck.end()
    books = struck.books().check().check_tags()
    assert {closed.by for closed in books.of(IntentClosed)} == {"answer"}


@pytest.mark.parametrize(
    "struck", ["silence", "reset-after", "500-after", "400-after", "cut", "malformed"], indirect=True
)
def test_an_executed_bet_without_a_usable_answer_is_found_at_the_venue(struck):
    struck.play(Script(struck.bet, struck.bet)).wait(bets=2)
    struck.end()
    books = struck.books().check().check_tags()
    assert [(closed.outcome, closed.by) for closed in books.of(IntentClosed)] == [("executed", "look-up")] * 2
    assert len(books.of(OutcomeUnknown)) == len(books.rows) == 2


def test_wherever_an_answer_is_cut_its_bet_is_found_at_the_venue(cut):
    bets = [BETS[game] for game in CUT_AT]
    bets.insert(3, BETS["boosted-coin"])  # an answer, so that the breaker does not open
    cut.play(Script(*bets)).wait(bets=len(bets))
    cut.end()
    books = cut.books().check().check_tags()
    assert len(books.of(OutcomeUnknown)) == len(CUT_AT)
    by = [(closed.outcome, closed.by) for closed in books.of(IntentClosed)]
    assert by == [("executed", "answer" if at == 3 else "look-up") for at in range(len(bets))]


@only("reset-before")
def test_an_end_names_what_it_leaves_open_and_tells_no_balance_that_was_not_compared(struck):
    agent = struck.play(Script(struck.bet))
    struck.seen.until(action="bet", outcome="unknown")
    intent = next(notice.intent for notice in struck.seen.notices if notice.outcome == "unknown")
    ended = agent.stop("at once", timeout_s=0.1)
    assert (ended.open_intents, ended.difference, ended.venue_balance) == ((intent,), None, None)
    assert f"left open: {intent}; the next start asks the venue" in goodbye(ended)
    struck.play()
    struck.seen.until(action="bet", outcome="void")


@pytest.mark.parametrize("struck", ["reset-before", "half-close", "blackhole", "500-before"], indirect=True)
def test_a_bet_that_never_ran_is_void_only_after_the_quiet_period(struck):
    struck.play(Script(struck.bet))
    struck.seen.until(action="bet", outcome="void")
    struck.end()
    books = struck.books().check()
    opened, closed = books.of(IntentOpened)[0], books.of(IntentClosed)[0]
    assert (closed.outcome, books.rows) == ("void", [])
    assert closed.at >= opened.quiet_until


@only("429")
def test_a_refusal_before_any_effect_gives_the_stake_back(struck):
    struck.play(Script(struck.bet))
    struck.seen.until(action="bet", outcome="refused")
    struck.end()
    books = struck.books().check()
    assert books.rows == []
    assert not books.of(OutcomeUnknown)


@only("500-debit")
def test_a_stake_taken_without_a_bet_waits_in_suspense_for_an_operator(struck):
    agent = struck.play(Script(struck.bet))
    struck.seen.until(action="incident", outcome="venue_incomplete")
    held = struck.until(suspense_micro=500_000)
    intent = next(n.intent for n in struck.seen.notices if n.action == "incident")
    assert (struck.lane()["state"], held["open_intents"]) == ("ERROR", ())
    assert agent.wait(bets=2) == "stopped:error"
    assert (struck.lane()["intent"], agent.summary().in_error) == (intent, ((struck.lane()["lane"], intent),))
    with pytest.raises(ConfigError, match=f"in ERROR: {intent}"):
        agent.resolve("77", "void", 0, "a slip")
    with pytest.raises(ConfigError, match="Say why"):
        agent.resolve(intent, "void", 0, " ")
    for payout in (5.0, True, -1, "5"):
        with pytest.raises(ConfigError, match="payout_micro must be whole micro-USD"):
            agent.resolve(intent, "executed", payout, "why")
    assert "resolved as executed" in agent.resolve(intent, "executed", 0, "the venue says it was lost")
    assert struck.until(suspense_micro=0)
    assert struck.lane()["state"] == "IDLE"
    struck.end()
    books = struck.books()
    assert (books.book_micro, books.balance(Bucket.SUSPENSE)) == (books.venue_micro, 0)


@only("duplicate")
def test_a_request_that_was_executed_twice_is_booked_twice_and_stops_the_lane(struck):
    agent = struck.play(Script(struck.bet))
    struck.seen.until(action="bet", outcome="opened")
    agent.wait(bets=1)
    assert agent.reconcile()["ok"]
    struck.seen.until(action="incident", outcome="duplicate")
    assert struck.lane()["state"] == "ERROR"
    intent = struck.lane()["intent"]
    assert "stays as the venue told it" in agent.resolve(intent, "executed", 0, "the support was told")
    struck.end()
    assert struck.books().of(LaneCleared)[0].intent == intent
    books = struck.books().check()
    assert (len(books.rows), [stray.kind for stray in books.of(StrayBooked)]) == (2, ["duplicate"])


@only("late")
def test_a_bet_that_arrives_within_the_quiet_period_is_found(struck):
    struck.play(Script(struck.bet)).wait(bets=1)
    struck.end()
    assert struck.books().check().of(IntentClosed)[0].by == "look-up"


@only("late")
def test_a_bet_that_arrives_after_a_quiet_period_too_short_is_booked_with_an_incident(struck):
    # The negative control of the quiet period: its length is part of the guarantee.
    agent = struck.play(Script(struck.bet), venue__send_timeout="0.1", venue__quiet_period="0.05")
    struck.seen.until(action="bet", outcome="void")
    struck.seen.reach(struck.venue_rows, "the late bet at the venue")
    assert agent.reconcile()["ok"]
    struck.seen.until(action="incident", outcome="resurrected")
    struck.end()
    books = struck.books().check()
    assert [stray.kind for stray in books.of(StrayBooked)] == ["resurrected"]
    assert [incident.name for incident in books.of(IncidentNoted)] == ["resurrected"]
