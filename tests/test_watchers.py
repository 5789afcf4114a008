"""Wallet, domains, faucet and referral as actors: what cannot be read is unknown, and nothing is claimed unread.

In virtual time; a client that is played by hand stands in for the venue.
"""

import inspect
from decimal import Decimal

import pytest

from actors import faucet as faucet_room
from actors import wallet as wallet_room
from actors.domains import DomainsActor
from actors.faucet import FaucetActor, look_first
from actors.messages import DomainsSeen, Poll, ReferralsSeen
from actors.money.evidence import Referred
from actors.referral import ReferralActor
from actors.service import Links
from actors.venue.endpoints import WALLET, Capability
from actors.venue.errors import VenueDown
from actors.venue.faucet import Claim
from actors.venue.wallet import Wallet
from actors.wallet import WalletActor
from supervision import ChildSpec, Supervisor, System, Worker
from supervision.simulation import Simulation

SECOND = 1_000_000
DOWN = VenueDown("cannot read: the venue answers 502")
EVM, SOL = "0x" + "12" * 20, "So1" + "a" * 40


class Ear(Worker):
    def __init__(self, heard):
        super().__init__()
        self._heard = heard

    def receive(self, message):
        self._heard.append(message)


class Port:
    """Runs a job at once, as a port's thread would a little later."""

    def submit(self, job, done):
        try:
            done(job())
        except VenueDown as error:
            done(error)
        return True

    def close(self, _):
        return True


