"""A user's module whose strategies cannot be used."""

from actors import Strategy


class NoStrategy:
    pass


class RaisesAtOnce(Strategy):
    def __init__(self):
        raise RuntimeError("no such file")

    def decide(self, view):
        raise AssertionError("never made")
