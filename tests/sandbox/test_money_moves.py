"""Money that enters and leaves the casino balance other than by bets: withdrawals, deposits, payments, bonuses."""

import json
import threading

import pytest

from tests.sandbox.holder import Holder

AUTH = "/api/v1/auth"
ADDRESS = "0x" + "a" * 40


def withdraw(house, player, amount=5, address=ADDRESS):
    return house.post(f"{AUTH}/withdraw", {"amount": amount, "address": address}, player.key)


def withdrawals(house, player):
    return house.get(f"{AUTH}/withdrawals", player.key).body["withdrawals"]


def rows_of(house, player, reference):
    """The movements of a reference, oldest first; within a second the ledger is oldest first already."""
    rows = [row for row in house.ledger(player) if row["reference"] == reference]
    return [(row["type"], row["reason"], row["amount"]) for row in sorted(rows, key=lambda row: row["createdAt"])]


def test_a_withdrawal_costs_the_flat_fee_on_top_and_arrives_on_the_chain(house, player):
    holder = Holder(house)
    before = holder.usdc(ADDRESS)
    answer = withdraw(house, player).body
    assert (answer["status"], answer["new_balance"], house.balance(player)) == ("completed", 94.5, 94.5)
    assert holder.usdc(ADDRESS) == pytest.approx(before + 5)
    assert rows_of(house, player, answer["withdrawal_id"]) == [
        ("debit", "reservation", 5.5),
        ("credit", "reservation_release", 5.5),
        ("debit", "withdrawal", 5.5),
    ]
    (row,) = withdrawals(house, player)
    assert (row["status"], row["txHash"]) == ("completed", answer["tx_hash"])


@pytest.mark.parametrize(
    ("amount", "address", "code"),
    [
        ("5", ADDRESS, "invalid_amount"),
        (-1, ADDRESS, "invalid_amount"),
        (0.99, ADDRESS, "minimum_withdrawal"),
        (100_001, ADDRESS, "maximum_withdrawal"),
        (5, ADDRESS[:-1], "invalid_address"),
        (5, None, "invalid_address"),
    ],
)
def test_a_bad_withdrawal_is_refused_before_anything_moves(house, player, amount, address, code):
    answer = withdraw(house, player, amount, address)
    assert (answer.status, answer.error, house.balance(player)) == (400, code, 100)


def test_above_a_thousand_only_the_reservation_is_taken_and_a_person_is_waited_for(house):
    player = house.register(funds=1500)
    answer = withdraw(house, player, 1001).body
    assert (answer["status"], house.balance(player)) == ("pending_review", 498.5)
    assert rows_of(house, player, answer["withdrawal_id"]) == [("debit", "reservation", 1001.5)]
    assert withdrawals(house, player)[0]["status"] == "reviewing"


def test_a_review_by_the_operator_sends_the_amount_or_gives_it_back(house):
    player, holder = house.register(funds=5000), Holder(house)
    before = holder.usdc(ADDRESS)
    for approve, status in ((True, "completed"), (False, "failed")):
        withdrawal_id = withdraw(house, player, 1001).body["withdrawal_id"]
        review = {"withdrawal_id": withdrawal_id, "approve": approve}
        assert house.post("/sandbox/review", review).body["status"] == status
        assert {row["id"]: row["status"] for row in withdrawals(house, player)}[withdrawal_id] == status
        assert house.post("/sandbox/review", review).status == 400
    assert (house.balance(player), holder.usdc(ADDRESS)) == (5000 - 1001.5, pytest.approx(before + 1001))


def test_as_on_the_venue_nobody_checks_that_the_balance_covers_a_withdrawal(house, player):
    reviewed, sent = withdraw(house, player, 1001).body, withdraw(house, player, 500).body
    assert (reviewed["status"], sent["status"], house.balance(player)) == ("pending_review", "completed", 100)
    assert rows_of(house, player, reviewed["withdrawal_id"]) == []


def test_a_transfer_that_fails_is_paid_back(house, player, faults):
    faults("upstream@/casino/treasury=1")
    answer = withdraw(house, player)
    assert (answer.status, answer.error, answer.body["new_balance"]) == (500, "withdrawal_failed", 100)
    assert rows_of(house, player, answer.body["withdrawal_id"])[-1] == ("credit", "withdrawal_refund", 5.5)
    assert withdrawals(house, player)[0]["status"] == "failed"


