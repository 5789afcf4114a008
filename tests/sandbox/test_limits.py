"""The two rate limiters and their two answers."""

import pytest

from actors.sandbox.errors import RefusedError
from actors.sandbox.limits import Limiter


class Clock:
    now = 1000.25

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limiter(clock):
    return Limiter(clock, enabled=True)


def test_a_window_opens_with_its_first_call_and_lasts_a_minute(limiter, clock):
    for _ in range(3):
        limiter.by_ip("/path", "ip", 3)
    clock.now += 59.9
    with pytest.raises(RefusedError, match="429 rate_limited"):
        limiter.by_ip("/path", "ip", 3)
    clock.now += 0.1
    limiter.by_ip("/path", "ip", 3)


def test_rejected_calls_do_not_extend_the_window(limiter, clock):
    limiter.by_ip("/path", "ip", 1)
    clock.now += 30
    with pytest.raises(RefusedError):
        limiter.by_ip("/path", "ip", 1)
    clock.now += 30
    limiter.by_ip("/path", "ip", 1)


def test_paths_addresses_and_accounts_have_windows_of_their_own(limiter):
    for path, ip in (("/a", "1"), ("/b", "1"), ("/a", "2")):
        limiter.by_ip(path, ip, 1)
    for agent, bucket in (("ag_1", "games"), ("ag_1", "batch"), ("ag_2", "games")):
        limiter.by_agent(agent, bucket, 1)


def test_the_account_limit_says_when_it_lifts(limiter):
    limiter.by_agent("ag_1", "games", 1)
    with pytest.raises(RefusedError) as refused:
        limiter.by_agent("ag_1", "games", 1)
    assert refused.value.body["error"] == "rate_limit_exceeded"
    assert refused.value.body["reset_at"] == "1970-01-01T00:17:40.250Z"


def test_switched_off_it_lets_everything_pass(clock):
    limiter = Limiter(clock, enabled=False)
    for _ in range(1000):
        limiter.by_ip("/path", "ip", 1)


def test_old_windows_are_thrown_away(limiter, clock, monkeypatch):
    monkeypatch.setattr("actors.sandbox.limits.MAX_BUCKETS", 10)
    for index in range(40):
        limiter.by_ip(f"/{index}", "ip", 1)
        clock.now += 10
    assert len(limiter._windows) <= 10


def test_a_game_takes_sixty_bets_a_minute_from_an_account(build):
    house = build(limits="contract")
    player = house.register()
    statuses = [house.flip(player, 0.01).status for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    other_game = house.flip(player, 0.01, game="boosted-coin")
    assert (other_game.status, other_game.error) == (429, "rate_limit_exceeded")
    house.advance(60)
    assert house.flip(player, 0.01).status == 200


def test_look_ups_of_the_account_are_not_limited(build):
    house = build(limits="contract")
    player = house.register()
    assert {house.get("/api/v1/auth/ledger", player.key).status for _ in range(70)} == {200}
