"""Strategies that ship with the product, by the name that the configuration uses."""

from collections.abc import Mapping

from actors.strategies.base import Result, Strategy, View
from actors.strategies.boosted_coin import BoostedCoin
from actors.strategies.fair_games import FairGames
from actors.strategies.momentum import Momentum

SHIPPED: Mapping[str, type[Strategy]] = {
    "boosted_coin": BoostedCoin,
    "fair_games": FairGames,
    "momentum": Momentum,
}

__all__ = ["SHIPPED", "BoostedCoin", "FairGames", "Momentum", "Result", "Strategy", "View"]
