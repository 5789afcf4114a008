"""The lane's table: every row may be walked, nothing else, and no way frees a lane with an open intent."""

from itertools import product

import pytest

from actors.money.machine import TRANSITIONS, IllegalTransition, LaneState, move

S = LaneState
PAIRS = list(product(LaneState, LaneState))
FREE = (S.IDLE, S.STOPPED)


@pytest.mark.parametrize(("source", "target"), TRANSITIONS)
def test_every_row_of_the_table_may_be_walked(source, target):
    assert move("a", source, target) is target


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if pair not in TRANSITIONS])
def test_every_other_move_is_refused(source, target):
    with pytest.raises(IllegalTransition, match=f"lane a: {source} -> {target} is not in the table"):
        move("a", source, target)


@pytest.mark.parametrize("source", [S.ERROR, S.STOPPED, S.SETTLING])
@pytest.mark.parametrize("target", FREE)
def test_a_lane_with_an_open_intent_is_not_freed(source, target):
    with pytest.raises(IllegalTransition):
        move("a", source, target, open_intent=True)


def test_no_walk_leads_from_pending_to_a_free_lane_while_the_intent_is_open():
    reached, ahead = {S.PENDING}, [S.PENDING]
    while ahead:
        source = ahead.pop()
        for target in LaneState:
            try:
                move("a", source, target, open_intent=True)
            except IllegalTransition:
                continue
            if target not in reached:
                reached.add(target)
                ahead.append(target)
    assert reached == {S.PENDING, S.SETTLING, S.ERROR}


def test_the_published_designs_hole_is_closed():
    lane = move("a", S.PENDING, S.ERROR, open_intent=True)
    with pytest.raises(IllegalTransition):
        move("a", lane, S.IDLE, open_intent=True)


def test_every_row_has_its_reason():
    assert all(len(reason) > 10 for reason in TRANSITIONS.values())


def test_the_published_designs_rows_are_all_there():
    """Mission 2.1."""
    published = {
        S.IDLE: {S.SIZING, S.STOPPED},
        S.SIZING: {S.PENDING, S.IDLE},
        S.PENDING: {S.SETTLING, S.ERROR},
        S.SETTLING: {S.IDLE, S.STOPPED},
        S.STOPPED: {S.IDLE},
        S.ERROR: {S.IDLE, S.STOPPED},
    }
    assert {(source, target) for source, targets in published.items() for target in targets} <= set(TRANSITIONS)


def test_an_error_is_reachable_from_everywhere():
    assert {source for source, target in TRANSITIONS if target is S.ERROR} == set(LaneState) - {S.ERROR}
