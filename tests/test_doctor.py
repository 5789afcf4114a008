"""The doctor: each check, and the check that crashes."""

import socket
from datetime import UTC, datetime

import pytest

from actors import doctor
from actors.config import AgentConfig
from actors.doctor import LOCAL_CHECKS, Patient, examine, is_well, one_line

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def config(tmp_path):
    return AgentConfig.load(data=tmp_path / "paper", env={})


def patient(config, now=NOW):
    return Patient(config, lambda: now)


def test_a_fresh_directory_is_well(config):
    findings = examine(config, now=lambda: NOW)
    assert is_well(findings)
    assert [one.name for one in findings] == [
        "python", "platform", "clock", "disk", "data", "journal", "config", "keys",
        "casino", "escrow", "faucet", "trading", "exchange", "wallet", "domains",
    ]  # fmt: skip
    assert "journal ok (new) | config ok" in one_line(findings)


def test_a_check_that_crashes_is_a_failed_row(config):
    def check_broken(_):
        return 1 / 0

    (finding,) = examine(config, checks=[check_broken])
    assert (finding.name, finding.state) == ("broken", "fail")
    assert finding.text == "ZeroDivisionError: division by zero"
    assert not is_well([finding])


def test_every_trouble_has_a_mend(config, tmp_path):
    (tmp_path / "paper").write_text("a file where the directory should be")
    (tmp_path / "paper").chmod(0o600)
    troubled = [one for one in examine(config, checks=LOCAL_CHECKS) if one.state != "ok"]
    assert "data" in [one.name for one in troubled]
    assert all(one.mend for one in troubled)


def test_alerts_that_nobody_would_send_are_told_of(tmp_path):
    config = AgentConfig.load(data=tmp_path / "paper", env={}, overrides={"alerts.urls": ["https://hooks.example/x"]})
    finding = doctor.check_config(patient(config))
    assert (finding.state, "sends no alerts" in finding.mend) == ("warn", True)


def test_a_clock_in_the_past_fails(config):
    assert doctor.check_clock(patient(config, datetime(1970, 1, 1, tzinfo=UTC))).state == "fail"


def test_windows_is_refused_with_a_sentence(config, monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    finding = doctor.check_platform(patient(config))
    assert (finding.state, "WSL" in finding.mend) == ("fail", True)


def test_a_journal_that_is_none_fails_with_its_own_sentence(config):
    config.data.mkdir()
    config.journal_path.write_text("no database, surely" * 100)
    assert doctor.check_journal(patient(config)).state == "fail"


def test_real_money_needs_the_key_of_every_service_that_is_on(tmp_path):
    keys = {"STAKEKEEPER_CASINO_KEY": "pk_of_a_test"}
    config = AgentConfig.load(data=tmp_path, live=True, env=keys)
    assert doctor.check_keys(patient(config)).state == "ok"
    config = AgentConfig.load(data=tmp_path, live=True, env=keys, overrides={"services.trading": True})
    finding = doctor.check_keys(patient(config))
    assert (finding.state, finding.text) == ("fail", "none for trading")
    assert "python run.py register trading --live" in finding.mend


@pytest.fixture
def nowhere():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def test_each_service_that_is_on_is_asked_and_one_that_does_not_answer_fails(tmp_path, nowhere):
    on = {"services.trading": True, "services.faucet": False, "venue.trading": f"{nowhere}/v1"}
    rows = {one.name: one for one in examine(AgentConfig.load(data=tmp_path, env={}, overrides=on))}
    assert (rows["trading"].state, rows["trading"].text) == ("fail", nowhere)
    assert rows["trading"].mend.endswith("check the network and venue.trading.")
    assert rows["casino"].text == rows["exchange"].text == "built in, starts with the agent"
    assert rows["faucet"].text == rows["wallet"].text == "off"


def test_a_venue_on_this_machine_is_asked_for_all_its_services(tmp_path, nowhere):
    config = AgentConfig.load(data=tmp_path, env={}, overrides={"venue.casino": f"{nowhere}/api/v1"})
    failed = [one.name for one in examine(config) if one.state == "fail"]
    assert failed == ["casino", "escrow", "faucet"]
