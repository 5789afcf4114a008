"""The bankroll fails in the middle of a change: whatever was half done in memory is gone, and the disk decides."""

import pytest

from actors.bankroll import BankrollActor
from actors.money.book import Book, Bucket
from actors.money.events import IntentClosed, IntentOpened
from actors.money.state import State
from tests.agent.kit import Endless


def takes(bucket):
    return lambda postings: any(posting.source is bucket for posting in postings)


def is_a(kind):
    return lambda event: isinstance(event, kind)


IN_THE_BOOK = {
    "J1 is decided, its stake has moved and no intent holds it": (Book.post, takes(Bucket.AVAILABLE), []),
    "J2 is decided, its stake has moved and its intent still holds it": (
        Book.post,
        takes(Bucket.RESERVED),
        [("executed", "look-up")],
    ),
}
HALVES = IN_THE_BOOK | {
    "J1 is on disk, its lane is PENDING and there is no ticket": (
        State.committed,
        is_a(IntentOpened),
        [("void", "look-up")],
    ),
    "J2 is on disk, its lane is free and nobody was told": (State.committed, is_a(IntentClosed), []),
}
"""After which call of which method it happens, and which bets then end otherwise than by their answer."""


@pytest.fixture
def betting(stage):
    stage.play(Endless())
    stage.seen.until(action="bet", outcome="opened", times=3)
    return stage


@pytest.fixture
def fail_after(monkeypatch):
    """Let a method of the money's do its work once more, and then raise."""

    def order(half):
        method, fits, _ = HALVES[half]
        owner = Book if method is Book.post else State
        spent = []

        def failing(self, given):
            given = tuple(given) if method is Book.post else given
            method(self, given)
            if not spent and fits(given):
                spent.append(given)
                raise ZeroDivisionError(half)

        monkeypatch.setattr(owner, method.__name__, failing)

    return order


@pytest.mark.parametrize("half", HALVES)
def test_a_bankroll_that_fails_in_the_middle_of_a_change_begins_again_from_the_journal(betting, fail_after, half):
    sent = betting.status()["sent"]
    fail_after(half)
    betting.seen.until("ZeroDivisionError", action="crash", outcome="restarted")
    betting.seen.reach(lambda: betting.status()["sent"] > sent + 5, "further bets")
    assert betting.agent.reconcile()["ok"]
    assert betting.agent.summary().crashes == 1
    betting.end()
    books = betting.books().check().check_tags()
    ends = [(closed.outcome, closed.by) for closed in books.of(IntentClosed)]
    assert [end for end in ends if end != ("executed", "answer")] == HALVES[half][-1]


@pytest.mark.parametrize("half", IN_THE_BOOK)
def test_control_a_bankroll_that_went_on_would_have_a_broken_book(betting, fail_after, monkeypatch, half):
    receive, broken = BankrollActor.receive, []

    def going_on(self, message):
        try:
            return receive(self, message)
        except ZeroDivisionError:
            broken.extend(self._desk.state.book.violations())

    monkeypatch.setattr(BankrollActor, "receive", going_on)
    fail_after(half)
    assert "its open intents hold" in betting.seen.reach(lambda: broken, "the failure")[0]
    betting.vanish()
