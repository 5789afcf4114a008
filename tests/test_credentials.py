"""The keys: where they come from, and where they never go."""

import json

import pytest
from pydantic import SecretStr

from actors.credentials import Credential, Credentials, Redactor
from actors.errors import ConfigError

KEY = "sk_live_0123456789"


def test_the_environment_wins_over_the_file(tmp_path):
    Credentials.load(tmp_path, {}).save("casino", Credential(SecretStr("from the file"), "ag_1"))
    found = Credentials.load(tmp_path, {"casino": SecretStr(KEY)}).require("casino")
    assert found.key.get_secret_value() == KEY


def test_escrow_and_faucet_live_on_the_casinos_key(tmp_path):
    credentials = Credentials.load(tmp_path, {"casino": SecretStr(KEY)})
    assert credentials.get("escrow") == credentials.get("faucet") == credentials.get("casino")
    assert credentials.get("trading") is None


def test_a_saved_key_is_found_again_in_a_private_file(tmp_path):
    Credentials.load(tmp_path, {}).save("casino", Credential(SecretStr(KEY), "ag_1"))
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert Credentials.load(tmp_path, {}).require("casino") == Credential(SecretStr(KEY), "ag_1")
    assert [file.name for file in tmp_path.iterdir()] == ["credentials.json"]


def test_a_key_is_never_overwritten(tmp_path):
    credentials = Credentials.load(tmp_path, {})
    credentials.save("casino", Credential(SecretStr(KEY)))
    with pytest.raises(ConfigError, match="has a key for casino already"):
        credentials.save("casino", Credential(SecretStr("another")))
    assert Credentials.load(tmp_path, {}).require("casino").key.get_secret_value() == KEY


def test_no_repr_shows_a_key(tmp_path):
    credentials = Credentials.load(tmp_path, {"casino": SecretStr(KEY)})
    assert KEY not in f"{credentials!r}{credentials}{credentials.require('casino')!r}"


def test_a_missing_key_is_a_sentence_with_the_mend(tmp_path):
    with pytest.raises(ConfigError, match="no key for escrow; set STAKEKEEPER_CASINO_KEY or run"):
        Credentials.load(tmp_path, {}).require("escrow")


def test_a_file_open_to_others_is_refused_without_showing_it(tmp_path):
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"casino": {"key": KEY}}))
    file.chmod(0o644)
    with pytest.raises(ConfigError, match=r"open to others \(mode 0644\); close it with: chmod 600") as caught:
        Credentials.load(tmp_path, {})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"casino": 1}', '{"casino": {"kee": "sk"}}'])
def test_a_damaged_file_is_a_sentence(tmp_path, text):
    file = tmp_path / "credentials.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="is damaged"):
        Credentials.load(tmp_path, {})


def test_a_redactor_takes_every_key_out_and_leaves_short_words():
    hide = Redactor([SecretStr(KEY), SecretStr("an"), SecretStr("")])
    assert hide(f"{KEY} and {KEY}") == "[a key] and [a key]"
    assert KEY not in repr(hide) + repr(vars(hide))
