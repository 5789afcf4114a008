"""A look-up reads an account whole, in an order, and never mixes what belongs to different moments."""

from datetime import UTC, datetime

import pytest

from actors.money.evidence import LedgerRow, NotSent, Query
from actors.venue import casino as casino_room
from actors.venue.errors import BadAnswer, BreakerOpen, RateLimited, VenueDown, VenueRefused
from tests.venue.conftest import bet_ticket, make_casino
from tests.venue.scripted import ScriptedVenue, balance, export, history, ledger, seeds
from tests.venue.test_placing import CONTRACT

SINCE = 1_795_329_890_700_000  # 2026-11-22T06:44:50.7Z
FULL = ledger(50)  # what is older stands in the complete history only
QUIET = {"export": [export("bet_1 t 57")], "seeds": [seeds(2, 3)], "ledger": [FULL], "balance": [balance(7)]}
MOVED = QUIET | {"history": [history("reservation")]}


def query(**changes):
    return Query(**({"account": "casino", "since": SINCE, "expected_micro": 7_000_000, "expected_nonces": 5} | changes))


def read(venue, asked=None):
    with venue:
        return make_casino(venue.url, wall=lambda: SINCE).evidence(asked or query())


def test_a_quiet_account_is_read_once_and_its_balance_last():
    venue = ScriptedVenue(**QUIET)
    evidence = read(venue)
    assert venue.asked() == ["balance", "export", "seeds", "ledger", "balance"]  # the first tells the venue's clock
    assert (evidence.nonces, evidence.balance_micro, evidence.detailed) == (5, 7_000_000, False)
    assert [(row.bet_id, row.tag, row.nonce) for row in evidence.rows] == [("bet_1", "t", 3)]
    assert (evidence.started, evidence.rows_complete) == (SINCE, True)


def test_the_window_opens_five_seconds_early_on_a_whole_second():
    venue = ScriptedVenue(**QUIET)
    read(venue)
    assert venue.query("export") == [{"since": "2026-11-22T06:44:45Z"}]


