"""Payments, withdrawals and registrations as a strategy writes them, and what of the venue's news may be theirs."""

import pytest

from actors.money.wagers import (
    CheckedDomain,
    CheckedPay,
    CheckedWithdraw,
    Nonsense,
    Pay,
    RegisterDomain,
    Withdraw,
    checked,
)

ADDRESS = "0x" + "aB" * 20


def check(wager):
    return checked(wager, builtin_venue=True)


def test_a_payment_is_made_exact():
    assert check(Pay("ag_friend", "1.50", "thanks")) == CheckedPay("ag_friend", 1_500_000, "thanks")


@pytest.mark.parametrize("amount", ["0", "-1", "0.005", "1e400", None, True])
def test_a_payment_needs_an_amount_in_cents(amount):
    with pytest.raises(Nonsense, match="amount"):
        check(Pay("ag_friend", amount))


@pytest.mark.parametrize("to", ["friend", "", None, 5, "ag_\n"])
def test_a_payment_needs_an_agent(to):
    with pytest.raises(Nonsense, match="to_agent"):
        check(Pay(to, "1.00"))


def test_one_address_is_one_however_it_is_written():
    assert check(Withdraw("10", ADDRESS)) == CheckedWithdraw(10_000_000, ADDRESS.lower())


@pytest.mark.parametrize("amount", ["0.99", "100000.01"])
def test_a_withdrawal_keeps_to_the_venues_limits(amount):
    with pytest.raises(Nonsense, match=r"1\.00 to 100000\.00"):
        check(Withdraw(amount, ADDRESS))


@pytest.mark.parametrize("address", ["", "0x12", "0x" + "g" * 40, "So1" + "a" * 40, None, ADDRESS + "\n"])
def test_a_withdrawal_needs_an_address_of_base(address):
    with pytest.raises(Nonsense, match="address"):
        check(Withdraw(10, address))


def test_a_name_is_written_in_small_letters():
    assert check(RegisterDomain("Example.COM", 9)) == CheckedDomain("example.com", 9_000_000)


@pytest.mark.parametrize(
    "name", ["", "example", ".com", "-a.com", "a b.com", "ä.com", "a" * 64 + ".com", None, "a.com\n"]
)
def test_what_is_no_domain_is_refused(name):
    with pytest.raises(Nonsense, match="domain"):
        check(RegisterDomain(name, 9))
