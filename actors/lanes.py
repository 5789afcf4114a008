"""Which strategies run, each in its lane: from the configuration, from the host application, or the paper default."""

import importlib
from collections.abc import Callable, Sequence

from msgspec import Struct

from actors.config import AgentConfig, StrategySection
from actors.errors import ConfigError
from actors.strategies import SHIPPED, Strategy


class Lane(Struct, frozen=True):
    """A lane and how its strategy is made (anew for each incarnation of its actor)."""

    name: str
    account: str
    make: Callable[[], Strategy]
    wants_prices: bool


def lanes_of(config: AgentConfig, given: Sequence[Strategy]) -> tuple[Lane, ...]:
    """Return the lanes to run.

    Args:
        config: its `[[strategy]]` sections; on paper, with none anywhere, boosted_coin plays.
        given: instances that the host application made; each gets a lane named after its class.

    Raises:
        ConfigError: a strategy that is unknown, does not import, is no Strategy, or does not take its parameters.
    """
    if config.idle:
        return ()
    lanes = [_from_section(section) for section in config.strategy]
    for strategy in given:
        if not isinstance(strategy, Strategy):
            raise ConfigError(f"strategies takes instances of actors.Strategy, not {strategy!r}.")
        base = type(strategy).__name__
        taken = sum(lane.name.partition("#")[0] == base for lane in lanes)
        name = f"{base}#{taken + 1}" if taken else base
        lanes.append(Lane(name, strategy.account, _same(strategy), strategy.wants_prices))
    if not lanes and not config.live:
        lanes.append(_from_section(StrategySection(name="boosted_coin")))
    return tuple(lanes)


def check_bets(config: AgentConfig, *, lanes: bool) -> None:
    """See that a run that is to end after some bets can come to its end.

    Raises:
        ConfigError: no bet would ever be made: there are no `lanes`, or the configuration allows none.
    """
    mend = ""
    if not lanes:
        mend = "name what is to bet with --strategy or [[strategy]]"
    elif not config.services.casino:
        mend = "the casino is off in [services]; turn it on, or end the run by a time (--for) or by hand"
    elif config.dry_run:
        mend = "a dry run sends nothing; end it by a time (--for) or by hand"
    if mend:
        raise ConfigError(f"No bet would ever come: {mend}.")


def _same(strategy: Strategy) -> Callable[[], Strategy]:
    return lambda: strategy


def _from_section(section: StrategySection) -> Lane:
    found = _shipped(section.name) if section.name else _imported(str(section.class_))
    parameters = section.parameters

    def make() -> Strategy:
        return found(**parameters)

    try:
        make()
    except TypeError as error:
        raise ConfigError(f"The strategy {section.lane_name} does not take its parameters: {error}.") from None
    except Exception:  # noqa: BLE001, S110  the user's constructor failed: its lane will pause and say so
        pass
    account = section.account if "account" in section.model_fields_set else found.account
    return Lane(section.lane_name, account, make, found.wants_prices)


def _shipped(name: str) -> type[Strategy]:
    if name not in SHIPPED:
        raise ConfigError(
            f"There is no strategy {name}; there are {', '.join(SHIPPED)}, or give class = 'module:Class'."
        )
    return SHIPPED[name]


def _imported(path: str) -> type[Strategy]:
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:  # noqa: BLE001  whatever the user's module raises
        raise ConfigError(f"The strategy {path} does not import: {type(error).__name__}: {error}.") from None
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        raise ConfigError(f"The strategy {path} is no class derived from actors.Strategy.")
    return found