@pytest.mark.parametrize("clock", ["06:34:20", "06:54:20"])
def test_the_window_is_by_the_venues_clock_whatever_ours_says(clock):
    venue = ScriptedVenue(date=f"Sun, 22 Nov 2026 {clock} GMT", **QUIET)
    evidence = read(venue)
    assert venue.query("export") == [{"since": "2026-11-22T06:44:45Z"}]
    assert datetime.fromtimestamp(evidence.venue_at // 1_000_000, UTC).strftime("%H:%M:%S") == clock


@pytest.mark.parametrize(("clock", "opens"), [("06:34:20", "06:34:05"), ("06:54:20", "06:54:05")])
def test_an_account_that_is_met_is_read_from_just_before_by_the_venues_clock(clock, opens):
    venue = ScriptedVenue(date=f"Sun, 22 Nov 2026 {clock} GMT", **QUIET)
    read(venue, query(since=0))
    assert venue.query("export") == [{"since": f"2026-11-22T{opens}Z"}]


@pytest.mark.parametrize("asked", [query(full=True), query(expected_micro=6_990_000), query(expected_nonces=4)])
def test_a_difference_is_read_in_detail_until_two_readings_agree(asked):
    venue = ScriptedVenue(**MOVED)
    evidence = read(venue, asked)
    assert venue.asked()[5:] == ["export", "seeds", "ledger", "history", "balance"]
    assert evidence.detailed
    assert [row.reason for row in evidence.history] == ["reservation"]
    assert evidence.ledger[0] == LedgerRow("1", False, 1_000_000, "reservation", "bet_1", 5, "1970-01-01T00:00:05.000Z")
    assert (evidence.ledger[1].credit, evidence.ledger[1].reference) == (True, "")


def test_a_sweep_reads_the_export_alone():
    venue = ScriptedVenue(**QUIET)
    evidence = read(venue, query(sweep=True))
    assert venue.asked() == ["balance", "export"]  # the first tells the venue's clock
    assert [row.bet_id for row in evidence.rows] == ["bet_1"]


@pytest.mark.parametrize(("rows", "at", "cursor_at"), [(49, 5, ""), (50, 5, "1970-01-01T00:00:06.000Z")])
def test_the_complete_history_is_not_read_where_the_ledger_shows_all_that_is_new(rows, at, cursor_at):
    venue = ScriptedVenue(**QUIET | {"ledger": [ledger(rows, at)]})
    evidence = read(venue, query(full=True, cursor_at=cursor_at))
    assert "history" not in venue.asked()
    assert (evidence.detailed, len(evidence.history)) == (True, 49 if rows == 49 else 0)


def test_a_bet_that_arrives_between_two_reads_is_seen_whole():
    late = MOVED | {"export": [export(), export("bet_9 late 58")], "seeds": [seeds(6)], "balance": [balance(6)]}
    evidence = read(ScriptedVenue(**late))
    assert [row.tag for row in evidence.rows] == ["late"]


def test_dust_of_doubles_is_no_difference():
    assert not read(ScriptedVenue(**QUIET | {"balance": [balance(7.0000004)]})).detailed


def test_an_account_that_never_rests_is_not_read():
    restless = MOVED | {"balance": [balance(n) for n in range(20)]}
    with pytest.raises(VenueDown, match="moved"):
        read(ScriptedVenue(**restless))


def test_without_bets_the_export_is_not_read():
    venue = ScriptedVenue(**QUIET)
    assert read(venue, query(bets=False)).rows == ()
    assert "export" not in venue.asked()


def test_known_contracts_are_always_read_and_unknown_locks_with_the_details():
    locks = history("escrow_lock: esc_1", "escrow_lock: esc_2", "escrow_lock: esc_3", "reservation")
    contracts = {f"esc_{n}": [CONTRACT | {"escrow_id": f"esc_{n}"}] for n in (1, 2)}
    venue = ScriptedVenue(**MOVED | {"history": [locks]} | contracts)
    evidence = read(venue, query(full=True, escrow_ids=("esc_1",), known=frozenset({"esc_3"})))
    assert [view.escrow_id for view in evidence.escrows] == ["esc_1", "esc_2"]
    assert venue.asked()[-3:] == ["esc_1", "esc_2", "balance"]


def test_locks_older_than_the_window_are_not_read():
    old = history("escrow_lock: esc_1", at="2026-11-22T06:44:44.000Z")
    assert read(ScriptedVenue(**MOVED | {"history": [old]}), query(full=True)).escrows == ()


def test_a_lock_without_a_contract_is_left_out():
    orphan = MOVED | {"history": [history("escrow_lock: esc_1")], "esc_1": [(404, {"error": "not_found"})]}
    assert read(ScriptedVenue(**orphan), query(full=True)).escrows == ()


def test_a_404_that_is_not_the_venues_is_no_absence():
    with pytest.raises(VenueRefused) as refused:
        read(ScriptedVenue(**QUIET | {"esc_1": [(404, "<html>")]}), query(escrow_ids=("esc_1",)))
    assert not refused.value.definite


def test_another_contract_than_the_one_asked_for_is_a_wrong_answer():
    with pytest.raises(BadAnswer, match="another contract"):
        read(ScriptedVenue(**QUIET | {"esc_1": [CONTRACT | {"escrow_id": "esc_2"}]}), query(escrow_ids=("esc_1",)))


def test_more_unknown_locks_than_are_looked_up_make_it_incomplete(monkeypatch):
    monkeypatch.setattr(casino_room, "UNKNOWN_LOCKS", 1)
    locks = history("escrow_lock: esc_1", "escrow_lock: esc_2")
    venue = ScriptedVenue(**MOVED | {"history": [locks], "esc_2": [CONTRACT | {"escrow_id": "esc_2"}]})
    evidence = read(venue, query(full=True))
    assert (len(evidence.escrows), evidence.rows_complete) == (1, False)


def test_a_full_export_is_read_on_from_its_oldest_second(monkeypatch):
    monkeypatch.setattr(casino_room, "EXPORT_ROWS", 3)
    pages = [export("b5 t 58", "b4 t 57", "b3 t 56"), export("b3 t 56", "b2 t 56")]
    venue = ScriptedVenue(**QUIET | {"export": pages})
    evidence = read(venue)
    assert [row.bet_id for row in evidence.rows] == ["b5", "b4", "b3", "b2"]
    assert evidence.rows_complete
    assert venue.query("export")[1]["until"] == "2026-11-22T06:44:56Z"


def test_more_rows_in_a_second_than_the_venue_lists_are_incomplete(monkeypatch):
    monkeypatch.setattr(casino_room, "EXPORT_ROWS", 2)
    assert not read(ScriptedVenue(**QUIET | {"export": [export("b2 t 56", "b1 t 56")]})).rows_complete


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("seeds", {"seeds": [{"bets_made": "5"}]}, "seeds.0.bets_made"),
        ("seeds", {}, "seeds"),
        ("balance", {"balance_usd": None}, "balance_usd"),
        ("balance", '{"balance_usd":1e999}', "balance_usd"),
        ("balance", '{"balance_usd":NaN}', "balance_usd"),
        ("export", "bet_id,game\r\n", "header"),
        ("export", "", "header"),
        ("export", export("bet_1 t 57") + ",extra", "row 1"),
        ("export", export("bet_1 t 57").replace("1.99", "NaN"), "row 1.payout_multiplier"),
        ("export", export("bet_1 t 57").replace("1.99", "1e99999"), "row 1.payout_multiplier"),
        ("export", export("bet_1 t 57").replace(",3,", ",three,"), "row 1.nonce"),
        ("history", {"bankroll_curve": [{"change": True, "reason": "x", "at": "y"}]}, "bankroll_curve.0.change"),
        ("ledger", {"entries": [{}]}, "entries.0.id"),
    ],
)
def test_a_wrong_answer_names_its_field(name, body, field):
    with pytest.raises(BadAnswer) as bad:
        read(ScriptedVenue(**MOVED | {name: [body]}), query(full=True))
    assert bad.value.field == field


