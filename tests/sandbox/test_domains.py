"""The domains server: what is free, what it costs, and how a registration can go wrong."""

from concurrent.futures import ThreadPoolExecutor

import pytest

V1 = "/domains/v1"


class Buyer:
    def __init__(self, house, code=None):
        self.house = house
        made = house.post(f"{V1}/auth/register", {"referral_code": code} if code else {}).body
        self.key, self.agent_id, self.code = made["api_key"], made["agent_id"], made["referral_code"]

    def get(self, path):
        return self.house.get(V1 + path, self.key)

    def post(self, path, body=None):
        return self.house.post(V1 + path, body, self.key)

    def free(self, domain, **more):
        assert self.house.post("/sandbox/domains", {"domain": domain, "free": True, **more}).status == 200
        return domain

    def register(self, domain):
        return self.post("/domains/register", {"domain": domain})

    @property
    def balance(self):
        return self.get("/auth/account").body["balance_usd"]

    @property
    def names(self):
        return [row["domain"] for row in self.get("/domains").body["domains"]]


@pytest.fixture
def buyer(house):
    return Buyer(house)


def test_a_registration_costs_the_live_price_plus_a_fifth_in_dollars(buyer):
    answer = buyer.register(buyer.free("paid.com", base_price_eur=15))
    assert answer.status == 201
    assert answer.body["cost"]["total_charged_usd"] == 19.44
    assert answer.body["balance_usd"] == buyer.balance == 30.56
    assert buyer.names == ["paid.com"]


@pytest.mark.parametrize(
    ("body", "code"), [({}, "invalid_domain"), ({"domain": "nodot"}, "invalid_domain"), ({"domain": 7}, None)]
)
def test_a_name_without_a_dot_is_refused_and_one_that_is_no_text_is_an_error_of_the_server(buyer, body, code):
    answer = buyer.post("/domains/register", body)
    assert (answer.status, answer.error) == ((400, code) if code else (500, "internal_error"))


def test_what_is_checked_first_is_the_registrar_then_the_price_then_the_balance(buyer):
    taken = {"domain": "dear.com", "free": False, "base_price_eur": 1000}
    buyer.house.post("/sandbox/domains", taken)
    assert buyer.register("dear.com").error == "domain_unavailable"
    assert buyer.register(buyer.free("dear.com", base_price_eur=None)).error == "price_unavailable"
    refused = buyer.register(buyer.free("dear.com", base_price_eur=1000))
    assert (refused.status, refused.error, refused.body["required_usd"]) == (400, "insufficient_balance", 1296)


def test_a_name_can_be_had_once(buyer):
    assert buyer.register(buyer.free("once.com")).status == 201
    assert buyer.register("once.com").error == "domain_unavailable"
    assert buyer.balance == 30.56


def test_a_name_that_the_registrar_sells_twice_ends_in_an_error_and_costs_nothing(buyer):
    buyer.register(buyer.free("twice.com"))
    again = buyer.register(buyer.free("twice.com"))
    assert (again.status, again.error, buyer.balance) == (500, "internal_error", 30.56)


def test_two_registrations_at_once_overwrite_each_others_balance(buyer):
    names = [buyer.free("left.com"), buyer.free("right.com")]
    with ThreadPoolExecutor() as pool:
        assert [answer.status for answer in pool.map(buyer.register, names)] == [201, 201]
    assert sorted(buyer.names) == names
    assert buyer.balance == 30.56  # one of the two was free: the venue reads, waits, and writes


def looked_up(house, names=("one.com", "two.io", "three.ai", "four.dev", "five.org", "six.net")):
    """What the registrar says of each name, now and in each of the next twelve six-hour periods."""
    buyer, seen = Buyer(house), []
    for _ in range(12):
        answer = buyer.post("/domains/bulk-check", {"domains": names})
        seen.append([row["available"] for row in answer.body["results"]])
        house.advance(6 * 3600)
    return seen


def test_others_take_and_free_names_as_time_passes_the_same_for_the_same_seed(build):
    first, again = looked_up(build(seed=3)), looked_up(build(seed=3))
    assert first == again
    assert {len(set(of_a_name)) for of_a_name in zip(*first, strict=True)} >= {2}


def test_the_public_check_knows_only_what_was_bought_here(buyer):
    buyer.house.post("/sandbox/domains", {"domain": "elsewhere.com", "free": False})
    buyer.register(buyer.free("here.com"))
    answer = buyer.house.get(f"{V1}/domains/check?names=elsewhere.com,here.com,x.io")
    assert [row["available"] for row in answer.body["results"]] == [True, False, False]
    assert answer.body["results"][1]["owner"] == buyer.agent_id


