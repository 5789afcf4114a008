"""The reporter: lines, counters, and what may not stop it."""

import json

import pytest

from actors.messages import Notice
from actors.reporter import ReporterActor, _Minute
from supervision import ChildFailed, ChildRestarted, ChildSpec, Refuse, Supervisor, System

AT = 1_795_000_000_123_000
BET = Notice(
    AT, "casino", "bet", "lost", "b7f2  lost 0.45", amount_micro=-450_000, intent="b7f2" * 8, lane="boosted_coin",
    extra={"bankroll": 99_550_000},
)  # fmt: skip


class Host:
    """A tree with nothing but a reporter."""

    def __init__(self, log, observer=None, agent_id="agent-1"):
        spec = ChildSpec("reporter", lambda: ReporterActor(agent_id, log, wall=lambda: AT, observer=observer))
        self.system = System(Supervisor.spec("host", [spec]))
        self.handle = self.system.handle("reporter")

    def __enter__(self):
        self.system.start()
        return self

    def __exit__(self, *_):
        self.system.stop()

    def say(self, *notices):
        for notice in notices:
            self.handle.tell(notice)
        with pytest.raises(Refuse):
            self.handle.ask("whether all was heard")


@pytest.fixture
def log(tmp_path):
    return tmp_path / "logs" / "agent.jsonl"


def lines(log):
    return [json.loads(text) for text in log.read_text().splitlines()]


def test_a_bets_line_has_the_six_fields_and_is_below_300_bytes(log):
    with Host(log) as host:
        host.say(BET)
    (one,) = lines(log)
    assert {"timestamp", "agent_id", "service", "action", "amount", "outcome"} <= one.keys()
    assert (one["amount"], one["outcome"], one["bankroll"]) == (-450_000, "lost", 99_550_000)
    assert len(log.read_bytes()) < 300


def test_times_are_utc_with_milliseconds(log):
    with Host(log) as host:
        host.say(BET)
    assert lines(log)[0]["timestamp"] == "2026-11-18T11:06:40.123Z"


def test_a_trouble_keeps_its_sentence_and_an_extra_cannot_replace_a_field(log):
    trouble = Notice(AT, "casino", "breaker", "open", "casino is down", level="WARNING", extra={"outcome": "x", "n": 1})
    with Host(log) as host:
        host.say(trouble)
    assert lines(log)[0] | {"text": "casino is down", "outcome": "open", "n": 1} == lines(log)[0]


def test_an_observer_that_raises_is_contained(log):
    seen = []

    def broken(notice):
        seen.append(notice)
        raise RuntimeError("host")

    with Host(log, broken) as host:
        host.say(BET, BET, _Minute())
        assert host.handle.incarnation == 1
    assert (len(seen), len(lines(log))) == (3, 3)
    assert lines(log)[2]["text"].endswith(" | the observer raised 2 times")


def test_the_observer_is_spared_what_is_for_the_log_alone(log):
    seen = []
    with Host(log, seen.append) as host:
        host.say(Notice(AT, "casino", "child_started", "ok", "up", level="DEBUG"), BET)
    assert (seen, len(lines(log))) == ([BET], 2)


def test_two_agents_in_one_process_do_not_mix(tmp_path):
    with Host(tmp_path / "a.jsonl", agent_id="a") as one, Host(tmp_path / "b.jsonl", agent_id="b") as two:
        one.say(BET)
        two.say(BET, BET)
    assert [row["agent_id"] for row in lines(tmp_path / "a.jsonl")] == ["a"]
    assert [row["agent_id"] for row in lines(tmp_path / "b.jsonl")] == ["b", "b"]


def test_the_hosts_logging_sees_nothing_of_it(log, caplog):
    with Host(log) as host:
        host.say(BET)
    assert not [record for record in caplog.records if not record.name.startswith("supervision")]


def test_a_full_disk_loses_lines_and_stops_nothing(tmp_path, capfd):
    full, seen = tmp_path / "full", []
    full.symlink_to("/dev/full")
    with Host(full, seen.append) as host:
        host.say(BET, BET, _Minute())
        assert host.handle.incarnation == 1
    assert (len(seen), capfd.readouterr().err) == (3, "")
    assert (seen[2].level, seen[2].text.split(" | ")[-1]) == ("WARNING", "2 lines of this log lost")


def test_a_crash_in_the_tree_becomes_one_line_with_its_cause(log):
    seen = []
    with Host(log, seen.append) as host:
        host.say(
            ChildFailed("core/services/casino", 1, "failed", "ZeroDivisionError: by zero", "permanent", "Traceback"),
            ChildRestarted("core/services/casino", 2, 0.001, 1, 10, 60.0),
        )
    assert seen[-1].text == "CRASH casino (ZeroDivisionError) restarted in 1 ms, 1 of 10 in 60 s"
    assert lines(log)[0]["traceback"] == "Traceback"


def test_the_line_of_the_minute_sums_up_since_the_last_one(log):
    seen = []
    won = Notice(AT, "casino", "bet", "won", "", amount_micro=490_000)
    crash = ChildFailed("core/services/casino", 1, "failed", "ValueError: x", "permanent", "")
    up = ChildRestarted("core/services/casino", 2, 0.001, 1, 10, 60.0)
    with Host(log, seen.append) as host:
        host.say(BET, _Minute(), BET, won, won, crash, up, Notice(AT, "bankroll", "reconcile", "ok", ""), _Minute())
    first, second = (one.text for one in seen if one.action == "minute")
    assert first == "1 min: 1 bet, 0 won, -0.45 | 0 crashes, 0 restarts | not reconciled yet"
    assert second == "1 min: 3 bets, 2 won, +0.53 | 1 crash, 1 restart | book = venue"
