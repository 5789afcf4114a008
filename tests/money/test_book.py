"""The book: whatever is tried, sums are zero, our buckets never negative, each reservation resolved exactly once."""

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.money.book import OURS, Book, BookError, Bucket, Posting, moved

ACCOUNTS = some.sampled_from(["casino", "trading"])
INTENTS = some.sampled_from(["i1", "i2", "i3"])
AMOUNTS = some.integers(-2, 12)
POSTINGS = some.builds(Posting, ACCOUNTS, some.sampled_from(Bucket), some.sampled_from(Bucket), AMOUNTS)


def deposit(amount, account="casino"):
    return Posting(account, Bucket.EXTERNAL, Bucket.AVAILABLE, amount)


def reserve(amount, account="casino"):
    return Posting(account, Bucket.AVAILABLE, Bucket.RESERVED, amount)


def take(amount, target=Bucket.PROFIT, account="casino"):
    return Posting(account, Bucket.RESERVED, target, amount)


class BookMachine(RuleBasedStateMachine):
    """Any sequence of postings, reservations and resolutions, sensible or not."""

    def __init__(self):
        super().__init__()
        self.book = Book()
        self.book.post([deposit(20), deposit(20, "trading")])
        self.held: dict[str, Posting] = {}

    def tried(self, change):
        """Return whether the change was taken; a refused one must have changed nothing."""
        before = deepcopy(self.book)
        try:
            change()
        except BookError:
            assert self.book == before
            return False
        return True

    @rule(postings=some.lists(POSTINGS.filter(lambda p: Bucket.RESERVED not in (p.source, p.target)), max_size=4))
    def post(self, postings):
        self.tried(lambda: self.book.post(postings))

    @rule(intent=INTENTS, posting=some.builds(reserve, AMOUNTS, ACCOUNTS) | POSTINGS)
    def reserve(self, intent, posting):
        known = intent in self.held
        if self.tried(lambda: self.book.reserve(intent, posting)):
            assert not known
            assert (posting.source, posting.target) == (Bucket.AVAILABLE, Bucket.RESERVED)
            self.held[intent] = posting

    @rule(intent=INTENTS, void=some.booleans(), off=some.sampled_from([0, 0, 0, 1, -1]))
    def resolve(self, intent, void, off):
        held = self.held.get(intent, reserve(1))
        target = Bucket.AVAILABLE if void else Bucket.PROFIT
        postings = [take(held.amount_micro + off, target, held.account)]
        if self.tried(lambda: self.book.resolve(intent, postings)):
            assert off == 0
            del self.held[intent]

    @invariant()
    def is_sound(self):
        assert self.book.violations() == []

    @invariant()
    def sums_are_zero_and_ours_never_negative(self):
        for buckets in self.book.balances.values():
            assert sum(buckets.values()) == 0
            assert all(buckets.get(bucket, 0) >= 0 for bucket in OURS)

    @invariant()
    def reserved_is_what_the_open_intents_hold(self):
        assert self.book.reservations == self.held
        for account in self.book.balances:
            held = sum(p.amount_micro for p in self.held.values() if p.account == account)
            assert self.book.balance(account, Bucket.RESERVED) == held


TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=100, stateful_step_count=30)


def funded(amount=100):
    book = Book()
    book.post([deposit(amount)])
    return book


@given(some.lists(POSTINGS, max_size=6))
def test_postings_are_carried_out_all_or_none(postings):
    book = funded()
    before = deepcopy(book.balances)
    try:
        book.post(postings)
    except BookError:
        assert book.balances == before


@pytest.mark.parametrize("amount", [0, -1])
def test_a_posting_moves_something(amount):
    with pytest.raises(BookError):
        funded().post([deposit(amount)])


def test_nobody_reserves_more_than_is_available():
    with pytest.raises(BookError, match="would be -1"):
        funded(100).reserve("i", reserve(101))


@pytest.mark.parametrize("off", [-1, 1])
def test_a_reservation_is_resolved_whole(off):
    book = funded()
    book.reserve("i", reserve(10))
    book.reserve("other", reserve(10))
    with pytest.raises(BookError, match="are resolved"):
        book.resolve("i", [take(10 + off)])


def test_a_reservation_is_resolved_once():
    book = funded()
    book.reserve("i", reserve(10))
    book.resolve("i", [take(10)])
    with pytest.raises(BookError, match="no open reservation"):
        book.resolve("i", [take(10)])


def test_equity_leaves_suspense_out_and_the_venue_sees_what_is_reserved():
    book = funded()
    book.reserve("i", reserve(10))
    book.post([Posting("casino", Bucket.AVAILABLE, Bucket.SUSPENSE, 5)])
    book.post([Posting("casino", Bucket.AVAILABLE, Bucket.ESCROW_HELD, 20)])
    assert (book.equity("casino"), book.at_venue("casino")) == (95, 75)


@pytest.mark.parametrize(
    ("account", "bucket", "words"),
    [
        ("casino", Bucket.EXTERNAL, "sum to"),
        ("casino", Bucket.AVAILABLE, "casino.available is -1"),
        ("casino", Bucket.RESERVED, "its open intents hold 0"),
    ],
)
def test_a_broken_book_says_what_is_broken(account, bucket, words):
    book = funded()
    book.balances[account][bucket] = 7 if bucket is not Bucket.AVAILABLE else -1
    assert any(words in sentence for sentence in book.violations())


@pytest.mark.parametrize(
    ("amount", "postings"),
    [
        (5, (Posting("casino", Bucket.AVAILABLE, Bucket.FEES, 5),)),
        (-5, (Posting("casino", Bucket.FEES, Bucket.AVAILABLE, 5),)),
        (0, ()),
    ],
)
def test_what_moves_below_zero_moves_the_other_way_and_nothing_is_no_posting(amount, postings):
    assert moved("casino", Bucket.AVAILABLE, Bucket.FEES, amount) == postings
