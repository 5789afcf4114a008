"""What the tree tells, in words."""

import pytest

from actors.happenings import Happenings
from supervision import (
    Abandoned,
    ChildFailed,
    ChildRestarted,
    ChildStarted,
    DeadLetters,
    LateLetters,
    LimitReached,
    RestartDelayed,
    Stalled,
    TeardownFailed,
)

CASINO = "core/services/casino"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            LimitReached("core/services", CASINO, 11, 10, 60.0),
            f"services gives up: {CASINO} failed 11 times, 10 in 60 s",
        ),
        (RestartDelayed(CASINO, 2, 0.4), "casino is started again in 0.4 s (attempt 2)"),
        (Stalled(CASINO, 1, 31.2), "casino has been busy with one message for 31 s"),
        (Abandoned(CASINO, 1, "stuck"), "casino did not end in time and was cut off: stuck"),
        (TeardownFailed(CASINO, 1, "OSError: x"), "casino could not close in order: OSError: x"),
        (DeadLetters(CASINO, 3, 7, "Place"), "casino was down for 3 of its messages (Place)"),
    ],
)
def test_every_trouble_is_a_sentence(event, text):
    notice = Happenings().notice(event, 0)
    assert notice.text.startswith(text)
    assert (notice.service, notice.level in ("WARNING", "ERROR")) == (event.path.rpartition("/")[2], True)


def test_what_comes_too_late_for_an_orderly_end_is_no_trouble():
    notice = Happenings().notice(LateLetters(CASINO, 1, 1, "Poll"), 0)
    assert (notice.level, notice.text) == ("INFO", "casino had ended when 1 of its messages came (Poll)")


def test_what_is_as_it_should_be_is_for_the_log_alone():
    assert Happenings().notice(ChildStarted(CASINO, 1, 0.1), 0).level == "DEBUG"


def test_a_restart_tells_the_cause_once_and_only_of_its_own_crash():
    happenings = Happenings()
    again = ChildRestarted(CASINO, 2, 0.001, 1, 10, 60.0)
    happenings.notice(ChildFailed(CASINO, 1, "failed", "ValueError: x", "permanent"), 0)
    assert happenings.notice(again, 0).text.startswith("CRASH casino (ValueError) restarted in 1 ms, 1 of 10 in 60 s")
    assert happenings.notice(again, 0).text.startswith("casino restarted in 1 ms")
