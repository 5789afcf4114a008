"""A key reaches the wire and nothing else."""

import logging
import traceback

import pytest

from actors.venue.builtin import announced
from actors.venue.errors import VenueError
from tests.venue.conftest import KEY, bet_ticket, make_casino, make_line
from tests.venue.raw import RawServer, answers, http, reset

SECRET = KEY.get_secret_value()


@pytest.mark.parametrize("act", [reset, answers(b"junk"), http(401, b'{"error":"unauthorized"}'), http(500, b"")])
def test_no_error_log_or_repr_shows_the_key(act, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with RawServer(act) as venue:
        casino = make_casino(venue.url)
        shown = [repr(casino.place(bet_ticket())), repr(vars(make_line(venue.url))), repr(casino)]
        with pytest.raises(VenueError) as error:
            casino.balance()
        assert SECRET.encode() in venue.requests[0]
    shown += ["".join(traceback.format_exception(error.value)), caplog.text, *capfd.readouterr()]
    assert all(SECRET not in text for text in shown)


def test_an_echoed_key_in_a_wrong_answer_is_not_quoted():
    body = b'{"balance_usd":"' + SECRET.encode() + b'"}'
    with RawServer(http(200, body)) as venue, pytest.raises(VenueError) as error:
        make_casino(venue.url).balance()
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_open_doors_get_no_key():
    with RawServer(http(200, b"{}")) as venue:
        assert not announced(venue.url, timeout_s=5)
        assert b"authorization" not in venue.requests[0].lower()
