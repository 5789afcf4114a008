"""Replays the recordings against a venue: the same people in the same situations, with live ids for recorded ones."""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
RECORDED = [json.loads(line) for line in (HERE / "recordings.jsonl").read_text().splitlines()]
NOT_REPLAYED = json.loads((HERE / "not_replayed.json").read_text())
MOUNTS = {"casino": "", "escrow": "", "faucet": "", "wallet": "/wallet", "domains": "/domains", "trading": "/trading"}
CASES = {f"{index} {row['case']}": row for index, row in enumerate(RECORDED) if row["service"] in MOUNTS}
ID = re.compile(r"(?:ag|bet|esc|ref)_[0-9a-f-]{8,}")

# The recordings come from four runs of the servers, each with an alice and a bob of its own; from which case on:
RUNS = {
    0: {"alice": ("ag_18e40e57de58", "ref_0344910e"), "bob": ("ag_5b9562195b88", "")},
    182: {"alice": ("ag_eacbd558227f", "ref_6d95fe9b"), "bob": ("ag_62a1ee5a4668", "")},
    238: {"alice": ("ag_e65561300c0b", ""), "bob": ("ag_111902d469c3", "")},
    242: {"alice": ("ag_42c86bf109fe", ""), "bob": ("", "")},
}
BAD_KEYS = {5, 207, 208, 209, 210}
# Calls from one address before the case, so that it meets the limiter: the case whose call is repeated, how often.
FLIP = ("POST", "/api/v1/games/coin-flip", {"side": "heads", "amount": 0.01})
BEFORE = {
    66: ("bob", 60, FLIP),
    74: ("bob", 9, ("POST", "/api/v1/bets/batch", {"bets": []})),
    75: ("alice", 60, ("GET", "/api/v1/bets/history?limit=1", None)),
    76: ("none", 10, ("POST", "/api/v1/auth/register", {})),
    137: ("alice", 20, ("POST", "/escrow/create", {})),
    145: ("none", 5, ("POST", "/faucet/claim", {})),
    186: ("alice", 3, FLIP),
}
# Accounts of the services with accounts of their own: from which case on, and what it was called there.
ACCOUNTS = {
    148: ("domains", "ag_eaf49b78ee35"),
    161: ("wallet", ""),
    172: ("trading", "ag_e6fc8619939f"),
    217: ("domains", "ag_078884df1c87"),
    226: ("trading", "ag_1f356706ae04"),
}
START_USD = 50  # play money of a new account on the built-in domains server
# What the operator does before the case: the recorded servers stood without a way out, then with stand-ins.
OPERATOR = {
    154: [("/sandbox/faults", {"faults": "upstream@/domains=1"})],
    158: [("/sandbox/faults", {"faults": ""})],
    163: [("/sandbox/faults", {"faults": "upstream@/wallet=1"})],
    168: [("/sandbox/faults", {"faults": ""})],
    173: [("/sandbox/faults", {"faults": "upstream@/trading=1"})],
    181: [("/sandbox/faults", {"faults": ""})],
    194: [("/sandbox/faults", {"faults": "upstream@/casino=1"})],
    196: [("/sandbox/faults", {"faults": ""})],
    217: [
        *(("/sandbox/domains", {"domain": f"myagent.{end}", "free": True}) for end in ("com", "net", "org", "io")),
        ("/sandbox/domains", {"domain": "google.com", "free": False}),
        ("/sandbox/grant", {"agent_id": "ag_078884df1c87", "amount": -START_USD}),
    ],
    221: [("/sandbox/grant", {"agent_id": "ag_078884df1c87", "amount": 100})],
    222: [("/sandbox/domains", {"domain": "myagent.com", "free": True})],
    226: [
        *(("/sandbox/price", {"coin": coin, "price": price}) for coin, price in (("BTC", 60_000), ("ETH", 3_000))),
        ("/sandbox/advance", {"seconds": 30}),
    ],
    228: [("/sandbox/price", {"coin": "BTC", "price": 61_000})],  # away from the price that the server remembers
}
SHARED_IP = {66: "flips", 67: "flips", 70: "flips", 140: "claims", 141: "claims", 138: None}
TIMEOUT_PASSES = 184
FUNDS_USD = 996  # half of it is below the 498 that one case finds too much
PENNILESS = {0, 1}  # accounts registered in these cases have nothing, as on the venue


