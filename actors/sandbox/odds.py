"""The games' arithmetic, provably fair. Pure: from parameters and a roll to an outcome."""

import hashlib
import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.sandbox.errors import refuse
from actors.sandbox.figures import cents, number_field, round_to

RETURN = 0.995  # what the house gives back of a fair payout
ROLLS = 10_000  # a roll is one of 0.00, 0.01, ... 99.99
COIN_PAYS = 1.99
BOOSTED_COIN_PAYS = 2.10  # the built-in venue's own game: a fair coin that pays more than two
MAX_POINT = 10_000.0
POCKETS = 37
RED = frozenset({1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36})

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Offer:
    """A bet the house is ready to take.

    Attributes:
        game: the name in the books.
        probability: of winning, 0 to 1, as the house states it; NaN when a parameter is missing.
        pays: total return for a stake of one, the stake included.
        decide: from a roll (0.00 to 99.99) to (won, what the answer tells of it).
    """

    game: str
    probability: float
    pays: float
    decide: Callable[[float], tuple[bool, Params]]


def result_hash(server_seed: str, client_seed: str, nonce: int) -> str:
    """HMAC-SHA256 in hex, keyed with the text of the seed, of "client_seed:nonce"."""
    return hmac.new(server_seed.encode(), f"{client_seed}:{nonce}".encode(), hashlib.sha256).hexdigest()


def roll_of(digest: str) -> float:
    """The roll, 0.00 to 99.99, that a result hash stands for."""
    return (int(digest[:8], 16) % ROLLS) / 100


def coin_flip(params: Params) -> Offer:
    """Heads below 50, tails from 50."""
    return _coin("coin_flip", COIN_PAYS, params)


def boosted_coin(params: Params) -> Offer:
    """The same coin, paying 2.10: the one game here with an edge for the player."""
    return _coin("boosted_coin", BOOSTED_COIN_PAYS, params)


def _coin(game: str, pays: float, params: Params) -> Offer:
    side = params.get("side")

    def decide(roll: float) -> tuple[bool, Params]:
        outcome = "heads" if roll < 50 else "tails"
        return outcome == side, {"side_chosen": side, "outcome": outcome, "roll": roll}

    return Offer(game, 0.5, pays, decide)


def dice(params: Params) -> Offer:
    """A die of 1 to 100 against a threshold, strictly over or under it."""
    over = params.get("direction") == "over"
    threshold = number_field(params, "threshold")
    probability = (100 - threshold if over else threshold) / 100

    def decide(roll: float) -> tuple[bool, Params]:
        value = math.floor(roll) + 1
        won = value > threshold if over else value < threshold
        return won, {
            "direction": params.get("direction"),
            "threshold": threshold,
            "dice_value": value,
            "win_probability": round_to(probability, 4),
            "roll": roll,
        }

    return Offer("dice", probability, fair_payout(probability), decide)


def fair_payout(probability: float) -> float:
    """What the house pays for a chance: 0.995 of the fair payout, to four decimals."""
    return round_to(_ratio(1, probability) * RETURN, 4)


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.inf  # the batch asks for impossible bets too


def point_of(roll: float) -> float:
    """Where the curve of multiplier and crash ends for a roll."""
    return MAX_POINT if roll >= 99.99 else cents(RETURN / (1 - roll / 100))


def multiplier(params: Params) -> Offer:
    """Wins when the point reaches the target."""
    target = number_field(params, "target_multiplier")
    probability = _ratio(RETURN, target)

    def decide(roll: float) -> tuple[bool, Params]:
        return point_of(roll) >= target, {
            "target_multiplier": target,
            "crash_point": point_of(roll),
            "win_probability": round_to(probability, 4),
            "roll": roll,
        }

    return Offer("multiplier", probability, target, decide)


def crash(params: Params) -> Offer:
    """The curve of `multiplier` under another name."""
    target = number_field(params, "cash_out_at")
    probability = _ratio(RETURN, target)

    def decide(roll: float) -> tuple[bool, Params]:
        won = point_of(roll) >= target
        return won, {
            "cash_out_at": target,
            "crash_point": point_of(roll),
            "cashed_out": won,
            "win_probability": round_to(probability, 4),
            "roll": roll,
        }

    return Offer("crash", probability, target, decide)


OUTSIDE_BETS: dict[str, Callable[[int], bool]] = {
    "red": lambda n: n in RED,
    "black": lambda n: n > 0 and n not in RED,
    "odd": lambda n: n % 2 == 1,
    "even": lambda n: n > 0 and n % 2 == 0,
    "low": lambda n: 1 <= n <= 18,
    "high": lambda n: n >= 19,
}
DOZENS_AND_COLUMNS: dict[str, Callable[[int], bool]] = {
    "dozen_1": lambda n: 1 <= n <= 12,
    "dozen_2": lambda n: 13 <= n <= 24,
    "dozen_3": lambda n: n >= 25,
    "column_1": lambda n: n % 3 == 1,
    "column_2": lambda n: n % 3 == 2,
    "column_3": lambda n: n > 0 and n % 3 == 0,
}


