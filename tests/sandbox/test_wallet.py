"""The wallet server and the chains behind it: what is known of an address, and what a failing chain looks like."""

from decimal import Decimal

import pytest

from tests.sandbox.holder import STRANGER, Holder


@pytest.fixture
def holder(house):
    return Holder(house).create()


@pytest.mark.parametrize(
    ("chain", "symbol", "unit", "kind"),
    [
        ("ethereum", "ETH", "wei", str),
        ("base", "ETH", "wei", str),
        ("solana", "SOL", "lamports", int),
        ("bitcoin", "BTC", "total_satoshis", int),
        ("tron", "TRX", "sun", int),
        ("monero", "XMR", "piconero", str),
    ],
)
def test_a_balance_is_told_in_coins_as_text_and_in_the_chains_own_unit(holder, chain, symbol, unit, kind):
    native = holder.get(f"/wallet/balance/{holder.addresses[chain]}?chain={chain}").body["balance"]["native"]
    assert (native["symbol"], type(native["amount"]), type(native[unit])) == (symbol, str, kind)
    assert Decimal(native["amount"]) > 0


def test_the_same_seed_makes_the_same_wallets_with_the_same_balances(build):
    one, other = (Holder(build(seed=5)).create() for _ in range(2))
    assert one.addresses == other.addresses
    assert one.native("solana") == other.native("solana")
    assert one.native("solana") != Holder(build(seed=6)).create().native("solana")


def test_creating_again_replaces_the_stored_keys(holder):
    kept = holder.secrets
    assert holder.create().secrets != kept


def test_nothing_is_exported_before_a_wallet_is_made(house):
    answer = Holder(house).get("/wallet/export")
    assert (answer.status, answer.error) == (404, "no_wallet")


def test_monero_asks_for_a_view_key_where_no_wallet_is_kept(house, holder):
    path = f"/wallet/balance/{holder.addresses['monero']}?chain=monero"
    assert Holder(house).get(path).error == "view_key_required"
    assert Holder(house).get(f"{path}&view_key=00").status == holder.get(path).status == 200


def test_a_transfer_moves_coins_between_addresses_in_any_case_of_their_letters(holder):
    had, before = holder.native("base"), holder.native("base", STRANGER)
    answer = holder.send(amount="0.0001")
    assert (answer.status, answer.body["from"]) == (200, holder.addresses["base"])
    assert holder.native("base", holder.addresses["base"].upper().replace("X", "x")) == had - Decimal("0.0001")
    assert holder.native("base", STRANGER) == before + Decimal("0.0001")
    assert holder.native("ethereum", STRANGER) != holder.native("base", STRANGER)


def test_usdc_is_sent_as_a_token_of_six_decimals(holder):
    before = holder.usdc(STRANGER)
    holder.house.post(
        "/sandbox/chain", {"chain": "base", "token": "usdc", "address": holder.addresses["base"], "amount": "5"}
    )
    assert holder.send(amount="1.25", token="0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913").body["token"]
    assert holder.usdc(STRANGER) == pytest.approx(before + 1.25)


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"amount": 1}, 400, "invalid_request"),
        ({"amount": "1", "to": ""}, 400, "invalid_request"),
        ({"amount": "1", "chain": "doge"}, 400, "unsupported_chain"),
        ({"amount": "1", "chain": "bitcoin"}, 501, "not_implemented"),
        ({"amount": "1000000"}, 400, "send_failed"),
        ({"amount": "-1"}, 400, "send_failed"),
        ({"amount": "lots"}, 400, "send_failed"),
        ({"amount": "1000000", "chain": "monero"}, 400, "xmr_send_failed"),
    ],
)
def test_a_transfer_that_cannot_be_is_refused(holder, order, status, code):
    answer = holder.send(**order)
    assert (answer.status, answer.error) == (status, code)


def test_fault_unbooked_says_send_failed_after_the_broadcast(holder, faults):
    faults("unbooked@/wallet/v1/wallet/send=1")
    had = holder.native("base")
    assert holder.send(amount="0.0001").error == "send_failed"
    assert holder.native("base") == had - Decimal("0.0001")


def test_many_can_be_paid_at_once_and_some_of_them_not(holder):
    recipients = [{"to": STRANGER, "amount": "0.0001"}, {"to": STRANGER, "amount": "1000000"}]
    order = {"chain": "base", "private_key": holder.secrets["ethereum_and_base"], "recipients": recipients}
    answer = holder.post("/wallet/multi-send", order)
    assert (answer.status, answer.body["sent"], answer.body["failed"]) == (200, 1, 1)
    assert holder.post("/wallet/multi-send", {**order, "recipients": recipients[1:]}).status == 400