def test_a_wrong_key_is_definite_and_not_asked_twice():
    venue = ScriptedVenue(balance=[(401, {"error": "unauthorized"})])
    with pytest.raises(VenueRefused) as refused:
        read(venue)
    assert (refused.value.definite, refused.value.code, len(venue.requests)) == (True, "unauthorized", 1)


def test_a_rate_limit_says_until_when():
    with pytest.raises(RateLimited) as limited:
        read(ScriptedVenue(**QUIET | {"export": [(429, {"error": "rate_limited"})]}))
    assert limited.value.until == SINCE + 60_000_000


def test_a_read_is_repeated_as_the_table_says():
    waits = []
    venue = ScriptedVenue(balance=[(500, {}), (503, "x"), balance(7)])
    with venue:
        assert make_casino(venue.url, wait=waits.append).balance() == 7_000_000
    assert len(waits) == 2
    assert 0.2 <= waits[0] <= waits[1] <= 1.0


def test_a_breaker_that_failing_sends_opened_holds_up_no_look_up():
    with ScriptedVenue(balance=[(200, {"balance_usd": 1})], **{"coin-flip": [(500, {})]}) as venue:
        casino = make_casino(venue.url)
        answers = [casino.place(bet_ticket()) for _ in range(9)]
        assert isinstance(answers[-1], NotSent)
        assert casino.balance() == 1_000_000


def test_failing_reads_open_a_breaker_of_their_own_that_does_not_stop_sends():
    with ScriptedVenue(balance=[(500, {})], **{"coin-flip": [(400, {"error": "minimum_bet"})]}) as venue:
        casino = make_casino(venue.url)
        with pytest.raises(VenueDown):
            casino.balance()
        with pytest.raises(BreakerOpen):
            casino.balance()
        assert len(venue.requests) == 5
        assert casino.place(bet_ticket()).code == "minimum_bet"