def test_fault_unbooked_pays_back_what_is_on_the_chain_all_the_same(house, player, faults):
    faults("unbooked@/api/v1/auth/withdraw=1")
    holder = Holder(house)
    before = holder.usdc(ADDRESS)
    assert withdraw(house, player).error == "withdrawal_failed"
    assert house.balance(player) == 100
    assert holder.usdc(ADDRESS) == pytest.approx(before + 5)


def test_a_kill_while_the_chain_confirms_leaves_a_pending_row_and_the_money_gone(build):
    house = build()
    player = house.register()
    body = json.dumps({"amount": 5, "address": ADDRESS})
    request = (
        f"POST {AUTH}/withdraw HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {player.key}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    sent = threading.Thread(target=house.raw_or_nothing, args=(request.encode(),))
    sent.start()
    while not withdrawals(house, player):
        pass
    house.kill()
    sent.join()
    house.start()
    assert (withdrawals(house, player)[0]["status"], house.balance(player)) in [("pending", 94.5), ("completed", 94.5)]


def test_a_deposit_address_is_made_once(house, player):
    first, second = (house.post(f"{AUTH}/deposit-address", {"chain": "solana"}, player.key) for _ in range(2))
    assert (first.status, second.status, first.body["address"]) == (201, 200, second.body["address"])
    assert house.post(f"{AUTH}/deposit-address", {"chain": "doge"}, player.key).error == "unsupported_chain"


def test_the_first_deposit_is_matched_up_to_25(house, player):
    for amount in (40, 10):
        house.post("/sandbox/deposit", {"agent_id": player.agent_id, "amount": amount})
    assert house.balance(player) == 100 + 40 + 25 + 10
    assert sorted(row["amountUsd"] for row in house.get(f"{AUTH}/deposits", player.key).body["deposits"]) == [10, 40]
    assert house.get(f"{AUTH}/balance", player.key).body["lifetime"]["total_deposited"] == 50


def test_the_faucet_has_nothing_for_an_account_with_deposits(build):
    house = build()
    house.register()  # takes the day's one automatic claim
    player = house.register()
    house.post("/sandbox/deposit", {"agent_id": player.agent_id, "amount": 1})
    answer = house.post("/faucet/claim", {"agent_casino_id": player.agent_id}, ip="10.1.1.1")
    assert (answer.status, answer.error) == (403, "has_deposits")


def test_the_bonus_of_the_day_grows_with_the_streak_and_starts_anew_after_two_days(house, player):
    got = []
    for pause in (86_400, 86_400, 2 * 86_400 + 1, 0):
        got.append(house.post("/api/v1/daily/claim", {}, player.key).body["bonus_usd"])
        house.advance(pause)
    assert got == [0.5, 0.75, 1, 0.5]
    again = house.post("/api/v1/daily/claim", {}, player.key)
    assert (again.status, again.error) == (400, "already_claimed")
    assert 86_390 < again.body["next_claim_in_seconds"] <= 86_400


def lose(house, player, at_least):
    lost = 0
    while lost < at_least:
        bet = house.flip(player, 5).body
        lost += bet["amount_bet"] - bet["amount_won"]
    return lost


def test_a_tenth_of_a_bad_days_loss_comes_back_once(house):
    player = house.register(funds=1000)
    refused = house.post("/api/v1/daily/recovery/claim", {}, player.key)
    assert (refused.status, refused.error) == (400, "not_eligible")
    lost = lose(house, player, at_least=5)
    assert house.get("/api/v1/daily/recovery", player.key).body["recovery_amount_usd"] == pytest.approx(
        lost / 10, abs=0.01
    )
    before = house.balance(player)
    assert house.post("/api/v1/daily/recovery/claim", {}, player.key).status == 200
    assert house.balance(player) - before == pytest.approx(lost / 10)
    again = house.post("/api/v1/daily/recovery/claim", {}, player.key)
    assert (again.status, again.error) == (429, "already_claimed")


def test_a_payment_reaches_the_other_account_under_one_reference(house, player):
    other = house.register()
    paid = house.post(
        "/api/v1/stats/pay", {"to_agent_id": other.agent_id, "amount": 12.5, "memo": "x"}, player.key
    ).body
    assert rows_of(house, player, paid["tx_id"]) == [("debit", "payment_sent", 12.5)]
    assert rows_of(house, other, paid["tx_id"]) == [("credit", "payment_received", 12.5)]


def test_optimal_knows_the_same_cap_as_the_limits_and_a_stale_payout(house, player):
    ask = {"game": "dice_over", "threshold": 75}
    answer = house.post("/api/v1/kelly/optimal", ask, player.key).body
    assert (answer["win_probability"], answer["payout_multiplier"]) == (0.25, 3.92)
    limits = house.get("/api/v1/kelly/limits", player.key).body["limits"]
    assert answer["max_bet"] == limits["dice_over_75"]["max_bet"]


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"game": "slots"}, "unknown_game"),
        ({"game": "dice_over"}, "invalid_threshold"),
        ({"game": "dice_under", "threshold": 100}, "invalid_threshold"),
        ({"game": "custom", "win_probability": 0.5}, "invalid_probability"),
    ],
)
def test_optimal_refuses_what_it_does_not_know(house, player, ask, code):
    assert house.post("/api/v1/kelly/optimal", ask, player.key).error == code