@pytest.mark.parametrize(
    ("chain", "code"),
    [
        ("base", "rpc_error"),
        ("solana", "rpc_error"),
        ("bitcoin", "api_error"),
        ("tron", "api_error"),
        ("monero", "xmr_balance_error"),
    ],
)
def test_a_chain_that_fails_is_a_bad_gateway_and_the_others_answer(holder, faults, chain, code):
    faults(f"upstream@/wallet/{chain}=1")
    answer = holder.get(f"/wallet/balance/{holder.addresses[chain]}?chain={chain}")
    assert (answer.status, answer.error) == (502, code)
    assert holder.native("ethereum") > 0


def test_a_chain_that_fails_shows_zero_usdc_beside_its_error(holder, faults):
    faults("upstream@/wallet/solana=1")
    found = holder.get(f"/wallet/usdc-balance?base={holder.addresses['base']}&solana={holder.addresses['solana']}").body
    base, solana = found["balances"]
    assert "error" not in base
    assert (solana["usdc_balance"], bool(solana["error"])) == (0, True)
    assert found["total_usdc"] == base["usdc_balance"] > 0


def test_the_history_of_an_evm_chain_is_always_empty_with_a_note(holder):
    holder.send(amount="0.0001")
    answer = holder.get(f"/wallet/transactions/{holder.addresses['base']}?chain=base")
    assert (answer.status, answer.body["transactions"]) == (200, [])
    assert answer.body["note"]


def test_the_history_of_bitcoin_shows_what_came(holder):
    address = holder.addresses["bitcoin"]
    holder.house.post("/sandbox/chain", {"chain": "bitcoin", "token": "native", "address": address, "amount": "0.5"})
    (row,) = holder.get(f"/wallet/transactions/{address}?chain=bitcoin").body["transactions"]
    assert (row["value_in"], row["value_out"]) == (50_000_000, 0)


ROUTE = {"from_chain": "base", "to_chain": "solana", "from_token": "ETH", "to_token": "SOL", "amount": str(10**17)}


def test_a_swap_is_quoted_with_half_a_percent_off(holder):
    query = "&".join(f"{name}={value}" for name, value in ROUTE.items())
    answer = holder.get(f"/wallet/swap/quote?{query}").body
    assert (answer["quote"]["fromAmountUsd"], answer["quote"]["toAmount"]) == ("300.00", "1990000000")
    assert answer["integrator_fee"]["estimated_fee_usd"] == 1.5
    assert holder.get(f"/wallet/swap/quote?{query}0.5").error == "quote_failed"
    assert holder.get("/wallet/swap/quote?amount=1").error == "invalid_request"


def test_a_swap_order_moves_nothing_until_its_deposit_is_on_the_chain(holder):
    target, had = "S" * 44, holder.native("solana", "S" * 44)
    order = holder.post("/wallet/swap", {**ROUTE, "to_address": target}).body
    status = f"/wallet/swap/status/{order['order_id']}"
    assert holder.get(status).body["status"] == order["status"] == "awaiting_deposit"
    deposit = {"chain": "base", "token": "native", "address": order["deposit"]["address"], "amount": "0.1"}
    holder.house.post("/sandbox/chain", deposit)
    assert [holder.get(status).body["status"] for _ in range(2)] == ["completed"] * 2
    assert holder.native("solana", target) == had + Decimal("1.99")


def test_an_order_without_a_deposit_expires_and_its_row_says_nothing_of_it(house, holder):
    order = holder.post("/wallet/swap", {**ROUTE, "to_address": "S" * 44}).body
    house.advance(1800)
    assert holder.get(f"/wallet/swap/status/{order['order_id']}").body["status"] == "expired"
    (event,) = holder.get("/wallet/activity?type=swaps").body["events"]
    assert (event["order_id"], event["status"]) == (order["order_id"], "awaiting_deposit")


def test_a_referrer_earns_a_tenth_of_a_swaps_fee_though_nothing_was_swapped(house):
    referrer = Holder(house)
    order = {**ROUTE, "amount": str(10**18), "to_address": "S" * 44}
    Holder(house, referrer.code).post("/wallet/swap", order)
    assert referrer.get("/referral/stats").body["available_usd"] == 1.5
    assert referrer.post("/referral/withdraw", {"address": STRANGER}).body["amount_usd"] == 1.5
    assert referrer.get("/referral/stats").body["available_usd"] == 1.5  # a pending withdrawal does not lower it
    assert referrer.post("/referral/withdraw", {"address": STRANGER}).error == "insufficient_balance"
    (event,) = referrer.get("/wallet/activity?type=referral_withdrawals").body["events"]
    assert event["amount_usd"] == 1.5