def test_a_registrar_out_of_reach_is_an_error_of_each_call_and_costs_nothing(buyer, faults):
    faults("upstream@/domains/registrar=1")
    assert buyer.get("/domains/search?q=some.com").error == "search_failed"
    assert buyer.post("/domains/bulk-check", {"domains": ["some.com"]}).body["results"][0]["error"] == "lookup_failed"
    assert buyer.register("some.com").error == "availability_check_failed"
    assert buyer.balance == 50


def test_fault_unbooked_registers_outside_and_books_nothing(buyer, faults):
    faults("unbooked@/domains/v1/domains/register=1")
    answer = buyer.register(buyer.free("ghost.com"))
    assert (answer.status, answer.error, buyer.balance, buyer.names) == (500, "internal_error", 50, [])
    assert buyer.register("ghost.com").error == "domain_unavailable"


def test_dns_records_are_added_changed_and_deleted_by_their_owner(buyer):
    domain_id = buyer.register(buyer.free("dns.com")).body["domain_id"]
    record = buyer.post("/dns/records", {"domain_id": domain_id, "type": "a", "content": "1.2.3.4"}).body
    path = f"{V1}/dns/records/{record['record_id']}"
    assert Buyer(buyer.house).get(f"/dns/records?domain_id={domain_id}").status == 404
    buyer.house.call("PUT", path, {"content": "5.6.7.8", "ttl": 60}, buyer.key)
    rows = buyer.get(f"/domains/{domain_id}").body["dns_records"]
    assert [(row["type"], row["content"], row["ttl"]) for row in rows] == [("A", "5.6.7.8", 60)]
    assert buyer.house.call("DELETE", path, None, buyer.key).body["deleted"]
    assert buyer.get(f"/dns/records?domain_id={domain_id}").body["total"] == 0


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"domain_id": ""}, "missing_domain_id"),
        ({"type": "NS"}, "invalid_record_type"),
        ({"content": ""}, "missing_content"),
        ({"content": "1.2.3"}, "invalid_content"),
        ({"content": "256.1.1.1"}, "invalid_content"),
        ({"ttl": 59}, "invalid_ttl"),
        ({"ttl": 86_401}, "invalid_ttl"),
        ({}, "not_found"),
    ],
)
def test_a_bad_dns_record_is_refused(buyer, fields, code):
    record = {"domain_id": "dom_0", "type": "A", "content": "1.2.3.4", **fields}
    assert buyer.post("/dns/records", record).error == code


def test_a_transfer_gives_the_name_away(buyer):
    other = Buyer(buyer.house)
    domain_id = buyer.register(buyer.free("gift.com")).body["domain_id"]
    assert buyer.post(f"/domains/{domain_id}/transfer", {"to_agent_id": "ag_0"}).error == "recipient_not_found"
    assert buyer.post(f"/domains/{domain_id}/transfer", {"to_agent_id": other.agent_id}).status == 200
    assert (buyer.names, other.names) == ([], ["gift.com"])


def test_a_referrer_earns_a_fifth_of_the_markup_beside_the_balance(buyer):
    referred = Buyer(buyer.house, buyer.code)
    referred.register(referred.free("earned.com"))
    stats = buyer.get("/referral/stats").body
    assert (stats["total_markup_generated_usd"], stats["total_earned_usd"], buyer.balance) == (3.24, 0.65, 50)
    refused = buyer.post("/referral/withdraw", {"address": "0x" + "0" * 40})
    assert (refused.error, refused.body["available_usd"]) == ("insufficient_balance", 0.65)


def test_a_deposit_arrives_by_the_operators_door(buyer):
    buyer.house.post("/sandbox/deposit", {"agent_id": buyer.agent_id, "amount": 7})
    account = buyer.get("/auth/account").body
    assert (account["balance_usd"], account["total_deposited"]) == (57, 7)
    assert buyer.get("/auth/deposits").body["total"] == 1
    assert buyer.post("/auth/deposit", {"amount": 1}).status == 410


def test_the_registration_survives_a_kill(build):
    house = build()
    buyer = Buyer(house)
    buyer.register(buyer.free("kept.com"))
    house.kill()
    house.start()
    assert (buyer.names, buyer.balance) == (["kept.com"], 30.56)


def test_a_name_that_cannot_be_is_taken_for_taken(buyer):
    assert {buyer.register(name).error for name in ("two words.com", "-.com", "x.1")} == {"domain_unavailable"}
