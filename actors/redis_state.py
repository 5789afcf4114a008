"""Redis, where an agent shows others what lasts only for seconds. It keeps nothing that anybody needs."""

from pydantic import SecretStr

from actors.errors import ConfigError

TIMEOUT_S = 1.0
"""For a connection, and for an answer."""


class StoreDown(Exception):  # noqa: N818  a state, never a crash
    """Redis cannot be reached; nothing depends on it."""


class RedisState:
    """Texts under keys of the agent's own, each for some seconds. Calls block for up to two seconds.

    Args:
        url: redis://, rediss:// or unix://; no connection is made before the first `put`.
        agent_id: the keys are `stakekeeper:AGENT_ID:NAME`.

    Raises:
        ConfigError: the package redis is not installed, or the URL is none.
    """

    def __init__(self, url: SecretStr, agent_id: str) -> None:
        try:
            import redis  # noqa: PLC0415  an extra that few install
        except ImportError:
            raise ConfigError("redis.url is set, but redis is missing: pip install 'stakekeeper[redis]'.") from None
        self._errors = (redis.RedisError, OSError)
        try:
            self._redis = redis.Redis.from_url(
                url.get_secret_value(), socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S
            )
        except ValueError:
            raise ConfigError("redis.url is no URL of Redis; write redis://HOST:PORT/NUMBER.") from None
        self._prefix = f"stakekeeper:{agent_id}"

    def put(self, name: str, text: str, ttl_s: int) -> None:
        """Keep a text for so many seconds.

        Raises:
            StoreDown: it cannot be reached, or does not want it.
        """
        try:
            self._redis.set(f"{self._prefix}:{name}", text, ex=ttl_s)
        except self._errors as error:
            raise StoreDown(f"{type(error).__name__}: {error}") from None