def roulette(params: Params) -> Offer:
    """One zero; even money pays 1.99, dozens and columns 2.985, a number 34.825."""
    kind = str(params.get("bet_type"))
    number = number_field(params, "bet_value")
    if kind in OUTSIDE_BETS:
        wins, share, pays = OUTSIDE_BETS[kind], 18, COIN_PAYS
    elif kind in DOZENS_AND_COLUMNS:
        wins, share, pays = DOZENS_AND_COLUMNS[kind], 12, 3 * RETURN
    else:
        wins, share, pays = (lambda n: n == number), 1, 35 * RETURN

    def decide(roll: float) -> tuple[bool, Params]:
        pocket = math.floor(roll * POCKETS / 100)
        told: Params = {"bet_type": kind}
        if kind == "number":
            told["bet_value"] = params.get("bet_value")
        told["number"] = pocket
        told["color"] = "green" if pocket == 0 else "red" if pocket in RED else "black"
        told["win_probability"] = round_to(share / POCKETS, 4)
        told["roll"] = roll
        return wins(pocket), told

    return Offer("roulette", share / POCKETS, pays, decide)


def custom(params: Params) -> Offer:
    """Wins below a percentage of the player's choice."""
    percent = number_field(params, "win_probability")
    pays = fair_payout(percent / 100)

    def decide(roll: float) -> tuple[bool, Params]:
        told = {"win_probability_pct": percent, "payout_multiplier": pays, "roll": roll, "threshold": percent}
        return roll < percent, told

    return Offer("custom", percent / 100, pays, decide)


def check_side(params: Params) -> None:
    """Refuse a side that is neither heads nor tails."""
    if params.get("side") not in ("heads", "tails"):
        raise refuse(400, "invalid_side", "A coin has two sides: heads or tails.")


def check_dice(params: Params) -> None:
    """Refuse an unknown direction or a threshold outside 1 to 99; a missing threshold passes, as on the venue."""
    if params.get("direction") not in ("over", "under"):
        raise refuse(400, "invalid_direction", "Say over or under.")
    _check_range(params, "threshold", 1, 99, "invalid_threshold")


def check_multiplier(params: Params) -> None:
    """Refuse a target outside 1.01 to 1000."""
    _check_range(params, "target_multiplier", 1.01, 1000, "invalid_multiplier")


def check_crash(params: Params) -> None:
    """Refuse a cash-out outside 1.01 to 100."""
    _check_range(params, "cash_out_at", 1.01, 100, "invalid_cashout")


def check_roulette(params: Params) -> None:
    """Refuse an unknown kind of bet, or a number outside 0 to 36; null and fractions pass, as on the venue."""
    kind = params.get("bet_type")
    if kind == "number":
        if "bet_value" not in params:
            raise refuse(400, "invalid_number", "A bet on a number needs bet_value, 0 to 36.")
        _check_range(params, "bet_value", 0, 36, "invalid_number")
    elif kind not in OUTSIDE_BETS and kind not in DOZENS_AND_COLUMNS:
        raise refuse(400, "invalid_bet_type", "There is no such bet on the table.")


def check_custom(params: Params) -> None:
    """Refuse a chance outside 1 to 99 percent."""
    _check_range(params, "win_probability", 1, 99, "invalid_probability")


def _check_range(params: Params, name: str, low: float, high: float, error: str) -> None:
    value = number_field(params, name)
    if value < low or value > high:
        raise refuse(400, error, f"{name} must be between {low:g} and {high:g}.")


@dataclass(frozen=True, slots=True)
class Game:
    """A game on the list: its path, the check its door makes, its arithmetic, what a batch assumes if unsaid."""

    path: str
    check: Callable[[Params], None]
    offer: Callable[[Params], Offer]
    defaults: Params


GAMES: dict[str, Game] = {
    "coin_flip": Game("coin-flip", check_side, coin_flip, {"side": "heads"}),
    "boosted_coin": Game("boosted-coin", check_side, boosted_coin, {"side": "heads"}),
    "dice": Game("dice", check_dice, dice, {"direction": "over", "threshold": 50}),
    "multiplier": Game("multiplier", check_multiplier, multiplier, {"target_multiplier": 2}),
    "crash": Game("crash", check_crash, crash, {"cash_out_at": 2}),
    "roulette": Game("roulette", check_roulette, roulette, {"bet_type": "red"}),
    "custom": Game("custom", check_custom, custom, {"win_probability": 50}),
}
