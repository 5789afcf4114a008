"""Whatever the venue says, only our tag and our stake make a bet ours, and nothing but the taxonomy is raised."""

import json
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from actors.money.evidence import Executed
from actors.venue.answers import error_of, read_answer, reset_of
from actors.venue.casino import _won_or_lost
from actors.venue.errors import BadAnswer
from actors.venue.feed import _price, _read
from actors.venue.shapes import (
    BalanceAnswer,
    BetAnswer,
    EscrowAnswer,
    HistoryAnswer,
    LedgerAnswer,
    SeedsAnswer,
    read_export,
)
from tests.venue.conftest import TAG, bet_ticket
from tests.venue.test_placing import CONTRACT, OURS

TEXTS = st.text(max_size=20) | st.sampled_from(["NaN", "1e308", "bet_1", TAG, "2026-11-22T06:47:22.000Z"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=10
)
SHAPES = (BetAnswer, BalanceAnswer, SeedsAnswer, LedgerAnswer, HistoryAnswer, EscrowAnswer)


def fields(known):
    return st.dictionaries(st.sampled_from(sorted(known)), VALUES, max_size=4)


def tried(read, *args):
    """Return what was read, or the field that is wrong."""
    try:
        return read(*args), ""
    except BadAnswer as error:
        return None, error.field


def judge(body):
    return tried(_won_or_lost, bet_ticket(), json.dumps(body).encode())[0]


@given(VALUES, st.booleans())
def test_random_json_is_never_our_bet(body, proven):
    if proven and isinstance(body, dict):
        body["proof"] = OURS["proof"]
    assert judge(body) is None


@given(fields(OURS), fields(OURS["proof"]))
def test_a_changed_answer_is_ours_only_with_our_tag_our_stake_and_a_payout_that_fits(outer, inner):
    body = {**OURS, "proof": {**OURS["proof"], **inner}, **outer}
    answer = judge(body)
    if not isinstance(answer, Executed):
        return
    bet = answer.bet
    assert (bet.tag, bet.stake_micro) == (TAG, 450_000)
    owed = Fraction(bet.multiplier) * 450_000 if bet.won else 0
    assert abs(owed - bet.reported_won_micro) <= 5_000


@given(st.integers(1, 10_000_000), st.integers(10_000, 100_000_000))
def test_every_honest_answer_is_ours(cents, ten_thousandths):
    # The venue's own arithmetic: doubles, rounded to cents with halves up.
    stake, multiplier = cents / 100, ten_thousandths / 10_000
    won = int(stake * multiplier * 100 + 0.5) / 100
    assume(won < 1e9)
    body = {**OURS, "amount_bet": stake, "payout_multiplier": multiplier, "amount_won": won}
    assert _won_or_lost(bet_ticket(cents * 10_000), json.dumps(body).encode()).bet.stake_micro == cents * 10_000


@given(st.binary(max_size=200) | VALUES.map(lambda v: json.dumps(v).encode()), st.sampled_from(SHAPES))
def test_no_body_raises_anything_but_bad_answer(body, shape):
    answer, field = tried(read_answer, shape, body)
    assert answer or field
    assert isinstance(error_of(body), str)
    assert isinstance(reset_of(body), int)
    assert all(_price(text) is None or _price(text) > 0 for text in _read(body)[0].values())


@given(fields(CONTRACT))
def test_a_contract_with_wrong_fields_is_read_or_refused(changes):
    view, field = tried(read_answer, EscrowAnswer, json.dumps(CONTRACT | changes).encode())
    assert isinstance(view.amount_micro, int) if view else field in [*changes, "body"]


HEADER = (
    "bet_id,game,amount_usd,amount_won_usd,net_usd,payout_multiplier,won,server_seed_hash,client_seed,nonce,"
    "result_hash,timestamp_utc"
)
GOOD = ["bet_1", "coin_flip", "0.45", "0.90", "0.45", "1.99", "true", "ab", TAG, "7", "cd", "2026-11-22T06:47:22.000Z"]


@given(st.dictionaries(st.integers(0, 11), st.text(max_size=12), max_size=3))
def test_an_export_is_read_or_refused_with_the_row(changes):
    cells = [changes.get(at, cell) for at, cell in enumerate(GOOD)]
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    rows, field = tried(read_export, f"{HEADER}\r\n{quoted}".encode())
    assert rows[0].bet_id == cells[0] if rows else field.startswith(("row 1", "body"))


@given(st.binary(max_size=300))
def test_no_export_raises_anything_but_bad_answer(body):
    rows, field = tried(read_export, body)
    assert field or rows == []
