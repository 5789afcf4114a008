"""Registrations: one request a name, found again by the name, booked at what the venue charged."""

import pytest

from actors.messages import Reconcile, Resolve, Settled
from actors.money.book import Bucket
from actors.money.events import CreditBooked, StopSet, StrayBooked
from actors.money.evidence import Evidence, Executed, HistoryRow, Refused, Unknown
from actors.money.outgoing import DOMAIN, registered
from actors.money.wagers import RegisterDomain
from actors.venue.times import iso
from tests.desk.kit import QUIET, SECOND, SEND_TIMEOUT, Table

NAME = "example.com"
WISH = RegisterDomain(NAME, 9)
PRICE = 3_890_000


class Registrar:
    """The domains account: a balance, and the names it paid for."""

    def __init__(self, balance):
        self.balance = balance
        self.history = []

    def register(self, name, price, at):
        self.balance -= price
        self.history.append(HistoryRow(-price, f"{DOMAIN}{name}", iso(at // SECOND)))

    def deposit(self, amount, at):
        self.balance += amount
        self.history.append(HistoryRow(amount, "deposit:base: dep_1", iso(at // SECOND)))

    def evidence(self, query, now, started=None):
        shown = round(self.balance / 10_000) * 10_000
        return Evidence(
            query.account, now, (), rows_complete=True, nonces=0, balance_micro=shown, detailed=True,
            history=tuple(self.history), venue_at=now, grain_micro=5_000,
        )  # fmt: skip


class DomainsTable(Table):
    account, up = "domains", ("domains",)

    def money(self, bucket):
        return self.state.book.balance("domains", bucket)


@pytest.fixture
def table():
    return DomainsTable(balance=50_000_000, venue=Registrar, services=frozenset({"domains"})).reconciled()


def test_a_registration_reserves_the_most_it_may_cost(table):
    assert table.propose(WISH).stake_micro == 9_000_000


def test_it_is_booked_at_what_was_charged_and_the_rest_is_free_again(table):
    opened = table.propose(WISH)
    table.venue.register(NAME, PRICE, table.now)
    table.answer(opened, Executed(outgoing=registered(NAME, PRICE)))
    table.run(5 * SECOND)
    assert table.money(Bucket.AVAILABLE) == table.venue.balance == 50_000_000 - PRICE
    assert opened.stake_micro - table.of(Settled)[-1].closed.payout_micro == PRICE


def test_a_name_may_be_registered_anew(table):
    for _ in range(2):
        opened = table.propose(WISH)
        table.venue.register(NAME, PRICE, table.now)
        table.answer(opened, Executed(outgoing=registered(NAME, PRICE)))
        table.run(5 * SECOND)
    assert table.money(Bucket.AVAILABLE) == table.venue.balance == 50_000_000 - 2 * PRICE


def test_a_name_whose_answer_is_lost_is_found_in_the_list(table):
    opened = table.propose(WISH)
    table.answer(opened, Unknown("500 registration_failed"))
    table.venue.register(NAME, PRICE, table.now)
    table.run(SECOND)
    assert (table.outcome(opened), table.money(Bucket.AVAILABLE)) == ("executed", table.venue.balance)


def test_a_name_that_stays_absent_is_void_after_the_quiet_period(table):
    opened = table.propose(WISH)
    table.answer(opened, Unknown("silence"))
    table.run(SEND_TIMEOUT + QUIET - SECOND)
    assert table.outcome(opened) == "open"
    table.run(10 * SECOND)
    assert (table.outcome(opened), table.money(Bucket.AVAILABLE)) == ("void", 50_000_000)


def test_a_name_that_is_registered_after_it_was_void_is_booked_with_an_incident(table):
    opened = table.propose(WISH)
    table.answer(opened, Unknown("silence"))
    table.run(SEND_TIMEOUT + QUIET + 10 * SECOND)
    assert table.outcome(opened) == "void"
    table.venue.register("other.com", PRICE, table.now)
    table.venue.register(NAME, PRICE, table.now)
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert (table.incidents(), table.state.book.at_venue("domains")) == (["resurrected"], table.venue.balance)
    assert [one.intent for one in table.of(StrayBooked)] == [opened.intent]


def test_money_that_went_without_a_name_waits_for_a_person(table):
    opened = table.propose(WISH)
    table.answer(opened, Unknown("500"))
    table.venue.balance -= PRICE
    table.run(SEND_TIMEOUT + QUIET + 10 * SECOND)
    assert (table.outcome(opened), table.lane()) == ("open", "ERROR")
    step, _ = table.desk.resolve(Resolve(opened.intent, "void", 0, "not ours"), table.now)
    table.carry_out(step)
    assert table.outcome(opened) == "void"


def test_a_name_that_is_taken_gives_its_reserve_back(table):
    table.answer(table.propose(WISH), Refused("domain_unavailable"))
    assert table.money(Bucket.AVAILABLE) == 50_000_000


def test_what_costs_more_than_allowed_is_booked_as_it_is_with_an_incident(table):
    opened = table.propose(WISH)
    table.venue.register(NAME, 9_500_000, table.now)
    table.answer(opened, Executed(outgoing=registered(NAME, 9_500_000)))
    assert (table.incidents(), table.money(Bucket.AVAILABLE)) == (["dearer"], 40_500_000)


def test_one_name_is_registered_at_a_time_as_two_overwrite_each_others_balance():
    table = DomainsTable(balance=50_000_000, venue=Registrar, services=frozenset({"domains"}), lanes=("a", "b"))
    table.reconciled()
    assert table.propose(RegisterDomain(NAME, 4))
    assert table.propose(RegisterDomain("example.org", 4), lane="b") is None
    assert table.denial() == "account"


def test_a_deposit_of_any_fraction_agrees_with_a_balance_shown_in_cents(table):
    table.venue.deposit(12_344_567, table.now)
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert [credit.amount_micro for credit in table.of(CreditBooked)] == [12_344_567]
    assert not table.of(StopSet)


def test_a_name_that_somebody_else_registered_with_the_key_is_money_that_went(table):
    table.venue.register("other.com", PRICE, table.now)
    table.tell(Reconcile())
    table.run(5 * SECOND)
    assert [credit.amount_micro for credit in table.of(CreditBooked)] == [-PRICE]
    assert table.money(Bucket.AVAILABLE) == table.venue.balance
