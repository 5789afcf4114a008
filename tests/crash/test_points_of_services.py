"""The process dies at each point on the way of each kind of act, not only of a bet: every act ends once, as it must."""

from dataclasses import dataclass
from itertools import cycle, product

import pytest

from tests.crash import mutants
from tests.crash.hands import Once
from tests.crash.kit import KILLED, abreast
from tests.crash.six import NO_SLOW_QUIET, SixArena, SixBooks, tell
from tests.crash.test_points import AROUND_THE_VOID, ENDS, FOUND, RECOVERIES, VOID

ACTS = {
    "order": ("trading", "order"),
    "close_order": ("trading", "close_order"),
    "limit_order": ("trading", "limit_order"),
    "cancel_order": ("trading", "cancel_order"),
    "exit_order": ("trading", "exit_order"),
    "pay": ("casino", "pay"),
    "withdraw": ("casino", "withdraw"),
    "register_domain": ("domains", "register_domain"),
    "escrow_create": ("casino", "escrow_create"),
    "complete": ("casino", "escrow_act"),
    "release": ("casino", "escrow_act"),
    "dispute": ("casino", "escrow_act"),
}
"""On which account each is made, and of which kind its intent is."""

LANE = """
[[strategy]]
class = "tests.crash.hands:Once"
lane = "once"
account = "{account}"
act = "{act}"
counterparty = "{{counterparty}}"
subject = "{subject}"
"""

NAMES = 12
"""So many are asked for: a quarter of all names is taken."""

UNLISTED = "exit_order"
"""The venue shows none that it took, so what is not answered is void; a second one would change nothing."""

POINTS_OF_ENDS = list(ENDS)
WAY = POINTS_OF_ENDS[POINTS_OF_ENDS.index("append/intent_opened") : POINTS_OF_ENDS.index("notify") + 1]
"""Where a life can die from the moment an act is decided until its lane hears of it, in this order."""

BEFORE_AND_AFTER = ("connected", "answered")
CHOSEN = [
    *product(ACTS, [(point,) for point in BEFORE_AND_AFTER]),
    *((act, (point,)) for point, act in zip([one for one in WAY if one not in BEFORE_AND_AFTER], cycle(ACTS))),
    ("order", ("answered", "append/intent_closed")),
    ("pay", ("connected", "append/looked_up")),
    ("withdraw", ("answered", "look_up")),
    ("register_domain", ("answered", "commit/intent_closed")),
    ("escrow_create", ("connected", "append/looked_up:2")),
]
"""Of all ways to die those that every test run tries: each act before and after it is sent, each point with some act,
and a second death while each kind of evidence is read and booked."""

ALL = [
    *product(ACTS, [(point,) for point in WAY]),
    *product([act for act in ACTS if act != UNLISTED], RECOVERIES),
    *product([UNLISTED], product(BEFORE_AND_AFTER, AROUND_THE_VOID)),
]

DOUBLED = {"order": "orders", "pay": "payments", "escrow_create": "contracts"}
"""Acts that the venue does as often as it is asked, and what the comparison calls them."""


@dataclass
class After:
    """How each life ended, and what the books say in the end."""

    codes: list
    books: SixBooks
    ends: list


def lane(act, now, subject=""):
    """Return the lane of an act, which is made `now` or not at all."""
    return LANE.format(account=ACTS[act][0], act=now, subject=subject)


def subject_of(act, arena):
    """Return what an act is about: a free name, or a contract that another made for us."""
    if act == "register_domain":
        names = [f"{arena.data.parent.name}-{number}.xyz".replace("_", "-") for number in range(NAMES)]
        key = arena.account("domains", "key")
        found = tell(arena.root, "/domains/v1/domains/bulk-check", key, domains=names)["results"]
        return next(one["domain"] for one in found if one["available"])
    if act == "complete":
        tell(arena.root, "/sandbox/grant", agent_id=arena.other["agent_id"], amount=10)
        terms = {"amount_usd": 1.23, "description": "a piece of work", "counterparty_agent_id": arena.account("casino")}
        return tell(arena.root, "/escrow/create", arena.other["api_key"], **terms)["escrow_id"]
    return ""


def die_on_the_way(arena, act, points, **second):
    """Make one act and die on its way, die again while recovering, and come to rest."""
    arena.furnish(lane(act, ""), daily=False)
    arena.employ(lane(act, act, subject_of(act, arena)), daily=False)
    first, *more = points
    nth = 1 + (act in Once.NEEDS)  # what it needs goes the same way before it
    codes = [arena.die_at(f"{first}:{nth}", "--for", "20", changes=NO_SLOW_QUIET)]
    arena.employ(lane(act, ""), daily=False)
    codes += [arena.die_at(point, "--for", "20", changes=NO_SLOW_QUIET, **second) for point in more]
    books = arena.rest()
    return After(codes, books, books.ends("once", ACTS[act][1]))


def allowed(act, first):
    """Return how an act may end whose life died there."""
    return (VOID,) if act == UNLISTED and FOUND in ENDS[first] else ENDS[first]


def judge(act, points, after):
    """Every life died where it was to, the act ended as it may, and all books agree."""
    if isinstance(after, AssertionError):
        raise after
    assert after.codes == [KILLED] * len(points), f"{act}: never came to {points[after.codes.index(0)]}"
    after.books.check()
    assert after.ends in allowed(act, points[0]), f"{act}, {points}: {after.ends}"
    assert [lane.failed for lane in after.books.state.lanes.values() if lane.failed] == []


def flaw_in(act, points, after):
    """Return what is wrong, in a sentence, or ""."""
    try:
        judge(act, points, after)
    except AssertionError as error:
        return f"{act}, {points}: {error}"
    return ""


def die_abreast(items, healthy, house, zygotes, places, **second):
    """Try ways to die, several at a time, each with an agent of its own; return what came of each, or the error."""

    def one(item, zygote):
        act, points = item
        arena = SixArena(places.mktemp("agent") / "data", healthy, zygote, house)
        return die_on_the_way(arena, act, points, **second)

    return abreast(one, items, zygotes)


@pytest.fixture(scope="module")
def deaths(healthy, house, zygotes, tmp_path_factory):
    """The chosen deaths and what came of each, or the error."""
    return dict(zip(CHOSEN, die_abreast(CHOSEN, healthy, house, zygotes, tmp_path_factory), strict=True))


@pytest.mark.parametrize(("act", "points"), CHOSEN, ids=str)
def test_an_act_whose_process_dies_ends_once_and_as_it_must(act, points, deaths):
    judge(act, points, deaths[act, points])


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_act_dies_at_every_point_of_its_way_and_of_its_recovery(healthy, house, zygotes, tmp_path_factory):
    found = die_abreast(ALL, healthy, house, zygotes, tmp_path_factory)
    flaws = [flaw_in(*item, after) for item, after in zip(ALL, found, strict=True)]
    assert not any(flaws), "\n".join(filter(None, flaws))


def test_control_an_act_that_recovery_sends_again_is_noticed(healthy, house, zygotes, tmp_path_factory):
    items = [(act, ("answered", "notify")) for act in DOUBLED]
    rule = {"mutant": mutants.sends_on_recovery.__name__}
    found = die_abreast(items, healthy, house, zygotes, tmp_path_factory, **rule)
    told = {act: flaw_in(act, points, after) for (act, points), after in zip(items, found, strict=True)}
    assert [act for act, what in DOUBLED.items() if f" {what}: " not in told[act]] == [], told
