"""The first run, as a newcomer sees it, and the audit trail it leaves."""

import csv
import io
import json


def test_it_ends_with_0_and_the_summary_says_that_book_and_venue_agree(played):
    program, _ = played
    summary = json.loads((program.data.parent / "summary.json").read_text())
    assert (summary["bets"], summary["difference"], summary["sent"]) == (3, 0, 3)
    assert summary["book_balance"] == summary["venue_balance"]


def test_what_it_says(played):
    _, ended = played
    said = ended.stdout
    assert said.startswith("stakekeeper 0.1.0   PAPER: built-in venue, no real money     data ")
    for part in (
        "\ndoctor      python ok | ",
        "\nreconcile   ",
        "\n`- core                  rest_for_one",
        "Kelly 4.5%",
    ):
        assert part in said
    assert said.rstrip().endswith("| book = venue | journal closed | bye")
    assert ended.stderr == ""


def test_a_pipe_gets_no_control_codes(played):
    _, ended = played
    assert "\x1b" not in ended.stdout
    assert "\r" not in ended.stdout


def test_every_log_line_is_json_with_the_six_fields_and_a_bets_is_below_300_bytes(played):
    program, _ = played
    lines = (program.data / "logs" / "agent.jsonl").read_bytes().splitlines()
    rows = [json.loads(line) for line in lines]
    assert all({"timestamp", "agent_id", "service", "action", "amount", "outcome"} <= row.keys() for row in rows)
    bets = [len(line) for line, row in zip(lines, rows, strict=True) if row["action"] == "bet"]
    assert len(bets) == 6
    assert max(bets) < 300


def test_the_key_is_in_its_private_file_and_nowhere_else(played):
    program, ended = played
    file = program.data / "credentials.json"
    key = json.loads(file.read_text())["casino"]["key"]
    assert file.stat().st_mode & 0o777 == 0o600
    others = [one for one in program.data.rglob("*") if one.is_file() and one != file and "sandbox" not in one.name]
    assert not [one for one in others if key.encode() in one.read_bytes()]
    assert key not in ended.stdout


def test_nothing_is_left_that_says_an_agent_runs(played):
    program, _ = played
    assert not (program.data / "control.json").exists()


def test_the_ledger_exports_the_same_postings_as_csv_and_json(played):
    program, _ = played
    rows = list(csv.DictReader(io.StringIO(program("ledger", "--csv").stdout)))
    same = json.loads(program("ledger", "--json").stdout)
    assert [(row["seq"], row["amount_micro"]) for row in rows] == [
        (str(row["seq"]), str(row["amount_micro"])) for row in same
    ]
    assert sum(row["kind"] == "intent_opened" for row in rows) == 3
    assert len(program("ledger", "--last", "2").stdout.splitlines()) == 2


def test_verify_walks_the_whole_chain(played):
    program, _ = played
    report = json.loads(program("verify", "--json").stdout)
    assert (report["ok"], report["bad_seq"]) == (True, None)
    assert f"The journal is whole: {report['rows']} rows" in program("verify").stdout


def test_explain_tells_the_story_of_an_intent_by_its_number(played):
    program, _ = played
    intent = json.loads(program("ledger", "--json", "--last", "1").stdout)[0]["intent"]
    told = program("explain", intent.lstrip("0")).stdout
    assert told.startswith(f"intent {intent}\n")
    for part in (
        "OPENED  bet boosted_coin",
        "pays 2.1 times the stake; Kelly 4.55%",
        "CLOSED  executed",
        "reserved",
        "fairness: checked",
    ):
        assert part in told
    steps = json.loads(program("explain", intent, "--json").stdout)["steps"]
    assert [step["kind"] for step in steps] == ["intent_opened", "intent_closed"]


def test_explain_wants_an_intent_of_the_journal(played):
    program, _ = played
    for unknown in ("4711", "zzz", ""):
        ended, why = program("explain", unknown), "name one by its number, as `ledger` does"
        assert (ended.returncode, ended.stderr) == (2, f"The journal has no intent {unknown}: {why}.\n")


def test_a_stopped_agent_can_be_reconciled(played):
    program, _ = played
    ended = program("reconcile")
    assert (ended.returncode, ended.stdout[:5]) == (0, "Book ")
