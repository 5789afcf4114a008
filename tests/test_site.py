"""Where an agent plays: one place, with the keys that belong to it."""

import pytest

from actors.config import AgentConfig
from actors.errors import ConfigError
from actors.site import find_site

HERE = "http://127.0.0.1:9"
KEYS = {"STAKEKEEPER_CASINO_KEY": "sk_live_1", "STAKEKEEPER_TRADING_KEY": "sk_trade_1"}


def site(tmp_path, **overrides):
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    return find_site(AgentConfig.load(data=tmp_path, live=True, env=KEYS, overrides=named))


def test_a_test_casino_never_stands_beside_real_money(tmp_path):
    mixed = {"venue__casino": f"{HERE}/api/v1", "venue__escrow": HERE, "venue__faucet": HERE}
    with pytest.raises(ConfigError, match=r"venue.casino is on this machine and venue.exchange = https://api"):
        site(tmp_path, **mixed)
    assert site(tmp_path, **mixed, services__trading=False).urls["casino"] == f"{HERE}/api/v1"


def test_the_public_hosts_are_one_place(tmp_path):
    found = site(tmp_path)
    assert {"casino", "escrow", "faucet", "referral", "trading"} == found.services
    assert found.credential("escrow") == found.credential("casino") != found.credential("trading")
