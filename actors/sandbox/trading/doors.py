"""Every door of the trading server."""

from actors.sandbox.trading import accounts, markets, orders, positions, triggers

DOORS = [*accounts.DOORS, *markets.DOORS, *orders.DOORS, *positions.DOORS, *triggers.DOORS]
