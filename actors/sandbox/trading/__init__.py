"""The trading server: accounts, orders and positions of its own books, executed at the exchange behind it."""
