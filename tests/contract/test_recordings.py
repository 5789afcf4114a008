"""The built-in venue answers as the recorded servers did: status, error codes, keys and JSON types."""

import pytest

from tests.contract.story import CASES, NOT_REPLAYED, Story, differences
from tests.sandbox.house import House


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("contract"), limits="contract")
    yield Story(house).play()
    house.kill()


def told_apart(row, answer):
    found = differences(row["response"], answer.body)
    if answer.status != row["status"]:
        found.insert(0, f"status {row['status']} became {answer.status}: {answer.body}")
    return found


@pytest.mark.parametrize("name", [name for name in CASES if name not in NOT_REPLAYED])
def test_answers_as_recorded(name, answers):
    assert told_apart(CASES[name], answers[name]) == []


def test_exactly_the_listed_recordings_are_not_reproduced(answers):
    different = {name for name, row in CASES.items() if told_apart(row, answers[name])}
    assert different == NOT_REPLAYED.keys()


def test_the_comparison_sees_a_missing_key_a_wrong_type_and_a_wrong_code():
    recorded = {"error": "forbidden", "amount": 1, "rows": [{"id": "a", "at": None}]}
    assert differences(recorded, {"error": "forbidden", "rows": [{"id": "b", "at": None}]})
    assert differences(recorded, {**recorded, "amount": "1"})
    assert differences(recorded, {**recorded, "error": "not_found"})
    assert differences(recorded, {**recorded, "rows": [{"id": "b"}]})
    assert not differences(recorded, {**recorded, "amount": 2.5, "_info": {}})
