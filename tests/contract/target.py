"""Where the cards are played: the built-in venue as a process of its own, or the servers that a TOML file names."""

import itertools
import json
import os
import threading
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from actors.venue.budget import Budget
from actors.venue.errors import RateLimited
from tests.contract.card import Card

PATHS = {
    "casino": "/api/v1",
    "escrow": "",
    "faucet": "",
    "trading": "/trading/v1",
    "exchange": "/exchange",
    "wallet": "/wallet/v1",
    "domains": "/domains/v1",
}
"""Below which path the built-in venue plays each service."""

ACCOUNT_OF = {"escrow": "casino", "faucet": "casino", "exchange": "trading"}
OPEN = ("faucet", "exchange")
"""Services that ask for no key."""

WRONG_KEY = "sk_live_" + "0" * 48
FUNDS_USD = 1_000
TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Account:
    agent_id: str
    key: str = field(repr=False)
    made: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Target:
    """A venue that answers cards.

    Args:
        urls: base URL of each service that is there.
        accounts: who "us" and "other" are, by service.
        builtin: whether it is the built-in venue, which registers freely and has an operator's doors.
        root: of the built-in venue.
    """

    def __init__(self, urls: Mapping[str, str], accounts: dict[str, dict[str, Account]], root: str = "") -> None:
        self.urls = urls
        self.accounts = accounts
        self.root = root
        self.builtin = bool(root)
        self._session = requests.Session()
        self._session.trust_env = False
        self._addresses = itertools.count(1)
        self._budget = Budget(clock=time.monotonic, wall=lambda: time.time_ns() // 1_000)

    @classmethod
    def built_in(cls, root: str) -> "Target":
        target = cls({service: root + path for service, path in PATHS.items()}, {}, root)
        for service in ("casino", "trading", "wallet", "domains"):
            target.accounts[service] = {who: target.register(service, FUNDS_USD) for who in ("us", "other")}
        return target

    @classmethod
    def configured(cls, path: Path) -> "Target":
        """Read the file: a table a service with `url`, and `agent_id` and `key` (or `key_env`) where it has accounts.

        The casino's table has another, `other`: whom we pay and who works for our contracts.
        """
        tables = tomllib.loads(path.read_text())
        accounts: dict[str, dict[str, Account]] = {}
        for service, table in tables.items():
            for who, one in (("us", table), ("other", table.get("other", {}))):
                if "agent_id" in one:
                    key = one.get("key") or os.environ[one["key_env"]]
                    accounts.setdefault(service, {})[who] = Account(one["agent_id"], key, one)
        return cls({service: table["url"].rstrip("/") for service, table in tables.items()}, accounts)

    def plays(self, card: Card, *, spend: bool) -> bool:
        """Tell whether a card may be played here."""
        if card.service not in self.urls or (card.who in ("us", "other") and not self._has_account(card.service)):
            return False
        return self.builtin or not card.harm or (spend and card.harm in ("spends", "registers"))

    def account(self, service: str, who: str = "us") -> Account:
        return self.accounts[ACCOUNT_OF.get(service, service)][who]

    def play(self, card: Card) -> tuple[int, Any]:
        """Do what the card says and return status and content of the answer."""
        ours = self.accounts.get(ACCOUNT_OF.get(card.service, card.service), {})
        names: dict[str, Any] = {who: account.agent_id for who, account in ours.items()}
        for prerequisite in card.given:
            names |= prerequisite(self)
        method, path = filled(card.ask, names).split(" ", 1)
        who = names[card.who] if card.who in names and card.who not in ours else card.who
        body = filled(card.body, names)
        try:
            return self.call(card.service, method, path + filled(card.query, names), body, who, names.get("ip"))
        finally:
            names.get("undo", lambda: None)()

    def call(
        self, service: str, method: str, path: str, body: Any = None, who: Any = "us", ip: str | None = None
    ) -> tuple[int, Any]:
        """Ask once; at a foreign venue no sooner than its limits allow."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key := self._key(service, who):
            headers["Authorization"] = f"Bearer {key}"
        if self.builtin:  # its limiter counts by this address, so that cards do not get in each other's way
            number = next(self._addresses)
            headers["X-Forwarded-For"] = ip or f"10.1.{number // 250}.{number % 250}"
        else:
            self._wait_for(service, path)
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        answer = self._session.request(
            method, self.urls[service] + path, data=text, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
        )
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text

    def register(self, service: str, funds_usd: float = 0) -> Account:
        _, made = self.call(service, "POST", "/auth/register", {}, "nobody")
        account = Account(made["agent_id"], made["api_key"], made)
        if funds_usd and service != "wallet":
            self.operate("/sandbox/grant", {"agent_id": account.agent_id, "amount": funds_usd})
        return account

    def operate(self, path: str, body: Mapping[str, Any]) -> Any:
        """Use one of the built-in venue's operator's doors."""
        assert self.builtin
        return self._session.post(self.root + path, json=body, timeout=TIMEOUT_S).json()

    def _key(self, service: str, who: Any) -> str:
        if isinstance(who, Account):
            return who.key
        if who == "nobody" or service in OPEN:
            return ""
        return WRONG_KEY if who == "wrong" else self.account(service, who).key

    def _has_account(self, service: str) -> bool:
        return service in OPEN or ACCOUNT_OF.get(service, service) in self.accounts

    def _wait_for(self, service: str, path: str) -> None:
        while True:
            try:
                return self._budget.spend(service, urlsplit(path).path)
            except RateLimited as limited:
                threading.Event().wait(limited.until / 1e6 - time.time())


def filled(text: Any, names: Mapping[str, Any]) -> Any:
    """Fill names into a text, or into the texts of a body."""
    if isinstance(text, str):
        if text[1:-1] in names and not isinstance(names[text[1:-1]], str):
            return names[text[1:-1]]  # a number stays one
        return text if '"' in text else text.format_map(names)  # with quotes it is a body as it stands
    if isinstance(text, Mapping):
        return {name: filled(value, names) for name, value in text.items()}
    return [filled(item, names) for item in text] if isinstance(text, list) else text
