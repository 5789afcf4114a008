"""The wallet's client: exact balances, unknown chains, and one chain's silence that closes nothing for the others."""

import json
from decimal import Decimal

import pytest

from actors.venue.errors import BadAnswer, BreakerOpen, VenueDown, VenueRefused
from actors.venue.retries import RETRIES
from actors.venue.wallet import Wallet
from tests.venue.conftest import make_line
from tests.venue.raw import RawServer, http

EVM = "0x" + "12" * 20
TRIES = RETRIES["wallet balance"].retries + 1


def body(content, status=200):
    return http(status, json.dumps(content).encode())


def native(amount="0.5", chain="base", address=EVM):
    return body({"address": address, "chain": chain, "balance": {"native": {"symbol": "ETH", "amount": amount}}})


def told(ask, *answers):
    with RawServer(*answers) as venue:
        return ask(Wallet(make_line(venue.url, "wallet")))


@pytest.mark.parametrize("amount", ["0", "0.5", "123456789.123456789012345678", "1e-7"])
def test_a_balance_is_read_exactly(amount):
    assert told(lambda wallet: wallet.native("base", EVM), native(amount)) == Decimal(amount)


@pytest.mark.parametrize(
    "answer", [native(-1), native("NaN"), native("-1"), native(chain="solana"), native(address="x")]
)
def test_what_is_no_balance_of_the_address_is_no_balance(answer):
    with pytest.raises(BadAnswer):
        told(lambda wallet: wallet.native("base", EVM), answer)


def test_usdc_of_a_chain_with_an_error_or_without_an_answer_is_unknown():
    rows = [{"chain": "base", "usdc_balance": 1.25}, {"chain": "solana", "usdc_balance": 0, "error": "rpc"}]
    asked = {"base": EVM, "solana": "So1", "ethereum": EVM}
    found = told(lambda wallet: wallet.usdc(asked), body({"balances": rows}))
    assert found == {"base": Decimal("1.25"), "solana": None, "ethereum": None}


def test_a_view_key_is_never_sent_and_monero_without_one_is_refused():
    with pytest.raises(VenueRefused, match="view_key_required"):
        told(lambda wallet: wallet.native("monero", "4" * 95), body({"error": "view_key_required"}, 400))


def test_a_chain_that_does_not_answer_closes_nothing_for_the_others():
    """Mission 4.4: it is asked again five times."""
    silent = body({"error": "rpc_error"}, 502)
    with RawServer(*[silent] * TRIES, native()) as venue:
        wallet = Wallet(make_line(venue.url, "wallet"))
        with pytest.raises(VenueDown):
            wallet.native("solana", EVM)
        assert len(venue.requests) == TRIES
        assert wallet.native("base", EVM) == Decimal("0.5")


def test_a_service_that_does_not_answer_opens_its_breaker():
    with RawServer(*[body({"error": "internal_error"}, 500)] * TRIES) as venue:
        wallet = Wallet(make_line(venue.url, "wallet"))
        with pytest.raises((VenueDown, BreakerOpen)):
            wallet.native("base", EVM)
        with pytest.raises(BreakerOpen):
            wallet.native("base", EVM)
