"""Escrow from funding to its three ends, and what each writes to the ledgers."""

import pytest


@pytest.fixture(scope="module")
def parties(house):
    return house.register(funds=1000), house.register()


@pytest.fixture
def creator(parties):
    return parties[0]


@pytest.fixture
def worker(parties):
    return parties[1]


def create(house, creator, worker, **fields):
    body = {"amount_usd": 10, "description": "job", "counterparty_agent_id": worker.agent_id, **fields}
    return house.post("/escrow/create", body, creator.key)


def act(house, what, escrow_id, player, body=None):
    return house.post(f"/escrow/{what}/{escrow_id}", body, player.key)


def rows_of(house, player, escrow_id):
    return {
        (row["type"], row["amount"], row["reason"].split(":")[0], row["reference"], row["id"])
        for row in house.ledger(player)
        if escrow_id in row["reason"]
    }


def test_creating_locks_the_amount(house, creator, worker):
    before = house.balance(creator)
    made = create(house, creator, worker)
    escrow_id = made.body["escrow_id"]
    assert (made.status, made.body["status"], made.body["net_to_counterparty"]) == (201, "funded", 9.9)
    assert house.balance(creator) == before - 10
    assert rows_of(house, creator, escrow_id) == {
        ("debit", 10, "escrow_lock", escrow_id, f"{escrow_id}_debit"),
    }


def test_complete_then_release_pays_the_counterparty_less_one_percent(house, creator, worker):
    escrow_id = create(house, creator, worker).body["escrow_id"]
    before = house.balance(worker)
    assert act(house, "complete", escrow_id, worker).body["status"] == "completed"
    assert act(house, "release", escrow_id, creator).body["amount_released"] == 9.9
    assert house.balance(worker) == pytest.approx(before + 9.9)
    assert rows_of(house, worker, escrow_id) == {
        ("credit", 9.9, "escrow_release", f"{escrow_id}_release", f"{escrow_id}_release_credit"),
    }


@pytest.mark.parametrize(
    ("first", "then"),
    [("release", "release"), ("release", "dispute"), ("dispute", "release"), ("dispute", "complete")],
)
def test_an_end_is_an_end(house, creator, worker, first, then):
    escrow_id = create(house, creator, worker).body["escrow_id"]
    assert act(house, first, escrow_id, creator).status == 200
    actor = worker if then == "complete" else creator
    assert act(house, then, escrow_id, actor).error == "invalid_status"


def test_each_act_belongs_to_its_party(house, creator, worker):
    escrow_id = create(house, creator, worker).body["escrow_id"]
    stranger = house.register()
    assert act(house, "complete", escrow_id, creator).error == "forbidden"
    assert act(house, "release", escrow_id, worker).error == "forbidden"
    assert act(house, "dispute", escrow_id, stranger).error == "forbidden"


def test_anybody_sees_the_terms_but_only_the_parties_see_the_events(house, creator, worker):
    escrow_id = create(house, creator, worker, description="op-77").body["escrow_id"]
    public = house.get(f"/escrow/{escrow_id}").body
    assert public["description"] == "op-77"
    assert "events" not in public
    assert [e["event"] for e in house.get(f"/escrow/{escrow_id}", worker.key).body["events"]] == ["created"]


@pytest.mark.parametrize("completed", [False, True])
def test_the_time_out_pays_the_creator_back_less_the_commission(build, completed):
    house = build()
    creator, worker = house.register(), house.register()
    escrow_id = create(house, creator, worker, timeout_hours=1).body["escrow_id"]
    if completed:
        act(house, "complete", escrow_id, worker)
    assert house.advance(3590)["refunded"] == 0
    assert house.advance(20)["refunded"] == 1
    assert house.balance(creator) == pytest.approx(99.9)
    assert house.get(f"/escrow/{escrow_id}").body["status"] == "refunded"
    assert ("credit", 9.9, "escrow_timeout_refund", f"{escrow_id}_timeout", f"{escrow_id}_timeout_credit") in (
        rows_of(house, creator, escrow_id)
    )


def test_a_dispute_keeps_the_money_locked_past_the_time_out(build):
    house = build()
    creator, worker = house.register(), house.register()
    escrow_id = create(house, creator, worker, timeout_hours=1).body["escrow_id"]
    act(house, "dispute", escrow_id, worker, {"reason": "late"})
    assert house.advance(7200)["refunded"] == 0
    assert house.balance(creator) == 90


def test_the_creators_referrer_gets_fifteen_percent_of_the_commission(house, worker):
    referrer = house.register()
    creator = house.register(referrer.code)
    escrow_id = create(house, creator, worker, amount_usd=50).body["escrow_id"]
    assert act(house, "release", escrow_id, creator).body["referral_commission"] == 0.075
    assert rows_of(house, referrer, escrow_id) == {
        ("credit", 0.075, "escrow_referral_commission", f"{escrow_id}_refcom", f"{escrow_id}_refcom_credit"),
    }


def test_a_code_sent_along_wins_over_the_referrer_and_ones_own_pays_nobody(house, creator, worker):
    other = house.register()
    for code, share in ((other.code, 0.015), (creator.code, 0), ("ref_00000000", 0)):
        escrow_id = create(house, creator, worker, referral_code=code).body["escrow_id"]
        assert act(house, "release", escrow_id, creator).body["referral_commission"] == share


def test_a_timeout_that_is_no_number_is_an_error_and_a_refund(house, creator, worker):
    before = house.balance(creator)
    assert create(house, creator, worker, timeout_hours="soon").status == 500
    assert house.balance(creator) == before
    assert any(row["reason"].startswith("escrow_create_failed_refund") for row in house.ledger(creator))


def test_a_description_that_is_no_text_is_an_error_before_any_debit(house, creator, worker):
    before = house.balance(creator)
    assert create(house, creator, worker, description=7).status == 500
    assert house.balance(creator) == before


@pytest.mark.parametrize(("hours", "expected"), [(0, 1), (2.9, 2), (9999, 720), (None, 24)])
def test_hours_are_floored_and_clamped(house, creator, worker, hours, expected):
    assert create(house, creator, worker, amount_usd=0.1, timeout_hours=hours).body["timeout_hours"] == expected
