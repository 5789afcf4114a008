"""A dry run looks at the venue and changes nothing there."""

import pytest

from actors.money.evidence import NotSent
from actors.venue.errors import NothingSent
from actors.venue.line import DRY
from tests.venue.conftest import bet_ticket, make_casino, make_line
from tests.venue.scripted import ScriptedVenue, balance


def test_a_ticket_is_not_sent():
    with ScriptedVenue() as venue:
        assert make_casino(venue.url, dry_run=True).place(bet_ticket()) == NotSent(DRY)
    assert venue.asked() == []


def test_nothing_is_claimed_and_no_seed_is_rotated():
    with ScriptedVenue() as venue, pytest.raises(NothingSent, match=DRY):
        make_line(venue.url, dry_run=True).act("/fairness/rotate", "{}")
    assert venue.asked() == []


def test_the_venue_is_read():
    with ScriptedVenue(balance=[balance(5)]) as venue:
        assert make_casino(venue.url, dry_run=True).balance() == 5_000_000
    assert venue.asked() == ["balance"]
