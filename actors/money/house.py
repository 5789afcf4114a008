"""The venue's own cap on a bet: the share of the balance above which it refuses (`kelly_limit_exceeded`).

Source: contract page 1.2 and 1.3: the balance times the account's risk factor times a share of each game, in cents. It
is not Kelly's stake: it also lets through what has no edge.
"""

from collections.abc import Mapping
from fractions import Fraction

from actors.money.amounts import floor_to_cents, times
from actors.money.games import Param

WHEEL = 37
HOUSE_FACTOR = Fraction(995, 1000)


def house_cap_micro(game: str, params: Mapping[str, Param], balance_micro: int, risk_factor: Fraction) -> int:
    """Return the largest stake that the venue takes on a sound bet, in whole cents of micro-USD.

    Args:
        game: its name in the venue's records.
        params: of a sound bet.
        balance_micro: of the account. The venue rounds to the nearest cent, we round down.
        risk_factor: of the account, as the venue says.
    """
    return floor_to_cents(times(max(balance_micro, 0), risk_factor * _share(game, params)))


def _share(game: str, params: Mapping[str, Param]) -> Fraction:
    match game:
        case "dice":
            return 1 - Fraction(params["threshold"]) / 100
        case "custom":
            return Fraction(params["win_probability"]) / 100
        case "multiplier":
            return HOUSE_FACTOR / Fraction(params["target_multiplier"])
        case "crash":
            return HOUSE_FACTOR / Fraction(params["cash_out_at"])
        case "roulette":
            kind = str(params["bet_type"])
            return Fraction(1 if kind == "number" else 12 if kind.startswith(("dozen", "column")) else 18, WHEEL)
        case _:
            return Fraction(1, 2)
