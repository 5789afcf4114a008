"""The command line."""

from actors.cli.app import main

__all__ = ["main"]
