"""A small crash table: ours comes through whole, and the harness sees what others lose."""

import pytest

from tests.peers import table
from tests.peers.books import Books
from tests.peers.venue import Executed

SEED = 1


def killed(peer, network, tmp_path, kills):
    said = []
    row = table.run(peer, network, tmp_path, kills=kills, seed=SEED, say=said.append)
    assert said[-1] == f"{peer}, {network}: {kills} of {kills} kills"
    return row


@pytest.mark.parametrize(("network", "kills"), [("healthy", 6), ("faulty", 6)])
def test_ours_loses_nothing(network, kills, tmp_path):
    row = killed("ours", network, tmp_path, kills)
    assert row.operations, row
    assert row.is_clean, row


def test_the_article_s_design_leaves_bets_unbooked_even_on_a_healthy_network(tmp_path):
    row = killed("article", "healthy", tmp_path, kills=12)
    assert row.unbooked, row


@pytest.mark.nightly
def test_the_article_s_retries_double_bets_on_a_faulty_network(tmp_path):
    row = killed("article", "faulty", tmp_path, kills=60)
    assert row.doubles, row
    assert row.unbooked, row


@pytest.mark.nightly
@pytest.mark.parametrize("network", ["healthy", "faulty"])
def test_the_recovery_of_dbos_doubles_bets(network, tmp_path):
    row = killed("dbos", network, tmp_path, kills=60)
    assert row.doubles, row


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("network", ["healthy", "faulty"])
def test_ours_loses_nothing_in_hundreds_of_kills(network, tmp_path):
    row = killed("ours", network, tmp_path, kills=500)
    assert row.operations, row
    assert row.is_clean, row


def test_every_wrong_is_counted():
    books = Books(frozenset({"once", "twice", "lost"}), frozenset({"b1", "b2", "ghost"}), balance_micro=5)
    venue = Executed({"once": {"b1"}, "twice": {"b2", "b3"}, "lost": {"b4"}}, balance_micro=3)
    row = table.compare("ours", "healthy", 1, books, venue)
    assert (row.operations, row.doubles, row.unbooked, row.invented) == (3, 1, 1, 1)
    assert (row.difference_micro, row.is_clean) == (2, False)


def test_a_seed_fixes_the_moments_of_the_kills():
    assert table.schedule(1, 5) == table.schedule(1, 5) != table.schedule(2, 5)
    assert all(0 <= seconds <= table.LONGEST_LIFE_S for seconds in table.schedule(1, 1000))