def test_a_simulation_is_capped_at_5000_bets_and_10000_runs(house, player):
    ask = {"bankroll": 100, "game": "coin_flip", "bet_amount": 1, "num_bets": 10**6, "simulations": 10**6}
    answer = house.post("/api/v1/kelly/simulate", ask, player.key).body
    assert (answer["num_bets"], answer["simulations"]) == (5000, 10_000)
    assert answer["average_final_bankroll"] < 100
    assert house.post("/api/v1/kelly/simulate", {"game": "coin_flip"}, player.key).error == "missing_params"


def test_fault_locked_is_an_error_of_the_server_before_anything_happened(house, player, faults):
    faults("locked=1")
    answers = [withdraw(house, player), house.flip(player), house.post("/escrow/create", {}, player.key)]
    assert {(answer.status, answer.body["message"]) for answer in answers} == {(500, "database is locked")}
    assert house.balance(player) == 100


def test_faults_can_be_ordered_and_called_off_while_it_runs(house, player, faults):
    faults("500-debit=1")
    assert house.flip(player).status == 500
    faults("")
    assert house.flip(player).status == 200


def test_faults_on_the_wire_need_a_venue_that_was_started_with_some(build):
    assert build().post("/sandbox/faults", {"faults": "cut=1"}).error == "invalid_faults"
    assert build(faults="cut=0").post("/sandbox/faults", {"faults": "cut=0.5"}).status == 200


def test_fault_500_debit_breaks_off_a_payment_between_its_two_halves(house, player, faults):
    faults("500-debit@/api/v1/stats/pay=1")
    other = house.register()
    order = {"to_agent_id": other.agent_id, "amount": 5}
    assert house.post("/api/v1/stats/pay", order, player.key).error == "internal_error"
    assert (house.balance(player), house.balance(other)) == (95, 100)


def test_fault_500_debit_leaves_a_lock_without_an_escrow_and_pays_a_release_twice(house, player, faults):
    faults("500-debit@/escrow=1")
    other = house.register()
    terms = {"amount_usd": 10, "description": "work", "counterparty_agent_id": other.agent_id, "timeout_hours": 1}
    assert house.post("/escrow/create", terms, player.key).error == "internal_error"
    (lock,) = [row for row in house.ledger(player) if row["service"] == "escrow"]
    assert house.get(f"/escrow/{lock['reference']}", player.key).error == "not_found"
    faults("500-debit@/escrow/release=1")
    escrow_id = house.post("/escrow/create", terms, player.key).body["escrow_id"]
    assert house.post(f"/escrow/release/{escrow_id}", {}, player.key).error == "internal_error"
    assert house.post(f"/escrow/release/{escrow_id}", {}, player.key).error == "release_failed"
    house.advance(3600)
    assert (house.balance(player), house.balance(other)) == (100 - 10 - 10 + 9.9, 109.9)