class Story:
    """Walks through the cases in order and keeps every live answer."""

    def __init__(self, house):
        self.house = house
        self.answers = {}
        self._ids = {}
        self._people = {}
        self._newest = None
        self._keys = {}

    def play(self):
        for name, row in CASES.items():
            index = int(name.split()[0])
            self._set_the_scene(index)
            path = row["path"] if row["path"] == "/health" else MOUNTS[row["service"]] + self._translate(row["path"])
            body, key = self._translate(row["request"]), self._key(index, row)
            answer = self.house.call(row["method"], path, body, key, self._ip(index))
            self.answers[name] = answer
            self._learn(row["response"], answer.body)
            if row["path"] == "/api/v1/auth/register" and answer.status == 201:
                self._newest = answer.body
                if index in PENNILESS:
                    self.house.post("/sandbox/grant", {"agent_id": self._newest["agent_id"], "amount": -100})
        return self.answers

    def _set_the_scene(self, index):
        for name, (agent_id, code) in RUNS.get(index, {}).items():
            person = self._people[name] = self.house.register(funds=FUNDS_USD)
            self._ids.update({agent_id: person.agent_id, code: person.code})
        if index in ACCOUNTS:
            service, agent_id = ACCOUNTS[index]
            account = self.house.post(f"{MOUNTS[service]}/v1/auth/register").body
            self._keys[service], self._ids[agent_id] = account["api_key"], account["agent_id"]
        for path, body in OPERATOR.get(index, ()):
            assert self.house.post(path, self._translate(json.dumps(body))).status == 200
        if index == TIMEOUT_PASSES:
            self.house.advance(3601)
        if index in BEFORE:
            who, times, (method, path, body) = BEFORE[index]
            for _ in range(times):
                self.house.call(method, path, body, self._key(index, {"as": who, "service": "casino"}), self._ip(index))

    def _key(self, index, row):
        who = row["as"]
        if who == "none":
            return None
        if who != "key":
            return self._people[who].key
        return "sk_live_unknown" if index in BAD_KEYS else self._keys.get(row["service"], self._newest["api_key"])

    def _ip(self, index):
        return SHARED_IP.get(index, f"10.0.0.{index}")

    def _translate(self, text):
        return ID.sub(lambda found: self._ids.get(found[0], found[0]), text)

    def _learn(self, recorded, live):
        if isinstance(recorded, dict) and isinstance(live, dict):
            for key in recorded.keys() & live.keys():
                self._learn(recorded[key], live[key])
        elif isinstance(recorded, str) and isinstance(live, str) and ID.fullmatch(recorded):
            self._ids.setdefault(recorded, live)


SAME_VALUE = {"error", "status", "game", "tier"}  # outside of lists their value is compared, not only its type


def differences(recorded, live, where="$", *, values=True):
    """What distinguishes two JSON values in shape: keys, types, and the values of fields in SAME_VALUE."""
    if isinstance(recorded, dict) and isinstance(live, dict):
        keys = live.keys() - {"_info"}
        found = [f"{where}: keys {sorted(recorded.keys() ^ keys)}"] if recorded.keys() != keys else []
        for key in recorded.keys() & keys:
            found += differences(recorded[key], live[key], f"{where}.{key}", values=values)
            if values and key in SAME_VALUE and recorded[key] != live[key]:
                found.append(f"{where}.{key}: {recorded[key]!r} became {live[key]!r}")
        return found
    if isinstance(recorded, list) and isinstance(live, list):
        if not recorded or not live:
            return []
        return [
            f"{where}[{index}]: like none that was recorded"
            for index, item in enumerate(live)
            if all(differences(pattern, item, values=False) for pattern in recorded)
        ]
    if kind(recorded) != kind(live) and recorded != "<redacted>":
        return [f"{where}: {kind(recorded)} became {kind(live)}"]
    if isinstance(recorded, str) and recorded.startswith("bet_id,"):
        return csv_differences(recorded, live)
    return []


def csv_differences(recorded, live):
    head, _, rows = live.partition("\r\n")
    if head != recorded.partition("\r\n")[0]:
        return ["csv: another header"]
    return [] if rows and not live.endswith("\r\n") else ["csv: no rows, or a line end after the last"]


def kind(value):
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__
