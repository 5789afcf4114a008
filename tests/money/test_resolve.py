"""Judging the unknown: what is found, what contradicts, what is provably absent, and what nobody can decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.money.audit import Audit
from actors.money.events import IntentOpened
from actors.money.evidence import BetRow, EscrowView, Evidence
from actors.money.resolve import ROUNDING_MICRO, Contradiction, FoundBet, find, judge

ROW = BetRow("bet_1", "boosted_coin", 450_000, 950_000, "2.10", True, "tag-1", 1, "", "")
VIEW = EscrowView("esc_1", "funded", 450_000, 445_500, 4_500, "work [tag-1]", "ag_me", "ag_other", 0)


def opened(intent="i1", kind="bet", stake=450_000, **fields):
    subject = {"bet": "boosted_coin", "escrow_create": "ag_other", "escrow_act": "esc_1"}[kind]
    return IntentOpened(
        at=0, intent=intent, lane="a", account="casino", kind=kind, subject=subject, params=fields.get("params", {}),
        stake_micro=stake, tag="tag-1", service="casino", path="", body="", epoch=1, send_by=0, quiet_until=0, nonces=0,
        balance_micro=0,
    )  # fmt: skip


def evidence(rows=(), escrows=()):
    return Evidence("casino", 0, tuple(rows), True, 0, 0, escrows=tuple(escrows))


def test_a_bet_is_found_by_its_tag():
    other = replace(ROW, bet_id="bet_2", tag="tag-2")
    assert find(opened(), evidence([other, ROW])) == FoundBet(ROW)
    assert find(opened(), evidence([other])) is None


def test_further_rows_with_the_tag_are_copies():
    copy = replace(ROW, bet_id="bet_2")
    assert find(opened(), evidence([ROW, copy])) == FoundBet(ROW, (copy,))


@pytest.mark.parametrize(
    "changed", [{"stake_micro": 460_000}, {"game": "dice"}, {"multiplier": "1.99"}, {"reported_won_micro": 0}]
)
def test_a_row_that_is_not_what_was_sent_contradicts(changed):
    assert isinstance(find(opened(), evidence([replace(ROW, **changed)])), Contradiction)


@pytest.mark.parametrize(("off", "found"), [(0, FoundBet), (1, Contradiction)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_reported_payout_may_be_half_a_cent_off(off, found, sign):
    row = replace(ROW, reported_won_micro=945_000 + sign * (ROUNDING_MICRO + off))
    assert isinstance(find(opened(), evidence([row])), found)


def test_a_lost_bet_reports_nothing():
    assert isinstance(find(opened(), evidence([replace(ROW, won=False, reported_won_micro=0)])), FoundBet)


def test_an_escrow_is_found_by_the_tag_in_its_description():
    create = opened(kind="escrow_create")
    assert find(create, evidence(escrows=[VIEW])) == VIEW
    assert find(create, evidence(escrows=[replace(VIEW, description="work")])) is None
    assert isinstance(find(create, evidence(escrows=[replace(VIEW, amount_micro=1)])), Contradiction)


DONE = {
    "complete": {"completed", "released", "refunded"},
    "release": {"released"},
    "dispute": {"disputed"},
}


@pytest.mark.parametrize("act", DONE)
@pytest.mark.parametrize("status", ["funded", "completed", "released", "refunded", "disputed"])
def test_an_act_is_known_by_the_status(act, status):
    finding = find(opened(kind="escrow_act", params={"act": act}), evidence(escrows=[replace(VIEW, status=status)]))
    assert (finding is not None) == (status in DONE[act])


def test_an_act_on_a_contract_that_is_not_shown_is_absent():
    assert find(opened(kind="escrow_act", params={"act": "release"}), evidence()) is None


def seen(unexplained=0, gap=0, debits=(), covers=False):
    numbered = tuple((f"bet_{number}", amount) for number, amount in enumerate(debits))
    return Audit((), unexplained, gap, numbered, covers, "", ())


A, B, C = opened("a"), opened("b"), opened("c", stake=600_000)


def test_where_nothing_moved_all_are_void():
    assert judge([A, B, C], seen()).void == ("a", "b", "c")


@pytest.mark.parametrize(
    ("covers", "debits", "decided"), [(True, (), True), (False, (), False), (True, (450_000,), False)]
)
def test_a_draw_too_many_is_harmless_only_if_the_ledger_proves_it(covers, debits, decided):
    verdict = judge([A], seen(gap=1, covers=covers, debits=debits))
    assert bool(verdict.undecided) != decided
    assert verdict.void == (("a",) if decided else ())


def test_a_debit_is_the_one_of_its_amount():
    verdict = judge([A, C], seen(unexplained=-600_000, gap=1, debits=(600_000,)))
    assert (verdict.void, verdict.incomplete, verdict.undecided) == (("a",), (("c", "bet_0"),), "")


def test_equal_amounts_are_interchangeable():
    verdict = judge([A, B], seen(unexplained=-450_000, gap=1, debits=(450_000,)))
    assert (len(verdict.void), len(verdict.incomplete)) == (1, 1)


@pytest.mark.parametrize(
    "found",
    [
        seen(unexplained=-450_000),  # no debit explains it
        seen(unexplained=-450_000, debits=(460_000,)),
        seen(unexplained=-7, debits=(450_000,)),
        seen(unexplained=450_000, debits=(450_000,)),
        seen(unexplained=-900_000, debits=(450_000,)),
    ],
)
def test_what_does_not_add_up_is_undecided(found):
    verdict = judge([A], found)
    assert verdict.undecided
    assert (verdict.void, verdict.incomplete) == ((), ())


def test_a_debit_is_never_an_escrows():
    assert judge([opened(kind="escrow_create")], seen(unexplained=-450_000, debits=(450_000,))).undecided


STAKES = some.sampled_from([10_000, 20_000, 30_000])


@given(some.lists(some.tuples(STAKES, some.booleans()), max_size=6))
def test_a_verdict_takes_exactly_what_is_missing(fates):
    absent = [opened(str(number), stake=stake) for number, (stake, _) in enumerate(fates)]
    taken = [stake for stake, half in fates if half]
    verdict = judge(absent, seen(unexplained=-sum(taken), gap=len(taken), debits=taken))
    stakes = {one.intent: one.stake_micro for one in absent}
    assert not verdict.undecided
    assert sorted(stakes[intent] for intent, _ in verdict.incomplete) == sorted(taken)
    assert {*verdict.void, *(intent for intent, _ in verdict.incomplete)} == set(stakes)
    assert len({reference for _, reference in verdict.incomplete}) == len(taken)
