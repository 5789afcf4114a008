"""The configuration: its sections, where it comes from, and the one frozen record an agent is started with."""

from actors.config.agent_config import PUBLIC_HOSTS, AgentConfig
from actors.config.sections import StrategySection, is_loopback, redacted

__all__ = ["PUBLIC_HOSTS", "AgentConfig", "StrategySection", "is_loopback", "redacted"]
