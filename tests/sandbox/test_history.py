"""Pages of bets, and the export by which an unknown bet is found again."""

import csv
import io
from urllib.parse import quote

import pytest

HEADER = (
    "bet_id,game,amount_usd,amount_won_usd,net_usd,payout_multiplier,won,"
    "server_seed_hash,client_seed,nonce,result_hash,timestamp_utc"
)


def export(house, player, query=""):
    return house.get(f"/api/v1/bets/export.csv{query}", player.key).body


def rows(house, player, query=""):
    return list(csv.DictReader(io.StringIO(export(house, player, query), newline="")))


def test_an_empty_export_is_its_header(house, player):
    assert export(house, player) == HEADER


def test_lines_end_in_crlf_but_the_last(house, player):
    house.flip(player)
    house.flip(player)
    lines = export(house, player).split("\r\n")
    assert (len(lines), lines[0], lines[-1] != "") == (3, HEADER, True)


def test_a_row_tells_what_the_answer_told(house, player):
    bet = house.flip(player, 1.5, game="boosted-coin", client_seed="op-1").body
    (row,) = rows(house, player)
    won = bet["won"]
    assert row["bet_id"] == bet["bet_id"]
    assert (row["amount_usd"], row["amount_won_usd"]) == ("1.50", "3.15" if won else "0.00")
    assert (row["net_usd"], row["payout_multiplier"]) == ("1.65" if won else "-1.50", "2.1")
    assert (row["won"], row["client_seed"], row["nonce"]) == (str(won).lower(), "op-1", "0")
    assert row["result_hash"] == bet["proof"]["result_hash"]
    assert row["timestamp_utc"].endswith(".000Z")


@pytest.mark.parametrize("client_seed", ['a,"b"\n=1+1:é', "comma,", 'quote"', "line\nbreak"])
def test_odd_client_seeds_come_back_whole(house, player, client_seed):
    house.flip(player, client_seed=client_seed)
    assert [row["client_seed"] for row in rows(house, player)] == [client_seed]


def test_only_cells_that_need_quotes_have_them(house, player):
    house.flip(player, client_seed="semi;colon 'and' space")
    assert '"' not in export(house, player)


def test_a_client_seed_that_was_a_number_is_stored_as_a_real(house, player):
    house.flip(player, client_seed=12345)
    assert rows(house, player)[0]["client_seed"] == "12345.0"


def test_the_export_filters_by_game_and_outcome(house, player):
    for _ in range(12):
        house.flip(player, 0.1)
    house.flip(player, 0.1, game="boosted-coin")
    assert len(rows(house, player, "?game=boosted_coin")) == 1
    assert {row["won"] for row in rows(house, player, "?outcome=lost")} <= {"false"}
    assert len(rows(house, player, "?game=unheard_of")) == 13


def test_since_and_until_are_inclusive_to_the_second(build):
    house = build()
    player = house.register()
    for tag in ("old", "mid", "new"):
        house.flip(player, client_seed=tag)
        house.advance(10)
    mid = rows(house, player)[1]["timestamp_utc"]
    late = mid.replace(".000Z", ".900Z")
    assert [row["client_seed"] for row in rows(house, player, f"?since={mid}")] == ["new", "mid"]
    assert [row["client_seed"] for row in rows(house, player, f"?since={late}")] == ["new", "mid"]
    assert [row["client_seed"] for row in rows(house, player, f"?until={mid}")] == ["mid", "old"]
    assert [row["client_seed"] for row in rows(house, player, f"?since={mid}&until={mid}")] == ["mid"]
    assert len(rows(house, player, "?since=" + quote("not a time"))) == 3


def test_history_pages_and_sums(house, player):
    bets = [house.flip(player, 1).body for _ in range(5)]
    body = house.get("/api/v1/bets/history?limit=2&offset=2", player.key).body
    assert body["pagination"] == {"total": 5, "limit": 2, "offset": 2, "has_more": True}
    assert body["summary"]["total_wagered"] == 5
    assert body["summary"]["total_won_amount"] == pytest.approx(sum(bet["amount_won"] for bet in bets), abs=0.01)


def test_a_limit_that_is_no_number_is_an_error_of_the_server(house, player):
    assert house.get("/api/v1/bets/history?limit=many", player.key).status == 500


def test_stats_count_streaks(house, player):
    outcomes = [house.flip(player, 0.1).body["won"] for _ in range(12)]
    streaks = house.get("/api/v1/stats/me", player.key).body["streaks"]
    runs = "".join("W" if won else "L" for won in outcomes)
    assert streaks["best_win_streak"] == max(map(len, runs.split("L")))
    assert streaks["best_loss_streak"] == max(map(len, runs.split("W")))
    assert streaks["current_streak_type"] == ("win" if outcomes[-1] else "loss")
