"""The domains server, and the registrar behind it."""
