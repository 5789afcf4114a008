"""Somebody with an account on the wallet server."""

from decimal import Decimal

V1 = "/wallet/v1"
STRANGER = "0x" + "1" * 40


class Holder:
    def __init__(self, house, code=None):
        self.house = house
        made = house.post(f"{V1}/auth/register", {"referral_code": code} if code else {}).body
        self.key, self.agent_id, self.code = made["api_key"], made["agent_id"], made["referral_code"]

    def get(self, path):
        return self.house.get(V1 + path, self.key)

    def post(self, path, body=None):
        return self.house.post(V1 + path, body, self.key)

    def create(self):
        self.addresses = self.post("/wallet/create").body["addresses"]
        self.secrets = self.get("/wallet/export").body["private_keys"]
        return self

    def native(self, chain, address=None):
        answer = self.get(f"/wallet/balance/{address or self.addresses[chain]}?chain={chain}")
        return Decimal(answer.body["balance"]["native"]["amount"])

    def usdc(self, address):
        return self.get(f"/wallet/usdc-balance?base={address}").body["balances"][0]["usdc_balance"]

    def send(self, **more):
        order = {"chain": "base", "to": STRANGER, "private_key": self.secrets["ethereum_and_base"], **more}
        return self.post("/wallet/send", order)
