"""Commissions on lost stakes, and what a referrer can see of them."""


def test_lost_stakes_pay_three_levels_of_referrers(house):
    third = house.register()
    second = house.register(third.code)
    first = house.register(second.code)
    loser = house.register(first.code)
    bet = {"won": True}
    while bet["won"]:
        bet = house.flip(loser, 2).body
    reasons = [f"referral_commission_l{level}:{bet['bet_id']}" for level in (1, 2, 3)]
    for person, reason, amount in zip((first, second, third), reasons, (0.2, 0.1, 0.05), strict=True):
        assert [row["amount"] for row in house.ledger(person) if row["reason"] == reason] == [amount]


def test_a_commission_below_a_cent_is_dropped(house):
    referrer = house.register()
    loser = house.register(referrer.code)
    for _ in range(10):
        house.flip(loser, 0.04)
    assert house.balance(referrer) == 100


def test_a_referrer_sees_what_each_referred_account_brought(house):
    referrer = house.register()
    losers = [house.register(referrer.code) for _ in range(2)]
    lost = [house.flip(losers[0], 1).body["won"] for _ in range(10)].count(False)
    stats = house.get("/api/v1/auth/referral/stats", referrer.key).body
    assert (stats["total_referrals"], stats["by_level"]["level_2"]["count"]) == (2, 0)
    assert [row["earned_usd"] for row in stats["referrals"]] == [round(0.1 * lost, 2), 0]
    assert stats["total_earned_usd"] == stats["last_30_days_usd"] == round(0.1 * lost, 2)


def test_the_code_can_be_asked_for(house, player):
    assert house.get("/api/v1/auth/referral/code", player.key).body["referral_code"] == player.code
