"""The faucet's checks, in their order."""


def claim(house, agent_id, ip):
    return house.post("/faucet/claim", {"agent_casino_id": agent_id}, ip=ip)


def test_only_the_first_registration_of_a_day_gets_the_automatic_dollar(build):
    house = build()
    players = [house.register() for _ in range(2)]
    house.advance(86_401)
    players.append(house.register())
    reasons = [{row["reason"].split(":")[0] for row in house.ledger(player)} for player in players]
    assert ["faucet_claim" in found for found in reasons] == [True, False, True]


def test_a_claim_credits_one_dollar_with_its_row(build):
    house = build()
    house.register()
    player = house.register()
    body = claim(house, player.agent_id, "1.1.1.1").body
    row = next(row for row in house.ledger(player) if row["service"] == "faucet")
    assert (row["amount"], row["reference"]) == (body["credited"], body["claim_id"])
    assert house.balance(player) == 101


def test_the_address_is_looked_at_before_the_account(build):
    house = build()
    house.register()
    player = house.register()
    assert claim(house, "nobody", "1.1.1.1").error == "invalid_request"
    assert claim(house, "ag_000000000000", "1.1.1.1").error == "agent_not_found"
    assert claim(house, player.agent_id, "1.1.1.1").status == 200
    assert claim(house, "ag_000000000000", "1.1.1.1").error == "ip_rate_limited"
    assert claim(house, player.agent_id, "2.2.2.2").error == "already_claimed"
