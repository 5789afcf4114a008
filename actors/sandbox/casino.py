"""The games: a bet is checked, its stake taken, decided and settled, in separate commits as on the venue."""

import functools
import math
import uuid
from typing import Any

from actors.sandbox import kelly
from actors.sandbox.books import Row, Why, insufficient
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.fairness import take_nonce
from actors.sandbox.figures import cents, json_text, number_field, number_text
from actors.sandbox.odds import GAMES, Offer, result_hash, roll_of
from actors.sandbox.referral import pay_referrers
from actors.sandbox.webhooks import happened

MIN_STAKE_USD = 0.01
GAMES_PER_MINUTE = 60
CASINO = "casino"


def _play(venue: Venue, call: Call, *, name: str) -> Body:
    game = GAMES[name]
    game.check(call.body)
    return place(venue, call.agent_id, game.offer(call.body), call.body, call.path)


def place(venue: Venue, agent_id: str, offer: Offer, body: Body, path: str) -> Body:
    """Check and settle one bet of `body`'s amount and client_seed; the answer of a bet.

    Raises:
        RefusedError: nothing was taken.
        InjectedFaultError: the stake was taken and nothing else happened.
    """
    books = venue.books
    agent = books.only("SELECT * FROM agents WHERE id = ?", agent_id)
    stake = number_field(body, "amount")
    _check_stake(stake, agent, offer)
    bet_id = f"bet_{uuid.uuid4()}"
    books.debit(agent_id, stake, Why("reservation", bet_id, CASINO))
    venue.may_break(path, bet_id)
    seed = take_nonce(venue, agent_id)
    client_seed = body.get("client_seed") or f"auto_{math.floor(books.now() * 1000)}"
    digest = result_hash(seed["seed"], _seed_text(client_seed), seed["nonce"])
    won, told = offer.decide(roll_of(digest))
    returned = stake * offer.pays if won else 0.0
    if returned > 0:
        books.credit(agent_id, returned, Why("reservation_release", bet_id, CASINO))
    books.run("UPDATE agents SET wagered = wagered + ?, won = won + ? WHERE id = ?", stake, returned, agent_id)
    books.run(
        "INSERT INTO bets (id, agent_id, game, amount, amount_won, multiplier, won, result, seed_id, client_seed,"
        " nonce, result_hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(bet_id, agent_id, offer.game, stake, returned, offer.pays, won, json_text(told)),
        *(seed["id"], _seed_column(client_seed), seed["nonce"], digest, books.second()),
    )
    if not won:
        pay_referrers(books, agent, stake, bet_id)
    told_of_it = {"bet_id": bet_id, "game": offer.game, "amount_bet": stake, "amount_won": cents(returned)}
    happened(books, agent_id, "bet.won" if won else "bet.lost", told_of_it)
    balance = books.balance(agent_id)
    return {
        "bet_id": bet_id,
        "game": offer.game,
        "amount_bet": stake,
        "result": told,
        "won": won,
        "payout_multiplier": offer.pays,
        "amount_won": cents(returned),
        "new_balance": cents(balance),
        "proof": {
            "server_seed_hash": seed["seed_hash"],
            "client_seed": client_seed,
            "nonce": seed["nonce"],
            "result_hash": digest,
        },
        "kelly": kelly.after_bet(balance, offer, agent["risk_factor"]),
    }


def _check_stake(stake: float, agent: Row, offer: Offer) -> None:
    if not (math.isfinite(stake) and stake > 0):
        raise refuse(400, "invalid_amount", "amount must be a number above zero.")
    if stake < MIN_STAKE_USD:
        raise refuse(400, "minimum_bet", f"The smallest bet is {MIN_STAKE_USD} USD.")
    if stake > agent["balance"]:
        raise insufficient(stake)
    # written so that an unknown chance (NaN) refuses too
    limit = kelly.max_bet(agent["balance"], offer.probability, agent["risk_factor"])
    if not stake <= limit:
        raise refuse(
            400,
            "kelly_limit_exceeded",
            "The stake is above this game's limit for this balance.",
            max_bet=limit,
            suggestion="Bet at most max_bet.",
            kelly=kelly.report(agent["balance"], offer.probability, offer.pays, agent["risk_factor"]),
        )


def _seed_text(client_seed: Any) -> str:
    if isinstance(client_seed, str):
        return client_seed
    if isinstance(client_seed, bool):
        return "true"
    return number_text(client_seed) if isinstance(client_seed, int | float) else "[object]"


def _seed_column(client_seed: Any) -> str | float:
    # As on the venue this is found out only here, when the money has moved: a client seed must be text.
    if isinstance(client_seed, bool) or not isinstance(client_seed, str | int | float):
        raise TypeError("a client_seed of this type cannot be stored")
    return client_seed if isinstance(client_seed, str) else float(client_seed)


DOORS = [
    *(
        Door(
            "POST",
            f"/api/v1/games/{game.path}",
            functools.partial(_play, name=name),
            auth="casino",
            per_minute=GAMES_PER_MINUTE,
            bucket=("games", GAMES_PER_MINUTE),
            reads="strict",
        )
        for name, game in GAMES.items()
    ),
]