class Client:
    """Answers as it is set: a value, an error, or a function of what was asked."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def __getattr__(self, name):
        def call(*values):
            self.asked.append(name)
            answer = self.answers.get(name)
            answer = answer(*values) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


class Rig:
    """One watcher between a bankroll, a reporter and a lane that only listen."""

    def __init__(self, actor, *values, client, lanes=False, **named):
        self.sim, self.client = Simulation(1), client
        self.heard = {name: [] for name in ("bankroll", "reporter", "lane")}
        ears = [ChildSpec(name, lambda heard=heard: Ear(heard)) for name, heard in self.heard.items()]

        def make():
            rest = (*values, [self.system.handle("lane")]) if lanes else values
            handle = self.system.handle
            links = Links(Port(), handle("bankroll"), handle("reporter"), lambda: int(self.sim.now * SECOND))
            return actor(lambda: client, links, *rest, **named)

        self.system = System(Supervisor.spec("top", [*ears, ChildSpec("it", make)]), runtime=self.sim)
        self.system.start()

    def poll(self, what="", seconds=10.0):
        self.system.handle("it").tell(Poll("", what))
        self.sim.run(seconds)
        return self

    def told(self, name, kind):
        return [message for message in self.heard[name] if isinstance(message, kind)]

    def texts(self):
        return [notice.text for notice in self.heard["reporter"]]

    def note(self):
        return next(node.note for node in self.system.tree().walk() if node.path == "it")


# wallet


def wallet(**answers):
    return Rig(WalletActor, {"base": EVM, "solana": SOL}, client=Client(**answers))


BALANCES = {"native": Decimal("0.5"), "usdc": {"base": Decimal(3), "solana": Decimal(0)}}


def test_balances_are_told_when_they_are_known_and_when_they_change():
    """Mission 1.3."""
    rig = wallet(**BALANCES).poll().poll()
    assert sorted(rig.texts()) == ["base: 0.5 ETH", "base: 3 USDC", "solana: 0 USDC", "solana: 0.5 SOL"]
    rig.client.answers["usdc"] = {"base": Decimal(2), "solana": Decimal(0)}
    assert rig.poll().texts()[-1] == "base: 2 USDC, before 3"


def test_a_chain_that_fails_keeps_its_last_balance_with_its_age_and_the_others_go_on():
    rig = wallet(**BALANCES).poll()
    rig.client.answers["native"] = lambda chain, _: DOWN if chain == "solana" else Decimal(1)
    rig.poll()
    assert "solana SOL unknown; last 0.5, 9 s ago" in rig.note()
    assert "base 1 ETH" in rig.note()


def test_a_zero_with_an_error_is_no_zero():
    rig = wallet(**BALANCES | {"usdc": {"base": None, "solana": Decimal(0)}}).poll()
    assert "base: USDC cannot be read (the chain does not answer), never read" in rig.texts()
    assert "base: 0 USDC" not in rig.texts()


def test_taking_an_error_for_a_zero_would_be_seen(monkeypatch):
    read = WalletActor._learn
    monkeypatch.setattr(
        wallet_room.WalletActor,
        "_learn",
        lambda self, chain, coin, got: read(self, chain, coin, got if isinstance(got, Decimal) else Decimal(0)),
    )
    with pytest.raises(AssertionError):
        test_a_zero_with_an_error_is_no_zero()


def test_the_same_trouble_is_told_once_and_its_end_too():
    rig = wallet(native=DOWN, usdc=DOWN).poll().poll()
    assert len(rig.texts()) == 4
    rig.client.answers.update(BALANCES)
    assert "base: 0.5 ETH" in rig.poll().texts()


def test_no_call_of_the_wallet_could_take_a_key_or_send():
    calls = {name: inspect.signature(call) for name, call in inspect.getmembers(Wallet, inspect.isfunction)}
    assert set(calls) == {"__init__", "native", "usdc", "close"}
    assert not [name for call in calls.values() for name in call.parameters if "key" in name]
    assert {row.capability for row in WALLET} == {Capability.K4}


# domains


def domains(*names, **answers):
    return Rig(DomainsActor, names, client=Client(**answers), lanes=True)


def test_a_free_name_is_told_once_and_to_the_lanes_each_time():
    """Mission 1.6."""
    rig = domains("a.com", "b.com", price=lambda name: 19_440_000 if name == "a.com" else None).poll().poll()
    assert rig.texts() == ["a.com is free for 19.44 USD", "b.com is taken"]
    assert rig.told("lane", DomainsSeen)[-1].free == {"a.com": Decimal("19.44")}


def test_a_name_that_cannot_be_looked_up_is_neither_free_nor_taken():
    rig = domains("a.com", price=DOWN).poll()
    assert "cannot be looked up" in rig.texts()[0]
    assert rig.note() == "a.com unknown"


# faucet


def faucet(claims=True, **answers):
    return Rig(FaucetActor, client=Client(**answers), claims=claims)


def test_the_history_is_read_before_a_claim_and_a_credit_in_it_ends_the_matter():
    """Mission 5.5."""
    rig = faucet(had=True).poll().poll()
    assert (rig.client.asked, rig.note()) == (["had"], "had its credit")


def test_a_credit_is_told_and_the_account_is_looked_at():
    rig = faucet(had=False, claim=Claim("credited", 1_000_000)).poll()
    assert rig.texts() == ["faucet: credited 1.00 USD"]
    assert rig.told("bankroll", Poll) == [Poll("bankroll", "accounts")]


@pytest.mark.parametrize(("outcome", "claims"), [("had", 1), ("refused", 1), ("later", 2)])
def test_only_later_is_asked_again(outcome, claims):
    rig = faucet(had=False, claim=Claim(outcome)).poll(seconds=1).poll(seconds=1)
    assert rig.client.asked.count("claim") == claims


def test_after_a_claim_that_failed_the_history_is_read_before_anything_else():
    rig = faucet(had=False, claim=DOWN).poll(seconds=1)
    rig.client.answers["had"] = True
    rig.sim.run(faucet_room.LOOK_AGAIN_S)
    assert rig.client.asked == ["had", "claim", "had"]
    assert rig.note() == "had its credit"


def test_claiming_before_reading_would_be_seen(monkeypatch):
    monkeypatch.setattr(faucet_room, "look_first", lambda client: client.claim())
    with pytest.raises(AssertionError):
        test_after_a_claim_that_failed_the_history_is_read_before_anything_else()
    assert look_first(Client(had=True)) == Claim("had")


def test_of_play_money_nothing_is_claimed():
    assert "claim" not in faucet(claims=False, had=False).poll().client.asked


# referral


def referral(claims=True, **answers):
    return Rig(ReferralActor, client=Client(**answers), claims=claims)


def test_who_was_referred_is_handed_to_the_bankroll():
    """Mission 1.4."""
    tree = (Referred("ag_1...", 1, 250_000),)
    rig = referral(tree=tree).poll("income")
    assert rig.told("bankroll", ReferralsSeen) == [ReferralsSeen(tree)]
    assert rig.note() == "1 referred, 0.25 USD earned"


def test_what_cannot_be_read_changes_nothing():
    rig = referral(tree=DOWN).poll("income")
    assert (rig.told("bankroll", ReferralsSeen), rig.texts()) == ([], [])


@pytest.mark.parametrize(("bonus", "said"), [(500_000, ["bonus of the day: 0.50 USD"]), (0, [])])
def test_the_bonus_of_the_day_is_told_if_it_was_due(bonus, said):
    assert referral(bonus=bonus).poll("bonus").texts() == said


def test_of_play_money_no_bonus_is_claimed():
    assert referral(claims=False).poll("bonus").client.asked == []
