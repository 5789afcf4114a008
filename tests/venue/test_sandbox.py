"""The client against the built-in venue: another author's reading of the same contract."""

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from actors.money.evidence import Executed, Query, Refused
from actors.money.wagers import CheckedAct, EscrowCreate, checked_escrow
from actors.venue.builtin import announced
from actors.venue.errors import VenueRefused
from actors.venue.escrow import Escrow, act_request, create_request
from actors.venue.faucet import Faucet
from actors.venue.registration import register
from tests.venue.conftest import a_bet, bet_ticket, make_casino, make_line, ticket, wall
from tests.venue.raw import RawServer, http, reset

GAMES = [
    a_bet(),
    a_bet("dice", direction="over", threshold=50),
    a_bet("roulette", bet_type="red"),
    a_bet("custom", win_probability=50),
    a_bet("boosted_coin", side="tails"),
]


@pytest.mark.parametrize("bet", GAMES, ids=lambda bet: bet.game)
def test_every_even_game_is_executed_and_found_by_its_tag(casino, bet):
    """Mission 5.1."""
    began, before = wall(), casino.balance()
    answer = casino.place(bet_ticket(tag="sk1-x-1", bet=bet))
    assert isinstance(answer, Executed)
    evidence = casino.evidence(Query("casino", began, before, 0))
    (row,) = evidence.rows
    assert row == replace(answer.bet, at_seconds=row.at_seconds)
    assert began // 1_000_000 <= row.at_seconds <= wall() // 1_000_000
    assert (evidence.nonces, evidence.detailed) == (1, True)
    assert sum(row.change_micro for row in evidence.history) == evidence.balance_micro


def test_the_servers_kelly_limit_is_a_refusal_and_nothing_moves(casino):
    before = casino.balance()
    assert casino.place(bet_ticket(stake_micro=90_000_000)) == Refused("kelly_limit_exceeded")
    assert casino.balance() == before


def test_a_contract_from_create_to_release(sandbox, account, casino):
    other = register(f"{sandbox}/api/v1", timeout_s=5)
    escrow = Escrow(make_line(sandbox, "escrow", key=account.api_key, agent_id=account.agent_id))
    began, before = wall(), casino.balance()
    wager = checked_escrow(EscrowCreate("2.00", other.agent_id, "some work"))
    made = escrow.place(ticket("escrow_create", create_request(wager, "sk1-tag"), 2_000_000, "sk1-tag")).escrow
    evidence = casino.evidence(Query("casino", began, before, 0))
    assert [view.escrow_id for view in evidence.escrows] == [made.escrow_id]
    assert evidence.escrows[0] == made
    assert evidence.balance_micro == before - 2_000_000
    release = act_request(CheckedAct(made.escrow_id, "release", ""))
    assert escrow.place(ticket("escrow_act", release, 0, "")).escrow.status == "released"
    assert escrow.place(ticket("escrow_act", release, 0, "")) == Refused("invalid_status")
    assert escrow.look([made.escrow_id, "esc_0000000000000000"])[0].status == "released"


def test_a_wrong_key_is_refused_for_bets_and_reads(sandbox):
    casino = make_casino(f"{sandbox}/api/v1")
    assert casino.place(bet_ticket()) == Refused("unauthorized")
    with pytest.raises(VenueRefused, match="401 unauthorized"):
        casino.balance()


def test_the_faucet_pays_an_account_once(sandbox):
    """Mission 5.5."""
    account = [register(f"{sandbox}/api/v1", timeout_s=5) for _ in range(2)][-1]  # the first may be claimed for already
    mine = make_line(f"{sandbox}/api/v1", key=account.api_key, agent_id=account.agent_id)
    faucet = Faucet(make_line(sandbox, "faucet", key=SecretStr(""), agent_id=""), mine)
    outcome = faucet.claim().outcome
    assert outcome in ("credited", "later")  # one claim an address a day
    assert faucet.had() is (outcome == "credited")
    assert faucet.claim().outcome in ("had", "later")


NO_ANNOUNCEMENT = [
    http(404, b'{"sandbox":true}'),
    http(200, b'{"sandbox":1}'),
    http(200, b'{"sandbox":false}'),
    http(200, b'{"sandbox":true,"seed":"x"}'),
    http(200, b"[]"),
    reset,
]


def test_only_the_built_in_venue_announces_itself(sandbox):
    said = announced(f"{sandbox}/api/v1", timeout_s=5)
    assert (said.sandbox, said.seed, said.limits) == (True, 7, "off")
    for act in NO_ANNOUNCEMENT:
        with RawServer(act) as venue:
            assert not announced(venue.url, timeout_s=5)
    assert not announced(venue.url, timeout_s=1)
